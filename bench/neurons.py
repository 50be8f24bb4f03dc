"""Neurons of the built-in worm, found and read from one focal plane, against the truth (JSON).

    uv run python bench/neurons.py [--seeds 931 932] [--model worm_20x075] [--out DIR]

The experiment of the paper's Fig. 3 on a sample whose answer is known: a worm with 120 neurons,
three active groups and a silent one, moves a little while nuclei (TexasRed) and activity (FITC)
are recorded in turn at one focus, 3.6 rounds a second for 35 s. Neurons are found in the virtual
stacks, and by the same pipeline in the raw frames.

For each seed and together: recall and precision of neurons within 3 µm (in 3D; sideways only, the
one way in which raw frames can be judged), median correlation of ΔF with the true trace over the
found neurons that are active in truth, k, and the adjusted Rand index of the groups: over neurons
that are active in truth and in a group (how many of the found active ones that are stands beside
it), with those in no group as one of their own, and over all in a group (silent ones are one).

Groups are of the activity's courses; ``--as-measured`` groups by heights, too, as the paper does.

With ``--scan`` the same steps on what an ideal mechanical scan would have given instead of the
network: all planes of every moment at once, without noise, of a worm that lies still. What is
missing there is missing in the steps or in the optics; the rest is the network's.

With ``--known-places`` neurons are read in the frames that were recorded, at their true places,
by least squares through the known point spread function (``parts/unmixing.py``): whether one plane
holds enough light to tell the groups apart. Places, not light, are missing where this is better.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from parts.unmixing import Unmixing

from deepz_live.acquire.microscope import open_microscope
from deepz_live.analysis.neurons import Reader, Search, activity, find_neurons
from deepz_live.app.analyze.known_neurons import scores
from deepz_live.app.analyze.neuron_files import Finding
from deepz_live.app.analyze.neurons import Choices, analyze_neurons
from deepz_live.app.analyze.rehearsal import Known, moving_worm, record
from deepz_live.app.report.scenes import StillClock
from deepz_live.config import Profile
from deepz_live.model.bundle import Bundle, load_bundle
from deepz_live.session.reader import read_session

CHANNELS = ("TexasRed", "FITC")
PLANES_UM = np.arange(-20, 21) * 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[931])
    parser.add_argument("--model", type=Path, default=Path("worm_20x075"))
    parser.add_argument("--activity-model", type=Path)
    parser.add_argument("--side-px", type=int, default=384)
    parser.add_argument("--rounds-hz", type=float, default=3.6)
    parser.add_argument("--seconds", type=float, default=35.0)
    parser.add_argument("--photons", type=float, default=4000.0, help="as the model was trained")
    parser.add_argument("--axial-um", type=float, default=0.5)
    parser.add_argument("--lateral-um", type=float, default=2.0)
    parser.add_argument("--density", type=float, default=1.0)
    parser.add_argument("--as-measured", action="store_true", help="groups by heights, too (paper)")
    parser.add_argument("--least", type=float, default=Search().least)
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--known-places", action="store_true")
    parser.add_argument("--out", type=Path, help="keep tables and figures here")
    args = parser.parse_args()
    bundle = load_bundle(args.model)
    second = load_bundle(args.activity_model) if args.activity_model else None
    rows = []
    for seed in args.seeds:
        with TemporaryDirectory() as folder:
            session = Path(folder) / "session"
            known = record(
                worm(seed, args),
                session,
                channels=CHANNELS,
                rounds_hz=args.rounds_hz,
                seconds=args.seconds,
            )
            began = perf_counter()
            found = analyze_neurons(
                session,
                bundle,
                activity_bundle=second,
                out=args.out / f"seed_{seed}" if args.out else None,
                choices=Choices(search=Search(least=args.least), as_measured=args.as_measured),
                note=lambda text: print(text, file=sys.stderr),
            )
            row = {
                "seed": seed,
                "neurons": len(known.positions_um),
                "depths_um": [float(f(known.positions_um[:, 0])) for f in (np.min, np.max)],
                "seconds": perf_counter() - began,
                "frames_not_registered": found.facts["frames_not_registered"],
                "virtual_stacks": scores(found.volume, known),
                "raw_frames": scores(found.flat, known),
            }
            if args.known_places:
                row["known_places"] = scores(at_known_places(session, known, bundle, args), known)
            if args.scan:
                row["ideal_scan"] = scores(*scan(worm(seed, args), args))
            rows.append(row)
            print(json.dumps(row), file=sys.stderr)
    settings = {name: str(v) if isinstance(v, Path) else v for name, v in vars(args).items()}
    print(json.dumps({"settings": settings, "rows": rows, "mean": mean(rows)}, indent=1))


def worm(seed: int, args: argparse.Namespace) -> Profile:
    """A worm that no model was trained on, and that moves."""
    return moving_worm(
        seed,
        args.side_px,
        axial_um=args.axial_um,
        lateral_um=args.lateral_um,
        photons=args.photons,
        density=args.density,
    )


def scan(profile: Profile, args: argparse.Namespace) -> tuple[Finding, Known]:
    """The neurons of an ideal scan of a still worm."""
    times, planes = np.arange(round(args.seconds * args.rounds_hz)) / args.rounds_hz, PLANES_UM
    clock = StillClock()
    pixel, still = profile.optics.pixel_size_um, (0.0, 0.0, 0.0)
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        truth, scene = microscope.truth, microscope.built_in.view

        def stack(time_s: float) -> np.ndarray:
            heights = [(z, 0.0, 0.0) for z in planes]
            return np.stack([scene.scene.electrons(h, still, 20.0, time_s) for h in heights])

        neurons = truth.neurons
        places = np.column_stack([neurons.positions_um[:, 0], truth.neuron_pixels() * pixel])
        median = stack(0.0)
        masks = find_neurons(median, pixel, planes[1] - planes[0], Search(least=args.least))
        reader = Reader(masks.labels)
        microscope.set_channel(CHANNELS[1])
        bright = np.stack([reader.read(stack(time_s)) for time_s in times], axis=1)
        traces = truth.traces(neurons, times)
    where = np.column_stack([planes[0] + masks.centres[:, 0] * (planes[1] - planes[0]),
                             masks.centres[:, 1:] * pixel])  # fmt: skip
    background = profile.specimen.background_photons
    acts = activity(bright, background, as_measured=args.as_measured)
    sizes = np.bincount(masks.labels.ravel())[1:]
    found = Finding(where, sizes, times, acts, median.max(axis=0), pixel)
    return found, Known(times, np.zeros((len(times), 3)), places, neurons.clusters, traces)


def at_known_places(
    folder: Path, known: Known, bundle: Bundle, args: argparse.Namespace
) -> Finding:
    """The true places, and what the recorded frames themselves tell of each."""
    session = read_session(folder)
    pixel = session.info.pixel_size_um
    unmixing = Unmixing(bundle.facts.optics, pixel)
    places = [i for i, facts in enumerate(session.facts) if facts.channel == CHANNELS[1]]
    moved = known.drift_um - known.drift_um[0]
    bright = np.stack(
        [
            unmixing.read(session.frame(place).pixels, known.positions_um + move)
            for place, move in zip(places, moved, strict=True)
        ],
        axis=1,
    )
    flat = session.frame(places[0]).pixels.astype(np.float32)
    ones = np.ones(len(bright), int)
    acts = activity(bright, as_measured=args.as_measured)
    return Finding(known.positions_um, ones, known.times_s, acts, flat, pixel)


def mean(rows: list[dict]) -> dict:
    """Means over the seeds of every number in both ways."""
    ways = [
        way
        for way in ("virtual_stacks", "raw_frames", "ideal_scan", "known_places")
        if way in rows[0]
    ]
    return {way: average([row[way] for row in rows]) for way in ways if way in rows[0]}


def average(items: list) -> object:
    """Of numbers their mean; of dictionaries that of each key."""
    if isinstance(items[0], dict):
        return {key: average([item[key] for item in items]) for key in items[0]}
    numbers = [item for item in items if item is not None]
    return float(np.mean(numbers)) if numbers else None


if __name__ == "__main__":
    main()
