"""How good is a model: refocused planes against the mechanical scan, by refocus distance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.crossmodal import Widths, registered
from deepz_live.app.report.answers import Tuned
from deepz_live.app.report.pairs import Box, Field, Pair, label, measured_planes, open_field
from deepz_live.app.report.squares import busiest, with_margin
from deepz_live.app.trust.reference import ReferenceMeter
from deepz_live.image.metrics import Scores, compare
from deepz_live.model.bundle import Bundle, DistanceQuality, Reference, load_bundle
from deepz_live.refocus.engine import Engine, RefocusError, open_engine
from deepz_live.session.stack import read_stack
from deepz_live.train.description import finish_bundle
from deepz_live.train.targets import partners

INPUT_PLANES = 11
"""Input planes measured per stack, spread evenly over the model's range around the focus."""
INTO, OUT_OF = "into focus", "out of focus"
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Attributes
    ----------
    inputs
        Input planes a stack.
    scored_px
        Side of the square that is compared, that with the most signal in the field; None: all of
        it. The network sees the whole field in any case.
    deconvolution
        The known PSF tuned on a field; None leaves that answer out (it takes a second a pair).
    """

    inputs: int = INPUT_PLANES
    scored_px: int | None = None
    deconvolution: Callable[[Field], Tuned] | None = None


def evaluate(
    bundle: Bundle,
    stacks: Sequence[Path],
    box: Box | None = None,
    *,
    targets: Sequence[Path] = (),
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
    targets
        For a bundle whose planes are of another modality: stacks of that, one for each of
        ``stacks``, of the same file name or in the same order. They are registered first.

    Returns
    -------
    ``per_distance`` (rows of :class:`DistanceQuality` as dicts: the network's scores, under
    ``baseline`` those of the unrefocused input, under ``mean`` those of the mean of the scan's
    planes), ``per_direction`` (the same by distance, apart for targets sharper and less sharp than
    their input), ``pixel_size_um``, ``z_range_um``, ``network``, ``seconds_per_plane``,
    ``reference`` (what the input planes are like, see :class:`model.bundle.Reference`). With
    ``targets`` also, in the rows, ``same_depth``: the frames' own modality at the target's depth,
    and ``axial_fwhm_um``: median thickness along z in the truth, in the virtual stack and in the
    frames' own modality.

    Raises
    ------
    RefocusError
        A stack of another pixel size, or too coarse in z for the model's planes; targets where
        none belong, or the reverse.
    TrainingError
        Targets that do not belong to the stacks or cannot be registered.
    """
    pairing = dict(zip(stacks, partners(stacks, targets), strict=True)) if targets else {}
    return measure(
        bundle, [(path, box) for path in stacks], targets=pairing, report=report, engine=engine
    )


def measure(
    bundle: Bundle,
    parts: Sequence[tuple[Path, Box | None]],
    *,
    targets: Mapping[Path, Path] | None = None,
    report: Callable[[str], None] = lambda _: None,
    engine: Engine | None = None,
    effort: Effort | None = None,
) -> dict[str, Any]:
    """:func:`evaluate` on parts of stacks, each with a box of its own (None: the whole field)."""
    own = engine is None
    engine = engine or open_engine(bundle)
    effort = effort or Effort()
    rows: list[Row] = []
    seconds: list[float] = []
    widths, reference = Widths(), ReferenceMeter()
    try:
        for path, group in groupby(parts, key=lambda part: part[0]):
            report(f"Measuring on {label(path)}")
            stack = read_stack(path)
            other = registered(path, targets[path], bundle.facts.optics) if targets else None
            for _, box in group:
                field = open_field(bundle, stack, box, path, other)
                rows += _scored(engine, field, effort, seconds, reference)
                if field.crossmodal:
                    widths.add(engine, field)
    finally:
        if own:
            engine.close()
    if not rows:
        raise RefocusError(
            "No plane of these stacks has a partner at any refocus distance of the model; "
            "give stacks with at least twice its range."
        )
    return {
        "per_distance": _per_distance(rows),
        "per_direction": _per_direction(rows),
        "pixel_size_um": bundle.facts.pixel_size_um,
        "z_range_um": list(bundle.facts.z_range_um),
        "network": bundle.facts.network,
        "seconds_per_plane": float(np.median(seconds)) / len(bundle.facts.z_planes_um),
        "stacks": list(dict.fromkeys(label(path) for path, _ in parts)),
        "provider": engine.provider,
        "reference": reference.result().model_dump(mode="json"),
        **widths.facts(),
    }


def record_quality(
    bundle: Bundle, report: dict[str, Any], evidence: dict[str, Any] | None = None
) -> Bundle:
    """Write measured quality into the bundle, its facts and its README; returns it reloaded.

    ``evidence`` is the summary of a full report; without one, what an earlier report said of
    other weights is taken away.
    """
    rows = tuple(DistanceQuality.model_validate(row) for row in report["per_distance"])
    reference = Reference.model_validate(report["reference"])
    facts = bundle.facts.model_copy(
        update={"quality": rows, "reference": reference, "evidence": evidence or {}}
    )
    finish_bundle(bundle.path, facts)
    return load_bundle(bundle.path)


@dataclass(frozen=True)
class Row:
    """Scores of one pair, by answer."""

    pair: Pair
    scores: dict[str, dict[str, float]]


def _scored(
    engine: Engine,
    field: Field,
    effort: Effort,
    seconds: list[float],
    reference: ReferenceMeter,
) -> Iterator[Row]:
    inner = busiest(field, effort.scored_px)
    mean = field.mean_image()[inner]
    planes = measured_planes(field.facts.z_planes_um)
    normalised = field.facts.output_normalization.forward
    tuned = effort.deconvolution(field) if effort.deconvolution is not None else None
    for source in field.sources(effort.inputs):
        started = perf_counter()
        volume = engine.volume(field.voxels[source])
        seconds.append(perf_counter() - started)
        reference.add(engine, field.voxels[source], volume)
        frame = field.normalised(source)
        for pair in field.pairs(source, planes):
            images = {
                "refocused": normalised(volume[pair.plane][inner]),
                "baseline": frame[inner],
                "mean": mean,
            }
            if field.crossmodal:
                images["same_depth"] = field.normalised(pair.target)[inner]
            if tuned is not None:
                images["deconvolved"] = deconvolved(tuned, frame, inner, pair)
            truth = field.wanted(pair.target)[inner]
            yield Row(pair, {name: scored(image, truth, field) for name, image in images.items()})


def scored(image: Image, truth: Image, field: Field) -> dict[str, float]:
    """All scores of ``image`` against ``truth``, with the mean squared error (paper Eq. 10)."""
    scores = compare(image, truth, field.pixel_size_um)
    return {"mse": scores["rmse"] ** 2, **_plain(scores)}


def deconvolved(tuned: Tuned, frame: Image, inner: Box, pair: Pair) -> Image:
    """The known PSF's answer in ``inner``, worked out with the light from around it."""
    wide, inside = with_margin(frame.shape, inner)
    return tuned.answer(frame[wide], pair.distance_um, pair.sharper)[inside]


def _per_distance(rows: Sequence[Row]) -> list[dict[str, Any]]:
    groups: dict[float, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.pair.distance_um].append(row)
    found = []
    for distance in sorted(groups):
        group = groups[distance]
        means = _means(group)
        own = means.pop("refocused")
        quality = DistanceQuality.model_validate(
            {"dz_um": distance, "n": len(group), **own, **means, "spread": _spread(group)}
        )
        found.append(quality.model_dump(exclude_none=True))
    return found


def _per_direction(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """By distance without its sign, apart for targets sharper and less sharp than their input."""
    groups: dict[tuple[float, bool], list[Row]] = defaultdict(list)
    for row in rows:
        if row.pair.source != row.pair.target:
            groups[abs(row.pair.distance_um), not row.pair.sharper].append(row)
    return [
        {
            "abs_dz_um": distance,
            "direction": OUT_OF if blunter else INTO,
            "n": len(groups[distance, blunter]),
            **_means(groups[distance, blunter]),
        }
        for distance, blunter in sorted(groups)
    ]


def _means(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    return {
        answer: {
            key: float(np.mean([row.scores[answer][key] for row in rows]))
            for key in rows[0].scores[answer]
        }
        for answer in rows[0].scores
    }


def _spread(rows: Sequence[Row]) -> dict[str, float]:
    """Standard deviation of the network's scores over pairs."""
    return {
        key: float(np.std([row.scores["refocused"][key] for row in rows]))
        for key in rows[0].scores["refocused"]
    }


def _plain(scores: Scores) -> dict[str, float]:
    return {str(key): float(value) for key, value in scores.items()}  # type: ignore[arg-type]
