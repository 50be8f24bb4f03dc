"""Losses against values worked out by hand (paper, Eq. 4, 5, 13)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity as reference

from deepz_live.train.losses import (
    contrast_error,
    discriminator_loss,
    fooling_loss,
    generator_loss,
    structural_similarity,
    weighted_mean,
)

SCORES = torch.tensor([0.5, 0.2])


def test_generator_loss_is_equation_four() -> None:
    # 1/(2*2) * (0.25 + 0.64) = 0.2225, and alpha * 1/2 * 0.3 = 0.003
    loss = generator_loss(SCORES, torch.tensor(0.3), 0.02, "mae")
    assert float(loss) == pytest.approx(0.2225 + 0.003)


def test_alpha_can_stand_on_the_adversarial_term() -> None:
    loss = generator_loss(SCORES, torch.tensor(0.3), 0.02, "adversarial")
    assert float(loss) == pytest.approx(0.02 * 0.2225 + 0.15)


def test_discriminator_loss_is_equation_five() -> None:
    # 1/4 * (0.25 + 0.04) + 1/4 * (0.01 + 0.09) = 0.0725 + 0.025
    loss = discriminator_loss(SCORES, torch.tensor([0.9, 0.7]))
    assert float(loss) == pytest.approx(0.0975)


def test_images_of_no_weight_do_not_count() -> None:
    assert float(fooling_loss(SCORES, torch.tensor([1.0, 0.0]))) == pytest.approx(0.125)


def test_planes_that_are_not_known_do_not_count() -> None:
    values = torch.tensor([1.0, 100.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    known = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
    assert float(weighted_mean(values, known, lambda total: total)) == pytest.approx(1.0)


def test_ssim_is_that_of_scikit_image() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((40, 48)).astype(np.float32)
    image = (truth + rng.normal(0, 0.1, truth.shape)).astype(np.float32)
    wanted = reference(
        image, truth, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    found = structural_similarity(torch.tensor(image)[None, None], torch.tensor(truth)[None, None])
    assert float(found) == pytest.approx(float(wanted), abs=1e-4)


def test_contrast_error_is_of_standard_deviations() -> None:
    truth = torch.tensor([0.0, 0.4, 0.0, 0.4]).view(1, 1, 2, 2)  # deviates by 0.2, its half by 0.1
    assert float(contrast_error(truth / 2 + 1, truth)) == pytest.approx(0.01, abs=1e-6)


def test_contrast_error_lets_a_flat_image_learn() -> None:
    image = torch.zeros(1, 1, 4, 4, requires_grad=True)
    contrast_error(image, torch.rand(1, 1, 4, 4)).sum().backward()
    assert image.grad is not None
    assert bool(torch.isfinite(image.grad).all())


def test_contrast_comes_back_as_far_as_its_weight_says() -> None:
    rng = np.random.default_rng(1)
    truth, other = rng.normal(size=(2, 4096))
    image = 0.8 * truth + 0.6 * other
    image, truth = (torch.tensor(a / a.std()).view(1, 1, 64, 64) for a in (image, truth))
    image, truth = image - image.mean(), truth - truth.mean()
    correlation = float((image * truth).mean())
    gain = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([gain], line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        error = ((gain * image - truth) ** 2).mean()
        total = 3 * error + 6 * contrast_error(gain * image, truth).sum()
        total.backward()
        return total

    optimiser.step(loss)
    assert float(gain.detach()) == pytest.approx((3 * correlation + 6) / 9, abs=1e-3)
