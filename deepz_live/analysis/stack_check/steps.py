"""Whether the focus stage made every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.stack_check.finding import Finding
from deepz_live.analysis.stack_check.planes import Planes
from deepz_live.analysis.stack_check.structure import (
    Image,
    coarse_pair,
    noise_error,
    shared_variance,
)

STILL = 0.12
"""A step that changes the picture by less than this of its neighbours' power was not made. Power
goes with the square of the step, so half a step makes 0.25."""
CLEAR = 8.0
"""Change is judged where its neighbours' power stands this many errors above the noise."""
PAUSED = 0.5
"""The same power across a pause is less than this of the neighbours': there the planes on both
sides are alike. Across a missed step it is their power at least."""
COARSE_PX = 4
"""In focus the picture changes from pixel to pixel, far from it only over many pixels."""
UNEVEN = 0.5
"""Recorded positions whose step is off by more than this part of the usual one are wrong."""

MADE, UNKNOWN, MISSED, UNSURE = -1, 0, 1, 2
Change = Callable[[Image, Image], tuple[float, float]]


def check_steps(planes: Planes) -> tuple[tuple[int, ...], Finding]:
    """Numbers (from 1) of planes that were taken where the plane before was, and the finding.

    Two pictures from the same height differ by their noise alone, which neighbouring pixels do
    not share. A thin sample in focus also stands still for a moment, while blur turns from
    sharpening to spreading; there the planes on both sides of the pause are alike, which tells
    it from a step that was missed.
    """
    votes = np.stack([_votes(planes, _fine_change), _votes(planes, _coarse_change)])
    moved = (votes == MADE).any(axis=0)
    unsure = (votes == UNSURE).any(axis=0) & ~moved
    still = (votes == MISSED).any(axis=0) & ~moved & ~unsure
    steps = np.diff(planes.z_um)
    uneven = np.abs(steps - planes.step_um) > UNEVEN * abs(planes.step_um)
    missed = tuple(int(k) + 2 for k in np.flatnonzero(still | uneven))
    if missed:
        what = f"stage step missed at plane {_listed(missed)}"
        return missed, Finding("red", "steps", what, "see that the stage moves freely")
    if unsure.any():
        doubtful = [int(k) + 2 for k in np.flatnonzero(unsure)]
        text = f"little change at plane {_listed(doubtful)}: a short step, or a changing sample"
        return (), Finding("amber", "steps", text, "see that the stage moves freely")
    told = int((votes != UNKNOWN).any(axis=0).sum())
    blurred = "" if told == len(steps) else ", the others are too blurred to tell"
    text = f"no step missed: {told} of {len(steps)} seen in the images{blurred}"
    return (), Finding("green", "steps", text)


def _listed(planes: Sequence[int]) -> str:
    return ", ".join(str(plane) for plane in planes[:5]) + (" …" if len(planes) > 5 else "")


def _fine_change(before: Image, after: Image) -> tuple[float, float]:
    """Power of the change from pixel to pixel, and its error."""
    change = after - before
    return shared_variance(change), noise_error(change)


def _coarse_change(before: Image, after: Image) -> tuple[float, float]:
    """Power of the change over ``COARSE_PX`` pixels, and its error."""
    black, white = coarse_pair(after - before, COARSE_PX)
    black, white = black - black.mean(), white - white.mean()
    spread = float(np.sqrt(float(black.var()) * float(white.var())))
    return float(np.vdot(black, white)) / black.size, spread / float(np.sqrt(black.size))


def _votes(planes: Planes, change: Change) -> NDArray[np.int8]:
    """``(Z - 1,)``, for each step whether it was made, was missed, may be, or cannot be told."""
    pictures = planes.window
    measured = [change(*map(_float, pair)) for pair in pairwise(pictures)]
    power, error = np.array(measured, np.float64).T
    clear = power > CLEAR * error
    votes = np.where(clear, MADE, UNKNOWN).astype(np.int8)
    for first, last in _weak_runs(power, clear):
        beside = [k for k in (first - 1, last + 1) if 0 <= k < len(power)]
        if not all(clear[k] for k in beside):
            continue
        around = pictures[max(first - 1, 0)], pictures[min(last + 2, len(power))]
        across, _ = change(*map(_float, around))
        paused = across < PAUSED * min(power[k] for k in beside)
        run = slice(first, last + 1)
        votes[run] = MADE if paused else np.where(clear[run], UNSURE, MISSED)
    return votes


def _weak_runs(power: NDArray[np.float64], clear: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last step of each run that is weak against the clear steps beside it."""
    sure = np.flatnonzero(clear)
    if not len(sure):
        return []
    weak = np.zeros(len(power), bool)
    for k in range(len(power)):
        beside = [*sure[sure < k][-1:], *sure[sure > k][:1]]
        weak[k] = bool(beside) and power[k] < STILL * min(power[i] for i in beside)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], weak.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _float(plane: NDArray[np.generic]) -> Image:
    return plane.astype(np.float32)
