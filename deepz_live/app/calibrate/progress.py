"""How far a calibration is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationProgress:
    """``plane`` of ``planes`` done in ``field`` (from 0) of ``fields``.

    Attributes
    ----------
    plane, planes
        Counted over all channels of the field.
    channel
        The channel that is being taken; empty before the first.
    frame
        ``(Y, X)`` counts of the last plane, None where there is none yet.
    focus_curve
        (stage z in µm, standard deviation in counts) of the planes of this stack so far.
    paused
        Whether the run waits for :meth:`CalibrationRun.resume`.
    """

    field: int
    fields: int
    plane: int
    planes: int
    seconds_left: float
    message: str
    channel: str = ""
    frame: NDArray[Any] | None = None
    focus_curve: tuple[tuple[float, float], ...] = ()
    paused: bool = False
