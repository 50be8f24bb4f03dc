"""A bundle with a report and a reference, made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import BundleFacts, DistanceQuality, Reference, RoundTripQuality
from tests.bundles import facts_of

Z_UM = tuple(float(z) for z in range(-10, 11))
BASE = {"mae": 0.1, "rmse": 0.1, "corr_detail": 0.1, "ssim": 0.5}


def quality(dz_um: float, corr: float, left: float) -> DistanceQuality:
    return DistanceQuality(
        dz_um=dz_um, n=9, corr=corr, mae=0.01, rmse=0.02, corr_detail=corr - 0.1, ssim=0.9,
        baseline={**BASE, "corr": left}, spread={"corr": 0.03, "corr_detail": 0.05},
    )  # fmt: skip


@pytest.fixture
def facts() -> BundleFacts:
    return facts_of(
        Z_UM,
        width=1.0,
        normalization=Normalization(background_counts=100, scale_counts=1000),
        intensity_counts=(90, 1100),
        quality=tuple(quality(z, 0.9, 0.5) for z in Z_UM if z),
        reference=Reference(
            frames=9,
            appearance={"background": (-0.1, 0.1)},
            round_trip=RoundTripQuality(dz_um=3.0, n=9, corr=0.9, spread=0.05),
        ),
    )


@pytest.fixture
def bundle(facts):
    return SimpleNamespace(facts=facts, name="made by hand")
