"""What becomes of counts on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from deepz_live.gui.contrast.part import ContrastPart
from deepz_live.image.levels import STRIP_PIXELS, Levels, to_screen

WAIT_MS = 20_000
LEVELS = Levels(100.0, 1100.0)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 0.7])
@pytest.mark.parametrize("dtype", [np.uint16, np.uint8, np.float32, np.float64])
def test_every_pixel_follows_the_formula_whatever_the_strips(gamma, dtype):
    width = 300
    rows = 2 * (STRIP_PIXELS // width) + 7
    image = np.random.default_rng(0).integers(0, 255, (rows, width)).astype(dtype)
    if np.dtype(dtype).itemsize > 1:
        image *= 5
    share = np.clip((image.astype(np.float64) - 100) / 1000, 0, 1)
    wanted = 255 * share**gamma
    screen = to_screen(image, LEVELS, gamma)
    assert screen.dtype == np.uint8
    assert np.abs(screen - wanted).max() <= 1.001


def test_no_number_is_black_and_infinity_white():
    image = np.array([[np.nan, np.inf, -np.inf, 1100.0]], np.float32)
    assert to_screen(image, LEVELS).tolist() == [[0, 255, 0, 255]]


def test_a_crop_is_shown_like_a_copy_of_it():
    image = np.random.default_rng(1).integers(0, 2000, (64, 64)).astype(np.uint16)
    part = image[3:40:2, 5:50:3]
    np.testing.assert_array_equal(to_screen(part, LEVELS), to_screen(part.copy(), LEVELS))


def test_levels_set_by_hand_stay_in_their_pane_until_auto(qtbot, opened):
    window = opened()
    part = next(part for part in window.parts if isinstance(part, ContrastPart))
    window.docks["contrast"].show()
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: window.display.levels(pane, "TexasRed") is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: part.panel.low.value() > 0, timeout=WAIT_MS)
    assert part.panel.auto.isChecked()
    other = window.display.levels(window.grid.panes[2], "TexasRed")
    part.panel.region.setRegion((90_000.0, 100_000.0))
    assert window.display.levels(pane, "TexasRed") == Levels(90_000.0, 100_000.0)
    assert pane.picture.max() == 0  # everything is darker than that
    assert window.display.levels(window.grid.panes[2], "TexasRed").high < 2 * other.high
    index = window.live._frames[-1].index
    qtbot.waitUntil(lambda: window.live._frames[-1].index > index + 5, timeout=WAIT_MS)
    assert pane.picture.max() == 0
    qtbot.waitUntil(lambda: part.panel.high.value() == 100_000.0, timeout=WAIT_MS)
    assert not part.panel.auto.isChecked()
    window.actions_by_key["auto_contrast"].trigger()
    qtbot.waitUntil(lambda: pane.picture.max() > 200, timeout=WAIT_MS)
    assert window.display.levels(pane, "TexasRed").high < 50_000


def test_a_level_is_typed_while_the_picture_moves_on(qtbot, opened):
    window = opened()
    part = next(part for part in window.parts if isinstance(part, ContrastPart))
    window.docks["contrast"].show()
    window.view.select(1)
    pane, box = window.grid.panes[1], part.panel.high
    qtbot.waitUntil(lambda: window.display.levels(pane, "TexasRed") is not None, timeout=WAIT_MS)
    for wanted in ("1500", "1750"):
        box.setFocus()
        box.selectAll()
        for digit in wanted:
            qtbot.keyClicks(box, digit)
            part.slow_tick()
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert window.display.levels(pane, "TexasRed").high == float(wanted)
        assert window.display.pinned(pane, "TexasRed")
    part.panel.region.setRegion((100.0, 900.0))  # the typed text does not hold the box for good
    part.slow_tick()
    assert box.value() == 900.0


def test_the_histogram_is_of_the_selected_pane(qtbot, opened):
    window = opened()
    part = next(part for part in window.parts if isinstance(part, ContrastPart))
    window.docks["contrast"].show()
    window.view.select(0)
    qtbot.waitUntil(lambda: part.panel._name.text() == "raw, measured", timeout=WAIT_MS)
    edges, heights = part.panel._bars.getData()
    raw = window.live._frames[-1].pixels[1:]  # in the first row stands the frame's number
    assert edges[0] <= raw.min()
    assert edges[-1] <= raw.max() + 1
    assert heights.max() > 1  # more than ten pixels in the fullest bin
