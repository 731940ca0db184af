"""Whether a logout would end the runner: systemd's KillUserProcesses without lingering."""

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

KILLS = (
    "This system ends your programs when you log out, the runner among them. "
    "Once and for all: loginctl enable-linger"
)
"""What a person is told before the first batch."""
_ANSWER_S = 2.0
_SETTING = re.compile(r"^\s*KillUserProcesses\s*=\s*(\S+)", re.MULTILINE)
_FILES = ("/etc/systemd/logind.conf", "/run/systemd/logind.conf", "/usr/lib/systemd/logind.conf")


def is_over_ssh(env: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this session came over SSH."""
    return bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY"))


def logout_kills(
    ask: Callable[[], str | None] | None = None, read: Callable[[], Iterable[str]] | None = None
) -> bool:
    """Tell whether a logout ends the runner; where nothing can be learnt, it is taken not to.

    Args:
        ask: gives what ``loginctl`` says of lingering, ``Linger=no``; None where there is no loginctl.
        read: gives the texts of logind's settings files, the one that wins last.
    """
    kills = False
    for text in (read or _settings_texts)():
        for value in _SETTING.findall(text):
            kills = value.lower() in ("yes", "true", "on", "1")
    return kills and (ask or _ask_loginctl)() == "Linger=no"


def _settings_texts() -> Iterable[str]:
    """Logind's settings: the main file, then what is dropped beside it, by name."""
    main = next((path for path in map(Path, _FILES) if path.is_file()), None)
    drops: dict[str, Path] = {}
    for file in reversed(_FILES):
        drops.update({path.name: path for path in Path(f"{file}.d").glob("*.conf")})
    for path in [*([main] if main else []), *(drops[name] for name in sorted(drops))]:
        try:
            yield path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue


def _ask_loginctl() -> str | None:
    """Ask loginctl whether this user lingers."""
    try:
        said = subprocess.run(
            ["loginctl", "show-user", str(os.getuid()), "--property=Linger"],
            capture_output=True,
            timeout=_ANSWER_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.decode(errors="replace").strip() or None
