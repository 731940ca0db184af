"""Asking the terminal again while the screens run: after ``ctrl+l``, or once another one is attached."""

import asyncio
import os
import sys
from typing import Any

from textual.app import App

from podtui.terminal import Graphics, Terminal, Wish, ask_tmux, choose, measure, question, read_answers
from screens.graphics.answers import TerminalAnswer, is_installed
from screens.graphics.choice import graphics_of
from screens.graphics.painter import painter_of


class Probe:
    """One question to the terminal and its answers, as they come in."""

    def __init__(self, app: App[Any], wish: Wish = "auto") -> None:
        self._app = app
        self._wish = wish
        self._heard = ""
        self._is_done = asyncio.Event()

    def hear(self, answer: TerminalAnswer) -> None:
        """Take one answer; the app passes them on from ``on_terminal_answer``.

        Args:
            answer: what the filter took out.
        """
        self._heard += answer.text
        if answer.text.startswith("\x1b[?") and answer.text.endswith("c"):
            self._is_done.set()

    async def ask(self, patience_s: float = 3.0) -> Graphics:
        """Ask, wait for the last answer, and choose anew.

        The app then sets ``app.graphics`` and calls ``painter_of(app).forget()``, which draws all anew.

        Args:
            patience_s: how long to wait, in seconds. Without an answer what was known before holds.
        """
        before = graphics_of(self._app)
        painter = painter_of(self._app)
        painter.leave()
        if not is_installed() or self._app.is_headless:
            return before
        columns, rows, cell_px = measure(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        found = Terminal(
            columns,
            rows,
            cell_px,
            tmux=await asyncio.to_thread(ask_tmux, os.environ) if os.environ.get("TMUX") else None,
            is_screen=before.asked.is_screen,
            is_mosh=before.asked.is_mosh,
            is_colourless=before.asked.is_colourless,
            is_iterm=before.asked.is_iterm,
        )
        painter.write(question(found, os.environ).decode("ascii"))
        try:
            await asyncio.wait_for(self._is_done.wait(), patience_s)
        except TimeoutError:
            return before
        return choose(read_answers(self._heard, found), self._wish)
