"""Markers in what is shown: written into a running recording, or beside one that is replayed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from deepz_live.app.live import LiveSession
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource


class MarkingError(RuntimeError):
    """There is nowhere to keep a marker; the sentence says what to do first."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker as it is shown.

    Attributes
    ----------
    place
        Which frame of the replay, from 0; None in a running recording.
    seconds
        Since the first frame of the replay; of a recording since it began.
    index
        The camera's number of the frame.
    """

    place: int | None
    seconds: float
    index: int
    text: str


def marks_of(series: FrameSeries) -> tuple[Mark, ...]:
    """The markers of a replay, each at its frame, or at the next one that was recorded."""
    facts = series.facts
    found = []
    for marker in series.markers:
        # Frames lie in the order of their numbers, but for the rare one that came late.
        place = min(bisect_left(facts, marker.index, key=lambda one: one.index), len(facts) - 1)
        if place >= 0:
            seconds = facts[place].time_s - facts[0].time_s
            found.append(Mark(place, seconds, marker.index, marker.text))
    return tuple(found)


def prepare_mark(live: LiveSession | None) -> Callable[[str], Mark]:
    """Take hold of the frame that is there now; the function then writes a text to it.

    It may be called later and on another thread: what was seen when the key was pressed counts.

    Raises
    ------
    MarkingError
        No frame, no recording, or an image file of another program.
    """
    if live is None:
        raise MarkingError("Nothing is shown yet; open a profile or a recorded session first.")
    if isinstance(live.source, ReplaySource):
        return _in_replay(live.source)
    frame, status = live.latest_frame(), live.status()
    if not status.recording or frame is None:
        raise MarkingError(
            "Nothing is being recorded, so a marker would be lost; start a recording (R) first."
        )
    index, seconds = frame.index, status.elapsed_s

    def note(text: str) -> Mark:
        live.note("marker", index=index, text=text)
        return Mark(None, seconds, index, text)

    return note


def _in_replay(source: ReplaySource) -> Callable[[str], Mark]:
    series, place = source.series, source.position
    if not isinstance(series, Session):
        raise MarkingError(
            f"Markers are kept with recordings, and {series.info.origin} is none; record it (R) "
            "while it plays to keep notes."
        )

    def add(text: str) -> Mark:
        marker = series.mark(place, text)
        seconds = series.facts[place].time_s - series.facts[0].time_s
        return Mark(place, seconds, marker.index, text)

    return add
