"""The paper's losses (Eq. 4 and 5) and those of the planes model: tensors in, a scalar out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from deepz_live.train.preset import AlphaOn

SSIM_SIGMA_PX = 1.5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2
FLAT = 1e-10


def fooling_loss(scores: Tensor, weight: Tensor | None = None) -> Tensor:
    """How far refocused images ``(N,)`` are from passing: the first sum of Eq. 4."""
    return _mean((scores - 1) ** 2, weight) / 2


def generator_loss(scores: Tensor, mae: Tensor, alpha: float, alpha_on: AlphaOn) -> Tensor:
    """Eq. 4: fooling the discriminator, plus half the mean absolute error.

    Parameters
    ----------
    scores
        ``(N,)``, the discriminator's scores of refocused images.
    mae
        Mean of the images' mean absolute errors.
    alpha, alpha_on
        The weight, and the term it stands on: ``mae`` as Eq. 4 is printed; ``adversarial`` is the
        other reading, in which the error leads and the discriminator corrects.
    """
    on_mae, on_scores = (alpha, 1.0) if alpha_on == "mae" else (1.0, alpha)
    return on_scores * fooling_loss(scores) + on_mae * mae / 2


def discriminator_loss(fake: Tensor, real: Tensor, weight: Tensor | None = None) -> Tensor:
    """Eq. 5; scores ``(N,)`` of refocused and of captured images, and weights of the images."""
    return _mean(fake**2, weight) / 2 + _mean((real - 1) ** 2, weight) / 2


def weighted_mean(values: Tensor, weight: Tensor, total: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean of ``values`` ``(N, Z, Y, X)`` with ``weight`` ``(N, Z, 1, 1)``.

    ``total`` makes the mean over all processes of what it is given, so that the mean of this
    function over the processes is the weighted mean over all their examples.
    """
    return (values * weight).sum() / total(weight.expand_as(values).sum())


def structural_similarity(images: Tensor, truths: Tensor) -> Tensor:
    """SSIM (paper, Eq. 13) of each plane, with Gaussian windows of 1.5 pixels and data range 1.

    ``(N, Z, Y, X)`` float32 in, ``(N, Z, 1, 1)`` out.
    """
    mean_x, mean_y = _blur(images), _blur(truths)
    variance_x = _blur(images * images) - mean_x**2
    variance_y = _blur(truths * truths) - mean_y**2
    covariance = _blur(images * truths) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + SSIM_C1) * (2 * covariance + SSIM_C2)
    size = (mean_x**2 + mean_y**2 + SSIM_C1) * (variance_x + variance_y + SSIM_C2)
    return (likeness / size).mean((2, 3), keepdim=True)


def contrast_error(images: Tensor, truths: Tensor) -> Tensor:
    """Squared difference of the standard deviations of each plane.

    ``(N, Z, Y, X)`` in, ``(N, Z, 1, 1)`` out. Beside a squared error of weight a, with weight b, an
    image that correlates with its truth by r spreads (a r + b) / (a + b) times as far instead of r
    times: contrast comes back, at a price in squared error that is of second order in 1 - r.
    """
    return (_spread(images) - _spread(truths)) ** 2


def _spread(images: Tensor) -> Tensor:
    # The gradient of a root is infinite at zero, where an image is flat.
    return torch.sqrt(images.var((2, 3), correction=0, keepdim=True) + FLAT)


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return values.mean()
    return (values * weight).sum() / weight.sum().clamp(min=1)


def _blur(planes: Tensor) -> Tensor:
    reach = int(3.5 * SSIM_SIGMA_PX + 0.5)
    x = torch.arange(-reach, reach + 1, device=planes.device, dtype=planes.dtype)
    window = torch.exp(-((x / SSIM_SIGMA_PX) ** 2) / 2)
    window = (window / window.sum()).view(1, 1, 1, -1)
    flat = planes.reshape(-1, 1, *planes.shape[2:])
    blurred = functional.conv2d(functional.conv2d(flat, window), window.transpose(2, 3))
    return blurred.view(*planes.shape[:2], *blurred.shape[2:])
