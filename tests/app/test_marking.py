"""Where a marker stands among the frames, and where none can be kept."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deepz_live.app.marking import MarkingError, marks_of, prepare_mark
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.markers import Marker


def series(indices, marked):
    facts = [FrameFacts(i, 5 + i / 10, 0.0, 20.0, "a", n) for n, i in enumerate(indices)]
    return SimpleNamespace(facts=facts, markers=[Marker(i, f"at {i}") for i in marked])


def test_markers_stand_at_their_frame_or_at_the_next_one_that_was_recorded():
    marks = marks_of(series([10, 11, 14, 15], [11, 12, 3, 99]))
    assert [(mark.place, mark.index) for mark in marks] == [(1, 11), (2, 12), (0, 3), (3, 99)]
    assert marks[1].seconds == pytest.approx(0.4)
    assert marks[1].text == "at 12"


def test_without_frames_there_is_no_place_for_a_marker():
    assert marks_of(series([], [3])) == ()


def test_without_anything_shown_the_operator_is_told_what_to_open():
    with pytest.raises(MarkingError, match="open a profile"):
        prepare_mark(None)
