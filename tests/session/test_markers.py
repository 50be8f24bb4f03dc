"""Markers are kept with the frames they were written to, and survive what frames survive."""

from __future__ import annotations

import pytest

from deepz_live.session.errors import SessionError
from deepz_live.session.files import read_lines
from deepz_live.session.markers import ADDED, Marker, remove_marker
from deepz_live.session.reader import read_session


def recorded(folder, sessions):
    with sessions.recording(folder) as writer:
        for index in range(8):
            writer.offer(sessions.frame(index))
            if index in (2, 5):
                writer.event("marker", index=index, text=f"at {index}")
    return read_session(folder)


def test_markers_of_a_recording_are_read_back_with_their_frames(tmp_path, sessions):
    session = recorded(tmp_path / "s", sessions)
    assert session.markers == (Marker(2, "at 2"), Marker(5, "at 5"))


def test_markers_added_later_stand_among_the_others_and_the_journals_stay(tmp_path, sessions):
    session = recorded(tmp_path / "s", sessions)
    before = {file.name: file.read_bytes() for file in session.folder.glob("*.json*")}
    added = session.mark(3, "later µm")
    again = read_session(session.folder).markers
    assert again == session.markers == (Marker(2, "at 2"), added, Marker(5, "at 5"))
    after = {file.name: file.read_bytes() for file in session.folder.glob("*.json*")}
    after.pop(ADDED)
    assert after == before


def test_only_what_was_added_can_be_taken_back(tmp_path, sessions):
    session = recorded(tmp_path / "s", sessions)
    added = session.mark(3)
    remove_marker(session.folder, added)
    remove_marker(session.folder, Marker(2, "at 2"))
    assert read_session(session.folder).markers == (Marker(2, "at 2"), Marker(5, "at 5"))
    assert read_lines(session.folder / ADDED) == []


def test_a_marker_is_there_while_the_recording_still_runs(tmp_path, sessions):
    with sessions.recording(tmp_path / "s") as writer:
        writer.offer(sessions.frame(0))
        writer.event("marker", index=0, text="now")
        while writer.stats().queued or not read_session(tmp_path / "s").markers:
            pass
        assert not read_session(tmp_path / "s").manifest.closed


def test_a_damaged_file_of_markers_is_named(tmp_path, sessions):
    session = recorded(tmp_path / "s", sessions)
    (session.folder / ADDED).write_text('{"text": "no frame"}\n')
    with pytest.raises(SessionError, match=r"markers\.jsonl"):
        read_session(session.folder)
