"""What the operator can rely on, claimed against the real window."""

from __future__ import annotations

import threading

from fakes import FakeCamera, FakeEngine
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QImage, QWheelEvent
from PyQt6.QtWidgets import QApplication, QToolButton

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk
from deepz_live.app.live import LiveSession
from deepz_live.config import Profile
from deepz_live.gui import theme
from deepz_live.gui.app import run_headless_window
from deepz_live.gui.banner import Banner
from deepz_live.refocus.cuts import PlaneCut, SectionCut, plane_depths
from deepz_live.session.reader import read_session

WAIT_MS = 20_000


def refocused(qtbot, window):
    qtbot.waitUntil(
        lambda: all(pane.picture is not None for pane in window.grid.panes), timeout=WAIT_MS
    )


def test_panes_say_what_is_measured_and_what_is_inferred(qtbot, opened):
    window = opened()
    refocused(qtbot, window)
    assert window.grid.raw.title == "raw, measured"
    assert [pane.title for pane in window.grid.panes[1:]] == [
        "0.0 µm · inferred",
        "max −10 … +10 µm · inferred",
        "xz at y = 31 µm · inferred",
        "−6.0 µm · inferred",
        "−3.0 µm · inferred",
        "+3.0 µm · inferred",
        "+6.0 µm · inferred",
    ]
    window.knob.turned.emit(2.5)
    assert window.grid.panes[1].title == "+2.5 µm · inferred"


def test_the_knob_turns_the_selected_plane_and_nothing_beyond_the_model(qtbot, opened, volume):
    narrow = tuple(float(z) for z in range(-4, 5))
    window = opened(FakeEngine(volume[6:15], narrow))
    refocused(qtbot, window)
    assert window.knob.range_um == (-4.0, 4.0)
    window.knob.ruler.setValue(99)
    assert window.view.depth_um == 4.0
    asked = plane_depths(window.live.live.view().cuts)
    assert asked[0] == 4.0
    assert min(asked) == -4.0
    assert max(asked) == 4.0
    assert window.banner.text == ""


def test_the_wheel_over_a_plane_turns_its_depth(qtbot, opened):
    window = opened()
    refocused(qtbot, window)
    canvas = window.grid.panes[1].canvas
    spot = canvas.rect().center()
    before = window.grid.panes[1].view_rect
    wheel = QWheelEvent(
        QPointF(spot),
        QPointF(canvas.mapToGlobal(spot)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), wheel)
    assert window.knob.value_um > 0
    assert window.live.live.view().cuts[0] == PlaneCut(window.knob.value_um)
    assert window.grid.panes[1].view_rect == before


def test_zoom_and_pan_are_linked(qtbot, opened):
    window = opened()
    refocused(qtbot, window)
    pane = window.grid.panes[4]
    pane.canvas.box.setRange(QRectF(40, 50, 60, 60), padding=0)
    pane.canvas.box.sigRangeChangedManually.emit([True, True])
    shown = pane.view_rect
    flat = [pane for pane in window.grid.panes if not isinstance(pane.cut, SectionCut)]
    (section,) = set(window.grid.panes) - set(flat)
    for other in flat:
        rect = other.view_rect
        assert rect.contains(shown.center())
        assert abs(rect.center().x() - shown.center().x()) < 0.5
        assert abs(rect.center().y() - shown.center().y()) < 0.5
    # A section follows along its own pixels and keeps its whole depth (21 planes of 1 µm) in view.
    assert abs(section.view_rect.center().x() - shown.center().x()) < 0.5
    assert abs(section.view_rect.height() - 21 / 0.325) < 0.5
    window.actions_by_key["fit"].trigger()
    height, width = window.live.live.source.info.shape
    assert all(other.view_rect.width() >= width - 0.5 for other in window.grid.panes)
    assert all(other.view_rect.height() >= height - 0.5 for other in flat)


def test_one_key_starts_and_stops_the_recording_and_the_numbers_move(qtbot, opened, tmp_path):
    window = opened()
    refocused(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.record_bar.recording, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 5, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: " 0 frames" not in window.record_bar.text, timeout=WAIT_MS)
    for part in ("00:", "frames", "MB", "free"):
        assert part in window.record_bar.text
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: not window.record_bar.recording, timeout=WAIT_MS)
    (folder,) = (tmp_path / "recordings").iterdir()
    assert len(read_session(folder)) >= 5


def test_a_lost_frame_turns_the_status_red(qtbot, opened, raw):
    window = opened(None, FakeCamera(raw, skip=[3]))
    qtbot.waitUntil(lambda: window.status_line.text("lost") == "lost 1", timeout=WAIT_MS)
    assert window.status_line.role("lost") == "alarm"


def test_no_loss_is_not_red(qtbot, opened):
    window = opened(None)
    qtbot.waitUntil(lambda: window.status_line.text("lost") == "lost 0", timeout=WAIT_MS)
    assert window.status_line.role("lost") == "dim"


def test_a_failing_network_shows_the_banner_and_raw_goes_on(qtbot, opened, volume):
    engine = FakeEngine(volume, fails=True)
    window = opened(engine)
    qtbot.waitUntil(lambda: "failed on purpose" in window.banner.text, timeout=WAIT_MS)
    first = int(window.live.live.latest_frame().index)
    qtbot.waitUntil(lambda: window.live._frames[-1].index > first + 3, timeout=WAIT_MS)
    assert window.live.live.status().camera_fps > 0
    engine.fails = False
    refocused(qtbot, window)


def test_a_camera_that_breaks_is_named_in_the_banner(qtbot, opened, raw):
    window = opened(None, FakeCamera(raw, fail_at=4))
    qtbot.waitUntil(lambda: "unplugged" in window.banner.text, timeout=WAIT_MS)
    assert window.grid.raw.picture is not None


def test_a_pane_turned_after_the_camera_broke_shows_no_old_picture(qtbot, opened, raw):
    window = opened(camera=FakeCamera(raw, fail_at=30))
    refocused(qtbot, window)
    qtbot.waitUntil(lambda: "unplugged" in window.banner.text, timeout=WAIT_MS)
    pane = window.grid.panes[1]
    window.view.turn(7.0)
    qtbot.waitUntil(lambda: "The stream has ended" in pane.note, timeout=WAIT_MS)
    assert pane.title == "+7.0 µm · inferred"
    assert pane.picture is None
    assert "(F5)" in pane.note
    assert window.grid.raw.note == window.grid.panes[2].note == ""
    window.view.turn(0.0)
    qtbot.waitUntil(lambda: pane.picture is not None, timeout=WAIT_MS)
    assert pane.note == ""


def test_a_camera_that_breaks_before_its_first_frame_is_not_waited_for(qtbot, opened, raw):
    window = opened(camera=FakeCamera(raw, fail_at=0), wait=False)
    for pane in (window.grid.raw, window.grid.panes[1]):
        qtbot.waitUntil(lambda p=pane: "The stream has ended" in p.note, timeout=WAIT_MS)


def test_a_closed_error_uncovers_the_warning_under_it(qtbot, qapp):
    banner = Banner()
    qtbot.addWidget(banner)
    close = banner.findChild(QToolButton)
    banner.show_warning("The pixel size differs.")
    banner.show_error("The bundle is not there.")
    close.click()
    assert banner.text == "The pixel size differs."
    assert banner.isVisibleTo(None)
    banner.show_warning("The pixel size differs.")
    close.click()
    banner.show_warning("The pixel size differs.")
    assert not banner.isVisible()
    banner.show_warning("The exposure differs.")
    assert banner.isVisible()


def test_a_picture_of_the_window_that_cannot_be_written_is_said(opened, tmp_path, monkeypatch):
    window = opened(None)
    monkeypatch.setattr(window, "ask_where", lambda *_: tmp_path / "gone" / "window.png")
    window.actions_by_key["screenshot"].trigger()
    assert "gone/window.png; choose another folder" in window.banner.text
    window.banner.clear()
    monkeypatch.setattr(window, "ask_where", lambda *_: tmp_path / "window")
    window.actions_by_key["screenshot"].trigger()
    assert window.banner.text == ""
    assert not QImage(str(tmp_path / "window")).isNull()


def test_without_a_model_the_panes_say_so_and_the_knob_is_off(opened):
    window = opened(None)
    assert "No model" in window.grid.panes[1].note
    assert not window.knob.isEnabled()
    assert window.status_line.text("bundle") == "no model"


def test_opening_what_is_not_there_leaves_the_stream_alone(qtbot, opened, tmp_path):
    window = opened()
    refocused(qtbot, window)
    before = window.live.live
    for opening in (window.open_profile, window.open_bundle, window.open_replay):
        window.banner.clear()
        opening(tmp_path / "nowhere")
        qtbot.waitUntil(lambda: "nowhere" in window.banner.text, timeout=WAIT_MS)
        assert window.live.live is before
        captured = before.status().captured
        qtbot.waitUntil(lambda n=captured: before.status().captured > n, timeout=WAIT_MS)


def test_a_replay_gets_a_transport_bar_that_seeks(qtbot, opened, tmp_path):
    window = opened()
    refocused(qtbot, window)
    folder = tmp_path / "recording"
    window.live.live.start_recording(folder)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 12, timeout=WAIT_MS)
    window.live.live.stop_recording()
    assert not window.transport_bar.isVisible()
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    source = window.live.live.source
    window.transport_bar.button.click()
    assert source.paused
    window.transport_bar.slider.setValue(7)
    assert source.position == 7
    wanted = read_session(folder).frame(7).index
    qtbot.waitUntil(
        lambda: bool(window.live._frames) and window.live._frames[-1].index == wanted,
        timeout=WAIT_MS,
    )
    window.transport_bar.speed.setCurrentText("2×")
    assert source.speed == 2.0


def test_closing_the_window_ends_every_thread_and_closes_the_recording(qtbot, opened, tmp_path):
    window = opened()
    refocused(qtbot, window)
    session = window.live.live
    session.start_recording(tmp_path / "open")
    qtbot.waitUntil(lambda: session.status().recorded >= 3, timeout=WAIT_MS)
    window.close()
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith(("pump", "refocus", "writer"))}
    assert len(read_session(tmp_path / "open")) >= 3


def test_compensate_and_reference_reach_the_session(qtbot, opened):
    window = opened()
    refocused(qtbot, window)
    window.parts[0].panel.compensate.click()
    assert window.live.live.view().compensate
    window.knob.turned.emit(1.0)
    assert window.live.live.view().compensate
    assert "z " in window.parts[0].panel.text


def test_the_picture_is_dark_but_not_empty(qtbot, raw, volume, tmp_path):
    picture = tmp_path / "window.png"
    live = run_headless_window(
        lambda: LiveSession(FakeCamera(raw), FakeEngine(volume)), seconds=1.5, screenshot=picture
    )
    assert live.summary()["frames_lost"] == 0
    assert live.summary()["planes"] >= 5
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1600, 950)
    grey = [image.pixelColor(x, y).lightness() for x in range(0, 1600, 8) for y in range(0, 950, 8)]
    assert max(grey) > 120
    assert sum(value > 200 for value in grey) < 0.05 * len(grey)


def test_the_icons_come_from_the_package(qapp):
    for spec in ("record", "stop", "play", "pause", "open", "calibrate", "reference"):
        assert not theme.icon(spec).pixmap(24, 24).toImage().isNull()


def test_a_camera_that_stopped_is_started_again_from_the_banner(qtbot, opened):
    profile = Profile(name="tiny", camera={"width_px": 64, "height_px": 64, "exposure_ms": 2.0})
    with open_microscope(profile) as microscope:
        window = opened(None, desk=Desk(microscope=microscope), camera=microscope.camera_source())
        broken, again = window.shown, window.banner.again
        assert not again.isVisibleTo(window)
        microscope.core.setProperty("Camera", "Binning", 2)
        qtbot.waitUntil(lambda: again.isVisibleTo(window), timeout=WAIT_MS)
        assert "stop the stream before changing region, binning" in window.banner.text
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(
            lambda: window.shown is not broken and window.shown.latest_frame() is not None,
            timeout=WAIT_MS,
        )
        assert window.shown.latest_frame().pixels.shape == (32, 32)
        assert window.banner.text == ""
        assert not again.isVisibleTo(window)
        window.close()
