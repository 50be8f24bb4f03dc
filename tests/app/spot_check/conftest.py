"""A small built-in microscope, and networks that know its sample, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.config import Profile
from deepz_live.image.normalization import Normalization
from tests.app.trust.conftest import facts  # noqa: F401 - a fixture

START_UM = 2.0
CAMERA = {"width_px": 64, "height_px": 64, "exposure_ms": 2.0, "frame_rate_hz": 200.0}
STAGE = {"z_start_um": START_UM, "settle_ms": 0.0, "speed_um_s": 1e6, "timeout_s": 0.05}
SPECIMEN = {"kind": "beads-flat", "beads_per_100um2": 4.0, "seed": 3, "photons": 80_000}


def profile_of(**stage: float) -> Profile:
    return Profile.model_validate(
        {"name": "test", "camera": CAMERA, "stage": {**STAGE, **stage}, "specimen": SPECIMEN}
    )


@pytest.fixture
def microscope() -> Iterator[Microscope]:
    with open_microscope(profile_of()) as opened:
        yield opened


@pytest.fixture
def model(facts):  # noqa: F811
    """A bundle for this light, whose report promises 0.9."""
    own = facts.model_copy(
        update={"normalization": Normalization(background_counts=110, scale_counts=20_000)}
    )
    identity = {"name": "by hand", "sha256": "a" * 64}
    return SimpleNamespace(facts=own, name="by hand", sha256="a" * 64, identity=lambda: identity)


@pytest.fixture
def oracle():
    """What a perfect network would make: the same sample seen by another microscope."""
    seen = []

    def refocus(frame, distances_um):
        with open_microscope(profile_of()) as other:
            planes = []
            for dz_um in distances_um:
                other.move_z(frame.z_um + dz_um)
                planes.append(other.snap().pixels)
        seen.append(tuple(distances_um))
        return np.stack(planes).astype(np.float32)

    refocus.seen = seen
    return refocus


def unchanged(frame, distances_um):
    """A network that does nothing."""
    return np.repeat(frame.pixels[None].astype(np.float32), len(distances_um), axis=0)
