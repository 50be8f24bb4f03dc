"""A second model's panes lie under the first's, on the same frames and with the same levels."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import Z_PLANES_UM, FakeEngine, record_session
from PyQt6.QtWidgets import QFileDialog

from deepz_live.refocus.cuts import PlaneCut

WAIT_MS = 20_000


def comparing(window):
    return next(part for part in window.parts if "compare" in part.actions)


@pytest.fixture
def compared(qtbot, opened, volume, tmp_path, raw):
    """A paused replay with a second model, whose planes are half as bright and upside down."""
    window = opened()
    window.open_replay(record_session(tmp_path / "s", raw))
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.transport.play(False)
    part = comparing(window)
    second = FakeEngine(100 + (volume[:, ::-1] - 100) / 2)
    second.bundle.name = "other-bundle"
    part.open = lambda _path, _provider: second
    qtbot.waitUntil(lambda: part._results != (), timeout=WAIT_MS)
    part.begin(tmp_path)
    qtbot.waitUntil(
        lambda: (
            part.second is not None
            and part.panel.grid.panes
            and all(pane.picture is not None for pane in part.panel.grid.panes)
        ),
        timeout=WAIT_MS,
    )
    window.second_engine = second
    return window


def test_the_same_cuts_of_the_same_frame_lie_below(qtbot, compared):
    part = comparing(compared)
    assert compared.docks["compare"].isVisible()
    assert "other-bundle, on the same frames" in part.panel.head.text()
    assert tuple(pane.cut for pane in part.panel.grid.panes) == compared.view.cuts
    for pane in part.panel.grid.panes:
        assert ("inferred" in pane.title) is (pane.cut is not None)
    assert part.second.newest.frame.index == compared.live.live.latest_result().frame.index


def test_the_second_is_shown_in_the_grey_values_of_the_first(qtbot, compared):
    part = comparing(compared)
    below = next(pane for pane in part.panel.grid.panes if pane.cut is not None)
    above = next(pane for pane in compared.grid.panes if pane.cut == below.cut)
    levels = compared.display.levels(above, "TexasRed")
    qtbot.waitUntil(lambda: part.display.levels(below, "TexasRed") == levels, timeout=WAIT_MS)
    bright, dim = (np.asarray(pane.picture).astype(float) for pane in (above, below))
    assert dim.mean() < 0.8 * bright.mean()


def test_another_depth_and_another_frame_are_followed(qtbot, compared):
    part = comparing(compared)
    compared.view.select(1)
    compared.view.turn(4.0)
    qtbot.waitUntil(
        lambda: any(getattr(cut, "depth_um", None) == 4.0 for cut in part.second.newest.cuts),
        timeout=WAIT_MS,
    )
    compared.transport.seek(13)
    qtbot.waitUntil(lambda: part.second.newest.frame.index == 13, timeout=WAIT_MS)


def test_zoom_is_followed(compared):
    compared.grid.zoom(0.5)
    wanted = compared.grid.panes[0].wanted_rect
    assert all(pane.wanted_rect == wanted for pane in comparing(compared).panel.grid.panes)


def test_another_session_is_looked_at_by_both(qtbot, compared, tmp_path, raw):
    part = comparing(compared)
    compared.open_replay(record_session(tmp_path / "t", raw, count=5))
    qtbot.waitUntil(lambda: compared.live.live.source.info.origin == "session t", timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: part.second.newest is not None and part.second.newest.frame.index < 5,
        timeout=WAIT_MS,
    )


def test_panes_beyond_the_second_model_say_so(qtbot, opened, tmp_path, volume):
    window = opened()
    part = comparing(window)
    part.open = lambda _path, _provider: FakeEngine(volume[8:13], Z_PLANES_UM[8:13])
    qtbot.waitUntil(lambda: part._results != (), timeout=WAIT_MS)
    part.begin(tmp_path)
    qtbot.waitUntil(
        lambda: bool(part.panel.grid.panes) and part.panel.grid.panes[1].picture is not None,
        timeout=WAIT_MS,
    )
    panes = part.panel.grid.panes
    beyond = "beyond this model's −2 … +2 µm"
    for pane in panes:
        out = isinstance(pane.cut, PlaneCut) and abs(pane.cut.depth_um) > 2
        assert pane.note == (beyond if out else "")
    assert panes[-1].note == beyond
    window.view.select(1)
    window.view.turn(4.0)
    qtbot.waitUntil(lambda: panes[1].note == beyond, timeout=WAIT_MS)
    assert panes[1].picture is None
    window.view.turn(1.0)
    qtbot.waitUntil(lambda: panes[1].picture is not None, timeout=WAIT_MS)
    assert panes[1].note == ""


def test_ending_closes_the_second_network_and_its_panes(qtbot, compared):
    compared.actions_by_key["compare_end"].trigger()
    qtbot.waitUntil(lambda: compared.second_engine.closed, timeout=WAIT_MS)
    assert not compared.docks["compare"].isVisible()


def test_a_model_that_does_not_open_is_said(qtbot, opened, tmp_path, monkeypatch):
    window = opened()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.actions_by_key["compare"].trigger()
    qtbot.waitUntil(lambda: "rdf.yaml" in window.banner.text, timeout=WAIT_MS)
    assert comparing(window).second is None
