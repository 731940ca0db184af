"""What every test starts from: an empty environment, a clock of its own, a library of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from podtui.paths import Library
from podtui.store import Store, open_store

_OURS = ("PODTUI_", "RUNPOD_", "COMFYUI_", "TEXTUAL_", "NO_COLOR", "COLORTERM")


class ManualClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.wall_ms = 1_780_000_000_000
        self.boot = 1_000.0

    def now_ms(self) -> int:
        return self.wall_ms

    def boot_s(self) -> float:
        return self.boot

    def pass_s(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.boot += seconds


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings or the library of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(_OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PODTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "home")


@pytest.fixture
def store(library: Library, clock: ManualClock) -> Iterator[Store]:
    opened = open_store(library, clock)
    yield opened
    opened.close()
