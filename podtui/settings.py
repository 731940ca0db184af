"""What a person may choose: environment over file over default, secrets wrapped, values never echoed."""

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import tomlkit
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from podtui.endpoint_address import endpoint_id
from podtui.errors import BadInput, SettingsError
from podtui.paths import settings_file
from podtui.text import clean
from podtui.words import BackendKind

RUNPOD_JOBS = "https://api.runpod.ai/v2"
"""Where RunPod takes jobs (runpod.md, section 2)."""


class Origin(StrEnum):
    """Where a value came from."""

    ENV = "env"
    FILE = "file"
    DEFAULT = "default"


def _named(name: str) -> AliasChoices:
    """Accept the old service's variable name beside ours."""
    return AliasChoices(name, f"PODTUI_{name}")


class Settings(BaseSettings):
    """Everything that can be set, checked."""

    model_config = SettingsConfigDict(
        env_prefix="PODTUI_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    runpod_api_key: SecretStr | None = Field(None, validation_alias=_named("RUNPOD_API_KEY"))
    """RunPod's key; sent to RunPod's two API hosts only."""
    runpod_endpoint_id: str = Field("", validation_alias=_named("RUNPOD_ENDPOINT_ID"))
    """The serverless endpoint: its id, or any pasted address of it."""
    comfyui_api_url: str = Field("", validation_alias=_named("COMFYUI_API_URL"))
    """Address of a ComfyUI of one's own; one image at a time."""
    runpod_url: str = RUNPOD_JOBS
    """Base address of the job API; another one also receives the key, and nothing else does."""
    backend: Literal["auto", "runpod", "comfyui"] = "auto"
    """Who makes images; auto takes RunPod where a key and an endpoint are set, else ComfyUI."""
    workflow: str = "flux1-dev-fp8"
    """The workflow that compose starts with."""
    prompt_suffix: str = "high contrast, bold colors"
    """What is added to every prompt; may be empty."""
    in_flight: int = Field(1, ge=1, le=25)
    """How many jobs of a batch may be out at once."""
    lookahead: Literal["auto", "off"] = "auto"
    """Whether the next job is handed over early on an endpoint with exactly one worker."""
    price_per_second: Decimal | None = Field(None, ge=0, le=1)
    """What one second on the endpoint costs in dollars; else RunPod's catalog is asked."""
    budget_per_batch: Decimal | None = Field(None, gt=0, le=100_000)
    """The most one batch may cost in dollars."""
    budget_per_day: Decimal | None = Field(None, gt=0, le=100_000)
    """The most all batches of a day may cost in dollars."""
    run_limit_s: int = Field(120, ge=5, le=604_800)
    """How long one image may run, in seconds."""
    cold_run_limit_s: int = Field(600, ge=5, le=604_800)
    """How long a cold endpoint's first image may run, in seconds: the worker's start counts as running."""
    queue_limit_s: int = Field(600, ge=10, le=86_400)
    """How long one image may wait in the queue, in seconds."""
    unsure: Literal["ask", "resend", "drop"] = "ask"
    """What happens to an image whose submit was never answered: a person is asked, or this is done."""
    picture_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts (``name`` or ``name:port``) that pictures may come from though plain http or private."""
    graphics: Literal["auto", "kitty", "sixel", "iterm2", "halfblock", "off"] = "auto"
    """How pictures are drawn."""
    theme: str = "podtui-dark"
    """The theme of the screens."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Other keys for actions: action id to key."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file (handed over as init values)."""
        return env_settings, init_settings

    @field_validator("runpod_api_key")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        key = value.get_secret_value().strip()
        if any(character < " " or character == "\x7f" for character in key):
            raise ValueError("the key contains a line break or a control character")
        if not key.isascii() or " " in key:
            raise ValueError("the key contains a blank or a letter that no key has")
        return SecretStr(key) if key else None

    @field_validator("runpod_endpoint_id")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        try:
            return endpoint_id(value) if value.strip() else ""
        except BadInput as error:
            raise ValueError(error.title) from None

    @field_validator("comfyui_api_url", "runpod_url")
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if value and (
            not value.startswith(("http://", "https://")) or "@" in value or not value.isprintable()
        ):
            raise ValueError("an address starts with http:// or https:// and holds no user name")
        return value

    @field_validator("picture_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def key_tail(self) -> str:
        """The key as it may be shown: its last four characters, or nothing."""
        key = self.runpod_api_key.get_secret_value() if self.runpod_api_key else ""
        return f"…{key[-4:]}" if len(key) >= 12 else ("…" if key else "")

    @property
    def has_runpod(self) -> bool:
        """A key and an endpoint are set."""
        return bool(self.runpod_api_key and self.runpod_endpoint_id)

    @property
    def backend_kind(self) -> BackendKind:
        """Who makes images with these settings."""
        if self.backend != "auto":
            return BackendKind(self.backend)
        return BackendKind.COMFYUI if self.comfyui_api_url and not self.has_runpod else BackendKind.RUNPOD

    @property
    def endpoint(self) -> str:
        """What history and prices are learned by: the endpoint's id or the ComfyUI's address."""
        return self.comfyui_api_url if self.backend_kind is BackendKind.COMFYUI else self.runpod_endpoint_id

    @property
    def missing(self) -> tuple[str, ...]:
        """What keeps a batch from being made, in words; empty when all is there."""
        if self.backend_kind is BackendKind.COMFYUI:
            return () if self.comfyui_api_url else ("COMFYUI_API_URL: the address of your ComfyUI",)
        wanted = (
            (self.runpod_api_key, "RUNPOD_API_KEY: a key from RunPod's settings page"),
            (self.runpod_endpoint_id, "RUNPOD_ENDPOINT_ID: the serverless endpoint that runs ComfyUI"),
        )
        return tuple(words for value, words in wanted if not value)

    @property
    def price_microdollars_per_s(self) -> int | None:
        """The price of a second where a person has set it."""
        return None if self.price_per_second is None else round(self.price_per_second * 1_000_000)

    @property
    def batch_cap_microdollars(self) -> int | None:
        """The cap of one batch."""
        return None if self.budget_per_batch is None else round(self.budget_per_batch * 1_000_000)

    @property
    def day_cap_microdollars(self) -> int | None:
        """The cap of one day."""
        return None if self.budget_per_day is None else round(self.budget_per_day * 1_000_000)

    def public(self) -> dict[str, str]:
        """Every value as text that may be shown or written down: no secret among them."""
        shown = {
            name: str(value) for name in type(self).model_fields if (value := getattr(self, name)) is not None
        }
        shown["runpod_api_key"] = self.key_tail
        return shown


def load() -> Settings:
    """Read the settings as they are now.

    Raises:
        SettingsError: the file is unsafe, unreadable, or a value is wrong; the value is never quoted.
    """
    path = settings_file()
    try:
        return Settings(**read_file(path))
    except ValidationError as error:
        raise SettingsError(
            "A setting cannot be used", "; ".join(_in_words(error)), "Correct it and start again."
        ) from None


def origins(settings: Settings) -> dict[str, Origin]:
    """Tell for each setting where its value came from."""
    in_file = read_file(settings_file())
    found = {}
    for name in type(settings).model_fields:
        names = {f"PODTUI_{name.upper()}", name.upper()} if _is_old_name(name) else {f"PODTUI_{name.upper()}"}
        in_env = any(os.environ.get(variable) for variable in names)
        found[name] = Origin.ENV if in_env else Origin.FILE if name in in_file else Origin.DEFAULT
    return found


def read_file(path: Path) -> dict[str, Any]:
    """Read the settings file after checking that nobody else can.

    Raises:
        SettingsError: wrong owner or mode (with the chmod line), bad TOML, or an unknown key.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError("The settings file cannot be read", f"{path}: {error.strerror}.") from None
    _refuse_unsafe(path, status)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        where = clean(str(error), 120) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise SettingsError(
            "The settings file is no valid TOML", f"{path}: {_position(where)}.", "Correct that line."
        ) from None
    for key in values:
        _refuse_unknown(key, path)
    return values


def write_file(changes: Mapping[str, str | int | float | dict[str, str] | None]) -> Path:
    """Write settings into the file (0600), keeping what else stands there; None removes a key.

    Raises:
        SettingsError: the result would not be valid, or the file cannot be written; nothing is changed.
    """
    path = settings_file()
    for key in changes:
        _refuse_unknown(key, path)
    read_file(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    for key, value in changes.items():
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value
    written = tomlkit.dumps(document)
    try:
        Settings(**tomllib.loads(written))
    except ValidationError as error:
        raise SettingsError("That setting cannot be used", "; ".join(_in_words(error))) from None
    _replace(path, written)
    return path


def _replace(path: Path, content: str) -> None:
    """Put the new file in the old one's place; a crash leaves one of the two, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SettingsError("The settings file cannot be written", f"{path}: {error.strerror}.") from None


def _refuse_unsafe(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.getuid():
        raise SettingsError("The settings file belongs to somebody else", f"{path}", f"chown $USER {path}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise SettingsError(
            "The settings file can be read by others", f"{path} holds a key.", f"chmod 600 {path}"
        )
    folder = path.parent.stat()
    if stat.S_IMODE(folder.st_mode) & 0o022 and not folder.st_mode & stat.S_ISVTX:
        raise SettingsError(
            "The settings folder can be changed by others", f"{path.parent}", f"chmod go-w {path.parent}"
        )


def _refuse_unknown(key: str, path: Path) -> None:
    if key in Settings.model_fields:
        return
    near = difflib.get_close_matches(key.lower(), Settings.model_fields, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "The README lists every setting."
    raise SettingsError(f"Unknown setting {clean(key, 60)}", f"It stands in {path}.", hint)


def _is_old_name(name: str) -> bool:
    return isinstance(Settings.model_fields[name].validation_alias, AliasChoices)


def _in_words(error: ValidationError) -> list[str]:
    """Name each wrong field and what is wrong, never the value."""
    found = []
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        field = str(problem["loc"][0]).lower().removeprefix("podtui_") if problem["loc"] else "settings"
        found.append(f"{field}: {clean(problem['msg'].removeprefix('Value error, '), 160)}")
    return found


def _position(message: str) -> str:
    """Keep only the place from a TOML error, as its text may quote a value."""
    start = message.rfind("(at ")
    return message[start + 1 :].rstrip(")") if start >= 0 else "it cannot be parsed"
