"""What the settings screen lists, group by group, in a person's words."""

from dataclasses import dataclass
from pathlib import Path

from podtui.errors import SettingsError
from podtui.pulse import Pulse
from podtui.settings import Settings


@dataclass(frozen=True)
class Item:
    """One setting."""

    name: str
    label: str
    words: str
    """One sentence; says what may be given."""
    is_secret: bool = False
    is_number: bool = False


GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "RunPod",
        (
            Item(
                "runpod_api_key",
                "API key",
                "From RunPod's settings page; goes to RunPod only.",
                is_secret=True,
            ),
            Item("runpod_endpoint_id", "Endpoint", "The serverless endpoint: its id, or any address of it."),
            Item("runpod_url", "Job API", "Where jobs are posted; another address receives the key instead."),
        ),
    ),
    (
        "ComfyUI",
        (
            Item(
                "comfyui_api_url",
                "Address",
                "A ComfyUI of your own, as http://127.0.0.1:8188; one image at a time.",
            ),
            Item("backend", "Who makes", "auto, runpod or comfyui; auto takes RunPod where it is set up."),
        ),
    ),
    (
        "Images",
        (
            Item(
                "workflow",
                "Workflow",
                "What compose starts with: flux1-dev-fp8, flux1-dev, flux1-schnell, sdxl, your own.",
            ),
            Item("prompt_suffix", "Suffix", "Added to every prompt; may be empty."),
            Item(
                "in_flight",
                "At once",
                "How many jobs of a batch may be out at once, 1 to 25.",
                is_number=True,
            ),
            Item(
                "lookahead",
                "Lookahead",
                "auto hands the next job over early where there is exactly one worker; off never.",
            ),
            Item(
                "unsure", "Unsure", "After a submit without an answer: ask, resend (may pay twice) or drop."
            ),
            Item(
                "picture_hosts",
                "Hosts",
                "Hosts that pictures may come from though private, with commas between.",
            ),
        ),
    ),
    (
        "Money",
        (
            Item("price_per_second", "Price", "Dollars a second; empty asks RunPod's catalog."),
            Item(
                "budget_per_batch", "Per batch", "The most one batch may cost, in dollars; empty for no cap."
            ),
            Item(
                "budget_per_day",
                "Per day",
                "The most all batches of a day may cost, in dollars; empty for no cap.",
            ),
        ),
    ),
    (
        "Limits",
        (
            Item("run_limit_s", "Running", "How long one image may run, in seconds.", is_number=True),
            Item(
                "cold_run_limit_s",
                "Cold start",
                "The same for a cold endpoint's first image.",
                is_number=True,
            ),
            Item(
                "queue_limit_s",
                "Queue",
                "How long one image may wait in the queue, in seconds.",
                is_number=True,
            ),
        ),
    ),
    (
        "Screens",
        (
            Item("theme", "Theme", "podtui-dark, podtui-light, or one of Textual's."),
            Item("graphics", "Pictures", "auto, kitty, sixel, iterm2, halfblock or off."),
            Item(
                "keys",
                "Keys",
                "Other keys for actions; written in the file under [keys], ? lists the actions.",
            ),
        ),
    ),
)
"""Group to settings, in the order they are shown."""


def variable_of(name: str) -> str:
    """The environment variable that sets it, as people write it."""
    old = {"runpod_api_key", "runpod_endpoint_id", "comfyui_api_url"}
    return name.upper() if name in old else f"PODTUI_{name.upper()}"


def value_words(settings: Settings, item: Item) -> str:
    """A value as it may be shown; of a secret only its last four characters."""
    if item.name == "keys":
        return f"{len(settings.keys)} changed" if settings.keys else "as they come"
    if item.name == "picture_hosts":
        return ", ".join(settings.picture_hosts)
    return settings.public().get(item.name, "")


def typed(item: Item, text: str) -> str | int | None:
    """What is written for a typed text; None takes the setting out of the file.

    Raises:
        SettingsError: a number is needed.
    """
    text = text.strip()
    if not text:
        return "" if item.name == "prompt_suffix" else None
    if item.is_number:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise SettingsError("A whole number is needed", item.words)
        return int(text)
    return text


def differing(settings: Settings, pulse: Pulse | None) -> tuple[str, ...]:
    """Names of settings with which the runner works otherwise than this environment would."""
    if pulse is None or not pulse.settings:
        return ()
    ours = settings.public()
    matter = {item.name for title, items in GROUPS for item in items if title != "Screens"}
    return tuple(name for name in sorted(matter) if pulse.settings.get(name, "") != ours.get(name, ""))


def git_folder(path: Path) -> Path | None:
    """The git repository that a file lies in, where its keys could be committed."""
    return next((folder for folder in path.absolute().parents if (folder / ".git").exists()), None)
