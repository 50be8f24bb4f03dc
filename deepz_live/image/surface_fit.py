"""Heights fitted through scattered points: a plane, a quadratic, or a bending thin plate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator, RectBivariateSpline

from deepz_live.image.dpm import SurfaceError

Floats = NDArray[np.float64]
FitKind = Literal["plane", "quadratic", "thin-plate"]
FIT_KINDS: tuple[FitKind, ...] = get_args(FitKind)
FEWEST: dict[FitKind, int] = {"plane": 3, "quadratic": 6, "thin-plate": 3}
"""Points that such a surface needs."""
Fitted = Callable[[Floats, Floats], Floats]
"""Heights ``(N,)`` in µm at places y ``(N,)`` and x ``(N,)`` in µm."""

_NODES = 129
"""A grid is worked out at so many places a side; a cubic spline between them is off by 2 nm."""


def fit_heights(
    points_um: Floats,
    kind: FitKind = "plane",
    weights: Floats | None = None,
    smoothing: float = 0.0,
) -> Fitted:
    """The surface of a kind through points, by weighted least squares.

    Parameters
    ----------
    points_um
        ``(N, 3)`` as (z, y, x).
    kind
        ``"plane"`` and ``"quadratic"`` come as near to the points as such a surface can.
        ``"thin-plate"`` goes through all of them with the least bending (J. Duchon, 1977).
    weights
        ``(N,)`` above 0; how much a point counts.
    smoothing
        Of the thin plate: how far it may stay from points of weight 1, for less bending. 0 goes
        through the points.

    Raises
    ------
    SurfaceError
        Fewer points than the kind needs, or points that leave it undecided (all on one line).
    """
    points = np.asarray(points_um, np.float64).reshape(-1, 3)
    trust = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    # In lengths of the cloud of points: no power of x grows large, and smoothing has no unit.
    centre = points[:, 1:].mean(axis=0) if len(points) else np.zeros(2)
    size = max(float(np.abs(points[:, 1:] - centre).max(initial=0.0)), 1e-9)
    places = (points[:, 1:] - centre) / size
    _check(places, kind)
    scaled = (
        _thin_plate(places, points[:, 0], smoothing / np.maximum(trust, 1e-6))
        if kind == "thin-plate"
        else _least_squares(places, points[:, 0], np.sqrt(trust), kind)
    )
    return lambda y_um, x_um: scaled((np.column_stack([y_um, x_um]) - centre) / size)


def on_grid(fitted: Fitted, y_um: NDArray[np.floating], x_um: NDArray[np.floating]) -> Floats:
    """Heights ``(Y, X)`` in µm over rows at ``y_um`` and columns at ``x_um``, both ascending."""
    axes = [np.asarray(axis, np.float64).ravel() for axis in (y_um, x_um)]
    nodes = [a if len(a) <= _NODES else np.linspace(a[0], a[-1], _NODES) for a in axes]
    rows, columns = np.meshgrid(*nodes, indexing="ij")
    coarse = fitted(rows.ravel(), columns.ravel()).reshape(rows.shape)
    if all(node is axis for node, axis in zip(nodes, axes, strict=True)):
        return coarse
    order = [min(3, len(axis) - 1) for axis in nodes]
    if min(order) == 0:  # a single row or column has no spline
        rows, columns = np.meshgrid(*axes, indexing="ij")
        return fitted(rows.ravel(), columns.ravel()).reshape(rows.shape)
    return np.asarray(RectBivariateSpline(*nodes, coarse, kx=order[0], ky=order[1])(*axes))


def _thin_plate(places: Floats, z_um: Floats, smoothing: Floats) -> Callable[[Floats], Floats]:
    plate = RBFInterpolator(places, z_um, kernel="thin_plate_spline", smoothing=smoothing)
    return lambda at: np.asarray(plate(at))


def _least_squares(
    places: Floats, z_um: Floats, root: Floats, kind: FitKind
) -> Callable[[Floats], Floats]:
    found = np.linalg.lstsq(_design(places, kind) * root[:, None], z_um * root, rcond=None)[0]
    return lambda at: np.asarray(_design(at, kind) @ found)


def _check(places: Floats, kind: FitKind) -> None:
    fewest, count = FEWEST[kind], len(places)
    if count < fewest:
        raise SurfaceError(
            f"{count} point(s) make no {kind} surface; give {fewest} or more, or another fit."
        )
    design = _design(places, kind)
    if np.linalg.matrix_rank(design, tol=1e-6) < design.shape[1]:
        where = "one line or one curve of second order" if kind == "quadratic" else "one line"
        raise SurfaceError(
            f"{count} point(s) do not span a {kind} surface; "
            f"give {fewest} or more that are not on {where}."
        )


def _design(places: Floats, kind: FitKind) -> Floats:
    y, x = places.T
    terms = [np.ones_like(y), y, x]
    if kind == "quadratic":
        terms += [y * y, y * x, x * x]
    return np.column_stack(terms)
