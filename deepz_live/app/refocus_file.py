"""One image refocused offline: to planes, or onto a surface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.surfaces.choose import read_choice, surface_in
from deepz_live.app.surfaces.slope import slope_warning
from deepz_live.image.dpm import Surface
from deepz_live.image.surface_text import surface_text
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import same_pixel_size
from deepz_live.refocus.engine import Engine, RefocusError, open_engine, planes_at
from deepz_live.refocus.planes import check_range
from deepz_live.session.stack import read_image, write_planes

MAX_PLANES = 1000


def refocus_file(
    image_path: Path,
    bundle: Bundle,
    *,
    out: Path,
    z: str | None = None,
    surface: str | Surface | None = None,
    provider: str | None = None,
    engine: Engine | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Path:
    """Refocus the image at ``image_path`` and write planes (or one surface) to ``out``.

    Parameters
    ----------
    z
        ``"a:b:step"`` in µm, both ends included, or one distance.
    surface
        Instead of ``z``: a surface or its text, e.g. ``"tilt:1.5,0"``, or ``"auto"``.
    engine
        A running engine of ``bundle``; without it one is opened and closed here.
    note
        Is told where the surface is steeper than the model follows.

    Raises
    ------
    RefocusError
        Neither or both of ``z`` and ``surface``; a distance outside the model's range; an image
        of another pixel size.
    SurfaceError, StackError
        The surface or the image cannot be read.
    """
    if (z is None) == (surface is None):
        raise RefocusError("Refocusing needs either z (a:b:step) or a surface; give one of them.")
    distances = parse_distances(z) if z is not None else ()
    choice = read_choice(surface) if surface is not None else None
    check_range(distances, bundle.facts.z_planes_um)
    pixels, pixel_size_um = read_image(image_path)
    _check_pixel_size(image_path, pixel_size_um, bundle)
    size_um = bundle.facts.pixel_size_um
    rule, dpm = None, None
    running = engine if engine is not None else open_engine(bundle, provider=provider)
    try:
        if choice is not None:
            rule = surface_in(choice, running, pixels)
            dpm = rule.dpm((pixels.shape[0], pixels.shape[1]), size_um)
            check_range(dpm, bundle.facts.z_planes_um)
            if (warning := slope_warning(dpm, size_um, bundle.facts)) is not None:
                note(warning)
        planes = refocused(running, pixels, distances, dpm)
    finally:
        if engine is None:
            running.close()
    write_planes(
        out,
        planes,
        distances or (float("nan"),),
        pixel_size_um=size_um,
        bundle_id=f"{bundle.name} {bundle.sha256[:12]}",
        source=image_path.name,
        extra=None if rule is None else {"surface": surface_text(rule)},
    )
    return out


def parse_distances(text: str) -> tuple[float, ...]:
    """``"-5:5:0.5"`` or ``"3"`` to distances in µm, both ends included.

    Raises
    ------
    RefocusError
        Not one or three numbers, or a step that does not lead from start to end.
    """
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and np.isfinite(numbers[0]):
        return (numbers[0],)
    if len(numbers) != 3 or not np.isfinite(numbers).all():
        raise RefocusError(f"--z {text!r} cannot be read; give a:b:step in µm, e.g. -5:5:0.5.")
    start, end, step = numbers
    count = (end - start) / step if step else -1.0
    if count < -1e-9 or count >= MAX_PLANES:
        raise RefocusError(
            f"--z {text!r} makes no list of planes: from {start:g} to {end:g} µm in steps of "
            f"{step:g} µm; give a step towards the end that makes at most {MAX_PLANES} planes."
        )
    steps = np.arange(int(np.floor(count + 1e-9)) + 1)
    return tuple(round(float(value), 9) for value in start + step * steps)


def refocused(
    engine: Engine,
    pixels: NDArray[np.generic],
    distances: tuple[float, ...],
    dpm: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Planes ``(P, Y, X)`` at ``distances``, or ``(1, Y, X)`` along ``dpm``; float32 counts.

    Raises
    ------
    RefocusError
        Outside the model's range.
    """
    if dpm is not None:
        return engine.surface(pixels, dpm)[None]
    facts = engine.bundle.facts
    if facts.network == "generator":
        planes = [engine.surface(pixels, _flat(pixels, distance)) for distance in distances]
        return np.stack(planes)
    return planes_at(engine.volume(pixels), facts.z_planes_um, distances)


def _flat(pixels: NDArray[np.generic], distance_um: float) -> NDArray[np.float32]:
    return np.full(pixels.shape, distance_um, np.float32)


def _check_pixel_size(path: Path, found_um: float | None, bundle: Bundle) -> None:
    """An image that does not tell its pixel size is taken at its word by the operator."""
    wanted_um = bundle.facts.pixel_size_um
    if found_um is not None and not same_pixel_size(found_um, wanted_um):
        raise RefocusError(
            f"{path.name} has pixels of {found_um:.4g} µm, but the model was trained on "
            f"{wanted_um:.4g} µm; resample the image or use a model trained at its pixel size."
        )
