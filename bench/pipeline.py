"""What the path adds to the engine, and from which camera rate on the view skips (JSON).

    uv run python bench/pipeline.py [--bundle beads_20x075] [--size 256] [--frames 100]
        [--threads N]

``bare`` is the engine alone, in one loop on one thread: camera counts to the result that the live
view shows (planes, free view, projection, drift, digest, warnings); ``network`` stops at the
planes of the network. Then a camera made of prepared frames drives the whole path (hub, slot,
worker, live session) at shares of the bare rate, and far above it. ``overhead_at_saturation`` is
the time a result takes there over the time it takes bare, less 1; ``cpu_overhead`` says the same
of processor time, for machines that others use as well. Bare runs and the saturated path
take turns, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from deepz_live.app.depths import opening_view
from deepz_live.app.live import LiveSession
from deepz_live.model.bundle import load_bundle
from deepz_live.refocus.check import check_frame
from deepz_live.refocus.drift import DriftEstimator
from deepz_live.refocus.engine import open_engine, stack_of
from deepz_live.refocus.view import Shift, digest, make_view
from deepz_live.stream.frame import Frame, StreamInfo

SHARES = (0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
SATURATED = 4.0
PREPARED = 8
SKIPPING = 0.02
"""A share of frames beyond which the view counts as skipping: one late frame is no rate."""


class PacedCamera:
    """Prepared frames at an even rate, each numbered and stamped when it is due."""

    lost = 0

    def __init__(self, images, info: StreamInfo, count: int) -> None:
        self.info = info
        self._images, self._count = images, count
        self._next = 0
        self._begin = 0.0

    @property
    def finished(self) -> bool:
        return self._next >= self._count

    def start(self) -> None:
        self._begin = time.monotonic()

    def stop(self) -> None:
        self._count = self._next

    def read(self, timeout_s: float) -> Frame | None:
        if self.finished:
            return None
        due = self._begin + self._next / self.info.frame_rate_hz
        wait_s = due - time.monotonic()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        if wait_s > 0:
            time.sleep(wait_s)
        index, self._next = self._next, self._next + 1
        pixels = self._images[index % len(self._images)]
        info = self.info
        return Frame(pixels, index, time.monotonic(), 0.0, info.exposure_ms, info.channel)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default="beads_20x075", help="folder or shipped name")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--frames", type=int, default=100, help="a run, at the bare rate")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--provider", help="of the engine; default: its own choice")
    parser.add_argument("--threads", type=int, help="of the engine; default: its own choice")
    parser.add_argument("--json", action="store_true", help="the output is JSON in any case")
    args = parser.parse_args()
    bundle = load_bundle(Path(args.bundle))
    with closing(open_engine(bundle, provider=args.provider, threads=args.threads)) as engine:
        print(json.dumps(report(engine, args), indent=1))


def report(engine, args) -> dict:
    facts = engine.bundle.facts
    rng = np.random.default_rng(0)
    images = [rng.poisson(400, (args.size, args.size)).astype(np.uint16) for _ in range(PREPARED)]
    bare(engine, images, 4)
    networks, bares, paths, bare_cpus, path_cpus = [], [], [], [], []
    for _ in range(args.rounds):
        networks.append(network_alone(engine, images, args.frames))
        used = time.process_time()
        bares.append(bare(engine, images, args.frames))
        bare_cpus.append((time.process_time() - used) / args.frames)
        rate = SATURATED / bares[-1]
        used = time.process_time()
        saturated = live(engine, images, rate, args.frames * SATURATED)
        path_cpus.append((time.process_time() - used) / saturated["refocused"])
        paths.append(1 / saturated["refocus_fps"])
    bare_s, path_s = median(bares), median(paths)
    sweep = [live(engine, images, share / bare_s, args.frames * share) for share in SHARES]
    skipping = [row["camera_hz"] for row in sweep if row["skipped"] > SKIPPING * row["frames"]]
    return {
        "bundle": engine.bundle.name,
        "provider": engine.provider,
        "reason": engine.reason,
        "size": args.size,
        "planes": len(facts.z_planes_um),
        "network_s": median(networks),
        "bare_s": bare_s,
        "path_s": path_s,
        "overhead_at_saturation": path_s / bare_s - 1,
        "cpu_overhead": median(path_cpus) / median(bare_cpus) - 1,
        "overhead_over_the_network": path_s / median(networks) - 1,
        "first_rate_that_skips_hz": min(skipping, default=None),
        "sweep": sweep,
    }


def network_alone(engine, images, count: int) -> float:
    """Seconds a frame, counts to the network's planes."""
    begin = time.monotonic()
    for index in range(count):
        stack_of(engine, images[index % len(images)])
    return (time.monotonic() - begin) / count


def bare(engine, images, count: int) -> float:
    """Seconds a frame, counts to everything that the live view shows."""
    facts = engine.bundle.facts
    z_planes_um, pixel_um = tuple(facts.z_planes_um), facts.pixel_size_um
    drift = DriftEstimator(z_planes_um, pixel_um)
    request, info = opening_view(engine), stream_info(engine, images, 1.0)
    begin = time.monotonic()
    for index in range(count):
        pixels = images[index % len(images)]
        frame = Frame(pixels, index, time.monotonic(), 0.0, info.exposure_ms, info.channel)
        stack = stack_of(engine, pixels)
        digest(stack)
        drift.measure(stack)
        check_frame(engine.bundle, frame, info)
        make_view(stack, z_planes_um, pixel_um, request, Shift())
    return (time.monotonic() - begin) / count


def live(engine, images, rate_hz: float, frames: float) -> dict:
    """The path at a camera rate: results a second, frames skipped, latency."""
    info = stream_info(engine, images, rate_hz)
    session = LiveSession(PacedCamera(images, info, max(round(frames), 10)), engine)
    session.set_reference()
    session.start()
    try:
        session.wait_finished(600.0)
    finally:
        session.stop()
    if session.error is not None:
        raise session.error
    summary = session.summary()
    return {
        "camera_hz": rate_hz,
        "camera_fps": summary["camera_fps"],
        "refocus_fps": summary["refocus_fps"],
        "frames": summary["frames_captured"],
        "refocused": summary["frames_refocused"],
        "skipped": summary["frames_skipped_for_view"],
        "latency_ms_p50": summary["latency_ms_p50"],
        "latency_ms_p95": summary["latency_ms_p95"],
    }


def stream_info(engine, images, rate_hz: float) -> StreamInfo:
    facts = engine.bundle.facts
    return StreamInfo(
        images[0].shape,
        "uint16",
        facts.pixel_size_um,
        rate_hz,
        facts.channel,
        facts.exposure_ms,
        "prepared frames",
    )


if __name__ == "__main__":
    main()
