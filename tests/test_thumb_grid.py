"""The thumbnail grid: one widget, a highlight that moves, nothing else redrawn."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen

from screens.graphics.painter import painter_of
from screens.widgets.thumb_grid import ThumbGrid, Tile, lay_out


def make_tiles(folder: Path, count: int) -> list[Tile]:
    tiles = []
    for number in range(count):
        path = folder / f"{number}.webp"
        Image.new("RGB", (50, 60), (250, 10, 10)).save(path)
        tiles.append(Tile(f"t{number}", path, str(number + 1), "·"))
    return tiles


class GridApp(App[None]):
    def __init__(self, tiles: list[Tile]) -> None:
        super().__init__()
        self.grid = ThumbGrid(tiles)
        self.moved: list[str] = []
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_thumb_grid_moved(self, message: ThumbGrid.Moved) -> None:
        self.moved.append(message.id)

    def on_thumb_grid_chosen(self, message: ThumbGrid.Chosen) -> None:
        self.chosen.append(message.id)

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def test_arrows_and_letters_move_the_highlight_and_never_wrap(tmp_path: Path) -> None:
    app = GridApp(make_tiles(tmp_path, 25))
    async with app.run_test(size=(60, 30)) as pilot:
        per_row = app.grid._layout_now.per_row
        await pilot.press("left", "up")
        assert app.moved == []
        await pilot.press("l", "j", "h", "k", "right")
        assert app.moved == ["t1", f"t{1 + per_row}", f"t{per_row}", "t0", "t1"]
        assert "▸" in app.text()


async def test_down_from_the_row_above_a_short_last_row_reaches_the_last_tile(tmp_path: Path) -> None:
    app = GridApp(make_tiles(tmp_path, 7))
    async with app.run_test(size=(40, 12)) as pilot:
        per_row = app.grid._layout_now.per_row
        assert 7 % per_row
        app.grid.move_to(f"t{per_row * (7 // per_row) - 1}")
        await pilot.press("down")
        assert app.grid.cursor == 6
        await pilot.press("down")
        assert app.grid.cursor == 6


async def test_enter_and_a_second_click_open_a_tile(tmp_path: Path) -> None:
    app = GridApp(make_tiles(tmp_path, 4))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("right", "enter")
        assert app.chosen == ["t1"]
        await pilot.click(ThumbGrid, offset=(2, 1))
        assert app.moved[-1] == "t0"
        await pilot.click(ThumbGrid, offset=(2, 1))
        assert app.chosen == ["t1", "t0"]


async def test_thumbnails_are_drawn(tmp_path: Path) -> None:
    app = GridApp(make_tiles(tmp_path, 6))
    async with app.run_test(size=(60, 20)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        reds = [
            s
            for strip in app.screen._compositor.render_strips()
            for s in strip
            if s.style and s.style.bgcolor and s.style.bgcolor.get_truecolor().red > 200
        ]
        assert len(reds) >= 6


async def test_a_move_writes_two_captions_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = GridApp(make_tiles(tmp_path, 12))
    async with app.run_test(size=(60, 30)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        written: list[str] = []
        monkeypatch.setattr(painter_of(app), "write", written.append)
        updates: list[object] = []
        monkeypatch.setattr(app, "_display", lambda screen, update: updates.append(update))
        await pilot.press("right")
        await pilot.pause()
        assert [update for update in updates if update is not None] == []
        assert "▸ · 2" in written[0] and "· 1" in written[0]
        assert len("".join(written).encode()) <= 150
        assert "▸ · 2" in app.text() and "▸ · 1" not in app.text()


async def test_a_caption_under_a_dialog_is_left_to_textual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = GridApp(make_tiles(tmp_path, 12))
    async with app.run_test(size=(60, 30)) as pilot:
        await app.workers.wait_for_complete()
        await app.push_screen(ModalScreen())
        await pilot.pause()
        written: list[str] = []
        monkeypatch.setattr(painter_of(app), "write", written.append)
        app.grid.action_cursor(1, 0)
        await pilot.pause()
        assert app.grid.cursor == 1
        assert written == []


async def test_a_changed_tile_alone_is_redrawn_and_a_new_one_appended(tmp_path: Path) -> None:
    tiles = make_tiles(tmp_path, 3)
    app = GridApp(tiles)
    async with app.run_test(size=(60, 20)) as pilot:
        app.grid.update_tile(replace(tiles[1], mark="✓", state="approved"))
        app.grid.update_tile(Tile("new", None, "4", "○", "waiting", body="62 %"))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "✓ 2" in app.text()
        assert "62 %" in app.text()
        assert [tile.id for tile in app.grid.tiles] == ["t0", "t1", "t2", "new"]


async def test_the_highlight_stays_on_its_tile_when_others_come(tmp_path: Path) -> None:
    tiles = make_tiles(tmp_path, 6)
    app = GridApp(tiles[2:5])
    async with app.run_test(size=(60, 20)):
        app.grid.move_to("t3")
        app.grid.set_tiles(tiles)
        assert app.grid.current == tiles[3]
        app.grid.set_tiles(tiles[:2])
        assert app.grid.current == tiles[1]
        app.grid.set_tiles([])
        assert not app.grid.tiles
        app.grid.action_cursor(1, 0)
        app.grid.action_choose()


async def test_hostile_captions_are_drawn_as_text(tmp_path: Path) -> None:
    app = GridApp([Tile("a", None, "[/nope]\x1b]0;x\x07\U0010eeee", "\x9b1m", body="\x1b[2J")])
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        shown = app.text()
        assert "[/nope]" in shown
        assert not any(hidden in shown for hidden in "\x1b\x9b\x07\U0010eeee")


async def test_ten_thousand_tiles_are_scrolled_to_the_end(tmp_path: Path) -> None:
    app = GridApp([Tile(f"t{n}", None, str(n)) for n in range(10_000)])
    async with app.run_test(size=(60, 20)) as pilot:
        app.grid.move_to("t9999")
        await pilot.pause()
        assert "9999" in app.text()
        assert len(app.grid._visible()) < 60


@pytest.mark.parametrize("count", [0, 1, 10, 25, 400])
def test_tiles_never_stand_outside_the_grid(count: int) -> None:
    for width in range(2, 200):
        for height in (1, 5, 18, 60):
            layout = lay_out(Size(width, height), count)
            assert layout.per_row >= 1
            assert layout.per_row * layout.width <= width
            assert layout.height >= 2


def test_ten_tiles_fit_beside_the_picture_on_a_small_screen() -> None:
    layout = lay_out(Size(40, 18), 10)
    assert -(-10 // layout.per_row) * layout.height <= 18
    many = lay_out(Size(40, 18), 500)
    assert many.per_row * (18 // many.height) >= 10
