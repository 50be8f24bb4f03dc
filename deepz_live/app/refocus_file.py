"""Images from disk refocused offline: to planes, or onto a surface; one or a whole series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.frames_for import Tell, frames_for
from deepz_live.app.surfaces.choose import Auto, read_choice, surface_in
from deepz_live.app.surfaces.slope import slope_warning
from deepz_live.image.dpm import Surface
from deepz_live.image.surface_text import surface_text
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import check_recorded
from deepz_live.refocus.engine import Engine, RefocusError, open_engine, planes_at
from deepz_live.refocus.planes import check_range
from deepz_live.session.errors import StackError
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.inferred import InferredFacts, check_name, write_inferred
from deepz_live.session.series import SeriesChoice

MAX_PLANES = 1000


@dataclass(frozen=True, slots=True)
class Refocusing:
    """What to make of each frame.

    Attributes
    ----------
    z
        ``"a:b:step"`` in µm, both ends included, or one distance.
    surface
        Instead of ``z``: a surface or its text, e.g. ``"tilt:1.5,0"``, or ``"auto"``, which is
        found in the first frame.
    resample
        Bring frames of another pixel size to the model's.
    """

    z: str | None = None
    surface: str | Surface | None = None
    resample: bool = False


def refocus_file(
    path: Path,
    bundle: Bundle,
    *,
    out: Path,
    what: Refocusing,
    choice: SeriesChoice | None = None,
    provider: str | None = None,
    engine: Engine | None = None,
    tell: Tell = lambda _: None,
) -> Path:
    """Refocus the image, time series or session at ``path`` and write planes to ``out``.

    Parameters
    ----------
    out
        ``.ome.tif`` or ``.zarr``; a series keeps its times.
    choice
        What the file does not say of itself.
    engine
        A running engine of ``bundle``; without it one is opened and closed here.
    tell
        Gets sentences: what was assumed, and how far the work is.

    Raises
    ------
    RefocusError
        Neither or both of ``z`` and ``surface``; a distance outside the model's range; an image
        of another pixel size.
    SurfaceError, StackError, SessionError
        The surface or the images cannot be read; ``out`` cannot be written.
    """
    if (what.z is None) == (what.surface is None):
        raise RefocusError("Refocusing needs either z (a:b:step) or a surface; give one of them.")
    distances = parse_distances(what.z) if what.z is not None else ()
    surface = read_choice(what.surface) if what.surface is not None else None
    check_range(distances, bundle.facts.z_planes_um)
    _check_apart(out, path)
    assumed: list[str] = []
    chosen = choice or SeriesChoice()
    series, notes = frames_for(bundle, path, chosen, what.resample, assumed.append)
    size_um = bundle.facts.pixel_size_um
    if surface is not None and not isinstance(surface, Auto):
        # Before the network starts: what it cannot make is known already.
        check_range(surface.dpm(series.info.shape, size_um), bundle.facts.z_planes_um)
    check_name(out)
    for sentence in assumed:
        tell(sentence)
    dpm = None
    running = engine if engine is not None else open_engine(bundle, provider=provider)
    with closing(series), nullcontext() if engine is not None else closing(running):
        for warning in check_recorded(bundle, series):
            tell(f"Warning: {warning}")
        if surface is not None:
            rule = surface_in(surface, running, series.frame(0).pixels)
            dpm = rule.dpm(series.info.shape, size_um)
            check_range(dpm, bundle.facts.z_planes_um)
            notes["surface"] = surface_text(rule)
            if (steep := slope_warning(dpm, size_um, bundle.facts)) is not None:
                tell(steep)
        facts = InferredFacts(
            distances_um=distances or (float("nan"),),
            pixel_size_um=size_um,
            bundle_id=f"{bundle.name} {bundle.sha256[:12]}",
            source=path.name,
            times_s=[one.time_s for one in series.facts] if _has_times(series) else (),
            extra=notes,
        )
        stacks = _refocused_series(running, series, distances, dpm, tell)
        write_inferred(out, stacks, len(series), facts)
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


def _check_apart(out: Path, source: Path) -> None:
    """What the camera took is never written over by what was inferred from it."""
    target, own = out.resolve(), source.resolve()
    if target == own or own in target.parents:
        raise StackError(
            f"Could not write {out}: that is the recording itself, or inside of it; give another "
            "name."
        )


def _has_times(series: FrameSeries) -> bool:
    return len(series) > 1 and series.info.frame_rate_hz > 0


def _refocused_series(
    engine: Engine,
    series: FrameSeries,
    distances: tuple[float, ...],
    dpm: NDArray[np.float32] | None,
    tell: Tell,
) -> Iterator[NDArray[np.float32]]:
    every: Sequence[int] = range(0, len(series), max(1, len(series) // 20))
    for number in range(len(series)):
        yield refocused(engine, series.frame(number).pixels, distances, dpm)
        if len(series) > 1 and number in every:
            tell(f"Refocused {number + 1} of {len(series)} frames")
