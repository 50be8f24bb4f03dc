"""Drift of a built-in worm out of focus, and its compensated recording, against the truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.drift import COMPENSATED, DriftResult, Note, analyze_drift
from deepz_live.app.analyze.rehearsal import moving_worm, record
from deepz_live.image.focus import fine_structure, sharpness
from deepz_live.image.metrics import compare
from deepz_live.refocus.engine import Engine
from deepz_live.session.reader import read_session

EDGE_PX = 16
SECONDS = 36.0
AXIAL_UM = 4.0
EDGES_UM = ((0, 1), (1, 2), (2, 4), (4, 8))


@dataclass(frozen=True, slots=True)
class Trial:
    """A worm that moves by up to 4 µm along z and 2 µm sideways about ``defocus_um`` above focus.

    Attributes
    ----------
    own_plane
        The compensated recording is of the plane that the program chooses by itself, not of the
        worm's middle.
    """

    seed: int
    defocus_um: float
    side_px: int = 384
    frames: int = 36
    own_plane: bool = False


def measure_drift(
    trial: Trial, engine: Engine, folder: Path, note: Note = lambda _: None
) -> dict[str, Any]:
    """Record a trial into ``folder``, measure its drift, and compare with the truth.

    The truth of a raw frame is the same worm in focus where the frame shows it, that of a
    compensated one in focus where the first frame shows it.

    Returns
    -------
    The trial; ``between_um``: least and greatest distance of the worm's middle from focus;
    ``rmse_um`` axial and lateral; shares of frames that are ``sharper`` (standard deviation, the
    paper's criterion), have ``more_detail`` (:func:`~deepz_live.image.focus.fine_structure`, which
    noise does not raise), a ``ssim_better`` and a ``correlation_better`` after compensation; under
    ``truth`` the first two shares for the worm in focus itself in place of the compensated frame:
    what a perfect answer would reach. Mean SSIM ``ssim_raw`` and ``ssim_compensated``; ``curves``
    over time.
    """
    rate = trial.frames / SECONDS
    sessions = {"moving": folder / "moving", "focused": folder / "focused"}
    heights = np.empty(0)
    for name, axial, start in (("moving", AXIAL_UM, -trial.defocus_um), ("focused", 0.0, 0.0)):
        profile = moving_worm(trial.seed, trial.side_px, axial_um=axial, start_um=start)
        known = record(
            profile, sessions[name], channels=("TexasRed",), rounds_hz=rate, seconds=SECONDS
        )
        if name == "moving":
            heights = trial.defocus_um + known.drift_um[:, 0]
    plane = None if trial.own_plane else float(heights[0])
    out = folder / "out"
    result = analyze_drift(
        sessions["moving"], engine.bundle, out=out, plane_um=plane, engine=engine, note=note
    )
    seen = _images(sessions, out / COMPENSATED, engine)
    return {
        **asdict(trial),
        "between_um": [float(np.abs(heights).min()), float(np.abs(heights).max())],
        "rmse_um": result.facts["rmse_um"],
        "flagged": result.facts["flagged"],
        "axial_error_by_change_um": _by_change(result, heights),
        "plane_um": result.facts["plane_um"],
        "true_plane_um": float(heights[0]),
        "sharper": _more(seen.spread[:, :2]),
        "more_detail": _more(seen.detail[:, :2]),
        "ssim_better": _more(seen.ssim),
        "correlation_better": _more(seen.correlation),
        "truth": {
            "sharper": _more(seen.spread[:, ::2]),
            "more_detail": _more(seen.detail[:, ::2]),
        },
        "ssim_raw": float(seen.ssim[:, 0].mean()),
        "ssim_compensated": float(seen.ssim[:, 1].mean()),
        "curves": {
            "time_s": [sample.time_s for sample in result.samples],
            "true_um": heights.tolist(),
            "measured_um": [float(heights[0] + sample.dz_um) for sample in result.samples],
        },
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Of every frame: ``spread``, ``detail`` ``(T, 3)`` raw, compensated, truth in focus;
    ``ssim``, ``correlation`` ``(T, 2)`` with the truth, raw and compensated."""

    spread: NDArray[np.float64]
    detail: NDArray[np.float64]
    ssim: NDArray[np.float64]
    correlation: NDArray[np.float64]


def _images(sessions: dict[str, Path], compensated: Path, engine: Engine) -> _Seen:
    facts = engine.bundle.facts
    inner = np.s_[EDGE_PX:-EDGE_PX, EDGE_PX:-EDGE_PX]
    moving, focused, still = (
        read_session(path) for path in (sessions["moving"], sessions["focused"], compensated)
    )
    first = facts.normalization.forward(focused.frame(0).pixels)[inner]
    scores, spread, fine = [], [], []
    for i in range(len(moving)):
        images = np.stack(
            [
                facts.normalization.forward(session.frame(i).pixels)[inner]
                for session in (moving, still, focused)
            ]
        )
        raw, made, truth = images
        pairs = ((raw, truth), (made, first))
        scores.append([compare(a, b, facts.pixel_size_um) for a, b in pairs])
        spread.append(sharpness(images))
        fine.append(fine_structure(images))
    ssim, correlation = (
        np.array([[score[name] for score in pair] for pair in scores]) for name in ("ssim", "corr")
    )
    return _Seen(np.array(spread), np.array(fine), ssim, correlation)


def _more(pairs: NDArray[np.float64]) -> float:
    """Share of rows ``(T, 2)`` whose second number is larger."""
    return float(np.mean(pairs[:, 1] > pairs[:, 0]))


def _by_change(result: DriftResult, heights: NDArray[np.float64]) -> list[list[float]]:
    """Mean absolute axial error by how far the worm is from where it was in the first frame."""
    if result.true_um is None:
        return []
    away = np.abs(heights - heights[0])
    error = np.abs(np.array([s.dz_um for s in result.samples]) - result.true_um[:, 0])
    return [
        [low, high, float(error[(away >= low) & (away < high)].mean())]
        for low, high in EDGES_UM
        if ((away >= low) & (away < high)).any()
    ]
