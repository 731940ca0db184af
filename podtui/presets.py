"""Presets: sets of fields under a name; two come with podtui, the others are a person's own."""

import os
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

import tomlkit

from podtui.errors import BadInput
from podtui.plan import Fields
from podtui.text import clean

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_BYTES = 100_000
"""The largest preset file that is read."""
_KEPT = tuple(field.name for field in fields(Fields) if field.name != "prompt")


@dataclass(frozen=True)
class Preset:
    """Some fields of compose under a name."""

    name: str
    values: dict[str, str]
    is_shipped: bool = False

    def apply(self, fields: Fields) -> Fields:
        """Return the fields with this preset's values put in."""
        return replace(fields, **self.values)


SHIPPED = (
    Preset(
        "fast",
        {"batch_size": "5", "steps": "25", "cfg_scale": "2.5", "width": "3600", "height": "3600"},
        True,
    ),
    Preset(
        "quality",
        {"batch_size": "10", "steps": "30", "cfg_scale": "2.0", "width": "4500", "height": "5400"},
        True,
    ),
)
"""The guide's two sets ("Optimize for Speed vs Quality")."""


def load_presets(folder: Path) -> list[Preset]:
    """The shipped presets and the person's own, by name; files that cannot be read are passed over."""
    own = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            if path.stat().st_size > MAX_BYTES:
                continue
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        values = {key: str(value) for key, value in found.items() if key in _KEPT}
        if _NAME.fullmatch(path.stem) and values:
            own.append(Preset(path.stem, values))
    names = {preset.name for preset in own}
    return [preset for preset in SHIPPED if preset.name not in names] + own


def find_preset(name: str, folder: Path) -> Preset:
    """Return the preset of this name.

    Raises:
        BadInput: there is none.
    """
    presets = load_presets(folder)
    for preset in presets:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in presets)
    raise BadInput(f"There is no preset {clean(name, 40)}", f"Known are {known}.", field="preset")


def save_preset(folder: Path, name: str, fields: Fields) -> Preset:
    """Keep every field but the prompt under a name; a crash leaves the old file or the new one, whole.

    Raises:
        BadInput: the name cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise BadInput("A preset's name is made of a–z, 0–9 and -", "Up to 40 characters.", field="preset")
    values = {key: getattr(fields, key) for key in _KEPT if key != "seed"}
    document = tomlkit.document()
    document.update(values)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = folder / f".{name}.{os.getpid()}.tmp"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            # Without this a power cut may leave the new name with no content.
            os.fsync(file.fileno())
        fresh.replace(folder / f"{name}.toml")
    finally:
        fresh.unlink(missing_ok=True)
    return Preset(name, values)


def delete_preset(folder: Path, name: str) -> bool:
    """Remove a person's own preset; False where there is none."""
    path = folder / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        return False
    path.unlink()
    return True
