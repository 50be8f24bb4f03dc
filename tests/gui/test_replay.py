"""A replay obeys bar and keys, and what is seen is the frame that the bar says."""

from __future__ import annotations

import pytest
from fakes import FakeEngine, record_session, shown_bar
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor

from deepz_live.app.desk import Desk, RealOpeners
from deepz_live.gui import theme
from deepz_live.session.errors import SessionError

WAIT_MS = 20_000


@pytest.fixture
def replayed(qtbot, opened, tmp_path, raw):
    """A window that stands at the first frame of twenty, three of them marked."""
    folder = record_session(tmp_path / "s", raw, marked=[(3, "entry"), (9, ""), (15, "division")])
    window = opened()
    stand_at(qtbot, window, folder, 0)
    return window


def stand_at(qtbot, window, folder, frame):
    """Open the recording in ``folder``, pause it and go to ``frame``."""
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.transport.play(False)
    window.transport.seek(frame)
    sees(qtbot, window, frame)


def sees(qtbot, window, frame):
    """Wait until the raw pane shows ``frame`` and the bar says so."""
    qtbot.waitUntil(lambda: shown_bar(window.grid.raw.picture) == frame, timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: window.transport_bar.text.startswith(f"frame {frame + 1} / 20"), timeout=WAIT_MS
    )


def press(window, key):
    window.actions_by_key[key].trigger()


def test_single_frames_are_stepped_with_keys(qtbot, replayed):
    qtbot.keyClick(replayed, Qt.Key.Key_Period)
    sees(qtbot, replayed, 1)
    qtbot.keyClick(replayed, Qt.Key.Key_Period)
    sees(qtbot, replayed, 2)
    qtbot.keyClick(replayed, Qt.Key.Key_Comma)
    sees(qtbot, replayed, 1)
    assert "0:00.10" in replayed.transport_bar.text


def test_a_click_on_the_timeline_goes_there(qtbot, replayed):
    line = replayed.transport_bar.slider
    spot = QPoint(round(line.place_of(12)), line.height() // 2)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=spot)
    sees(qtbot, replayed, 12)


def test_from_a_to_b_it_goes_round_and_shows_the_stretch(qtbot, replayed):
    source = replayed.transport.replay
    replayed.transport.seek(4)
    press(replayed, "replay_a")
    replayed.transport.seek(6)
    press(replayed, "replay_b")
    sees(qtbot, replayed, 6)
    qtbot.keyClick(replayed, Qt.Key.Key_L)
    assert (source.span, source.loop) == ((4, 6), True)
    assert replayed.transport_bar.loop.isChecked()
    seen = []
    source.speed = 4.0
    replayed.transport.play(True)

    def went_round():
        bar = shown_bar(replayed.grid.raw.picture)
        if not seen or seen[-1] != bar:
            seen.append(bar)
        return len(seen) > 5

    qtbot.waitUntil(went_round, timeout=WAIT_MS)
    assert set(seen) <= {4, 5, 6}
    line = replayed.transport_bar.slider
    picture = line.grab().toImage()
    x, y = round(line.place_of(5)), line.height() // 2 + 6
    assert picture.pixelColor(x, y) == QColor(theme.KNOB)
    assert picture.pixelColor(round(line.place_of(10)), y) != QColor(theme.KNOB)
    press(replayed, "replay_all")
    assert source.span == (0, 19)
    assert line.span is None


def test_an_end_beyond_the_other_begins_a_new_stretch(replayed):
    source, transport = replayed.transport.replay, replayed.transport
    source.span = (4, 6)
    transport.seek(12)
    transport.set_end("a")
    assert source.span == (12, 19)
    transport.seek(2)
    transport.set_end("b")
    assert source.span == (0, 2)


def test_playing_at_the_end_begins_again_at_a(qtbot, replayed):
    source = replayed.transport.replay
    source.span = (15, 17)
    source.speed = 4.0
    replayed.transport.seek(17)
    sees(qtbot, replayed, 17)
    replayed.transport.play(True)
    qtbot.waitUntil(lambda: source.position == 17 and source.at_end, timeout=WAIT_MS)
    sees(qtbot, replayed, 17)
    assert not replayed.transport_bar.isHidden()


def test_markers_stand_on_the_timeline_and_are_jumped_between(qtbot, replayed):
    line = replayed.transport_bar.slider
    assert line.marks == ((3, "entry"), (9, ""), (15, "division"))
    picture = line.grab().toImage()
    for frame, marked in ((3, True), (9, True), (12, False)):
        found = picture.pixelColor(round(line.place_of(frame)), 3) == QColor(theme.CAUTION)
        assert found is marked
    for key, frame in (("marker_on", 3), ("marker_on", 9), ("marker_on", 15), ("marker_on", 15),
                       ("marker_back", 9)):  # fmt: skip
        press(replayed, key)
        sees(qtbot, replayed, frame)


@pytest.mark.parametrize("frame", [7, 19])
def test_another_model_makes_the_frame_that_a_still_replay_shows(
    qtbot, opened, tmp_path, raw, volume, frame
):
    desk = Desk(OneModel(volume))
    window = opened(desk=desk)
    window.open_replay(record_session(tmp_path / "s", raw))
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    if frame < 19:
        window.transport.play(False)
    window.transport.seek(frame)
    sees(qtbot, window, frame)
    window.open_bundle(tmp_path / "new")
    qtbot.waitUntil(lambda: window.status_line.text("bundle") == "model new", timeout=WAIT_MS)
    sees(qtbot, window, frame)
    qtbot.waitUntil(lambda: window.grid.panes[1].picture is not None, timeout=WAIT_MS)
    assert window.live.live.latest_result().frame.index == frame


def test_a_replay_that_broke_off_obeys_no_more_until_it_is_opened_again(
    qtbot, opened, tmp_path, raw
):
    folder = record_session(tmp_path / "s", raw)
    window = opened()
    stand_at(qtbot, window, folder, 4)
    series = window.transport.replay.series

    def gone(_i):
        raise SessionError("The disk was pulled out; plug it in and open the session again.")

    series.frame = gone
    window.transport.seek(8)
    qtbot.waitUntil(lambda: "pulled out" in window.banner.text, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.transport_bar.isEnabled(), timeout=WAIT_MS)
    press(window, "step_on")
    assert window.transport.replay.position == 8
    window.view.turn(7.0)
    pane = window.grid.panes[1]
    qtbot.waitUntil(lambda: "Open the session again (Ctrl+E)" in pane.note, timeout=WAIT_MS)
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isEnabled, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: pane.picture is not None, timeout=WAIT_MS)


class OneModel(RealOpeners):
    """Opens the whole volume of the scene by any name."""

    def __init__(self, volume):
        self._volume = volume

    def engine(self, bundle):
        engine = FakeEngine(self._volume)
        engine.bundle.name = bundle.name
        return engine
