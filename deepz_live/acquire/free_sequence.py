"""A sequence that the operator made up, run within the limits and undone afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import useq
from pymmcore_plus.mda import FinishReason

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.limits import require_way, require_xy, require_z
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.strict_engine import StrictEngine, in_charge
from deepz_live.acquire.way_back import failures

_LEFT = "Not everything is back where it was before the sequence."


def run_sequence(
    microscope: Microscope, sequence: useq.MDASequence, output: Path | str | None = None
) -> None:
    """Run ``sequence`` until it ends or somebody cancels it (``microscope.core.mda.cancel()``).

    Every place is looked at before anything moves. However it ends, focus and xy stage go back to
    where they began and the shutter closes. ``output`` is written by pymmcore-plus, as OME-TIFF or
    OME-Zarr by its ending; what was taken before a failure stays in it.

    Raises
    ------
    LimitError
        A place lies outside the profile's limits; nothing has moved.
    MicroscopeError
        A device or the writing of ``output`` failed, pictures are missing, or something could not
        be brought back.
    """
    require_within(microscope, sequence)
    engine = StrictEngine(microscope)
    with microscope.acquiring:
        undo = _ways_back(microscope)
        left = ""
        try:
            failure = _failure(microscope, engine, sequence, output)
        finally:
            left = " ".join(str(error) for error in failures(undo))
    if isinstance(failure, LimitError) and not left and not engine.taken:
        raise failure
    if failure is not None:
        saved = output is not None and engine.taken > 0
        raise MicroscopeError(_sentence(engine, failure, left, saved)) from failure
    if left:
        raise MicroscopeError(f"{_LEFT} {left}")


def require_within(microscope: Microscope, sequence: useq.MDASequence) -> None:
    """Raise :class:`LimitError` where an event of ``sequence``, or a way, is not allowed."""
    stage = microscope.profile.stage
    z_um, (x_um, y_um) = microscope.z_um, microscope.xy_um
    start_um = (x_um, y_um)
    # A copy: an autofocus plan remembers its last place, and would leave out the first one.
    for event in sequence.model_copy(deep=True):
        before_um = (x_um, y_um)
        z_um = z_um if event.z_pos is None else event.z_pos
        x_um = x_um if event.x_pos is None else event.x_pos
        y_um = y_um if event.y_pos is None else event.y_pos
        require_z(z_um, stage)
        require_xy(x_um, y_um, stage)
        if (x_um, y_um) != before_um:
            require_way(before_um, (x_um, y_um), stage)
            require_way((x_um, y_um), start_um, stage)


def _failure(
    microscope: Microscope,
    engine: StrictEngine,
    sequence: useq.MDASequence,
    output: Path | str | None,
) -> Exception | None:
    """Run it; what went wrong, None where it ended well or was cancelled."""
    runner = microscope.core.mda
    try:
        with in_charge(engine, runner):
            runner.run(sequence, output=output)
    except (RuntimeError, TimeoutError, ValueError, OSError, MemoryError) as error:
        return error
    cancelled = runner.status.finish_reason == FinishReason.CANCELED
    if cancelled or engine.taken == engine.wanted:
        return None
    return MicroscopeError("The others were left out and no device says why; check the camera.")


def _ways_back(microscope: Microscope) -> tuple[Callable[[], None], ...]:
    """Each undoes one thing that a sequence does. The focus goes back before the xy stage."""
    z_um, xy_um = microscope.z_um, microscope.xy_um
    automatic = microscope.core.getAutoShutter()
    return (
        # A sequence that ends with the shutter kept open leaves it to nobody.
        lambda: microscope.core.setAutoShutter(automatic),
        microscope.close_shutter,
        lambda: microscope.move_z(z_um),
        lambda: microscope.move_xy(*xy_um),
    )


def _sentence(engine: StrictEngine, failure: Exception, left: str, saved: bool) -> str:
    begun = f"The sequence ended with {engine.taken} of {engine.wanted} pictures"
    if not engine.wanted:
        begun = "The sequence did not begin"
    kept = ", which are saved" if saved else ""
    back = "Focus and stage are back where they were."
    if left:
        # The device that failed often fails on the way back in the same words.
        back = f"{_LEFT} {left.replace(str(failure), '')}".rstrip()
    return f"{begun}{kept}: {str(failure).rstrip('.')}. {back} Put this right and run it again."
