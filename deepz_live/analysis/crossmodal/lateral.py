"""How one image lies in the plane of another: features with RANSAC, then polished.

As in the paper, a projective transform is fitted to matching features. They are ORB features
(Rublee et al., ICCV 2011) of the detail that both modalities show. Where there are too few, phase
correlation of the whole pictures gives the shift alone. Either is then polished on tiles, whose
phase correlation is more exact than the place of a feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from skimage.feature import ORB, match_descriptors

from deepz_live.analysis.crossmodal.errors import CrossmodalError
from deepz_live.analysis.crossmodal.models import Points, consensus, corners, richest
from deepz_live.analysis.crossmodal.regions import SURE, left_over
from deepz_live.analysis.crossmodal.views import Matrix, Planes, moved
from deepz_live.image.registration import shift_2d

Way = Literal["features", "phase correlation"]

FEATURE_AREA_PX = 80
"""One feature is looked for on this many pixels, between the two numbers below."""
FEATURES = (300, 3000)
RATIO = 0.85
"""A match must be closer than its runner-up by this factor."""
TOLERANCE_PX = 2.0
FEWEST = 12
"""Places that must agree on a transform; four would agree by construction."""
TILE_PX = (48, 128)
TILE_REACH_PX = 3.0
FEWEST_TILES = 6
ROUNDS = 10
SETTLED_PX = 0.02
"""Polishing ends when it moves no corner of the field by more than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Lateral:
    """A transform between pictures of equal pixels, and how it was found.

    ``matrix`` ``(3, 3)`` takes ``(x, y, 1)`` of the fixed picture to the moving one; ``model`` is
    its kind; ``matches`` and ``agreeing`` count features; ``tiles`` those that polished it.
    """

    matrix: Matrix
    way: Way
    model: str
    matches: int
    agreeing: int
    tiles: int = 0


def register_pictures(fixed: Planes, moving: Planes) -> Lateral:
    """How ``moving`` ``(Y, X)`` lies against ``fixed``, both 0 … 1 and of equal pixel size.

    Raises
    ------
    CrossmodalError
        Neither features nor phase correlation find the one in the other.
    """
    found = _by_features(fixed, moving)
    if found.agreeing < FEWEST:
        found = _by_phase(fixed, moving, found)
    for _ in range(ROUNDS):
        before, found = found, _polished(fixed, moving, found)
        if _furthest(before.matrix, found.matrix, fixed.shape) < SETTLED_PX:
            break
    return found


def _by_features(fixed: Planes, moving: Planes) -> Lateral:
    here, there = _matches(fixed, moving)
    model = consensus(here, there, fixed.shape, TOLERANCE_PX)
    if model is None:
        return Lateral(np.eye(3), "features", "none", len(here), 0)
    agreeing = _places(here[model.inliers])
    return Lateral(model.matrix, "features", model.name, len(here), agreeing)


def _matches(fixed: Planes, moving: Planes) -> tuple[Points, Points]:
    """Places ``(N, 2)`` (y, x) of features that look alike in both pictures."""
    (here, first), (there, second) = _features(fixed), _features(moving)
    if not len(here) or not len(there):
        return np.empty((0, 2)), np.empty((0, 2))
    pairs = match_descriptors(first, second, cross_check=True, max_ratio=RATIO)
    return here[pairs[:, 0]], there[pairs[:, 1]]


def _features(picture: Planes) -> tuple[Points, NDArray[np.bool_]]:
    wanted = int(np.clip(picture.size / FEATURE_AREA_PX, *FEATURES))
    finder = ORB(n_keypoints=wanted, fast_threshold=0.03)
    try:
        finder.detect_and_extract(picture)
    except RuntimeError:  # scikit-image's way to say that it found none
        return np.empty((0, 2)), np.empty((0, 256), np.bool_)
    return np.asarray(finder.keypoints, np.float64), np.asarray(finder.descriptors, np.bool_)


def _places(points: Points) -> int:
    """How many different places: a corner is found anew on every scale of the pyramid."""
    return len({tuple(cell) for cell in np.floor(points / 4).astype(int).tolist()})


def _by_phase(fixed: Planes, moving: Planes, failed: Lateral) -> Lateral:
    size = tuple(max(a, b) for a, b in zip(fixed.shape, moving.shape, strict=True))
    (dy, dx), confidence = shift_2d(_padded(fixed, size), _padded(moving, size), max(size) / 3)
    if confidence < SURE:
        raise CrossmodalError(
            f"The two stacks could not be found in each other: {failed.matches} features look "
            f"alike and {failed.agreeing} of them agree on one transform ({FEWEST} wanted), and "
            f"phase correlation has a confidence of {confidence:.2f} ({SURE:g} wanted); check that "
            "both show the same field in focus, not mirrored or turned by more than the features "
            "allow, or crop them to the part that both show."
        )
    matrix = np.eye(3)
    matrix[:2, 2] = dx, dy
    return Lateral(matrix, "phase correlation", "shift", failed.matches, failed.agreeing)


def _padded(picture: Planes, size: tuple[int, ...]) -> Planes:
    missing = [(0, want - have) for have, want in zip(picture.shape, size, strict=True)]
    return np.pad(picture, missing, constant_values=float(picture.mean()))


def _polished(fixed: Planes, moving: Planes, found: Lateral) -> Lateral:
    """The transform through the tiles' places; the old one where too few tiles are sure."""
    side = int(np.clip(min(fixed.shape) // 4, *TILE_PX))
    tiles = left_over(fixed, moving, found.matrix, side, TILE_REACH_PX)
    sure = [tile for tile in tiles if tile.confidence >= SURE]
    if len(sure) < FEWEST_TILES:
        return found
    here = np.array([(tile.y_px, tile.x_px) for tile in sure])
    rest = np.array([(tile.dy_px, tile.dx_px) for tile in sure])
    usual = np.median(rest, axis=0)
    near = np.abs(rest - usual).max(axis=1) < 1.0
    if near.sum() < FEWEST_TILES:
        return found
    there = moved(found.matrix, (here + rest)[near].T).T
    matrix, model = richest(here[near], there, fixed.shape)
    return Lateral(matrix, found.way, model, found.matches, found.agreeing, int(near.sum()))


def _furthest(before: Matrix, after: Matrix, shape: tuple[int, ...]) -> float:
    """Largest distance in pixels between where two transforms take a corner of the field."""
    return float(np.hypot(*(moved(before, corners(shape)) - moved(after, corners(shape)))).max())
