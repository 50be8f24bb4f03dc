"""Series on the built-in microscope: less light, more beads, other samples, other optics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.app.report.context import Context, Image
from deepz_live.app.report.figures import curves
from deepz_live.app.report.scenes import base_profile, changed, shoot
from deepz_live.app.report.section import Picture, Section, Table, not_measured
from deepz_live.app.report.surfaces import surfaces
from deepz_live.config import Profile
from deepz_live.image.metrics import correlation

SHARES = (-0.8, -0.4, 0.4, 0.8)
"""Input planes as shares of the model's reach; all are brought back to the middle plane."""
SEEDS = 2
EXPOSURES = (0.05, 0.15, 0.5, 1.0, 3.0, 10.0)
PHOTONS = (0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0)
DENSITIES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
KINDS = ("beads-flat", "beads-volume", "worm", "filaments", "mitochondria", "nuclei")
Sections = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Variant:
    """One point of a series: its name, its place on the axis, what it changes."""

    name: str
    x: float | None
    changes: Sections


def all_series(context: Context) -> list[Section]:
    """Every series; a scene that these optics cannot show is said to be missing."""
    profile = base_profile(context.bundle, context.stacks)
    specimen = profile.specimen
    made = [
        exposure(context, profile),
        _series(
            context, profile, "photons", "How bright must the sample be?",
            "The sample's own brightness changes, the background stays.",
            [Variant(f"{f:g} ×", f, {"specimen": {"photons": specimen.peak_electrons * f}})
             for f in PHOTONS], "brightness, usual = 1",
        ),
        _series(
            context, profile, "density", "How crowded may the sample be?",
            "More and more of the sample's beads, neurons or filaments in the same volume.",
            [Variant(f"{f:g} ×", f, {"specimen": {
                "beads_per_100um2": specimen.beads_per_100um2 * f,
                "density": specimen.density * f}}) for f in DENSITIES], "density, usual = 1",
        ),
        _series(
            context, profile, "samples", "Does it work on other samples?",
            f"Other built-in samples than {specimen.kind}, which these stacks show; what the model "
            "was trained on is said in the bundle.",
            [Variant(kind, None, {"specimen": {"kind": kind, "photons": None, "depth_um": None}})
             for kind in KINDS], "sample",
        ),
        _series(
            context, profile, "optics", "Does it work with other optics?",
            "The same sample through other optics than those the model was trained for.",
            _optics(profile), "optics",
        ),
    ]  # fmt: skip
    return [*made, surfaces(context, profile)]


def exposure(
    context: Context,
    profile: Profile,
    seeds: Sequence[int] = range(SEEDS),
    times: Sequence[float] = EXPOSURES,
) -> Section:
    """The series of exposures, as multiples ``times`` of the profile's (paper Fig. S10)."""
    usual_ms = profile.camera.exposure_ms
    return _series(
        context, profile, "exposure", "How little light is enough?",
        f"Exposure from {min(times):g} to {max(times):g} times the trained one (paper Fig. S10). "
        "“Rescaled” multiplies the frame to the trained brightness before refocusing.",
        [Variant(f"{f:g} ×", f, {"camera": {"exposure_ms": usual_ms * f}}) for f in times],
        "exposure, trained = 1", seeds,
    )  # fmt: skip


def _optics(profile: Profile) -> list[Variant]:
    optics = profile.optics
    return [
        Variant("as trained", None, {}),
        *(Variant(f"NA {na:.3g}", None, {"optics": {"na": na}})
          for na in (optics.na * 0.8, min(optics.na * 1.1, optics.immersion_index * 0.95))),
        *(Variant(f"{depth:g} µm deep", None, {"optics": {"depth_um": depth}})
          for depth in (0.0, 2 * optics.depth_um)),
        Variant(f"{optics.emission_nm * 0.87:.0f} nm", None,
                {"optics": {"emission_nm": optics.emission_nm * 0.87}}),
    ]  # fmt: skip


def _series(
    context: Context, profile: Profile, key: str, question: str, method: str,
    variants: Sequence[Variant], x_label: str, seeds: Sequence[int] = range(SEEDS),
) -> Section:  # fmt: skip
    rows: list[dict[str, Any]] = []
    for variant in variants:
        context.note(f"Series {key}: {variant.name}")
        try:
            scores = list(_scores(context, profile, variant, seeds))
        except MicroscopeError as error:
            return not_measured(key, question, str(error))
        means = {n: float(np.mean([one[n] for one in scores])) for n in scores[0]}
        rows.append({"name": variant.name, "x": variant.x, "n": len(scores), "corr": means})
    names = list(rows[0]["corr"])
    picture = []
    if rows[0]["x"] is not None:
        x = [row["x"] for row in rows]
        lines = {name: (x, [row["corr"][name] for row in rows]) for name in names}
        picture = [Picture(key, question, curves([("corr", lines)], x_label, log_x=True))]
    distance = ", ".join(f"{share * context.reach_um:+g}" for share in SHARES)
    return Section(
        key,
        question,
        f"{method} {len(seeds)} scenes of the built-in microscope never used for training; frames "
        f"taken {distance} µm from the middle plane and brought back to it, compared with the "
        "middle plane recorded without noise.",
        _findings(rows),
        [Table((x_label, "n", *_heads(names)),
               [[row["name"], str(row["n"]), *(f"{row['corr'][n]:.3f}" for n in names)]
                for row in rows], "Mean correlation with the truth.")],
        picture,
        {"rows": rows},
        {row["name"]: row["corr"]["refocused"] for row in rows},
    )  # fmt: skip


def _heads(names: Sequence[str]) -> list[str]:
    words = {"refocused": "this model", "baseline": "input as it is", "rescaled": "rescaled"}
    return [words[name] for name in names]


def _findings(rows: Sequence[dict[str, Any]]) -> list[str]:
    behind = [row["name"] for row in rows if row["corr"]["refocused"] <= row["corr"]["baseline"]]
    worst = min(rows, key=lambda row: row["corr"]["refocused"])
    best = max(rows, key=lambda row: row["corr"]["refocused"])
    sentences = [
        f"Best: {best['name']} (correlation {best['corr']['refocused']:.3f}); worst: "
        f"{worst['name']} ({worst['corr']['refocused']:.3f}, the input as it is "
        f"{worst['corr']['baseline']:.3f})."
    ]
    if behind:
        sentences.append(f"Not better than the input as it is: {', '.join(behind)}.")
    return sentences


def _scores(
    context: Context, profile: Profile, variant: Variant, seeds: Sequence[int]
) -> Iterator[dict[str, float]]:
    facts = context.bundle.facts
    rescaled = "exposure_ms" in variant.changes.get("camera", {})
    for seed in seeds:
        scene = changed(profile, seed, **variant.changes)
        quiet = dict(variant.changes)
        quiet["camera"] = {**variant.changes.get("camera", {}), "noise": False}
        truth = _one(changed(profile, seed, **quiet))
        heights = [share * context.reach_um for share in SHARES]
        for frame, height in zip(shoot(scene, heights).frames, heights, strict=True):
            plane = context.nearest_plane(-height)
            found = {
                "baseline": correlation(facts.normalization.forward(frame), truth),
                "refocused": correlation(context.engine.volume(frame)[plane], truth),
            }
            if rescaled:
                factor = profile.camera.exposure_ms / scene.camera.exposure_ms
                offset = scene.camera.offset_counts
                scaled = (frame.astype(np.float32) - offset) * np.float32(factor) + offset
                made = context.engine.volume(scaled.astype(np.float32))[plane]
                found["rescaled"] = correlation(made, truth)
            yield found


def _one(profile: Profile) -> Image:
    return np.asarray(shoot(profile, [0.0]).frames[0], np.float32)
