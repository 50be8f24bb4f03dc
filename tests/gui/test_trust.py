"""Badges, reasons, spot check and light in the real window, on the built-in microscope."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk
from deepz_live.app.live_opening import live_on
from deepz_live.config import Profile
from deepz_live.gui.main_window import MainWindow
from deepz_live.gui.trust.part import TrustPart
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import read_session

WAIT_MS = 60_000
SMALL = {"width_px": 192, "height_px": 192, "frame_rate_hz": 40.0}
STAGE = {"speed_um_s": 1e6, "settle_ms": 0.0, "timeout_s": 0.2, "z_start_um": 0.0}
BEADS = {"kind": "beads-flat", "seed": 8101}
FILAMENTS = {"kind": "filaments", "seed": 8101, "photons": 3000}


def part_of(window: MainWindow) -> TrustPart:
    return next(part for part in window.parts if isinstance(part, TrustPart))


@pytest.fixture(scope="module")
def engine():
    with closing(open_engine(shipped_bundle(), provider="CPU", threads=1)) as engine:
        yield engine


@pytest.fixture
def streaming(qtbot, tmp_path, engine):
    """``streaming(specimen)`` gives window and microscope, once a frame was looked at closely."""
    opened = []

    def make(specimen, looked=True):
        profile = Profile.model_validate(
            {"name": "test", "camera": SMALL, "stage": STAGE, "specimen": specimen}
        )
        microscope = open_microscope(profile)
        window = MainWindow(Desk(microscope=microscope), recordings=tmp_path / "recordings")
        opened.append((window, microscope))
        window.show()
        window.begin(lambda: live_on(microscope.camera_source(), engine, microscope))
        part = part_of(window)
        if looked:
            qtbot.waitUntil(
                lambda: (
                    "has not been" not in part.panel.reasons["round trip"].text()
                    and len(part.panel.reasons["round trip"].text()) > 0
                ),
                timeout=WAIT_MS,
            )
        return window, microscope, part

    yield make
    for window, microscope in opened:
        window.close()
        window.deleteLater()
        microscope.close()


def finished(qtbot, part: TrustPart) -> None:
    qtbot.waitUntil(lambda: part.panel.check.isVisibleTo(part.panel), timeout=WAIT_MS)


def badges(window: MainWindow) -> set[str]:
    return {pane.badge for pane in window.grid.panes if pane.cut is not None}


def colours(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = image.bits().asarray(image.sizeInBytes())
    return np.array(data, np.uint8).reshape(image.height(), image.width(), 4)[..., :3]


def test_known_beads_are_green_before_and_after_a_spot_check(qtbot, streaming, tmp_path) -> None:
    window, microscope, part = streaming(BEADS)
    assert badges(window) == {"good"}
    assert window.grid.raw.badge == ""  # measured: nothing to be trusted or not
    window.record.toggle()
    qtbot.waitUntil(lambda: window.shown.recording, timeout=WAIT_MS)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_T)
    assert part.panel.abort.isVisibleTo(part.panel)
    finished(qtbot, part)
    assert "within the report's spread" in part.panel.reasons["spot check"].text()
    qtbot.waitUntil(lambda: badges(window) == {"good"}, timeout=WAIT_MS)
    assert microscope.z_um == 0.0
    assert window.shown.recording  # it went on meanwhile
    window.record.toggle()
    qtbot.waitUntil(lambda: not window.shown.recording, timeout=WAIT_MS)
    (folder,) = (tmp_path / "recordings").iterdir()
    (event,) = [one for one in read_session(folder).events if one["kind"] == "spot_check"]
    assert event["level"] == "green"
    assert [row["dz_um"] for row in event["distances"]] == [-8, -4, -2, 2, 4, 8]


def test_filaments_turn_the_badge_of_a_beads_model_before_the_spot_check_and_red_after(
    qtbot, streaming
) -> None:
    window, microscope, part = streaming(FILAMENTS)
    assert badges(window) <= {"caution", "alarm"}
    pane = window.grid.panes[window.view.selected]
    assert "Inferred" in pane._badge.toolTip()
    assert part.panel.reasons["round trip"].text() in pane._badge.toolTip()
    dot = colours(pane._badge).astype(int)
    assert (dot[..., 2] - dot[..., 0]).max() > 60  # red or amber, in pixels (BGR)
    part.panel.check.click()
    finished(qtbot, part)
    assert badges(window) == {"alarm"}
    assert "far below the report" in part.panel.reasons["spot check"].text()
    assert microscope.z_um == 0.0


def test_the_result_is_a_table_and_two_pictures_and_can_be_saved(
    qtbot, streaming, tmp_path, monkeypatch
) -> None:
    window, _, part = streaming(BEADS)
    part.panel.check.click()
    finished(qtbot, part)
    view = part.panel.result
    assert view.table.rowCount() == 6
    assert view.table.item(0, 0).text() == "\N{MINUS SIGN}8.0"
    assert "±" in view.table.item(0, 2).text()
    assert float(view.table.item(2, 1).text()) > float(view.table.item(2, 3).text())
    pictures = []
    for row in (0, 3):
        view.table.selectRow(row)
        pictures.append({name: colours(label) for name, label in view.pictures.items()})
    assert "inferred" in view.names["refocused"].text()
    assert "measured" in view.names["measured"].text()
    for made in pictures:
        assert made["measured"].std() > 5  # there is something to see
        alike = np.corrcoef(made["refocused"].ravel(), made["measured"].ravel())[0, 1]
        assert alike > 0.6
    assert (pictures[0]["measured"] != pictures[1]["measured"]).any()
    file = tmp_path / "check.json"
    monkeypatch.setattr(window, "ask_where", lambda *_: file)
    part.panel.save.click()
    qtbot.waitUntil(file.exists, timeout=WAIT_MS)
    assert json.loads(file.read_text(encoding="utf-8"))["level"] == "green"


def begin(qtbot, part: TrustPart, steps: int = 0) -> None:
    """Begin a spot check and wait until it is so far."""
    part.panel.check.click()
    qtbot.waitUntil(lambda: part.panel.progress.value() >= steps, timeout=WAIT_MS)


def test_stop_a_stuck_stage_and_a_camera_unplugged_in_mid_check(qtbot, streaming) -> None:
    window, microscope, part = streaming(BEADS, looked=False)
    qtbot.waitUntil(lambda: window.grid.raw.picture is not None, timeout=WAIT_MS)

    begin(qtbot, part, steps=2)
    part.panel.abort.click()
    finished(qtbot, part)
    assert microscope.z_um == 0.0
    assert "was stopped; the focus is back" in part.panel.trouble.text()
    assert "spot check" not in window.banner.text
    assert part.panel.reasons["spot check"].text().startswith("The stage has not been asked")

    microscope.built_in.view.z.deaf = True
    begin(qtbot, part)
    finished(qtbot, part)
    microscope.built_in.view.z.deaf = False
    assert "stands at 0.00 µm instead of -8.00 µm" in part.panel.trouble.text()
    assert "stands at" in window.banner.text
    assert window.shown.error is None  # the live view goes on

    begin(qtbot, part, steps=2)
    microscope.core.stopSequenceAcquisition()
    finished(qtbot, part)
    assert "camera stopped during the spot check" in part.panel.trouble.text()
    assert microscope.z_um == 0.0
    assert not microscope.core.getShutterOpen()


def test_one_pane_near_the_end_of_the_range_is_amber_and_the_light_is_counted(
    qtbot, opened
) -> None:
    window = opened()
    part = part_of(window)
    pane = next(n for n, cut in enumerate(window.view.cuts) if isinstance(cut, PlaneCut))
    window.view.set_cut(pane, PlaneCut(9.8))
    window.view.select(pane)
    qtbot.waitUntil(lambda: window.grid.panes[pane].badge == "caution", timeout=WAIT_MS)
    assert "near the end" in part.panel.reasons["distance"].text()
    others = [one.badge for n, one in enumerate(window.grid.panes) if n != pane and one.cut]
    assert set(others) == {"good"}
    window.view.turn(2.0)
    qtbot.waitUntil(lambda: window.grid.panes[pane].badge == "good", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "exposures of 20 ms saved" in part.panel.light.text(), timeout=WAIT_MS)
    assert part.panel.light.text().startswith("21 planes shown")  # a projection needs them all
    assert part.light.exposures == part.light.frames * 20
    assert part.light.light_s == pytest.approx(part.light.exposures * 0.02)


def test_without_a_microscope_there_is_no_stage_to_ask(qtbot, opened) -> None:
    window = opened()
    part = part_of(window)
    assert not part.panel.check.isEnabled()
    window.actions_by_key["spot_check"].trigger()
    assert "here is no microscope" in window.banner.text
    window.banner.clear()
    other = opened(engine=None)
    assert all(pane.badge == "" for pane in other.grid.panes)
