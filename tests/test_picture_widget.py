"""The picture widget under a pilot, where pictures are half blocks."""

from pathlib import Path

import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Label

from podtui.terminal import Graphics
from screens.graphics.painter import painter_of
from screens.widgets.picture import Picture


def make_preview(
    path: Path, colour: tuple[int, ...] = (200, 30, 40), size: tuple[int, int] = (100, 120)
) -> Path:
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(path)
    return path


class PictureApp(App[None]):
    def __init__(self, source: Path | None = None, alt: str = "") -> None:
        super().__init__()
        self.picture = Picture(source, alt=alt)
        self.shown: list[Path] = []

    def compose(self) -> ComposeResult:
        yield self.picture

    def on_picture_shown(self, message: Picture.Shown) -> None:
        self.shown.append(message.source)


def colours(app: App[None]) -> set[str]:
    """Name every background colour that the screen shows."""
    found = set()
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style is not None and segment.style.bgcolor is not None:
                found.add(segment.style.bgcolor.get_truecolor().hex)
    return found


async def test_a_preview_is_drawn_and_told_of(tmp_path: Path) -> None:
    source = make_preview(tmp_path / "red.webp", (255, 0, 0))
    app = PictureApp(source)
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.shown == [source]
        assert app.picture.is_painted
        assert any(int(name[1:3], 16) > 240 and int(name[3:5], 16) < 16 for name in colours(app))


async def test_only_the_last_of_many_wishes_is_drawn(tmp_path: Path) -> None:
    sources = [make_preview(tmp_path / f"{n}.png", (n, n, n)) for n in range(20)]
    app = PictureApp(sources[0])
    async with app.run_test() as pilot:
        for source in sources:
            app.picture.show(source)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.shown[-1] == sources[-1]
        assert len(app.shown) <= 3


async def test_a_picture_keeps_its_proportion_and_stands_in_the_middle(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "wide.png", (0, 200, 0), (400, 100)))
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        drawing = app.picture._drawing
        assert drawing is not None
        assert (drawing.columns, drawing.rows) == (40, 5)
        strips = app.screen._compositor.render_strips()
        painted = [
            y
            for y, strip in enumerate(strips)
            if len({s.style.bgcolor for s in strip if s.style})
            and any(
                s.style and s.style.bgcolor and s.style.bgcolor.get_truecolor().green > 150 for s in strip
            )
        ]
        assert painted == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\nbroken"])
async def test_a_broken_preview_shows_its_words(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    app = PictureApp(broken, alt="no preview [/nope] \x1b]52;c;AAAA\x07")
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        text = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "no preview [/nope]" in text
        assert "\x1b" not in text
        assert app.shown == []


async def test_a_missing_preview_shows_its_words(tmp_path: Path) -> None:
    app = PictureApp(tmp_path / "gone.webp", alt="the preview is gone")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "the preview is gone" in "".join(s.text for s in app.screen._compositor.render_strips())


async def test_a_picture_too_large_for_a_preview_is_not_decoded(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "draft.png", (1, 2, 3), (3000, 3000)), alt="too large")
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.shown == []
        assert "too large" in "".join(s.text for s in app.screen._compositor.render_strips())


async def test_a_transparent_picture_shows_the_ground(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "clear.png", (255, 0, 0, 0)))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(app.shown) == 1
        assert len(colours(app)) == 1


async def test_a_changed_file_is_drawn_anew(tmp_path: Path) -> None:
    source = make_preview(tmp_path / "a.png", (255, 0, 0))
    app = PictureApp(source)
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        app.picture.show(None)
        make_preview(source, (0, 0, 255), (90, 120))
        app.picture.show(source)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert any(int(name[5:7], 16) > 240 for name in colours(app))


async def test_a_picture_of_no_room_is_survived(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "a.png"))
    async with app.run_test(size=(1, 1)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.picture.is_painted


async def test_a_dialog_above_does_not_end_the_picture(tmp_path: Path) -> None:
    class Dialog(ModalScreen[None]):
        def compose(self) -> ComposeResult:
            yield Label("sure?")

    app = PictureApp(make_preview(tmp_path / "red.png", (255, 0, 0)))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await app.push_screen(Dialog())
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        assert any(int(name[1:3], 16) > 240 for name in colours(app))


async def test_a_terminal_that_forgot_its_pictures_is_drawn_on_again(tmp_path: Path) -> None:
    source = make_preview(tmp_path / "red.png", (255, 0, 0))
    app = PictureApp(source)
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.shown == [source]
        painter_of(app).forget()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.shown == [source, source]


async def test_pictures_that_are_switched_off_show_words(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "red.png"), alt="pictures are off")
    vars(app)["graphics"] = Graphics("off", "the setting says so")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "pictures are off" in "".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_another_theme_gives_transparent_pictures_another_ground(tmp_path: Path) -> None:
    app = PictureApp(make_preview(tmp_path / "clear.png", (255, 0, 0, 0)))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        before = colours(app)
        app.theme = "textual-light"
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(colours(app)) == 1
        assert colours(app) != before
