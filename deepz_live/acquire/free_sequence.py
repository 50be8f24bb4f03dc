"""A sequence that the operator made up, run within the limits and undone afterwards."""

from __future__ import annotations

from pathlib import Path

import useq

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.limits import require_way, require_xy, require_z
from deepz_live.acquire.microscope import Microscope
from deepz_live.acquire.way_back import take_back


def run_sequence(
    microscope: Microscope, sequence: useq.MDASequence, output: Path | str | None = None
) -> None:
    """Run ``sequence`` until it ends or somebody cancels it (``microscope.core.mda.cancel()``).

    Every place is looked at before anything moves. However it ends, focus and xy stage go back to
    where they began and the shutter closes. ``output`` is written by pymmcore-plus, as OME-TIFF or
    OME-Zarr by its ending.

    Raises
    ------
    LimitError
        A place lies outside the profile's limits; nothing has moved.
    MicroscopeError
        A device or the writing of ``output`` failed.
    """
    require_within(microscope, sequence)
    z_um, xy_um = microscope.z_um, microscope.xy_um
    with microscope.acquiring:
        try:
            microscope.core.mda.run(sequence, output=output)
        except LimitError:
            raise
        except (RuntimeError, TimeoutError, ValueError, OSError) as error:
            raise MicroscopeError(
                f"The sequence was broken off ({error}); focus and stage are back where they were."
            ) from error
        finally:
            failed = take_back(
                [
                    microscope.close_shutter,
                    lambda: microscope.move_z(z_um),
                    lambda: microscope.move_xy(*xy_um),
                ]
            )
            if failed is not None:
                raise failed


def require_within(microscope: Microscope, sequence: useq.MDASequence) -> None:
    """Raise :class:`LimitError` where an event of ``sequence``, or a way, is not allowed."""
    stage = microscope.profile.stage
    z_um, (x_um, y_um) = microscope.z_um, microscope.xy_um
    start_um = (x_um, y_um)
    for event in sequence:
        before_um = (x_um, y_um)
        z_um = z_um if event.z_pos is None else event.z_pos
        x_um = x_um if event.x_pos is None else event.x_pos
        y_um = y_um if event.y_pos is None else event.y_pos
        require_z(z_um, stage)
        require_xy(x_um, y_um, stage)
        if (x_um, y_um) != before_um:
            require_way(before_um, (x_um, y_um), stage)
            require_way((x_um, y_um), start_um, stage)
