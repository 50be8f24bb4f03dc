"""Seconds and bytes a frame of a long recording, on one and more worker processes (JSON).

    uv run python bench/batch.py [--side-px 256] [--frames 48] [--workers 1 2] [--model worm_20x075]

A recording of the built-in worm is refocused into stores: in a plain loop over the same engine
that only reads and refocuses; by `batch` in this process, which also packs and writes; by `batch`
on so many worker processes. One CPU thread an engine everywhere.

- `seconds_per_frame`: wall clock from when each worker has made its first chunk (with which engines
  are opened) to the last, over the frames between.
- `to_plain_loop`: that, against the plain loop of the same run. A perfect two workers on two free
  cores give 0.5.
- `refocus_s`, `read_s`, `write_s`, `bytes_read`, `bytes_written`: a frame, inside the workers;
  `write_s` includes packing.
- `start_s`: from the call until the first chunk is there, less that chunk: processes, imports,
  engine.
- `cpu_s`, `cpu_to_plain_loop`: processor time a frame, all threads of the worker, and against the
  plain loop's: what the program costs whatever else the computer does.
- `load`: the computer's load average before and after. Above the number of cores the figures say
  what such a computer does, not what the program costs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from deepz_live.app.analyze.rehearsal import record
from deepz_live.app.batch.maker import planes_of
from deepz_live.app.batch.plan import Choices
from deepz_live.app.batch.run import Workforce, run_batch
from deepz_live.config import Profile
from deepz_live.model.bundle import Bundle, load_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import read_session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side-px", type=int, default=256)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--chunk-frames", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--model", type=Path, default=Path("worm_20x075"))
    parser.add_argument("--dtype", nargs="+", default=["float32", "uint16"])
    parser.add_argument("--provider", default="CPU")
    args = parser.parse_args()
    before = load()
    bundle = load_bundle(args.model)
    with TemporaryDirectory() as folder:
        session = Path(folder) / "worm"
        take(session, args)
        plain, plain_cpu = plain_loop(session, bundle, args)
        rows = [
            row(session, bundle, Path(folder), dtype, workers, args) | {"dtype": dtype}
            for dtype in args.dtype
            for workers in (0, *args.workers)
        ]
    for one in rows:
        one["to_plain_loop"] = one["seconds_per_frame"] / plain
        one["cpu_to_plain_loop"] = one["cpu_s"] / plain_cpu
    facts = {
        "side_px": args.side_px,
        "planes": len(bundle.facts.z_planes_um),
        "provider": args.provider,
        "cores": os.cpu_count(),
        "load": [before, load()],
        "plain_loop_s": plain,
        "plain_loop_cpu_s": plain_cpu,
        "rows": rows,
    }
    print(json.dumps(facts, indent=1))


def take(folder: Path, args: argparse.Namespace) -> None:
    """A recording of the worm."""
    data = Profile(name="worm").model_dump()
    data["specimen"] |= {"kind": "worm", "photons": 4000.0}
    data["camera"] |= {"width_px": args.side_px, "height_px": args.side_px}
    profile = Profile.model_validate(data)
    record(profile, folder, channels=("TexasRed",), rounds_hz=10.0, seconds=args.frames / 10)


def plain_loop(session: Path, bundle: Bundle, args: argparse.Namespace) -> tuple[float, float]:
    """Median seconds a frame, and mean processor seconds: read and refocused one by one."""
    recorded, times = read_session(session), []
    with closing(open_engine(bundle, provider=args.provider, threads=1)) as engine:
        cpu = process_time()
        for t in range(len(recorded)):
            began = perf_counter()
            planes_of(engine, recorded.frame(t).pixels, bundle.facts.z_planes_um)
            times.append(perf_counter() - began)
        cpu = process_time() - cpu
    return statistics.median(times), cpu / len(times)


def row(
    session: Path, bundle: Bundle, folder: Path, dtype: str, workers: int, args: argparse.Namespace
) -> dict:
    """One run of the batch, timed by the moments at which chunks are there."""
    moments: list[float] = []
    began = perf_counter()
    facts = run_batch(
        [str(session)],
        bundle,
        out=str(folder / f"{dtype}-{workers}"),
        choices=Choices(provider=args.provider, dtype=dtype, chunk_frames=args.chunk_frames),
        workforce=Workforce(workers=workers),
        progress=lambda done, _: moments.append(perf_counter()) if done else None,
    )
    own = facts["per_frame"]
    busy = max(workers, 1)
    steady = moments[busy:]
    frames = (len(steady) - 1) * args.chunk_frames
    chunk_s = args.chunk_frames * (own["read_s"] + own["refocus_s"] + own["write_s"])
    return {
        "workers": workers,
        "processes": facts["processes"],
        "seconds_per_frame": (steady[-1] - steady[0]) / frames,
        "start_s": moments[0] - began - chunk_s,
        **own,
    }


def load() -> float | None:
    """Processes that want a core, over the last minute; None where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    main()
