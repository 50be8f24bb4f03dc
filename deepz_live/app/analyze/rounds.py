"""Frames of two channels that belong together, whether taken in turn or at once."""

from __future__ import annotations

from dataclasses import dataclass

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.session.reader import Session
from deepz_live.stream.pairing import Pairing


@dataclass(frozen=True, slots=True)
class Rounds:
    """Pairs of frames, by their place in the session.

    Attributes
    ----------
    structure, activity
        Names of the channels.
    pairs
        (structure, activity), in order of time.
    """

    structure: str
    activity: str
    pairs: tuple[tuple[int, int], ...]


def rounds_of(
    session: Session, structure: str | None = None, activity: str | None = None
) -> Rounds:
    """Match each structure frame with the activity frame nearest in time.

    Parameters
    ----------
    structure, activity
        Names of the channels; None: the recording's first and second one. Both may be the same:
        of one channel alone neurons are found and read in it.

    Raises
    ------
    AnalysisError
        The recording has no such channel, or none was named and it has but one; no pairs.
    """
    names = tuple(dict.fromkeys(facts.channel for facts in session.facts))
    first, second = _chosen(session, names, structure, activity)
    if first == second:
        one = [i for i, facts in enumerate(session.facts) if facts.channel == first]
        pairs = tuple((i, i) for i in one)
    else:
        pairs = tuple(_paired(session, first, second))
    if len(pairs) < 2:
        raise AnalysisError(
            f"Session {session.folder} holds {len(pairs)} pair(s) of {first} and {second} frames "
            "within a second of each other; at least two are wanted."
        )
    return Rounds(first, second, pairs)


def _chosen(
    session: Session, names: tuple[str, ...], structure: str | None, activity: str | None
) -> tuple[str, str]:
    for name in (structure, activity):
        if name is not None and name not in names:
            raise AnalysisError(
                f"Session {session.folder} has no channel {name!r}; it has "
                f"{', '.join(names) or 'no frames'}."
            )
    if len(names) < 2 and None in (structure, activity):
        raise AnalysisError(
            f"Session {session.folder} has {len(names)} channel(s) "
            f"({', '.join(names) or 'no frames'}); neurons need one that shows where they are and "
            "one that shows their activity: record two (live --channels A,B), or name the one for "
            "both with --structure and --activity."
        )
    first = structure or next(name for name in names if name != activity)
    return first, activity or next(name for name in names if name != first)


def _paired(session: Session, first: str, second: str) -> list[tuple[int, int]]:
    pairing: Pairing[int] = Pairing((first, second))
    found = []
    for i, facts in enumerate(session.facts):
        pair = pairing.add(facts.channel, facts.time_s, i)
        if pair is not None:
            found.append((pair[0], pair[1]))
    return found
