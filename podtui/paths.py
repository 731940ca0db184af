"""Where podtui's files live, in one place."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from podtui.words import BatchId, ImageId


@dataclass(frozen=True)
class Library:
    """The folder that holds one library: database, pictures, previews, logs.

    Names inside it are made of our own ids and fixed endings only, never of a worker's words.
    """

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "podtui.db"

    @property
    def lock(self) -> Path:
        """The file whose lock is the runner's lease."""
        return self.root / "runner.lock"

    @property
    def pictures(self) -> Path:
        """Drafts, byte for byte as they came."""
        return self.root / "pictures"

    @property
    def previews(self) -> Path:
        """Small pictures for the screens; may be lost and made again."""
        return self.root / "previews"

    @property
    def prints(self) -> Path:
        """Print files; may be lost and made again."""
        return self.root / "prints"

    @property
    def spool(self) -> Path:
        """Raw answers, kept until their pictures are stored."""
        return self.root / "spool"

    @property
    def quarantine(self) -> Path:
        """Paid bytes that are no usable picture; never deleted by podtui."""
        return self.root / "quarantine"

    @property
    def copies(self) -> Path:
        """Copies of the database, one a day and one before each migration."""
        return self.root / "copies"

    @property
    def logs(self) -> Path:
        """Log files of the runner and the app."""
        return self.root / "logs"

    def draft(self, batch: BatchId, image: ImageId, ending: str) -> Path:
        """Where the draft of an image lies; ``ending`` comes from the decoder (png, jpg, webp)."""
        return self.pictures / batch / f"{image}.{ending}"

    def print_file(self, batch: BatchId, image: ImageId) -> Path:
        """Where the print file of an image lies."""
        return self.prints / batch / f"{image}.png"

    def preview(self, image: ImageId, edge_px: int) -> Path:
        """Where the preview with this longest edge lies: two-digit folders keep directories small."""
        return self.previews / image[-2:] / f"{image}.{edge_px}.webp"

    def answer(self, image: ImageId, attempt: int) -> Path:
        """Where the raw answer of an attempt is spooled."""
        return self.spool / f"{image}.{attempt}.json"


def library() -> Library:
    """The library of this person: ``PODTUI_HOME``, else the system's data folder."""
    home = os.environ.get("PODTUI_HOME")
    return Library(Path(home).expanduser().absolute() if home else platformdirs.user_data_path("podtui"))


def settings_file() -> Path:
    """The settings file: inside ``PODTUI_HOME`` where that is set, else in the system's config folder."""
    home = os.environ.get("PODTUI_HOME")
    folder = Path(home).expanduser().absolute() if home else platformdirs.user_config_path("podtui")
    return folder / "config.toml"
