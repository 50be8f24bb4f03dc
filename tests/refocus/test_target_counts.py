"""A network that learnt another modality answers in that modality's counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepz_live.image.normalization import Normalization
from deepz_live.refocus.engine import open_engine

TARGET = Normalization(background_counts=7.0, scale_counts=40.0)


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_planes_and_surfaces_come_in_the_targets_counts(make_bundle, network):
    pixels = np.random.default_rng(3).integers(90, 1500, (32, 48), dtype=np.uint16)
    dpm = np.full(pixels.shape, -1.0)
    plain_bundle = make_bundle(network)
    facts = plain_bundle.facts.model_copy(update={"target_normalization": TARGET})
    answers = []
    for bundle in (plain_bundle, replace(plain_bundle, facts=facts)):
        engine = open_engine(bundle, provider="CPU", threads=1)
        answers.append((engine.volume(pixels), engine.surface(pixels, dpm)))
        engine.close()
    own = facts.normalization
    for plain, other in zip(*answers, strict=True):
        np.testing.assert_allclose(other, TARGET.inverse(own.forward(plain)), atol=1e-2)
