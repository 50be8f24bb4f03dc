"""How still a drift-compensated replay stands: what is left of the sample's movement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.beads import find_beads, lateral_fwhm
from deepz_live.app.analyze.drift import true_drift_um
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.export.frames import refocused_frames
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut
from deepz_live.refocus.engine import Engine
from deepz_live.session.reader import Session

THRESHOLD = 0.3
"""Beads are what rises so far from median to maximum of the projection."""
MOST_MOVED_PX = 6.0


def measure_compensation(session: Session, engine: Engine, plane_um: float = 0.0) -> dict[str, Any]:
    """Replay ``session`` with the view held on its first frame; what still moves in it.

    The session must be of the built-in microscope, which wrote down how its sample moved. Frames
    go the way of the live view (:mod:`~deepz_live.app.export.frames`).

    Parameters
    ----------
    plane_um
        The plane looked at; it must stay inside the model's range while it is held.

    Returns
    -------
    ``residual_um``: root of the mean square of what compensation took out minus the true movement,
    axial, and lateral as a distance in the plane; ``moved_um``: the same without compensation.
    ``seen_um``: lateral movement of beads fitted in the compensated maximum over all planes,
    median of the beads of each frame, then root of the mean square over frames; it knows nothing
    of the truth or of the drift that was measured; None where there are no beads to fit.

    Raises
    ------
    AnalysisError
        No truth is in the session.
    SessionError, RefocusError
        A frame cannot be read or refocused.
    """
    true_um = true_drift_um(session, np.array([facts.index for facts in session.facts]))
    if true_um is None:
        raise AnalysisError(
            f"Session {session.folder} does not say how its sample moved; only recordings of the "
            "built-in microscope do."
        )
    cuts = (ProjectionCut("max"), PlaneCut(plane_um))
    pixel_um = session.info.pixel_size_um
    taken, projections, flagged, beyond = [], [], 0, 0
    for item in refocused_frames(session, range(len(session)), engine, cuts, compensate=True):
        stage_um = item.frame.z_um - session.facts[0].z_um
        shift = item.shift
        taken.append((shift.dz_um + stage_um, shift.dy_px * pixel_um, shift.dx_px * pixel_um))
        projections.append(item.images[0])
        flagged += item.drift is not None and item.drift.flagged
        low, high = engine.bundle.facts.z_range_um
        beyond += not low <= plane_um + shift.dz_um <= high
    return {
        "frames": len(session),
        "flagged": flagged,
        "beyond_range": beyond,
        "moved_um": _rms(true_um),
        "residual_um": _rms(np.array(taken) - true_um),
        "seen_um": _seen(projections, pixel_um),
    }


def _rms(moves_um: NDArray[np.float64]) -> dict[str, float]:
    """``(T, 3)`` (dz, dy, dx) to axial and lateral."""
    z, y, x = (moves_um**2).mean(axis=0)
    return {"axial": float(np.sqrt(z)), "lateral": float(np.sqrt(y + x))}


def _seen(projections: Sequence[NDArray[np.float32]], pixel_um: float) -> float | None:
    """How far beads moved since the first image, fitted around where they were in it."""
    first = projections[0]
    floor = float(np.median(first))
    centres = find_beads(first, floor + THRESHOLD * (float(first.max()) - floor))
    moves: list[NDArray[np.float64]] = []
    begin = [lateral_fwhm(first, centre[None], pixel_um) for centre in centres]
    for image in projections[1:]:
        found = []
        for centre, before in zip(centres, begin, strict=True):
            after = lateral_fwhm(image, centre[None], pixel_um)
            if before and after:
                move = np.array([after[0].y_px - before[0].y_px, after[0].x_px - before[0].x_px])
                if np.hypot(*move) < MOST_MOVED_PX:
                    found.append(move * pixel_um)
        if found:
            moves.append(np.median(found, axis=0))
    if not moves:
        return None
    return float(np.sqrt((np.array(moves) ** 2).sum(axis=1).mean()))
