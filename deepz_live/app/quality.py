"""How good is a model: refocused planes against the mechanical scan, by refocus distance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.image.focus import middle_plane
from deepz_live.image.metrics import Scores, compare
from deepz_live.model.bundle import Bundle, DistanceQuality, load_bundle
from deepz_live.refocus.engine import Engine, RefocusError, open_engine
from deepz_live.session.stack import Stack, read_stack
from deepz_live.train.description import finish_bundle

INPUT_PLANES = 11
"""Input planes measured per stack, spread evenly over the model's range around the focus."""
DISTANCES = 21
PIXEL_TOLERANCE = 0.02
Box = tuple[slice, slice]
Image = NDArray[np.float32]


def evaluate(
    bundle: Bundle,
    stacks: Sequence[Path],
    box: Box | None = None,
    *,
    report: Callable[[str], None] = lambda _: None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Measure a bundle on z-stacks that it was not trained on.

    Inputs and targets are the planes within the model's range around the sharpest plane, as in
    training; scores are taken on images normalised by the bundle and averaged over pairs.

    Parameters
    ----------
    box
        Part of the field, ``(slice in y, slice in x)``; only that part is shown to the network.

    Returns
    -------
    ``per_distance`` (rows of :class:`DistanceQuality` as dicts, the unrefocused input under
    ``baseline``), ``pixel_size_um``, ``z_range_um``, ``network``, ``seconds_per_plane``.

    Raises
    ------
    RefocusError
        A stack of another pixel size, or too coarse in z for the model's planes.
    """
    return measure(bundle, [(path, box) for path in stacks], report=report, engine=engine)


def measure(
    bundle: Bundle,
    parts: Sequence[tuple[Path, Box | None]],
    *,
    report: Callable[[str], None] = lambda _: None,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """:func:`evaluate` on parts of stacks, each with a box of its own (None: the whole field)."""
    own = engine is None
    engine = engine or open_engine(bundle)
    rows: dict[float, list[tuple[Scores, Scores]]] = defaultdict(list)
    seconds: list[float] = []
    try:
        for path, group in groupby(parts, key=lambda part: part[0]):
            report(f"Measuring on {path.name}")
            stack = read_stack(path)
            _check_sampling(bundle, stack, path)
            for _, box in group:
                voxels = _cut(stack, box, path)
                for distance, refocused, baseline in _pairs(engine, stack, voxels, seconds):
                    rows[distance].append((refocused, baseline))
    finally:
        if own:
            engine.close()
    if not rows:
        raise RefocusError(
            "No plane of these stacks has a partner at any refocus distance of the model; "
            "give stacks with at least twice its range."
        )
    return {
        "per_distance": [_row(dz, rows[dz]).model_dump() for dz in sorted(rows)],
        "pixel_size_um": bundle.facts.pixel_size_um,
        "z_range_um": list(bundle.facts.z_range_um),
        "network": bundle.facts.network,
        "seconds_per_plane": float(np.median(seconds)) / len(bundle.facts.z_planes_um),
        "stacks": list(dict.fromkeys(path.name for path, _ in parts)),
        "provider": engine.provider,
    }


def record_quality(bundle: Bundle, report: dict[str, Any]) -> Bundle:
    """Write measured quality into the bundle, its facts and its README; returns it reloaded."""
    rows = tuple(DistanceQuality.model_validate(row) for row in report["per_distance"])
    facts = bundle.facts.model_copy(update={"quality": rows})
    finish_bundle(bundle.path, facts)
    return load_bundle(bundle.path)


def _pairs(
    engine: Engine, stack: Stack, voxels: NDArray[Any], seconds: list[float]
) -> Iterator[tuple[float, Scores, Scores]]:
    facts, step_um, pixel_size_um = engine.bundle.facts, stack.z_step_um, stack.pixel_size_um
    normalised = facts.normalization.forward
    reach = round(facts.z_range_um[1] / step_um)
    middle = middle_plane(voxels, reach)
    low, high = max(0, middle - reach), min(len(voxels) - 1, middle + reach)
    for index in np.unique(np.linspace(low, high, INPUT_PLANES).round().astype(int)):
        started = perf_counter()
        volume = engine.volume(voxels[index])
        seconds.append(perf_counter() - started)
        source = normalised(voxels[index])
        for plane in _measured(facts.z_planes_um):
            distance = facts.z_planes_um[plane]
            target = index + round(distance / step_um)
            if low <= target <= high:
                truth = normalised(voxels[target])
                yield (
                    distance,
                    compare(normalised(volume[plane]), truth, pixel_size_um),
                    compare(source, truth, pixel_size_um),
                )


def _cut(stack: Stack, box: Box | None, path: Path) -> NDArray[Any]:
    if box is None:
        return stack.voxels
    height, width = stack.voxels.shape[1:]
    if box[0].stop > height or box[1].stop > width:
        raise RefocusError(
            f"Region {box[0].start}:{box[0].stop},{box[1].start}:{box[1].stop} leaves the field "
            f"of {path.name}, which is {height} × {width} pixels; choose a region inside it."
        )
    return stack.voxels[:, box[0], box[1]]


def _measured(z_planes_um: Sequence[float]) -> list[int]:
    """Indices of the planes to measure: at most ``DISTANCES``, symmetric about the input plane."""
    centre = int(np.argmin(np.abs(z_planes_um)))
    stride = -(-len(z_planes_um) // DISTANCES)
    return [k for k in range(len(z_planes_um)) if (k - centre) % stride == 0]


def _check_sampling(bundle: Bundle, stack: Stack, path: Path) -> None:
    facts = bundle.facts
    if abs(stack.pixel_size_um / facts.pixel_size_um - 1) > PIXEL_TOLERANCE:
        raise RefocusError(
            f"{path.name} has pixels of {stack.pixel_size_um:g} µm, but bundle {bundle.name} was "
            f"trained at {facts.pixel_size_um:g} µm; use a bundle for this magnification and "
            "binning."
        )
    ratios = np.diff(facts.z_planes_um)[0] / stack.z_step_um
    if abs(ratios - round(ratios)) > 0.05 or ratios < 0.95:
        raise RefocusError(
            f"{path.name} has a z step of {stack.z_step_um:g} µm, but the planes of bundle "
            f"{bundle.name} are {np.diff(facts.z_planes_um)[0]:g} µm apart; give a stack whose "
            "step divides that."
        )


def _row(distance: float, pairs: list[tuple[Scores, Scores]]) -> DistanceQuality:
    refocused, baseline = (_mean([pair[k] for pair in pairs]) for k in (0, 1))
    return DistanceQuality(dz_um=distance, n=len(pairs), baseline=baseline, **refocused)


def _mean(scores: Sequence[Scores]) -> dict[str, Any]:
    return {key: float(np.mean([s[key] for s in scores])) for key in Scores.__annotations__}  # type: ignore[literal-required]
