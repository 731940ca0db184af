"""Opens the screens; imported only when they are wanted, so that commands stay quick."""

from podtui.app import run_app


def open_screens(*, is_readonly: bool = False, is_demo: bool = False) -> int:
    """Run the app until it is left; returns the exit code."""
    return run_app(is_readonly=is_readonly, is_demo=is_demo)
