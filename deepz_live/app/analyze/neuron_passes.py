"""The two passes over a recording in which neurons are looked for and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons import STILL, Masks, Motion, Reader, laid_back
from deepz_live.app.analyze.median import TimeMedian
from deepz_live.app.analyze.rounds import Rounds
from deepz_live.app.analyze.stacks import Stacks
from deepz_live.image.normalization import Normalization
from deepz_live.session.reader import Session

Note = Callable[[str], None]
TELL_EVERY = 20


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the first pass leaves.

    Attributes
    ----------
    matrices
        ``(3, 3)`` a round: where the frame's pixels lie, from the first frame's.
    found
        Whether each was found in the first one; else it has the matrix of the one before.
    volume, flat
        ``(Z, Y, X)`` and ``(1, Y, X)`` float32 counts: medians over time of the structure
        channel's virtual stacks, and of its frames.
    """

    matrices: list[NDArray[np.float64]]
    found: list[bool]
    volume: NDArray[np.float32]
    flat: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Brightness:
    """What the second pass leaves, in counts.

    Attributes
    ----------
    volume, flat
        ``(N, T)`` of the neurons of the virtual stacks, ``(M, T)`` of those of the raw frames.
    times_s
        ``(T,)`` from the first activity frame.
    background
        Of the activity channel.
    """

    volume: NDArray[np.float64]
    flat: NDArray[np.float64]
    times_s: NDArray[np.float64]
    background: float


def first_pass(
    session: Session,
    rounds: Rounds,
    virtual: Stacks,
    most: int,
    note: Note,
) -> Seen:
    """Where each frame lies, and the medians over time of stacks and of the frames themselves."""
    count = len(rounds.pairs)
    motion = Motion(session.frame(rounds.pairs[0][0]).pixels)
    matrices, registered = [STILL], [True]
    with TimeMedian(count, most=most) as stacks, TimeMedian(count, most=most) as flats:
        for number, (place, _) in enumerate(rounds.pairs):
            pixels = session.frame(place).pixels
            if number:
                found = motion.find(pixels)
                registered.append(found is not None)
                matrices.append(matrices[-1] if found is None else found)
            if stacks.wants(number):
                frame = laid_back(pixels, matrices[-1])
                stacks.add(number, virtual.stack(place, frame, matrices[-1]))
                flats.add(number, frame[None])
            _tell(note, f"{rounds.structure}: where the neurons are", number, count)
        return Seen(matrices, registered, stacks.take(), flats.take())


def second_pass(
    session: Session,
    rounds: Rounds,
    virtual: Stacks,
    seen: Seen,
    masks: Masks,
    flat_masks: Masks,
    note: Note,
) -> Brightness:
    """Brightness over time of ``masks`` in virtual stacks and of ``flat_masks`` in raw frames."""
    reader, flat_reader = Reader(masks.labels), Reader(flat_masks.labels)
    count = len(rounds.pairs)
    volume, flat = np.empty((len(masks), count)), np.empty((len(flat_masks), count))
    times = np.empty(count)
    mean = np.zeros(session.info.shape, np.float64)
    for number, (_, place) in enumerate(rounds.pairs):
        frame = session.frame(place)
        pixels = laid_back(frame.pixels, seen.matrices[number])
        volume[:, number] = reader.read(virtual.stack(place, pixels, seen.matrices[number]))
        flat[:, number] = flat_reader.read(pixels[None])
        times[number] = frame.time_s
        mean += pixels
        _tell(note, f"{rounds.activity}: what they do", number, count)
    background = Normalization.fit(mean / count).background_counts
    return Brightness(volume, flat, times - times[0], background)


def _tell(note: Note, what: str, number: int, count: int) -> None:
    if number % TELL_EVERY == 0 or number == count - 1:
        note(f"{what}, frame {number + 1} of {count}")
