"""Does a long session grow? Memory, open files and threads over time (JSON).

    uv run python bench/soak.py [--minutes 60] [--size 512] [--rate 30] [--folder DISK] [--json]

A camera streams, the shipped model refocuses, and all frames are recorded, a recording a minute,
each deleted when it is closed. ``rows`` holds what the process had every ten seconds;
``growth_percent`` compares the most resident memory of the last minute with that of the fifth (a
volume of the network comes and goes, so that single looks differ).
``floor`` is what the process held before the session, with all libraries and the model loaded.
``frames_missing`` counts frames that a recording lacks between its first and last one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from parts.camera import NumberedCamera
from parts.process import handles, resident_mb, threads

from deepz_live.app.depths import opening_view
from deepz_live.app.live import LiveSession
from deepz_live.model.bundle import load_bundle, shipped_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.reader import read_session

EVERY_S = 10.0
TURNS = round(60 / EVERY_S)
LOOK_S = 0.05
SETTLED_MIN = 4
"""The fifth minute is what the last one is compared with."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--model", type=Path, help="another bundle than the shipped one")
    parser.add_argument("--folder", type=Path, help="where the recordings are made")
    parser.add_argument("--json", action="store_true", help="one line, for programs")
    args = parser.parse_args()
    folder = Path(mkdtemp(prefix="deepz-soak-", dir=args.folder))
    bundle = shipped_bundle() if args.model is None else load_bundle(args.model)
    camera = NumberedCamera(args.size, args.rate, None)
    try:
        with closing(open_engine(bundle)) as engine:
            engine.volume(np.zeros((args.size, args.size), np.uint16))
            floor = held(0.0)
            session = LiveSession(camera, engine, request=opening_view(engine))
            report = {"floor": floor} | soak(session, folder, args.minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=None if args.json else 1))


def soak(session: LiveSession, folder: Path, minutes: float) -> dict:
    """Stream, refocus and record for so long."""
    rows, missing = [], 0
    began = time.monotonic()
    session.start()
    try:
        for minute in range(max(1, round(minutes))):
            recording = folder / str(minute)
            session.start_recording(recording)
            dues = (began + 60 * minute + EVERY_S * turn for turn in range(1, TURNS + 1))
            rows += [most_until(began, due) for due in dues]
            session.stop_recording()
            reader = read_session(recording)
            missing += reader.facts[-1].index - reader.facts[0].index + 1 - len(reader)
            shutil.rmtree(recording)
    finally:
        session.stop()
    summary = session.summary()
    return {
        "growth_percent": growth(rows),
        "frames_captured": summary["frames_captured"],
        "frames_recorded": summary["frames_recorded"],
        "frames_refocused": summary["frames_refocused"],
        "frames_missing": missing,
        "handles": [rows[0]["handles"], rows[-1]["handles"]],
        "threads": [rows[0]["threads"], rows[-1]["threads"]],
        "error": str(session.error) if session.error is not None else None,
        "rows": rows,
    }


def most_until(began: float, due: float) -> dict:
    """What the process holds at ``due``; of its memory the most until then."""
    sizes = []
    while (left := due - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_S))
        sizes.append(resident_mb() or 0.0)
    row = held(time.monotonic() - began)
    if row["resident_mb"] is not None:
        row["resident_mb"] = round(max([*sizes, row["resident_mb"]]), 1)
    return row


def held(time_s: float) -> dict:
    """What the process holds now."""
    size = resident_mb()
    return {
        "time_s": round(time_s, 1),
        "resident_mb": round(size, 1) if size is not None else None,
        "handles": handles(),
        "threads": threads(),
    }


def growth(rows: list[dict]) -> float | None:
    """Percent from the fifth to the last minute; None for shorter runs or where nobody knows."""
    minutes: dict[int, list[float]] = {}
    for row in rows:
        if row["resident_mb"] is not None:
            minutes.setdefault(int((row["time_s"] - 1) // 60), []).append(row["resident_mb"])
    if not minutes or max(minutes) <= SETTLED_MIN:
        return None
    early, late = max(minutes[SETTLED_MIN]), max(minutes[max(minutes)])
    return round(100 * (late / early - 1), 3)


if __name__ == "__main__":
    main()
