"""A folder as ``analyze neurons`` leaves it, made by hand: places, groups and motion are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepz_live.analysis.neurons import activity
from deepz_live.app.analyze.neuron_files import (
    FACTS,
    MOTION,
    NEURONS,
    TRACES,
    Finding,
    Followed,
    motion_columns,
    neuron_columns,
    trace_columns,
    write_table,
)
from deepz_live.app.analyze.neurons import recording_facts
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.reader import Session

PIXEL_UM = 0.325
DEPTHS_UM = (-6.0, -3.0, 0.0, 3.0, 6.0)
GROUPS = np.array([1, 2, 1, 2, 1, 1, 2, 0, 2, 1])
"""Of the ten neurons; 0: quiet. Group 1 is the larger one."""


def places_px() -> np.ndarray:
    """``(10, 2)`` (y, x) from the first pixel's centre: two rows of five."""
    return np.array([(60.0 + 60 * (n // 5), 30.0 + 36 * (n % 5)) for n in range(10)])


def finding(frames: int = 20, interval_s: float = 0.1) -> Finding:
    """Ten neurons, each row of five from deep to high; ΔF / F₀ of a group is one wave."""
    times_s = np.arange(frames) * interval_s
    waves = np.stack([0 * times_s, np.sin(4 * times_s), np.cos(9 * times_s)])
    noise = np.random.default_rng(0).normal(0, 0.01, (len(GROUPS), frames))
    acts = activity(500 * (1 + 0.5 * waves[GROUPS] + noise), 0.0, threshold=0.1, k=2)
    z_um = np.array([DEPTHS_UM[n % 5] for n in range(10)])
    return Finding(
        positions_um=np.column_stack([z_um, places_px() * PIXEL_UM]),
        voxels=np.full(10, 80),
        times_s=times_s,
        activity=acts,
        projection=np.zeros((8, 8), np.float32),
        pixel_size_um=PIXEL_UM,
    )


def followed(found: Finding, step_px: float = 0.0) -> Followed:
    """Rounds of one frame each; the sample moves by ``step_px`` to the right in each."""
    count = len(found.times_s)
    matrices = np.tile(np.eye(3), (count, 1, 1))
    matrices[:, 0, 2] = step_px * np.arange(count)
    frames = np.arange(count)
    return Followed(frames, frames, found.times_s, np.full(count, True), matrices)


def facts_of(session: Session) -> dict:
    """``neurons.json``, as far as it says of which recording they are."""
    return {"session": str(session.folder), "recording": recording_facts(session)}


def results_of(folder: Path, session: Session, *, step_px: float = 0.0) -> Path:
    """Write them for ``session`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    found = finding(len(session))
    write_table(folder, NEURONS, neuron_columns(found))
    write_table(folder, TRACES, trace_columns(found))
    write_table(folder, MOTION, motion_columns(followed(found, step_px)))
    replace_file(folder / FACTS, to_json(facts_of(session)))
    return folder
