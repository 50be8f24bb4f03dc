"""How much of a plane one frame can tell at most, by any linear filter (JSON).

    uv run python bench/linear_limit.py --kind filaments --target confocal
    uv run python bench/linear_limit.py --kind worm

Fields of the built-in microscope are seen in wide field at one height; wanted is a plane at another
height, wide-field or confocal. For every pair of heights:

- ``frame``: the correlation with the wanted plane that the best linear filter of the frame reaches,
  the filter made for that very pair with the truth at hand (coherence, ring by ring of spatial
  frequency). No linear answer, deconvolution among them, is better on such samples.
- ``oracle``: the same where somebody has told all light that comes from further than ``--slab-um``
  from the wanted plane, in the frame and in the plane. What is missing there is lost to defocus and
  to the noise of the frame; between both lies what other heights hide.
- ``same_depth``: the wide-field plane of the wanted plane's own height, as it is, and
  ``same_depth_frame``, the best linear filter of it.

A network is not linear: it may know what samples look like, and pass both.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.simulated.build import PLAIN_SAMPLES
from deepz_live.acquire.simulated.samples.worm import Worms
from deepz_live.acquire.simulated.sensor import Sensor
from deepz_live.acquire.simulated.transfer import transfer
from deepz_live.acquire.simulated.volume_scene import VolumeScene
from deepz_live.app.paths import find_profile
from deepz_live.config import Profile, load_profile

RING = 4
"""Width of a ring of spatial frequencies, in steps of the field's own."""
Images = dict[float, NDArray[np.float32]]


class Slab:
    """A sample of which only what lies near one height glows."""

    def __init__(self, sample, height_um: float, half_um: float) -> None:
        self._sample, self._height, self._half = sample, height_um, half_um

    def __getattr__(self, name):
        return getattr(self._sample, name)

    def densities(self, grid):
        out = np.abs(grid.axis(0) - self._height) > self._half + 1e-6
        for density in self._sample.densities(grid):
            density[out] = 0
            yield density


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=(*PLAIN_SAMPLES, "worm"), default="filaments")
    parser.add_argument("--target", choices=("widefield", "confocal"), default="widefield")
    parser.add_argument("--photons", type=int, default=3000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[987, 988])
    parser.add_argument("--heights-um", type=float, nargs="+", default=list(range(-10, 11, 2)))
    parser.add_argument("--range-um", type=float, default=10.0, help="farthest a frame lies from 0")
    parser.add_argument("--distances-um", type=float, nargs="+", default=[0, 2, 4, 5, 6, 8, 10])
    parser.add_argument("--slab-um", type=float, default=1.0)
    args = parser.parse_args()
    found: dict[tuple[str, float], list[float]] = defaultdict(list)
    for seed in args.seeds:
        for wanted in args.heights_um:
            for name, distance, value in compared(args, seed, wanted):
                found[name, distance].append(value)
    names = sorted({name for name, _ in found})
    rows = [
        {"distance_um": d, **{n: round(float(np.mean(found[n, d])), 3) for n in names}}
        for d in args.distances_um
    ]
    print(json.dumps({**vars(args), "rows": rows}, indent=1))


def compared(args, seed: int, wanted: float):
    """Triples of name, distance and correlation for one wanted plane of one field."""
    profile = profile_of(args.kind, seed, args.photons, "widefield")
    shown = profile_of(args.kind, seed, args.photons, args.target)
    heights = sorted({wanted} | {z for d in args.distances_um for z in within(args, wanted, d)})
    slab = (wanted, args.slab_um)
    whole, part = (seen(profile, near, heights) for near in (None, slab))
    whole_plane, part_plane = (seen(shown, near, [wanted])[wanted] for near in (None, slab))
    noise = noise_of(shown, whole_plane)
    plane, inner = spectrum(whole_plane + noise), spectrum(part_plane + noise)
    power = float((np.abs(plane) ** 2).sum())
    same = whole[wanted] + noise_of(profile, whole[wanted], 1)
    beside = {
        "same_depth": correlation(same, whole_plane + noise),
        "same_depth_frame": np.sqrt(explained(spectrum(same), plane) / power),
    }
    for distance in args.distances_um:
        for height in within(args, wanted, distance):
            yield from ((name, distance, value) for name, value in beside.items())
            lost = noise_of(profile, whole[height], 2)
            told = explained(spectrum(whole[height] + lost), plane)
            yield "frame", distance, np.sqrt(told / power)
            left = float((np.abs(inner) ** 2).sum()) - explained(
                spectrum(part[height] + lost), inner
            )
            yield "oracle", distance, np.sqrt(max(0.0, 1 - left / power))


def within(args, wanted: float, distance: float) -> list[float]:
    """Heights at this distance from the wanted one, as far as a model's range about z = 0 goes."""
    return sorted({z for z in (wanted - distance, wanted + distance) if abs(z) <= args.range_um})


def profile_of(kind: str, seed: int, photons: int, mode: str) -> Profile:
    overrides = {
        "specimen.kind": kind,
        "specimen.seed": str(seed),
        "specimen.photons": str(photons),
        "optics.mode": mode,
    }
    return load_profile(find_profile("simulated"), overrides)


def seen(profile: Profile, near: tuple[float, float] | None, heights: list[float]) -> Images:
    """Electrons without noise at each height, of the whole sample or of what is near a height."""
    specimen = profile.specimen
    sample = (
        Worms(specimen, profile.channel)
        if specimen.kind == "worm"
        else PLAIN_SAMPLES[specimen.kind](specimen)
    )
    if near is not None:
        sample = Slab(sample, *near)
    pixel = profile.optics.pixel_size_um or 0.0
    scene = VolumeScene(sample, transfer(profile.optics), specimen, profile.camera, pixel)
    still = (0.0, 0.0, 0.0)
    return {
        z: scene.electrons((z, 0.0, 0.0), still, profile.camera.exposure_ms).copy() for z in heights
    }


def noise_of(profile: Profile, electrons: NDArray[np.float32], turn: int = 0):
    """What the camera adds to a picture of these electrons, in electrons."""
    camera = profile.camera.model_copy(update={"noise_seed": 1000 + turn})
    counts = Sensor(camera).counts(electrons)
    return (
        counts.astype(np.float32) - camera.offset_counts
    ) * camera.electrons_per_count - electrons


def spectrum(image: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Of the image under a Hann window, without its mean."""
    window = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    inner = image - np.average(image, weights=window)
    return np.fft.fft2(inner * window)


def explained(frame: NDArray[np.complex128], plane: NDArray[np.complex128]) -> float:
    """Power of ``plane`` that the best filter of ``frame`` explains; what chance does taken off."""
    side = max(frame.shape)
    ky, kx = (np.fft.fftfreq(n) * side / RING for n in frame.shape)
    ring = np.rint(np.hypot(ky[:, None], kx[None, :])).astype(int).ravel()
    cross = np.conj(frame) * plane
    sums = [
        np.bincount(ring, part.ravel())
        for part in (cross.real, cross.imag, np.abs(frame) ** 2, np.abs(plane) ** 2)
    ]
    # Half of the frequencies of a real image are independent.
    count = np.bincount(ring) / 2
    coherence = (sums[0] ** 2 + sums[1] ** 2) / np.maximum(sums[2] * sums[3], 1e-30)
    fair = np.clip(coherence - (1 - coherence) / np.maximum(count - 1, 1), 0, 1)
    return float((fair * sums[3]).sum())


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


if __name__ == "__main__":
    main()
