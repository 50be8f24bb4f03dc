"""Where neurons lie in a frame, when their traces were read, and which one was meant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.neurons.results import NeuronResults
from deepz_live.session.frame_series import FrameFacts

Floats = NDArray[np.float64]
NEAR_UM = 2.0
"""A neuron so far from a plane at most counts as in it: about a cell body."""


class Looking:
    """Results over the frames of their recording.

    Parameters
    ----------
    facts
        Of the recording's frames, in their order.
    """

    def __init__(self, results: NeuronResults, facts: Sequence[FrameFacts]) -> None:
        self.results = results
        followed = results.followed
        self._begin = np.minimum(followed.structure, followed.activity)
        self._activity = followed.activity
        self._times_s = followed.times_s
        self._first_s = facts[int(followed.activity[0])].time_s
        self._facts = facts
        self._places = {one.index: place for place, one in enumerate(facts)}
        pixel_um = results.origin.recording.pixel_size_um
        y_um, x_um = results.positions_um[:, 1], results.positions_um[:, 2]
        self._pixels = np.column_stack([x_um, y_um, np.full(len(results), pixel_um)]) / pixel_um

    def place_of(self, index: int) -> int | None:
        """Which frame of the recording, from 0, has the camera's number ``index``."""
        return self._places.get(index)

    def round_at(self, place: int) -> int:
        """The last round that had begun at frame ``place``; before the first, the first."""
        number = int(np.searchsorted(self._begin, place, side="right")) - 1
        return max(number, 0)

    def pixels_at(self, place: int) -> Floats:
        """``(N, 2)`` (y, x) of the neurons in frame ``place``, from the first pixel's centre.

        They follow the sample as far as its motion was found.
        """
        moved = self._pixels @ self.results.followed.matrices[self.round_at(place)].T
        return np.asarray(moved[:, 1::-1] / moved[:, 2:])

    def seconds_at(self, place: int) -> float:
        """The time of frame ``place`` on the axis of the traces."""
        return self._facts[place].time_s - self._first_s

    def place_at(self, seconds: float) -> int:
        """The activity frame nearest to a time of the traces."""
        return int(self._activity[int(np.argmin(np.abs(self._times_s - seconds)))])


def nearest(
    pixels: Floats, near: NDArray[np.bool_], at: tuple[float, float], reach_px: float
) -> int | None:
    """The neuron that a click at ``at`` (y, x) meant, or None.

    Parameters
    ----------
    pixels
        ``(N, 2)`` (y, x) of the neurons.
    near
        ``(N,)`` those that are seen best where the click was; they go before the others.
    reach_px
        How far beside its place a click still means a neuron.
    """
    away = np.hypot(*(pixels - np.array(at)).T)
    for chosen in (near, ~near):
        hit = np.flatnonzero(chosen & (away <= reach_px))
        if len(hit):
            return int(hit[np.argmin(away[hit])])
    return None
