"""Frames refocused one after the other outside the live path: nothing is skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.refocus.cuts import Cut
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.engine import Engine, stack_of
from deepz_live.refocus.tracking import Tracking
from deepz_live.refocus.view import Shift, ViewRequest, make_view
from deepz_live.session.frame_series import FrameSeries
from deepz_live.stream.frame import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Refocused:
    """One frame with the images cut out of its virtual stack, float32 counts.

    ``shift`` is what compensation took out; ``drift`` is None where nothing is compensated.
    """

    frame: Frame
    images: tuple[NDArray[np.float32], ...]
    drift: DriftSample | None
    shift: Shift


def refocused_frames(
    series: FrameSeries,
    numbers: Sequence[int],
    engine: Engine,
    cuts: tuple[Cut, ...],
    *,
    compensate: bool = False,
) -> Iterator[Refocused]:
    """Cuts of the frames ``numbers`` of a series, as the live view makes them.

    With ``compensate`` drift is measured in every frame against the first of them, and taken out.

    Raises
    ------
    RefocusError, SessionError, StackError
        A frame cannot be read or refocused.
    """
    sets = [(number,) for number in numbers]
    for (item,) in refocused_sets(series, sets, lambda _: engine, cuts, compensate=compensate):
        yield item


def refocused_sets(
    series: FrameSeries,
    sets: Sequence[tuple[int, ...]],
    engine_of: Callable[[str], Engine],
    cuts: tuple[Cut, ...],
    *,
    compensate: bool = False,
    drift_channel: str | None = None,
) -> Iterator[tuple[Refocused, ...]]:
    """:func:`refocused_frames` of frames that belong together, one of each channel.

    ``engine_of`` gives the engine of a channel; drift is measured in ``drift_channel`` alone, the
    first of each set (None: in every frame).
    """
    pixel_size_um = series.info.pixel_size_um
    request = ViewRequest(cuts, compensate)
    tracking: Tracking | None = None
    for numbers in sets:
        items: list[Refocused] = []
        for number in numbers:
            frame = series.frame(number)
            engine = engine_of(frame.channel)
            z_planes_um = tuple(engine.bundle.facts.z_planes_um)
            stack = stack_of(engine, frame.pixels)
            if tracking is None:
                tracking = Tracking(
                    z_planes_um,
                    pixel_size_um,
                    channel=drift_channel,
                    moved_during=lambda _: False,
                )
            drift = tracking.measure(stack, frame) if compensate else None
            shift = tracking.shift(frame) if compensate else Shift()
            view = make_view(stack, z_planes_um, pixel_size_um, request, shift)
            items.append(Refocused(frame, view.images, drift, shift))
        yield tuple(items)
