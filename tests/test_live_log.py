"""The live log: times, levels, search, follow."""

from textual.app import App, ComposeResult

from podtui.events import Level
from screens.widgets.live_log import MAX_LINES, LiveLog, LogLine, clock_words, wrap

EVIL = "[/red] [@click=app.quit]x[/] \x1b]0;t\x07\x1b[2J\x9b1m \u202e\U0010eeee"


def line(n: int, text: str, level: Level = Level.INFO) -> LogLine:
    return LogLine(n, 1_780_000_000_000 + n * 1000, level, text)


class LogApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.log_widget = LiveLog()

    def compose(self) -> ComposeResult:
        yield self.log_widget

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def test_lines_stand_with_their_time_and_the_newest_stays_in_sight() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 6)) as pilot:
        app.log_widget.add([line(n, f"line number {n}") for n in range(1, 31)])
        await pilot.pause()
        assert f"{clock_words(line(30, '').at_ms)}  line number 30" in app.text()
        assert "line number 24" not in app.text()


async def test_scrolling_up_ends_following_and_the_end_takes_it_up_again() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 6)) as pilot:
        log = app.log_widget
        log.add([line(n, f"number {n}.") for n in range(1, 31)])
        await pilot.pause()
        log.move(-10)
        follows = [log.is_following]
        log.add([line(31, "number 31.")])
        await pilot.pause()
        assert "number 31." not in app.text()
        log.move(100)
        follows.append(log.is_following)
        assert follows == [False, True]
        log.add([line(32, "number 32.")])
        await pilot.pause()
        assert "number 32." in app.text()


async def test_a_line_told_twice_stands_once() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 6)):
        app.log_widget.add([line(1, "a"), line(2, "b")])
        app.log_widget.add([line(2, "b"), line(3, "c")])
        assert [kept.n for kept in app.log_widget.lines] == [1, 2, 3]


async def test_levels_hide_what_matters_less() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 8)) as pilot:
        log = app.log_widget
        log.add(
            [
                line(1, "tiny", Level.DEBUG),
                line(2, "plain"),
                line(3, "odd", Level.WARNING),
                line(4, "bad", Level.ERROR),
            ]
        )
        await pilot.pause()
        assert "tiny" not in app.text()
        assert "plain" in app.text()
        assert log.next_level() is Level.WARNING
        await pilot.pause()
        assert "plain" not in app.text()
        assert "warning: odd" in app.text()
        assert "error: bad" in app.text()
        log.next_level()
        assert log.next_level() is Level.DEBUG
        await pilot.pause()
        assert "tiny" in app.text()


async def test_search_stands_on_the_newest_hit_and_walks_without_wrapping() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 6)) as pilot:
        log = app.log_widget
        log.add([line(n, "needle" if n in (5, 12, 20) else "hay") for n in range(1, 41)])
        assert log.search("NEEDLE") == 3
        assert (log.hit, log.is_following) == (3, False)
        await pilot.pause()
        assert "needle" in app.text()
        assert not log.next_hit(1)
        assert log.next_hit(-1) and log.next_hit(-1)
        assert log.hit == 1
        assert not log.next_hit(-1)
        assert log.search("nothing such") == 0
        assert log.search("") == 0


async def test_long_lines_are_broken_at_blanks_and_again_at_a_new_width() -> None:
    app = LogApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.log_widget.add([line(1, "CUDA out of memory while the sampler ran at its twentieth step")])
        await pilot.pause()
        rows = [row.rstrip() for row in app.text().splitlines()]
        assert rows[0].endswith("  CUDA out of memory while the")
        assert rows[1] == " " * 10 + "sampler ran at its twentieth"
        await pilot.resize_terminal(100, 10)
        await pilot.pause()
        assert "CUDA out of memory while the sampler ran" in app.text()


async def test_i1_i2_i3_hostile_lines_are_drawn_as_text() -> None:
    app = LogApp()
    async with app.run_test(size=(100, 6)) as pilot:
        app.log_widget.add([line(1, EVIL)])
        app.log_widget.search("[/red]")
        await pilot.pause()
        assert "[/red] [@click=app.quit]x[/]" in app.text()
        assert not any(hidden in app.text() for hidden in "\x1b\x07\x9b\u202e\U0010eeee")


async def test_only_so_many_lines_are_kept() -> None:
    app = LogApp()
    async with app.run_test(size=(60, 6)) as pilot:
        app.log_widget.add([line(n, f"number {n}.") for n in range(1, MAX_LINES + 1)])
        app.log_widget.add([line(MAX_LINES + 1, "the last.")])
        await pilot.pause()
        assert len(app.log_widget.lines) == MAX_LINES
        assert app.log_widget.lines[0].n == 2
        assert "the last." in app.text()


def test_wrapping_loses_nothing_and_keeps_to_the_width() -> None:
    for text in ("", "a", "ab cd ef gh " * 9, "x" * 57, "日本語" * 11, "a\u0301" * 40):
        rows = wrap(text, 12)
        assert "".join(rows).replace(" ", "") == text.replace(" ", "")
