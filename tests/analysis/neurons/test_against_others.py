"""Finding, matching and telling apart, against independent implementations and plain counting."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import curve_fit
from skimage.feature import blob_log
from skimage.filters import threshold_otsu

from deepz_live.analysis.neurons import (
    NeuronsError,
    Reader,
    Search,
    activity,
    find_neurons,
    laid_back,
    match,
)
from deepz_live.analysis.neurons.masks import _rise
from deepz_live.analysis.neurons.similarity import active

STEP_UM = 0.5
SHAPE = (24, 64, 72)
PLACES = np.array(
    [(6.3, 15.2, 14.8), (17.6, 16.4, 15.1), (11.1, 30.7, 50.2), (9.5, 50.3, 20.4), (14.2, 48, 55.6)]
)
"""(z, y, x) in voxels, all of them a cell and more apart."""


def balls(places: np.ndarray, sizes: tuple[float, float, float] = (2.6, 2.6, 2.6)) -> np.ndarray:
    """Gaussians ``sizes`` voxels wide, on a background of 100."""
    grid = np.indices(SHAPE, dtype=np.float64)
    stack = np.full(SHAPE, 100.0)
    for place in places:
        away = sum(
            ((axis - at) / size) ** 2 for axis, at, size in zip(grid, place, sizes, strict=True)
        )
        stack += 1000 * np.exp(-away / 2)
    return stack.astype(np.float32)


def sorted_rows(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T[::-1])]


def test_the_rise_is_the_negative_laplacian_of_gaussian():
    stack = balls(PLACES)
    search = Search(detail_um=1.5, detail_axial_um=1.5)
    sigma = 1.5 / np.sqrt(3) / STEP_UM
    wanted = -(sigma**2) * ndimage.gaussian_laplace(stack.astype(np.float64), sigma, mode="nearest")
    found = _rise(stack, (STEP_UM, STEP_UM, STEP_UM), search)
    np.testing.assert_allclose(found, wanted, atol=1e-3 * wanted.max())


def test_the_same_neurons_are_found_as_by_scikit_images_blob_detector():
    rng = np.random.default_rng(0)
    stack = balls(PLACES) + rng.normal(0, 8, SHAPE).astype(np.float32)
    ours = find_neurons(stack, STEP_UM, STEP_UM, Search(detail_um=1.5, detail_axial_um=1.5))
    theirs = blob_log(stack / stack.max(), min_sigma=2.6, max_sigma=2.6, num_sigma=1, threshold=0.1)
    assert len(ours) == len(theirs) == len(PLACES)
    rough = sorted_rows(theirs[:, :3])
    fine = ours.centres[[int(np.argmin(np.abs(ours.centres - at).sum(axis=1))) for at in rough]]
    assert np.abs(fine - rough).max() < 1.0


def test_centres_are_those_of_a_least_squares_fit():
    rng = np.random.default_rng(1)
    stack = balls(PLACES) + rng.normal(0, 8, SHAPE).astype(np.float32)
    found = find_neurons(stack, STEP_UM, STEP_UM, Search(detail_um=1.5, detail_axial_um=1.5))
    for centre in found.centres:
        low = np.maximum(np.rint(centre).astype(int) - 4, 0)
        part = tuple(slice(a, a + 9) for a in low)
        grid = np.indices(stack[part].shape).reshape(3, -1) + low[:, None]

        def ball(grid, height, z, y, x, width, ground):
            away = (grid[0] - z) ** 2 + (grid[1] - y) ** 2 + (grid[2] - x) ** 2
            return ground + height * np.exp(-away / (2 * width**2))

        fit, _ = curve_fit(ball, grid, stack[part].ravel(), p0=(900, *centre, 2.5, 100))
        assert np.abs(fit[1:4] - centre).max() * STEP_UM < 0.12


@pytest.mark.parametrize(
    "above_voxels, found", [(4, 1), (9, 2)], ids=["within above_um", "beyond above_um"]
)
def test_of_two_above_each_other_the_stronger_counts_unless_they_are_far_apart(above_voxels, found):
    pair = np.array([(8.0, 30.0, 30.0), (8.0 + above_voxels, 30.0, 30.0)])
    sizes = (1.0, 2.6, 2.6)
    stack = balls(pair[:1], sizes) + 0.6 * (balls(pair[1:], sizes) - 100)
    search = Search(detail_um=1.5, detail_axial_um=0.7, above_um=3.0)
    masks = find_neurons(stack.astype(np.float32), STEP_UM, STEP_UM, search)
    assert len(masks) == found
    np.testing.assert_allclose(masks.centres[0], pair[0], atol=0.3)


@pytest.mark.parametrize("beside_voxels, found", [(5, 2), (5, 1)])
def test_of_two_beside_each_other_apart_um_decides(beside_voxels, found):
    pair = np.array([(10.0, 30.0, 30.0), (10.0, 30.0, 30.0 + beside_voxels)])
    stack = balls(pair[:1], (2, 1.2, 1.2)) + 0.8 * (balls(pair[1:], (2, 1.2, 1.2)) - 100)
    apart_um = 1.0 if found == 2 else STEP_UM * beside_voxels + 0.5
    search = Search(detail_um=0.7, detail_axial_um=1.5, apart_um=apart_um)
    masks = find_neurons(stack.astype(np.float32), STEP_UM, STEP_UM, search)
    assert len(masks) == found


@pytest.mark.parametrize("seed", range(6))
def test_no_other_pairing_is_longer_or_nearer(seed: int):
    rng = np.random.default_rng(seed)
    found, known = rng.uniform(0, 6, (5, 2)), rng.uniform(0, 6, (4, 2))
    distance = np.linalg.norm(found[:, None] - known[None], axis=2)
    best = (0, 0.0)
    for order in permutations(range(5), 4):
        near = [distance[row, column] for column, row in enumerate(order)]
        kept = [d for d in near if d <= 3.0]
        best = max(best, (len(kept), -sum(kept)))
    pairs = match(found, known)
    assert len(pairs.found) == best[0]
    assert pairs.distance_um.sum() == pytest.approx(-best[1])


def spread_by(deviations: np.ndarray) -> np.ndarray:
    """Changes ``(N, T)`` whose standard deviations are exactly these."""
    wave = np.tile([1.0, -1.0], 20)
    return deviations[:, None] * wave


@pytest.mark.parametrize("seed", range(3))
def test_the_threshold_splits_as_scikit_images_otsu(seed: int):
    rng = np.random.default_rng(seed)
    quiet, busy = np.exp(rng.normal(-4, 0.3, 60)), np.exp(rng.normal(-1.2, 0.4, 25))
    deviations = np.concatenate([quiet, busy])
    chosen, threshold = active(spread_by(deviations))
    theirs = threshold_otsu(np.log(deviations), nbins=4096)
    np.testing.assert_array_equal(chosen, np.log(deviations) > theirs)
    np.testing.assert_array_equal(chosen, np.arange(85) >= 60)
    assert quiet.max() < threshold < busy.min()


def test_where_all_vary_alike_there_is_no_threshold_to_find():
    chosen, threshold = active(spread_by(np.full(5, 0.2)))
    assert (chosen.all(), threshold) == (True, 0.0)
    chosen, _ = active(np.zeros((3, 10)))
    assert not chosen.any()


def test_a_neuron_darker_than_the_background_is_quiet_and_stops_nothing():
    wave = np.sin(np.linspace(0, 12, 60))
    intensity = 100 + 200 * (1 + 0.5 * np.array([wave, wave, -wave, -wave, 0 * wave]))
    intensity[4] = 90 + wave
    found = activity(intensity, background=100.0, threshold=0.05, k=2)
    assert found.active.tolist() == [True] * 4 + [False]
    assert found.cluster.tolist() == [1, 1, 2, 2, 0]
    assert np.isnan(found.relative[4]).all()
    assert np.isnan(found.deviation[4])
    with pytest.raises(NeuronsError, match="4 of 4 neurons are like any other, too few"):
        activity(intensity, background=100.0, threshold=0.05, k=5)


def test_of_no_mask_nothing_is_read():
    assert Reader(np.zeros((2, 3, 4), np.int32)).read(np.ones((2, 3, 4))).shape == (0,)


def test_a_frame_is_laid_back_by_parts_of_a_pixel_as_its_formula_says():
    def scene(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return 500 + 200 * np.sin(y / 6) * np.cos(x / 5)

    y, x = np.indices((80, 90), dtype=np.float64)
    matrix = np.array([[1.02, 0.03, 2.3], [-0.02, 0.99, -1.7], [1e-5, 2e-5, 1.0]])
    places = np.tensordot(matrix, np.stack([x, y, np.ones_like(x)]), axes=1)
    inverse = np.tensordot(np.linalg.inv(matrix), np.stack([x, y, np.ones_like(x)]), axes=1)
    frame = scene(inverse[1] / inverse[2], inverse[0] / inverse[2])
    back = laid_back(frame, matrix)
    down, right = places[1] / places[2], places[0] / places[2]
    inside = (down > 3) & (down < 76) & (right > 3) & (right < 86)
    np.testing.assert_allclose(back[inside], scene(y, x)[inside], atol=0.5)
    outside = (down < -1) | (right > 91)
    assert np.unique(back[outside]) == pytest.approx(np.median(frame), abs=1e-3)
