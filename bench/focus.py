"""Click to focus, and the surface found in one frame, against the truth (JSON).

    uv run python bench/focus.py [--bundle beads_20x075] [--fields 8] [--surfaces 3] [--json]

On the built-in microscope, beads that no model was trained on. `click`: isolated beads within 8 µm
of the focal plane of one frame, each asked for at a place up to 1 µm beside it; the error is the
depth of best focus in the virtual stack less the bead's true height above the focal plane. Beside
it stand the answers of no focusing at all (0 µm) and of a mechanical scan, whose best focus by the
same measure is not quite the true height: that offset is the measure's own, and is not corrected.
`false_alarms` are places without a bead where something was focused on.

`surfaces`: beads on a plane tilted by 1.5° and on a cylinder of 7.2 mm (fields of 1024 x 256), one
frame each. `depth_error_um` is over all pixels whose true height the model reaches. Widths are of
Gaussian fits at the true places of isolated beads, refocused along the surface found, the true
one, the best single plane, and of the same beads recorded flat and in focus.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from deepz_live.acquire.microscope import open_microscope
from deepz_live.analysis.auto_surface import auto_surface
from deepz_live.analysis.beads import isolated, lateral_fwhm
from deepz_live.analysis.best_focus import best_focus
from deepz_live.app.report.scenes import StillClock, changed, shoot
from deepz_live.app.report.surfaces import dpm_of
from deepz_live.config import Profile
from deepz_live.image.surface_fit import FIT_KINDS
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.refocus.planes import planes_at, surface_from

FIRST_SEED = 800_000
WITHIN_UM, ASIDE_UM = 8.0, 1.0
SCAN_UM = tuple(float(z) for z in np.arange(-10.0, 10.1, 0.5))
EMPTY_PX = 25
KINDS = ("beads-tilted", "beads-cylinder")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bundle", type=Path, default=Path("beads_20x075"))
    parser.add_argument("--fields", type=int, default=8, help="of beads in a volume, 512 x 512")
    parser.add_argument("--surfaces", type=int, default=3, help="fields of each bent specimen")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--json", action="store_true", help="on one line")
    args = parser.parse_args()
    engine = open_engine(load_bundle(args.bundle))
    facts = engine.bundle.facts
    optics = facts.optics.model_copy(update={"pixel_size_um": facts.pixel_size_um})
    profile = Profile(name="focus", channel=facts.channel).model_copy(update={"optics": optics})
    found = {
        "bundle": engine.bundle.name,
        "provider": engine.provider,
        "first_seed": args.seed,
        "click": click(engine, profile, range(args.seed, args.seed + args.fields)),
        "surfaces": {
            kind: surfaces(engine, profile, kind, range(args.seed, args.seed + args.surfaces))
            for kind in KINDS
        },
    }
    print(json.dumps(found, indent=None if args.json else 1))


def click(engine, profile, seeds) -> dict:
    facts = engine.bundle.facts
    errors, heights, sure, scanned, alarms, empty = [], [], [], [], 0, 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        scene = changed(profile, seed, specimen={"kind": "beads-volume"})
        frames, beads, places = look(scene, SCAN_UM if seed == seeds[0] else (0.0,))
        volume = engine.volume(frames[len(frames) // 2])
        for place in isolated(places, volume.shape[1:]):
            height = beads[np.abs(places - place).sum(axis=1).argmin(), 0]
            if abs(height) > WITHIN_UM:
                continue
            aside = rng.uniform(-ASIDE_UM, ASIDE_UM, 2) / facts.pixel_size_um
            one = best_focus(volume, facts.z_planes_um, place + aside, facts.pixel_size_um)
            errors.append(one.depth_um - height)
            heights.append(height)
            sure.append(one.confidence)
            if len(frames) > 1:
                mechanical = best_focus(frames, SCAN_UM, place + aside, facts.pixel_size_um)
                scanned.append(mechanical.depth_um - height)
        for at in rng.uniform(EMPTY_PX, np.array(volume.shape[1:]) - EMPTY_PX, (100, 2)):
            if np.abs(places - at).max(axis=1).min() > EMPTY_PX:
                empty += 1
                alarms += best_focus(volume, facts.z_planes_um, at, facts.pixel_size_um).found
    errors, heights = np.array(errors), np.array(heights)
    bands = {
        f"{low:g} to {low + 2:g} um": facts_of(
            errors[(np.abs(heights) >= low) & (np.abs(heights) < low + 2)]
        )
        for low in (0.0, 2.0, 4.0, 6.0)
    }
    return {
        "beads": len(errors),
        **facts_of(errors),
        "not_found": int((np.array(sure) == 0).sum()),
        "confidence_10_50": np.quantile(sure, [0.1, 0.5]).round(3).tolist(),
        "by_distance": bands,
        "no_focusing": facts_of(-heights),
        "mechanical_scan": {"beads": len(scanned), **facts_of(np.array(scanned))},
        "empty_places": empty,
        "false_alarms": int(alarms),
    }


def surfaces(engine, profile, kind: str, seeds) -> dict:
    facts = engine.bundle.facts
    low, high = facts.z_range_um
    size = {"width_px": 1024, "height_px": 256}
    errors = {fit: [] for fit in FIT_KINDS} | {"best_plane": []}
    widths = {name: [] for name in ("found", "true", "best_plane", "input", "in_focus")}
    tiles, used = 0, 0
    for seed in seeds:
        bent = changed(profile, seed, camera=size, specimen={"kind": kind})
        flat = changed(profile, seed, camera=size, specimen={"kind": "beads-flat"})
        level = dpm_of(bent, 0.0)
        stage = float(level.min() + level.max()) / 2
        truth = level - stage
        inside = (truth >= low) & (truth <= high)
        frame = shoot(bent, [stage]).frames[0]
        focused = shoot(flat, [0.0])
        volume = engine.volume(frame)
        for fit in FIT_KINDS:
            one = auto_surface(volume, facts.z_planes_um, facts.pixel_size_um, fit)
            dpm = one.surface.dpm(volume.shape[1:], facts.pixel_size_um)
            errors[fit].append((dpm - truth)[inside])
            if fit == "quadratic":
                tiles, used, along = tiles + one.weight.size, used + one.used, dpm
        middle = float(np.median(truth[inside]))
        errors["best_plane"].append((middle - truth)[inside])
        clipped = np.clip(truth, low, high).astype(np.float32)
        images = {
            "found": surface_from(volume, facts.z_planes_um, along),
            "true": surface_from(volume, facts.z_planes_um, clipped),
            "best_plane": planes_at(volume, facts.z_planes_um, [middle])[0],
            "input": frame,
            "in_focus": focused.frames[0],
        }
        places = isolated(focused.beads_px, frame.shape)
        rows, columns = np.rint(places).astype(int).T
        for place in places[inside[rows, columns]]:
            for name, image in images.items():
                fits = lateral_fwhm(image, place[None], facts.pixel_size_um)
                widths[name].append(fits[0].fwhm_um if fits else np.nan)
    medians = {name: float(np.nanmedian(values)) for name, values in widths.items()}
    return {
        "height_um": [float(truth.min()), float(truth.max())],
        "depth_error_um": {name: facts_of(np.concatenate(all_)) for name, all_ in errors.items()},
        "tiles": tiles,
        "tiles_used": used,
        "beads": len(widths["found"]),
        "median_fwhm_um": {name: round(value, 3) for name, value in medians.items()},
        "fits_failed": {name: int(np.isnan(values).sum()) for name, values in widths.items()},
        "wider_than_in_focus_percent": {
            name: round(100 * (value / medians["in_focus"] - 1), 1)
            for name, value in medians.items()
        },
    }


def look(profile: Profile, heights_um):
    """Frames at heights of the stage, beads ``(N, 3)`` µm, and their places in pixels."""
    clock = StillClock()
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        frames = []
        for height in heights_um:
            microscope.move_z(height)
            frames.append(np.array(microscope.snap().pixels))
        truth = microscope.truth
        return np.stack(frames), truth.beads, truth.bead_pixels()


def facts_of(errors) -> dict:
    if not len(errors):
        return {}
    size = np.abs(errors)
    return {
        "median_um": round(float(np.median(size)), 3),
        "p90_um": round(float(np.quantile(size, 0.9)), 3),
        "bias_um": round(float(np.median(errors)), 3),
    }


if __name__ == "__main__":
    main()
