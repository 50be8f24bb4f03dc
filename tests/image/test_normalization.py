"""Normalisation does what the paper says, and undoes it."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.normalization import Normalization, NormalizationError


def scene(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = rng.normal(110, 3, (256, 256))
    rows, columns = np.indices(image.shape)
    for y, x in rng.uniform(20, 236, (40, 2)):
        image += 4000 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)
    return image.astype(np.uint16)


def test_one_percent_of_the_foreground_is_saturated() -> None:
    image = scene()
    normalised = Normalization.fit(image).forward(image)
    fit = Normalization.fit(image)
    assert fit.background_counts == pytest.approx(110, abs=8)
    bright = normalised > 1
    assert 0 < bright.mean() < 0.01
    assert abs(np.median(normalised)) < 0.01


def test_inverse_returns_the_counts() -> None:
    image = scene(1)
    fit = Normalization.fit(image)
    np.testing.assert_allclose(fit.inverse(fit.forward(image)), image, atol=0.01)


def test_a_flat_image_is_refused_with_its_value() -> None:
    with pytest.raises(NormalizationError, match="every pixel is 7 counts"):
        Normalization.fit(np.full((32, 32), 7, np.uint16))


def test_nan_is_refused() -> None:
    image = scene().astype(np.float32)
    image[3, 3] = np.nan
    with pytest.raises(NormalizationError, match="NaN"):
        Normalization.fit(image)
