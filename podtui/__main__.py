"""``python -m podtui``, and the ``podtui`` command."""

import sys


def main() -> None:
    """Run the command line."""
    from podtui.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
