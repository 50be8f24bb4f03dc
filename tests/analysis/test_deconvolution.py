"""Deconvolution undoes a blur that is known, and only that one."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.restoration import richardson_lucy as plain

from deepz_live.analysis.deconvolution import blurred, richardson_lucy


def gaussian(side: int, sigma: float) -> np.ndarray:
    rows, columns = np.indices((side, side)) - side // 2
    psf = np.exp(-(rows**2 + columns**2) / 2 / sigma**2)
    return (psf / psf.sum()).astype(np.float32)


def points(side: int = 80) -> np.ndarray:
    image = np.zeros((side, side), np.float32)
    image[20, 30], image[50, 45], image[51, 60] = 1.0, 2.0, 1.5
    return image


def test_blur_of_a_point_is_the_psf_around_it():
    psf = gaussian(21, 2.0)
    image = np.zeros((64, 64), np.float32)
    image[30, 34] = 3.0
    seen = blurred(image, psf * 7)
    np.testing.assert_allclose(seen[20:41, 24:45], 3 * psf, atol=1e-5)


def test_plain_iteration_is_that_of_scikit_image():
    psf = gaussian(15, 1.5)
    seen = blurred(points(), psf) + 0.05
    (ours,) = richardson_lucy(seen, psf, (12,), background=0.0, accelerate=False)
    # Theirs starts from a constant, so both must have gone far enough; away from the rim.
    theirs = plain(seen, psf, num_iter=12, clip=False)
    inner = (slice(12, -12), slice(12, -12))
    assert np.corrcoef(ours[inner].ravel(), theirs[inner].ravel())[0, 1] > 0.98


def test_more_steps_come_closer_and_acceleration_saves_most_of_them():
    psf, truth = gaussian(21, 2.5), points()
    seen = blurred(truth, psf)

    def errors(accelerate: bool) -> list[float]:
        made = richardson_lucy(seen, psf, (5, 20, 60), background=1e-5, accelerate=accelerate)
        return [float(((image - truth) ** 2).sum()) for image in made]

    plainly, quickly = errors(False), errors(True)
    assert plainly == sorted(plainly, reverse=True)
    assert quickly[1] < plainly[2]


def test_light_is_kept_and_never_negative():
    psf, truth = gaussian(21, 2.5), points()
    (made,) = richardson_lucy(blurred(truth, psf) - 1e-4, psf, (15,), background=1e-5)
    assert made.min() >= 0
    assert made.sum() == pytest.approx(truth.sum(), rel=0.1)
