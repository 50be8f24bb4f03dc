"""Is every frame recorded beside live refocus, and how fast is the writer (JSON)?

    uv run python bench/record.py [--size 512] [--rate 100] [--seconds 60] [--folder DISK] [--json]

First a camera gives numbered frames at a fixed rate while the shipped model refocuses the newest
ones; every recorded frame is then compared with what was sent, bit by bit. Then the writer alone
gets frames of ``--throughput-size`` as fast as it takes them, in turn with the floor: writing the
same bytes into one file, one after the other, with one fsync at the end (the median of several
turns each, and of their ratios).

``frames_sent`` counts what the camera gave; ``camera_lost`` of them found its buffer full.
``warned``: whether the operator was warned of the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from time import perf_counter, sleep

import numpy as np
from parts.camera import NumberedCamera

from deepz_live.app.depths import opening_view
from deepz_live.app.live import LiveSession
from deepz_live.model.bundle import load_bundle, shipped_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import read_session
from deepz_live.session.writer import SessionWriter
from deepz_live.stream.frame import Frame, StreamInfo

LOOK_S = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", type=Path, help="another bundle than the shipped one")
    parser.add_argument("--no-refocus", action="store_true")
    parser.add_argument("--throughput-size", type=int, default=2048)
    parser.add_argument("--throughput-mb", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    parser.add_argument("--json", action="store_true", help="one line, for programs")
    args = parser.parse_args()
    folder = Path(mkdtemp(prefix="deepz-bench-", dir=args.folder))
    try:
        report = live(folder, args) | throughput(folder, args)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=None if args.json else 1))


def live(folder: Path, args: argparse.Namespace) -> dict:
    """Record a camera beside live refocus."""
    count = round(args.rate * args.seconds)
    camera = NumberedCamera(args.size, args.rate, count)
    if args.no_refocus:
        return recorded(folder / "live", camera, None)
    bundle = shipped_bundle() if args.model is None else load_bundle(args.model)
    with closing(open_engine(bundle)) as engine:
        return recorded(folder / "live", camera, engine)


def recorded(folder: Path, camera: NumberedCamera, engine) -> dict:
    session = LiveSession(camera, engine, record_to=folder, request=opening_view(engine))
    warned = False
    session.start()
    try:
        while not session.wait_finished(LOOK_S):
            warned = warned or any("keep up" in sentence for sentence in session.warnings)
    finally:
        session.stop(300.0)
    summary = session.summary()
    reader = read_session(folder)
    equal = [
        np.array_equal(reader.frame(i).pixels, camera.pixels(facts.index))
        for i, facts in enumerate(reader.facts)
    ]
    indices = [facts.index for facts in reader.facts]
    return {
        "size": camera.info.shape[0],
        "rate_hz": camera.info.frame_rate_hz,
        "frames_sent": camera.sent,
        "frames_recorded": len(reader),
        "in_order": indices == sorted(set(indices)),
        "bit_equal": bool(equal) and all(equal),
        "refocused_meanwhile": summary["frames_refocused"],
        "provider": summary["provider"],
        "camera_lost": camera.lost,
        "gaps": [[gap.first, gap.last, gap.cause] for gap in reader.gaps],
        "warned": warned,
        "error": str(session.error) if session.error is not None else None,
    }


def throughput(folder: Path, args: argparse.Namespace) -> dict:
    """The writer against raw sequential writing of the same bytes."""
    size = args.throughput_size
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 65536, (size, size), dtype=np.uint16) for _ in range(8)]
    count = max(1, round(args.throughput_mb * 1e6 / frames[0].nbytes))
    written_mb = count * frames[0].nbytes / 1e6
    raw_s, ours_s = [], []
    for _ in range(args.turns):
        raw_s.append(write_raw(folder / "raw", frames, count))
        ours_s.append(write_session(folder / "session", frames, count))
    return {
        "throughput_size": size,
        "mb_per_s": round(written_mb / median(ours_s), 1),
        "raw_mb_per_s": round(written_mb / median(raw_s), 1),
        "ratio": round(median(raw / ours for raw, ours in zip(raw_s, ours_s, strict=True)), 3),
    }


def write_raw(path: Path, frames: list[np.ndarray], count: int) -> float:
    """Seconds to write ``count`` frames into one file and to have it on the disk."""
    began = perf_counter()
    with path.open("wb", buffering=0) as file:
        for index in range(count):
            file.write(frames[index % len(frames)].data)
        os.fsync(file.fileno())
    seconds = perf_counter() - began
    path.unlink()
    return seconds


def write_session(folder: Path, frames: list[np.ndarray], count: int) -> float:
    """Seconds to record ``count`` frames as fast as they are taken, and to close the recording."""
    info = StreamInfo(frames[0].shape, "uint16", 0.325, 100.0, "red", 10.0, "bench")
    writer = SessionWriter(folder, info, settings={}, bundle=None)
    began = perf_counter()
    writer.start()
    for index in range(count):
        while True:
            stats = writer.stats()
            if stats.queued <= stats.queue_capacity // 2:
                break
            sleep(0.001)
        writer.offer(Frame(frames[index % len(frames)], index, index * 0.01, 0.0, 10.0, "red"))
    writer.stop(600.0)
    seconds = perf_counter() - began
    if writer.error is not None:
        raise writer.error
    shutil.rmtree(folder)
    return seconds


if __name__ == "__main__":
    main()
