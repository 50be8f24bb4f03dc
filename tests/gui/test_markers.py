"""Markers and notes reach the recording, and are there when it is looked at again."""

from __future__ import annotations

from fakes import barred, record_session, shown_bar
from PyQt6.QtCore import Qt

from deepz_live.gui.markers.panel import EMPTY
from deepz_live.session.reader import read_session

WAIT_MS = 20_000


def markers_of(window):
    return next(part for part in window.parts if "marker" in part.actions)


def test_one_key_marks_while_recording_and_a_note_keeps_the_frame_it_was_begun_at(
    qtbot, opened, tmp_path
):
    window = opened()
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 3, timeout=WAIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_M)
    part = markers_of(window)
    qtbot.waitUntil(lambda: len(part.marks) == 1, timeout=WAIT_MS)
    window.actions_by_key["note"].trigger()
    begun = window.live.live.latest_frame().index
    assert window.docks["markers"].isVisible()
    qtbot.waitUntil(lambda: window.live.live.latest_frame().index > begun + 3, timeout=WAIT_MS)
    qtbot.keyClicks(part.panel.note, "cell divides")
    qtbot.keyClick(part.panel.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(part.marks) == 2, timeout=WAIT_MS)
    assert part.panel.rows[1].endswith("cell divides")
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: not window.record_bar.recording, timeout=WAIT_MS)
    (folder,) = (tmp_path / "recordings").iterdir()
    first, second = read_session(folder).markers
    assert (first.text, second.text) == ("", "cell divides")
    assert abs(second.index - begun) <= 1


def test_without_a_recording_the_operator_is_told_and_nothing_is_kept(qtbot, opened):
    window = opened()
    qtbot.keyClick(window, Qt.Key.Key_M)
    assert "start a recording (R) first" in window.banner.text
    assert markers_of(window).panel.rows == (EMPTY,)


def test_a_marker_added_in_a_replay_is_shown_written_and_reached(qtbot, opened, tmp_path, raw):
    folder = record_session(tmp_path / "s", raw, marked=[(2, "old")])
    window = opened()
    window.open_replay(folder)
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.transport.play(False)
    window.transport.seek(11)
    qtbot.keyClick(window, Qt.Key.Key_M)
    part = markers_of(window)
    qtbot.waitUntil(lambda: len(part.marks) == 2, timeout=WAIT_MS)
    assert window.transport_bar.slider.marks == ((2, "old"), (11, ""))
    assert [marker.index for marker in read_session(folder).markers] == [2, 11]
    part.panel.list.itemDoubleClicked.emit(part.panel.list.item(0))
    qtbot.waitUntil(lambda: shown_bar(window.grid.raw.picture) == 2, timeout=WAIT_MS)


def test_escape_gives_a_note_up(qtbot, opened, tmp_path, raw):
    window = opened()
    window.open_replay(record_session(tmp_path / "s", raw))
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.actions_by_key["note"].trigger()
    part = markers_of(window)
    qtbot.keyClicks(part.panel.note, "M R")
    qtbot.keyClick(part.panel.note, Qt.Key.Key_Escape)
    assert not part.panel.note.isEnabled()
    assert part.marks == ()
    assert not window.live.live.recording


def test_the_bars_of_the_test_tell_frames_apart(raw):
    assert shown_bar((barred(raw, 7) > 50000).astype("uint8") * 255) == 7
