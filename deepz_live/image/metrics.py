"""How alike are two images: the paper's five criteria (Eq. 10-13) and one on fine detail."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

DETAIL_UM = 2.0
WINDOW_PX = 11
"""Side of SSIM's window: smaller images have none."""


class Scores(TypedDict):
    """Agreement of an image with the truth; means over pixels."""

    mae: float
    rmse: float
    corr: float
    corr_detail: float
    ssim: float


def compare(image: NDArray[np.float32], truth: NDArray[np.float32], pixel_size_um: float) -> Scores:
    """Scores of ``image`` against ``truth``.

    Parameters
    ----------
    image, truth
        ``(Y, X)`` float32, normalised so that the brightest structures are near 1 (SSIM takes 1
        as the data range).
    pixel_size_um
        For the detail band: image minus its Gaussian blur of 2 µm (sigma).
    """
    difference = image.astype(np.float64) - truth
    return Scores(
        mae=float(np.abs(difference).mean()),
        rmse=float(np.sqrt((difference**2).mean())),
        corr=correlation(image, truth),
        corr_detail=correlation(detail(image, pixel_size_um), detail(truth, pixel_size_um)),
        ssim=float(
            structural_similarity(
                image,
                truth,
                data_range=1.0,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
        ),
    )


def correlation(a: NDArray[np.number], b: NDArray[np.number]) -> float:
    """Pearson correlation of all pixels (paper Eq. 12); 0 where one of them is flat."""
    x = a.astype(np.float64).ravel() - a.mean(dtype=np.float64)
    y = b.astype(np.float64).ravel() - b.mean(dtype=np.float64)
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else 0.0


def detail(image: NDArray[np.floating], pixel_size_um: float) -> NDArray[np.float32]:
    """``image`` minus its Gaussian blur of 2 µm: what remains when the haze is taken away."""
    values = np.asarray(image, np.float32)
    return np.asarray(values - gaussian_filter(values, DETAIL_UM / pixel_size_um), np.float32)


def band(
    image: NDArray[np.floating], sigmas_um: tuple[float, float], pixel_size_um: float
) -> NDArray[np.float32]:
    """``image`` blurred by the first sigma minus it blurred by the second: what lies between."""
    values = np.asarray(image, np.float32)
    fine, coarse = (gaussian_filter(values, sigma / pixel_size_um) for sigma in sigmas_um)
    return np.asarray(fine - coarse, np.float32)
