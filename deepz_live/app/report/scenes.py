"""Scenes for the series: frames of the built-in microscope that no model was trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from deepz_live.acquire.microscope import open_microscope
from deepz_live.config import Profile
from deepz_live.model.bundle import Bundle
from deepz_live.session.stack import Stack

SEED = 97_531
"""Scenes of the series start from this seed; do not train on it."""
SIDE_PX = 256


@dataclass(frozen=True, eq=False)
class Shots:
    """Frames ``(Z, Y, X)`` in counts at ``z_um``, and isolated truth where beads are.

    ``beads_px`` is ``(N, 2)`` (row, column), ``beads_um`` ``(N,)`` their heights in the sample;
    both are empty for samples without beads.
    """

    frames: NDArray[Any]
    z_um: tuple[float, ...]
    beads_px: NDArray[np.float64]
    beads_um: NDArray[np.float64]


class StillClock:
    """Time that passes only while somebody sleeps, so that scenes cost no waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)


def base_profile(bundle: Bundle, stacks: Sequence[Path] = ()) -> Profile:
    """The built-in microscope with the model's optics.

    The sample is the one the stacks were captured from, where their calibration says so and it is
    a built-in one; else beads on a flat surface.
    """
    facts = bundle.facts
    profile = Profile(name="series", channel=facts.channel)
    found = _calibrated(stacks[0].parent / "calibration.json") if stacks else None
    specimen = profile.specimen.model_copy(update={"kind": "beads-flat"})
    camera = profile.camera
    if found is not None and found.microscope == "simulated" and found.specimen.kind != "stack":
        specimen, camera = found.specimen, found.camera
    optics = facts.optics.model_copy(update={"pixel_size_um": facts.pixel_size_um})
    camera = camera.model_copy(
        update={"exposure_ms": facts.exposure_ms or camera.exposure_ms, "binning": 1,
                "width_px": SIDE_PX, "height_px": SIDE_PX}
    )  # fmt: skip
    return profile.model_copy(update={"specimen": specimen, "camera": camera, "optics": optics})


def changed(profile: Profile, seed: int = 0, **sections: Mapping[str, Any]) -> Profile:
    """``profile`` with values of some sections changed, and the ``seed``-th unseen sample."""
    specimen = {"seed": SEED + seed, **sections.get("specimen", {})}
    camera = {"noise_seed": SEED + seed, **sections.get("camera", {})}
    data = profile.model_dump()
    for name, values in {**sections, "specimen": specimen, "camera": camera}.items():
        data[name] = {**data[name], **values}
    return Profile.model_validate(data)


def shoot(profile: Profile, z_um: Sequence[float]) -> Shots:
    """One frame at each height.

    Raises
    ------
    MicroscopeError, LimitError
        The profile cannot be opened, or a height lies outside its limits.
    """
    clock = StillClock()
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        frames = []
        for height in z_um:
            microscope.move_z(height)
            frames.append(np.array(microscope.snap().pixels))
        truth = microscope.truth
        places = truth.bead_pixels() if truth is not None else np.empty((0, 2))
        heights = truth.beads[:, 0] if truth is not None else np.empty(0)
    return Shots(np.stack(frames), tuple(z_um), places, heights)


def scan(profile: Profile, z_um: Sequence[float]) -> Stack:
    """:func:`shoot` at even, rising heights, as a calibration stack."""
    return Stack(
        voxels=shoot(profile, z_um).frames,
        pixel_size_um=profile.optics.pixel_size_um or 1.0,
        z_step_um=float(z_um[1] - z_um[0]),
        channel=profile.channel,
        exposure_ms=profile.camera.exposure_ms,
        z_um=np.asarray(z_um),
        source=f"built-in microscope, {profile.specimen.kind}, seed {profile.specimen.seed}",
    )


def _calibrated(file: Path) -> Profile | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return Profile.model_validate(data["profile"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
