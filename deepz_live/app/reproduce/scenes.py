"""Samples of the built-in microscope that no model was trained on, scanned for the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from deepz_live.app.report import scenes
from deepz_live.app.report.context import Context
from deepz_live.app.report.scenes import base_profile, changed, scan
from deepz_live.app.reproduce.lab import Lab
from deepz_live.config import Profile
from deepz_live.session.stack import write_stack

FIRST_SEED = 41_000
"""Seeds of all steps start here: no training and no choice of settings has seen them."""
SEED = FIRST_SEED - scenes.SEED
"""What :func:`scenes.changed` adds to its own, for the first of them."""
REACH_UM, STEP_UM = 20.0, 0.5
"""The paper's scans: -20 … +20 µm in steps of 0.5 µm."""
TWIN = 5_000
"""The second scan of a field has noise of its own, by a seed so much further on."""
WORM = {"kind": "worm", "photons": 4000.0, "depth_um": None}
FILAMENTS = {"kind": "filaments", "photons": 12000.0, "depth_um": None}
"""As bright as the shipped models were trained on."""


def profile_for(lab: Lab, bundle: str) -> Profile:
    """The built-in microscope with the optics and exposure of a bundle, beads on a flat surface."""
    return base_profile(lab.bundle(bundle))


@contextmanager
def scanned(
    lab: Lab,
    bundle: str,
    samples: Sequence[dict[str, object]],
    side_px: int,
    first: int,
    target_optics: Mapping[str, Any] | None = None,
) -> Iterator[Context]:
    """Mechanical scans of ``samples``, one field each, before the model ``bundle``.

    Parameters
    ----------
    samples
        What each field changes of the specimen.
    first
        Seed of the first field, counted from :data:`FIRST_SEED`; the next has the next.
    target_optics
        What the optics change for a second scan of every field, in another modality; None: no such.
    """
    profile = profile_for(lab, bundle)
    camera = {"width_px": side_px, "height_px": side_px}
    with TemporaryDirectory() as folder:
        paths, targets = [], {}
        for number, sample in enumerate(samples):
            lab.note(f"Scanning field {number + 1} of {len(samples)}")
            seed = SEED + first + number
            scene = changed(profile, seed, camera=camera, specimen=sample)
            name = f"field_{number:03d}.ome.tif"
            path = _written(Path(folder) / "scans" / name, scene)
            paths.append(path)
            if target_optics is not None:
                noise = {**camera, "noise_seed": FIRST_SEED + TWIN + first + number}
                twin = changed(profile, seed, camera=noise, specimen=sample, optics=target_optics)
                targets[path] = _written(Path(folder) / "targets" / name, twin)
        yield Context(lab.engine(bundle), paths, None, lab.note, targets=targets)


def _written(path: Path, scene: Profile) -> Path:
    heights = np.arange(-round(REACH_UM / STEP_UM), round(REACH_UM / STEP_UM) + 1) * STEP_UM
    path.parent.mkdir(exist_ok=True)
    write_stack(path, scan(scene, heights.tolist()))
    return path
