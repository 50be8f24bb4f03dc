"""How far from focus beads come back, from frames of fields that no training has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.bead_places import Found, against_truth, bead_places
from deepz_live.analysis.beads import isolated, lateral_fwhm
from deepz_live.app.helix.scenes import Mask, profile_of
from deepz_live.app.report.scenes import Shots, shoot
from deepz_live.image.metrics import correlation
from deepz_live.refocus.engine import Engine, planes_at

WANTED = 0.8
"""Of the beads that are there, and of what is found: where both reach it, refocusing works."""
FAINTEST = 0.25
"""Of a bead's usual height in focus: what is fainter is not counted as found. Seen from above: of
the height that refocused beads have themselves."""
BEADS_SHARE = 0.999
"""Quantile of a maximum along z that lies on its beads."""
STEP_UM = 2.0
BIN_UM = 4.0
RIM_UM = 3.0
"""So near to the frame's rim nothing is counted."""

Image = NDArray[np.float32]
Note = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class FlatField:
    """One flat field of beads: frames ``(D, Y, X)`` by defocus, and the truth.

    ``defocus_um`` is the frame's place above the beads, so that ``-defocus_um`` is how far it is to
    be refocused; ``focus`` ``(Y, X)`` is the clear pupil's frame at 0.
    """

    defocus_um: tuple[float, ...]
    frames: NDArray[Any]
    focus: Image
    beads_px: NDArray[np.float64]
    pixel_um: float

    @property
    def threshold(self) -> float:
        """Counts above which a peak is taken for a bead's."""
        y, x = np.rint(self.beads_px).astype(int).T
        inside = (y >= 0) & (y < self.focus.shape[0]) & (x >= 0) & (x < self.focus.shape[1])
        floor = float(np.median(self.focus))
        return floor + FAINTEST * (float(np.median(self.focus[y[inside], x[inside]])) - floor)


def flat_field(mask: Mask, seed: int, side_px: int, reach_um: float) -> FlatField:
    """Frames of one field through ``mask``, ± ``reach_um`` in steps of 2 µm."""
    profile = profile_of(mask, "beads-flat", seed, side_px, reach_um)
    count = round(reach_um / STEP_UM)
    heights = [float(n * STEP_UM) for n in range(-count, count + 1)]
    shots = shoot(profile, heights)
    focus = shoot(profile_of("none", "beads-flat", seed, side_px, reach_um), [0.0])
    pixel = profile.optics.pixel_size_um or 1.0
    truth = focus.frames[0].astype(np.float32)
    return FlatField(tuple(heights), shots.frames, truth, shots.beads_px, pixel)


def flat_rows(engine: Engine, fields: Sequence[FlatField]) -> list[dict[str, Any]]:
    """By defocus: beads found again, their errors, widths, likeness to the frame in focus.

    ``from_above``: recall and precision of places sideways alone, however dim the beads came back
    and at whatever depth: what is missing there is not seen at all, what is missing in ``recall``
    may be dim, or at a wrong depth.
    """
    distances = np.array(engine.bundle.facts.z_planes_um)
    rows = []
    for index, defocus in enumerate(fields[0].defocus_um):
        found: list[Found] = []
        above: list[Found] = []
        widths: list[float] = []
        corr: list[tuple[float, float]] = []
        for field in fields:
            volume = engine.volume(field.frames[index])
            places = bead_places(volume, distances, field.threshold, field.pixel_um)
            known = np.column_stack(
                [np.full(len(field.beads_px), -defocus), field.beads_px * field.pixel_um]
            )
            found.append(_counted(places, known, field.focus.shape, field.pixel_um))
            above.append(_from_above(volume, distances, field))
            back = planes_at(volume, engine.bundle.facts.z_planes_um, [-defocus])[0]
            centres = isolated(field.beads_px, field.focus.shape)
            widths += [fit.fwhm_um for fit in lateral_fwhm(back, centres, field.pixel_um)]
            frame = field.frames[index].astype(np.float32)
            corr.append((correlation(back, field.focus), correlation(frame, field.focus)))
        back_corr, frame_corr = np.mean(corr, axis=0)
        rows.append(
            {
                "defocus_um": defocus,
                **_summary(found),
                "fwhm_um": float(np.median(widths)) if widths else None,
                "corr": float(back_corr),
                "corr_input": float(frame_corr),
                "from_above": {key: _summary(above)[key] for key in ("recall", "precision")},
            }
        )
    return rows


def volume_rows(
    engine: Engine, shots: Sequence[Shots], threshold: float, pixel_um: float, reach_um: float
) -> list[dict[str, Any]]:
    """By height in a volume of beads, from one frame in its middle: found again, and errors."""
    distances = np.array(engine.bundle.facts.z_planes_um)
    found = []
    for shot in shots:
        volume = engine.volume(shot.frames[0])
        places = bead_places(volume, distances, threshold, pixel_um)
        known = np.column_stack([shot.beads_um, shot.beads_px * pixel_um])
        found.append(_counted(places, known, volume.shape[1:], pixel_um))
    edges = np.arange(-reach_um, reach_um + 1e-6, BIN_UM)
    return [
        {"height_um": float((low + high) / 2), **_summary(found, (float(low), float(high)))}
        for low, high in zip(edges[:-1], edges[1:], strict=True)
    ]


def good_range(rows: Sequence[dict[str, Any]]) -> tuple[float, float] | None:
    """Smallest and largest defocus, without a gap around focus, at which enough comes back.

    None where not even the frame in focus does.
    """
    good = {row["defocus_um"] for row in rows if min(row["recall"], row["precision"]) >= WANTED}
    steps = sorted(row["defocus_um"] for row in rows)
    middle = min(range(len(steps)), key=lambda n: abs(steps[n]))
    if steps[middle] not in good:
        return None
    low = high = middle
    while low > 0 and steps[low - 1] in good:
        low -= 1
    while high < len(steps) - 1 and steps[high + 1] in good:
        high += 1
    return steps[low], steps[high]


def _from_above(
    volume: NDArray[np.float32], distances: NDArray[np.float64], field: FlatField
) -> Found:
    flat = volume.max(axis=0)
    floor = float(np.median(flat))
    threshold = floor + FAINTEST * (float(np.quantile(flat, BEADS_SHARE)) - floor)
    places = bead_places(volume, distances, threshold, field.pixel_um)
    known = np.column_stack([np.zeros(len(field.beads_px)), field.beads_px * field.pixel_um])
    return _counted(places * [0, 1, 1], known, flat.shape, field.pixel_um)


def _counted(
    places: NDArray[np.float64], known: NDArray[np.float64], shape: tuple[int, ...], pixel: float
) -> Found:
    high = np.array(shape) * pixel - RIM_UM
    return against_truth(places, known, np.full(2, RIM_UM), high)


def _summary(
    found: Sequence[Found], between_um: tuple[float, float] | None = None
) -> dict[str, Any]:
    """Counts over fields; ``between_um``: of places and beads of such heights."""
    low, high = between_um or (-np.inf, np.inf)
    right = np.concatenate([f.right[_within(f.found, low, high)] for f in found])
    seen = np.concatenate([f.seen[_within(f.known, low, high)] for f in found])
    error = np.concatenate([f.error_um[_of_known(f, low, high)] for f in found])
    sideways = np.hypot(error[:, 1], error[:, 2])
    return {
        "beads": len(seen),
        "found": len(right),
        "recall": float(seen.mean()) if len(seen) else 0.0,
        "precision": float(right.mean()) if len(right) else 0.0,
        "depth_error_um": float(np.median(np.abs(error[:, 0]))) if len(error) else None,
        "sideways_error_um": float(np.median(sideways)) if len(error) else None,
    }


def _within(places: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    return np.asarray((places[:, 0] >= low) & (places[:, 0] < high))


def _of_known(found: Found, low: float, high: float) -> NDArray[np.bool_]:
    """Which of the pairs' errors are of beads of such heights."""
    return _within(found.known[found.seen], low, high)
