"""Named places where a test may kill the process."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import podtui
from podtui.failpoints import fp

PASS = "from podtui.failpoints import fp\nfor name in ('a.one', 'a.two', 'a.one', 'a.one'):\n    fp(name)"


def _run(**surroundings: str) -> int:
    return subprocess.run([sys.executable, "-c", PASS], env=os.environ | surroundings, check=False).returncode


def test_nothing_happens_unless_it_is_asked_for(tmp_path: Path) -> None:
    fp("any.place")
    assert _run() == 0
    assert not list(tmp_path.iterdir())


def test_the_process_dies_at_the_named_place_as_if_by_power_cut() -> None:
    assert _run(PODTUI_FAILPOINTS="a.two") == -signal.SIGKILL
    assert _run(PODTUI_FAILPOINTS="a.three") == 0


def test_a_number_picks_the_passage_that_kills(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert _run(PODTUI_FAILPOINTS="b.none,a.one:2", PODTUI_FAILPOINTS_TRACE=str(trace)) == -signal.SIGKILL
    assert trace.read_text().split() == ["a.one:1", "a.two:1", "a.one:2"]
    assert _run(PODTUI_FAILPOINTS="a.one:4") == 0


def test_the_trace_lists_every_place_that_is_passed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert _run(PODTUI_FAILPOINTS_TRACE=str(trace)) == 0
    assert trace.read_text().split() == ["a.one:1", "a.two:1", "a.one:2", "a.one:3"]


def test_every_place_has_a_plain_name_of_its_own() -> None:
    calls = re.compile(r"^\s*fp\((.*)\)$", re.MULTILINE)
    files = Path(podtui.__file__).parent.rglob("*.py")
    names = [name for file in files for name in calls.findall(file.read_text("utf-8"))]
    assert '"picture.renamed"' in names
    assert [name for name in names if not re.fullmatch(r'"[a-z]+\.[a-z_]+"', name)] == []
    assert sorted(names) == sorted(set(names))
