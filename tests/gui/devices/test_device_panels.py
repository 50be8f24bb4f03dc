"""Exposure, channel, stage, sensor, properties and sequence, beside a live view."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import useq
from pymmcore_widgets import MDAWidget, PropertyBrowser, StageWidget
from PyQt6.QtWidgets import QComboBox, QDoubleSpinBox, QPushButton

from deepz_live.app.desk import DeskError
from deepz_live.gui.devices import widgets
from deepz_live.gui.devices.orders import DeviceOrders
from deepz_live.gui.devices.patient_core import PatientCore

WAIT_MS = 60_000


def quiet(qtbot, window):
    """Nothing that was asked of the devices is still to be done."""
    qtbot.waitUntil(lambda: not window.bridge.busy, timeout=WAIT_MS)


def arrows(widget, device):
    """The stage's buttons by what they do: ``{(dx, dy): button}``, in steps."""
    stage = next(w for w in widget.findChildren(StageWidget) if w._device == device)
    return stage, {
        (push.xmag, push.ymag): push
        for push in stage.findChildren(QPushButton)
        if hasattr(push, "xmag")
    }


def test_an_arrow_moves_the_stage_and_shows_where_it_is(qtbot, streaming, panel, scope):
    window = streaming(scope)
    microscope = window.desk.microscope
    widget = panel("stage")
    stage, push = arrows(widget, microscope.core.getFocusDevice())
    stage.setStep(2.0)
    push[0, 1].click()
    qtbot.waitUntil(lambda: abs(microscope.z_um - 2.0) < 0.1, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: abs(stage._y_pos.value() - microscope.z_um) < 0.06, timeout=WAIT_MS)
    across, push = arrows(widget, microscope.core.getXYStageDevice())
    across.setStep(5.0)
    push[1, 0].click()
    qtbot.waitUntil(lambda: abs(microscope.xy_um[0] - 5.0) < 0.1, timeout=WAIT_MS)
    assert window.shown.recording is False
    assert microscope.core.isSequenceRunning()


def test_a_move_past_the_limits_is_a_sentence_and_nothing_moves(qtbot, streaming, panel, scope):
    window = streaming(scope, stage={"z_min_um": -3.0, "z_max_um": 3.0, "xy_limit_um": 50.0})
    microscope = window.desk.microscope
    before = (microscope.z_um, *microscope.xy_um)
    widget = panel("stage")
    stage, push = arrows(widget, microscope.core.getFocusDevice())
    stage.setStep(4.0)
    push[0, 1].click()
    qtbot.waitUntil(lambda: "outside the stage's limits" in window.banner.text, timeout=WAIT_MS)
    stage, push = arrows(widget, microscope.core.getXYStageDevice())
    stage.setStep(60.0)
    push[-1, 0].click()
    qtbot.waitUntil(lambda: "outside the limit of ±50 µm" in window.banner.text, timeout=WAIT_MS)
    quiet(qtbot, window)
    assert (microscope.z_um, *microscope.xy_um) == pytest.approx(before)
    kept = [trouble.sentence for trouble in window.docks["trouble"].widget().log.troubles]
    assert len(kept) == 2


def test_the_focus_that_is_locked_is_not_moved_by_hand(qtbot, streaming, panel, monkeypatch):
    window = streaming("simulated")
    _, push = arrows(panel("stage"), window.desk.microscope.core.getFocusDevice())
    live = SimpleNamespace(focus_lock=SimpleNamespace(locked=True))
    held = DeviceOrders(SimpleNamespace(desk=SimpleNamespace(live=live)))
    monkeypatch.setattr(DeviceOrders, "focus_locked", held.focus_locked)
    push[0, 1].click()
    assert "The focus lock holds the stage" in window.banner.text
    quiet(qtbot, window)
    assert window.desk.microscope.z_um == pytest.approx(0.0)


def test_another_exposure_starts_the_stream_again_with_it(qtbot, streaming, panel):
    window = streaming("simulated")
    first = window.shown
    box = panel("camera").findChildren(QDoubleSpinBox)[0]
    assert box.suffix() == " ms"
    box.setValue(25.0)
    qtbot.waitUntil(lambda: window.shown is not first, timeout=WAIT_MS)
    assert window.shown.source.info.exposure_ms == 25.0
    qtbot.waitUntil(lambda: window.shown.latest_frame() is not None, timeout=WAIT_MS)
    assert window.shown.latest_frame().exposure_ms == 25.0
    assert box.value() == 25.0


def test_a_part_of_the_sensor_gives_smaller_frames(qtbot, streaming, panel):
    window = streaming("micromanager-demo")
    full = window.desk.microscope.shape
    widget = panel("camera")
    mode = next(box for box in widget.findChildren(QComboBox) if "Full Chip" in texts(box))
    mode.setCurrentText(next(text for text in texts(mode) if text[0].isdigit()))
    qtbot.waitUntil(lambda: window.shown.source.info.shape != full, timeout=WAIT_MS)
    shape = window.shown.source.info.shape
    assert shape[0] < full[0]
    qtbot.waitUntil(lambda: window.grid.raw.picture is not None, timeout=WAIT_MS)
    assert window.grid.field == shape


def texts(box):
    return [box.itemText(number) for number in range(box.count())]


def test_the_camera_is_left_alone_while_a_recording_runs(qtbot, streaming, panel, tmp_path):
    window = streaming("simulated")
    box = panel("camera").findChildren(QDoubleSpinBox)[0]
    before = box.value()
    window.shown.start_recording(tmp_path / "session")
    box.setValue(25.0)
    qtbot.waitUntil(lambda: "stop it (R)" in window.banner.text, timeout=WAIT_MS)
    quiet(qtbot, window)
    assert window.shown.recording
    assert box.value() == before == window.desk.microscope.exposure_ms


def test_which_device_has_which_role_belongs_to_the_profile(qtbot, streaming, panel):
    """The limits hold for the profile's stages: another focus stage would have none."""
    window = streaming("micromanager-demo")
    focus = window.desk.microscope.core.getFocusDevice()
    panel("stage")
    part = next(part for part in window.parts if hasattr(part, "holders"))
    part._core.setProperty("Core", "Focus", "")
    assert "the devices that the profile names" in window.banner.text
    part._core.loadSystemConfiguration("other.cfg")
    assert "is not done beside a live view" in window.banner.text
    quiet(qtbot, window)
    assert window.desk.microscope.core.getFocusDevice() == focus


def test_all_properties_are_shown_and_one_is_set(qtbot, streaming, panel):
    window = streaming("micromanager-demo")
    browser = panel("properties")
    assert isinstance(browser, PropertyBrowser)
    core = window.desk.microscope.core
    label = core.getCameraDevice()
    table = browser._prop_table
    rows = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert f"{label}-Exposure" in rows
    cell = table.cellWidget(rows.index(f"{label}-Exposure"), 1)
    first = window.shown
    cell.setValue(33.0)
    cell._on_widget_changed(33.0)
    qtbot.waitUntil(lambda: window.shown is not first, timeout=WAIT_MS)
    assert core.getExposure() == 33.0


def sequence(panel, low_um, high_um):
    """The sequence widget with a z-stack between two heights."""
    widget = panel("sequence")
    assert isinstance(widget, MDAWidget)
    widget.setValue(
        useq.MDASequence(
            z_plan=useq.ZTopBottom(bottom=low_um, top=high_um, step=1.0),
            stage_positions=[useq.Position(x=0.0, y=0.0)],
        )
    )
    return widget


def test_a_sequence_runs_with_the_stream_stopped_and_the_focus_comes_back(
    qtbot, streaming, panel, scope
):
    window = streaming(scope)
    microscope = window.desk.microscope
    widget = sequence(panel, -2.0, 2.0)
    heights, streamed = [], []

    def see(_pixels, event, *_):
        heights.append(event.z_pos)
        streamed.append(window.desk.live.source is not None and microscope.acquiring.locked())

    microscope.core.mda.events.frameReady.connect(see, check_nargs=False)
    first = window.shown
    widget.control_btns.run_btn.click()
    qtbot.waitUntil(lambda: window.shown is not first, timeout=WAIT_MS)
    microscope.core.mda.events.frameReady.disconnect(see)
    assert heights == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert all(streamed)
    assert microscope.z_um == pytest.approx(0.0, abs=0.2)
    assert window.banner.text == ""
    qtbot.waitUntil(lambda: window.shown.latest_frame() is not None, timeout=WAIT_MS)


def test_a_sequence_that_leaves_the_limits_moves_nothing(qtbot, streaming, panel):
    window = streaming("simulated", stage={"z_min_um": -5.0, "z_max_um": 5.0})
    widget = sequence(panel, -2.0, 9.0)
    moved = []
    core = window.desk.microscope.core
    core.events.stagePositionChanged.connect(lambda *args: moved.append(args))
    widget.control_btns.run_btn.click()
    qtbot.waitUntil(lambda: "outside the stage's limits" in window.banner.text, timeout=WAIT_MS)
    quiet(qtbot, window)
    assert moved == []


def test_the_widgets_go_with_their_microscope(qtbot, streaming, panel, window):
    streaming("simulated")
    holder = window.docks["stage"].widget()
    panel("stage")
    first = holder.widget()
    before = window.shown
    streaming("simulated")
    qtbot.waitUntil(lambda: window.shown is not before, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: holder.filled and holder.widget() is not first, timeout=WAIT_MS)
    window.use(None)
    assert not holder.filled


def test_without_a_microscope_a_panel_says_how_to_open_one(window):
    window.docks["stage"].show()
    assert "open a profile first (Ctrl+O)" in window.docks["stage"].widget().widget().text()


class SlowCore:
    """A core whose stage takes its time."""

    class Events:
        def __getattr__(self, name):
            raise AttributeError(name)

    def __init__(self, gate):
        self.events, self.mda = self.Events(), type("Mda", (), {"events": self.Events()})()
        self.gate, self.moves = gate, []

    def getFocusDevice(self):  # noqa: N802 - the core's name
        return "Z"

    def deviceBusy(self, label):  # noqa: N802 - the core's name
        return False

    def setPosition(self, *args):  # noqa: N802 - the core's name
        self.gate.wait(10.0)
        self.moves.append(args)


def test_a_slow_stage_does_not_hold_up_the_window(qtbot, window):
    gate = threading.Event()
    core = SlowCore(gate)
    part = next(part for part in window.parts if hasattr(part, "holders"))
    patient = PatientCore(core, part._orders)
    patient.setPosition("Z", 3.0)
    assert core.moves == []
    assert patient.deviceBusy("Z")
    assert not patient.deviceBusy("XY")
    gate.set()
    qtbot.waitUntil(lambda: not patient.deviceBusy("Z"), timeout=WAIT_MS)
    assert core.moves == [("Z", 3.0)]


def test_the_widgets_are_imported_before_a_session(qtbot, window, monkeypatch):
    order = []
    monkeypatch.setattr(widgets, "prepare", lambda: order.append("widgets"))

    def session():
        order.append("session")
        raise DeskError("no microscope today")

    window.begin(session)
    qtbot.waitUntil(lambda: window.banner.text != "", timeout=WAIT_MS)
    assert order == ["widgets", "session"]
