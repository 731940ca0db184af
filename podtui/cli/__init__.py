"""The command line: thin; every command reads the store, or wishes and follows the events."""

from podtui.cli.main import run

__all__ = ["run"]
