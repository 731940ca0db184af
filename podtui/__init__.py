"""podtui's workshop: everything that runs without a terminal."""

__version__ = "0.1.0"
