"""The rotating view: drawn where there is OpenGL, explained where there is none."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest
from fakes import FakeEngine, TwoChannels

from deepz_live.gui.panes.colours import DEPTH_MAP, colour_table
from deepz_live.gui.volume.cloud import cloud_of
from deepz_live.gui.volume.panel import has_opengl
from deepz_live.gui.volume.part import VolumePart
from deepz_live.refocus.questions import Snapshot
from deepz_live.refocus.stack import ArrayStack
from deepz_live.refocus.view import Shift

WAIT_MS = 20_000


def part_of(window) -> VolumePart:
    return next(part for part in window.parts if isinstance(part, VolumePart))


def test_the_cloud_shows_a_bead_where_it_is_in_the_colour_of_its_depth():
    planes = np.full((5, 300, 200), 100.0, np.float32)
    planes[3, 60:66, 150:156] = 5000.0
    z_um = (-2.0, -1.0, 0.0, 1.0, 2.0)
    seen = Snapshot(None, ArrayStack(planes, z_um), z_um, 0.5, None, Shift())
    cloud = cloud_of(seen)
    width, depth, planes_shown, _ = cloud.rgba.shape
    assert planes_shown == 5
    assert max(width, depth) <= 128
    assert cloud.voxel_um == (1.5, 1.5, 1.0)
    opaque = cloud.rgba[..., 3]
    x, y, z = np.unravel_index(opaque.argmax(), opaque.shape)
    assert z == 3
    assert x == pytest.approx(150 / 3, abs=2)
    assert y == pytest.approx(depth - 1 - 60 / 3, abs=2)  # rows count down, y points up
    assert cloud.rgba[x, y, z, :3].tolist() == colour_table(DEPTH_MAP)[191].tolist()
    assert opaque[:, :, 0].max() == 0


def test_without_opengl_the_panel_says_what_shows_depth_instead(qtbot, opened):
    window = opened()
    part = part_of(window)
    window.docks["volume"].show()
    if has_opengl():
        qtbot.waitUntil(lambda: part.panel.cloud is not None, timeout=WAIT_MS)
        assert part.panel.text == ""
        assert not part.panel.grab().isNull()
    else:
        part.slow_tick()
        assert "no OpenGL" in part.panel.text
        assert "Sections" in part.panel.text


def test_nothing_is_asked_for_that_nobody_sees(qtbot, opened, monkeypatch):
    window = opened()
    asked = []
    monkeypatch.setattr(window.live.live, "ask", lambda *a: asked.append(a))
    qtbot.waitUntil(lambda: part_of(window)._wanted, timeout=WAIT_MS)
    part_of(window).slow_tick()
    assert asked == []


def test_the_stack_is_of_the_channel_that_is_chosen(qtbot, opened, raw, volume, monkeypatch):
    window = opened(camera=TwoChannels(raw), engines={"FITC": FakeEngine(volume)})
    part, asked = part_of(window), []
    monkeypatch.setattr(type(part.panel), "able", True)
    monkeypatch.setattr(part.panel, "open", lambda: None)
    monkeypatch.setattr(
        window.live.live, "ask", lambda _work, channel=None: asked.append(channel) or Future()
    )
    part._asked = True  # the window's own ticks ask for nothing here
    window.docks["volume"].show()
    for index, name in enumerate(("TexasRed", "FITC")):
        window.channel_bar.choice.setCurrentIndex(index)
        window.channel_bar.choice.activated.emit(index)
        qtbot.waitUntil(
            lambda n=name: list(window.display.layers(window.grid.raw)) == [n], timeout=WAIT_MS
        )
        part._asked = part._wanted = False  # nothing newer came
        part.slow_tick()
        assert asked.pop() == name
