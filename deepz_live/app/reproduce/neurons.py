"""Fig. 3: neurons and their activity from one focal plane, and from its raw frames; S18."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from deepz_live.app.analyze.dose import analyze_dose
from deepz_live.app.analyze.known_neurons import scores
from deepz_live.app.analyze.neuron_figure import figure
from deepz_live.app.analyze.neurons import analyze_neurons
from deepz_live.app.analyze.rehearsal import moving_worm, record
from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.lab import WORM, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row, close_to
from deepz_live.app.reproduce.scenes import FIRST_SEED
from deepz_live.app.reproduce.step import Step

CHANNELS = ("TexasRed", "FITC")
PAPER = {"volume": 155, "flat": 99, "groups": 3}
CLAIMS = ("neurons.count", "neurons.active", "neurons.groups", "neurons.traces", "dose.planes")


@dataclass(frozen=True, slots=True)
class Effort:
    worms: int
    side_px: int = 384
    rounds_hz: float = 3.6
    seconds: float = 35.0
    first: int = 500


@dataclass(frozen=True, slots=True)
class _Worm:
    """One recording, remembered by itself."""

    seed: int
    side_px: int
    rounds_hz: float
    seconds: float


def measure(lab: Lab, effort: Effort) -> Outcome:
    """Rows of Fig. 3 and S18, and the figure of the first worm."""
    seeds = range(FIRST_SEED + effort.first, FIRST_SEED + effort.first + effort.worms)
    worms = [_Worm(s, effort.side_px, effort.rounds_hz, effort.seconds) for s in seeds]
    records = []
    for number, worm in enumerate(worms, start=1):
        lab.note(f"Neurons, worm {number} of {len(worms)}")
        name, make = f"neurons-{worm.seed}", partial(_one, lab, worm)
        records.append(lab.remember(name, (WORM,), worm, make))
    found = [dict(record.facts) for record in records]
    on = (
        f"built-in microscope, {len(worms)} moving worm(s) of {_listed(found, 'neurons')} known "
        f"neurons, {effort.rounds_hz:g} rounds/s for {effort.seconds:g} s, {effort.side_px}² "
        f"pixels; {WORM} for both channels"
    )
    section = _section(found, records[0].pictures["neurons"])
    return Outcome(_rows(found, on), (section,))


def _one(lab: Lab, worm: _Worm) -> tuple[dict[str, Any], dict[str, bytes]]:
    bundle = lab.bundle(WORM)
    with TemporaryDirectory() as folder:
        session = Path(folder) / "session"
        known = record(
            moving_worm(worm.seed, worm.side_px), session, channels=CHANNELS,
            rounds_hz=worm.rounds_hz, seconds=worm.seconds,
        )  # fmt: skip
        provider = lab.engine(WORM).provider
        result = analyze_neurons(session, bundle, provider=provider, note=lab.note)
        dose = analyze_dose(session, bundle, out=Path(folder) / "dose")
    facts = {
        "seed": worm.seed,
        "neurons": len(known.positions_um),
        "truly_active": sum(name != "silent" for name in known.clusters),
        "volume": scores(result.volume, known),
        "flat": scores(result.flat, known),
        "times_less_light": dose["channels"][0]["times_less_light"],
    }
    return facts, {"neurons": figure(result.volume)}


def _rows(found: Sequence[dict[str, Any]], on: str) -> tuple[Row, ...]:
    volume, flat = (float(np.mean([f[way]["found"] for f in found])) for way in ("volume", "flat"))
    real, real_flat = (_real(found, way) for way in ("volume", "flat"))
    ratio = real / real_flat if real_flat else float("inf")
    wanted = PAPER["volume"] / PAPER["flat"]
    right = _mean(found, "volume", "in_3d")
    side, raw = _mean(found, "volume", "sideways"), _mean(found, "flat", "sideways")
    groups = [f["volume"]["k"] for f in found]
    odd = sum(k != PAPER["groups"] for k in groups)
    light = found[0]["times_less_light"]
    return (
        Row(
            "neurons.count",
            f"{volume:.0f} in 3D, {flat:.0f} in 2D; of them {real:.0f} and {real_flat:.0f} are "
            f"there ({ratio:.2f} times)",
            "as in the paper" if close_to(ratio, wanted)
            else "better" if ratio > wanted else "worse",
            "mean over the worms; there: within 3 µm sideways of a neuron; judged by the ratio of "
            "those, within 5 % is the same",
            on,
            f"The truth is known here: within 3 µm in 3D recall {right[0]:.2f}, precision "
            f"{right[1]:.2f}; sideways alone {side[0]:.2f} and {side[1]:.2f}, raw frames "
            f"{raw[0]:.2f} and {raw[1]:.2f}. So {1 - right[1]:.0%} of those found in 3D are none, "
            "or not where they are said to be, which a count alone does not tell.",
        ),
        Row(
            "neurons.active",
            f"{_listed(found, 'active', 'volume')} of {_listed(found, 'found', 'volume')}",
            "not comparable",
            "threshold by Otsu's method on the deviations of ΔF/F₀",
            on,
            f"Another animal. Truly active are {_listed(found, 'truly_active')}.",
        ),
        Row(
            "neurons.groups",
            f"k = {', '.join(map(str, groups))}",
            "worse" if odd else "as in the paper",
            "eigen-gap of the courses of activity; three groups are true in every worm",
            on,
            (f"Wrong in {odd} of {len(groups)} worm(s). " if odd else "")
            + f"In a group are {_listed(found, 'grouped', 'volume')} of the "
            f"{_listed(found, 'found_active', 'volume')} truly active ones found active; the "
            "others lie between groups. Adjusted Rand index of the grouped (1: all in the right "
            f"one): {_texts(found, 'volume', 'rand_index')}, raw frames "
            f"{_texts(found, 'flat', 'rand_index')}.",
        ),
        Row(
            "neurons.traces",
            f"median correlation {_texts(found, 'volume', 'median_correlation')}",
            "not comparable",
            "ΔF of found neurons within 3 µm of a truly active one, with the true trace",
            on,
            f"Above 0.8: {_texts(found, 'volume', 'correlation_above_0.8')} of them; in raw frames "
            f"the fewer found have {_texts(found, 'flat', 'median_correlation')} and "
            f"{_texts(found, 'flat', 'correlation_above_0.8')}. The paper knows no true trace.",
        ),
        Row(
            "dose.planes",
            f"a scan would take {light} times as much",
            "as in the paper",
            "exposures of the recording for each plane seen, against a scan of the same planes",
            on,
            "This is counted, not measured.",
        ),
    )  # fmt: skip


def _real(found: Sequence[dict[str, Any]], way: str) -> float:
    """How many of the found are where a neuron is, seen from above."""
    return float(np.mean([f[way]["found"] * f[way]["sideways"]["precision"] for f in found]))


def _mean(found: Sequence[dict[str, Any]], way: str, kind: str) -> tuple[float, float]:
    """Mean recall and precision."""
    pairs = [(f[way][kind]["recall"], f[way][kind]["precision"]) for f in found]
    recall, precision = np.mean(pairs, axis=0)
    return float(recall), float(precision)


def _listed(found: Sequence[dict[str, Any]], key: str, way: str | None = None) -> str:
    values = [f[way][key] if way else f[key] for f in found]
    return ", ".join(str(value) for value in values)


def _texts(found: Sequence[dict[str, Any]], way: str, key: str) -> str:
    values = [f[way][key] for f in found]
    return ", ".join("-" if value is None else f"{value:.2f}" for value in values)


def _section(found: Sequence[dict[str, Any]], png: bytes) -> Section:
    ways = {"volume": "virtual stacks", "flat": "raw frames"}
    cells = [
        [str(f["seed"]), words, str(f[way]["found"]),
         *(_texts([f], way, key) for key in ("median_correlation", "rand_index")),
         f"{f[way]['sideways']['recall']:.2f}", f"{f[way]['sideways']['precision']:.2f}",
         str(f[way]["k"])]
        for f in found for way, words in ways.items()
    ]  # fmt: skip
    head = ("worm (seed)", "in", "found", "median corr of ΔF", "Rand index", "recall sideways",
            "precision sideways", "k")  # fmt: skip
    return Section(
        "neurons",
        "Fig. 3: which neurons are there, and what do they do?",
        "Nuclei and activity in turn, from one focal plane, while the worm moves. Neurons are "
        "found in the median over time of the virtual stacks, and by the same steps in the raw "
        "frames; active ones are grouped by how alike they act. Positions and traces in the "
        "picture are inferred.",
        tables=[Table(head, cells, "Against the truth; pairs within 3 µm.")],
        pictures=[
            Picture("neurons", f"Worm {found[0]['seed']}: projection, places by depth, traces by "
                    "group.", png)
        ],
        facts={"worms": list(found)},
    )  # fmt: skip


STEP = Step(
    "neurons", ("fig3", "s18"), (WORM,), Effort(3), Effort(1, 256), measure, CLAIMS
)  # fmt: skip
