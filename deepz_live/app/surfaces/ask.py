"""Questions to a live session's newest virtual stack: where is a structure, where the sample.

Each gives a function for :meth:`~deepz_live.app.live.LiveSession.ask`. Places and depths are those
that the operator sees: where the view is compensated for drift, those of the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deepz_live.analysis.auto_surface import AutoSurface, auto_surface
from deepz_live.analysis.best_focus import SURROUNDINGS_PX, BestFocus, around, best_focus
from deepz_live.image.surface_fit import FitKind
from deepz_live.refocus.questions import Snapshot
from deepz_live.refocus.view import Shift


def focus_at(at_px: tuple[float, float], compensated: bool) -> Callable[[Snapshot], BestFocus]:
    """Depth of best focus of what lies at (y, x), in pixels from the centre of the first one."""

    def look(snapshot: Snapshot) -> BestFocus:
        shift = snapshot.shift if compensated else Shift()
        shape = snapshot.stack.shape[1:]
        at = at_px[0] + shift.dy_px, at_px[1] + shift.dx_px
        rows, columns = around(at, SURROUNDINGS_PX, shape)
        found = best_focus(
            snapshot.stack.window(rows, columns),
            snapshot.z_planes_um,
            (at[0] - rows.start, at[1] - columns.start),
            snapshot.pixel_size_um,
        )
        return replace(
            found,
            depth_um=found.depth_um - shift.dz_um,
            y_px=found.y_px + rows.start - shift.dy_px,
            x_px=found.x_px + columns.start - shift.dx_px,
        )

    return look


def auto_in(fit: FitKind, compensated: bool) -> Callable[[Snapshot], AutoSurface]:
    """The surface that the sample lies on; raises :class:`SurfaceError` where nothing is seen."""

    def look(snapshot: Snapshot) -> AutoSurface:
        shift = snapshot.shift if compensated else Shift()
        planes = (snapshot.stack.planes((z,))[0] for z in snapshot.z_planes_um)
        found = auto_surface(planes, snapshot.z_planes_um, snapshot.pixel_size_um, fit)
        return found.moved(
            shift.dz_um,
            shift.dy_px * snapshot.pixel_size_um,
            shift.dx_px * snapshot.pixel_size_um,
        )

    return look
