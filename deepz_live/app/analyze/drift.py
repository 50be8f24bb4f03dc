"""How the sample drifted during a recording, and the recording as if it had not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.virtual import check
from deepz_live.app.paths import check_out
from deepz_live.app.report.figures import curves
from deepz_live.image.focus import sharpness
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.drift import DriftEstimator, DriftSample
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.refocus.view import Shift, ViewRequest, make_view
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.reader import Session, read_session
from deepz_live.session.table import table

Note = Callable[[str], None]
COMPENSATED = "compensated"
AXES = ("dz", "dy", "dx")


@dataclass(frozen=True, slots=True, eq=False)
class DriftResult:
    """Drift of the sample since the first frame.

    Attributes
    ----------
    index
        ``(T,)`` numbers of the frames.
    samples
        One a frame; +z up, +y down, +x right.
    true_um
        ``(T, 3)`` (dz, dy, dx) where the recording says it (built-in microscope), else None.
    facts
        What ``drift.json`` holds.
    """

    index: NDArray[np.int_]
    samples: tuple[DriftSample, ...]
    true_um: NDArray[np.float64] | None
    facts: dict[str, Any]


def analyze_drift(
    folder: Path,
    bundle: Bundle,
    *,
    out: Path,
    channel: str | None = None,
    plane_um: float | None = None,
    engine: Engine | None = None,
    note: Note = lambda _: None,
) -> DriftResult:
    """Measure the drift of every frame of a session and write the compensated recording.

    Each frame's virtual stack is compared with the first frame's. The compensated recording shows
    one plane of the sample, held still: of each frame the plane ``plane_um`` + dz, moved back by
    dy and dx. Where a sample is flagged, the last trusted one holds.

    Parameters
    ----------
    out
        Folder for ``drift.csv``, ``drift.json``, ``drift.png`` and the session ``compensated``.
    channel
        None: the recording's first.
    plane_um
        Height above the first frame's focal plane; None: where its virtual stack is sharpest.
    engine
        A running engine of ``bundle``; without it one is opened and closed here.

    Raises
    ------
    SessionError, AnalysisError, RefocusError
        No such recording or channel; another pixel size; ``out`` holds a compensated recording.
    FolderError
        ``out`` cannot be written into.
    """
    check_out(out)
    session = read_session(folder)
    places = _places(session, channel)
    name = session.facts[places[0]].channel
    for warning in check(session, bundle, name):
        note(f"Warning: {warning}")
    if plane_um is not None:
        low, high = bundle.facts.z_range_um
        if not low <= plane_um <= high:
            raise AnalysisError(
                f"The plane {plane_um:g} µm lies outside the model's {low:g} … {high:g} µm; "
                "choose one within."
            )
    running = engine or open_engine(bundle)
    with closing(running) if engine is None else nullcontext():
        samples, plane_um, sharp = _measured(session, places, running, out, plane_um, note)
    index = np.array([session.facts[place].index for place in places])
    true_um = true_drift_um(session, index)
    facts = {
        "session": str(folder),
        "channel": name,
        "bundle": bundle.identity(),
        "frames": len(places),
        "flagged": sum(sample.flagged for sample in samples),
        "plane_um": plane_um,
        "span_um": dict(zip(AXES, np.ptp(_moves(samples), axis=0).tolist(), strict=True)),
        "sharper_after_compensation": float(np.mean(sharp[:, 1] > sharp[:, 0])),
        "compensated": str(out / COMPENSATED),
    }
    if true_um is not None:
        facts["rmse_um"] = rmse(samples, true_um)
    result = DriftResult(index, tuple(samples), true_um, facts)
    _write(out, result)
    return result


def rmse(samples: list[DriftSample], true_um: NDArray[np.float64]) -> dict[str, float]:
    """Root of the mean square of measured minus true drift ``(T, 3)``, axial and lateral."""
    squares = ((_moves(samples) - true_um) ** 2).mean(axis=0)
    return {"axial": float(np.sqrt(squares[0])), "lateral": float(np.sqrt(squares[1:].sum()))}


def _places(session: Session, channel: str | None) -> list[int]:
    names = tuple(dict.fromkeys(facts.channel for facts in session.facts))
    wanted = channel if channel is not None else (names[0] if names else "")
    places = [i for i, facts in enumerate(session.facts) if facts.channel == wanted]
    if len(places) < 2:
        raise AnalysisError(
            f"Session {session.folder} holds {len(places)} frame(s) of channel {wanted!r} (it has "
            f"{', '.join(names) or 'no frames'}); drift needs at least two."
        )
    return places


def _measured(
    session: Session,
    places: list[int],
    engine: Engine,
    out: Path,
    plane_um: float | None,
    note: Note,
) -> tuple[list[DriftSample], float, NDArray[np.float64]]:
    """Samples, the plane shown, and ``(T, 2)`` sharpness of the raw and compensated frames."""
    facts, pixel_um = engine.bundle.facts, session.info.pixel_size_um
    estimator = DriftEstimator(facts.z_planes_um, pixel_um)
    info = replace(
        session.info, dtype="float32", origin=f"compensated {session.folder.name}", channels=()
    )
    settings = {"inferred": True, "made_from": str(session.folder), "compensated": True}
    samples: list[DriftSample] = []
    sharp = np.empty((len(places), 2))
    trusted = Shift()
    with offline_recording(
        out / COMPENSATED, info, settings=settings, bundle=dict(engine.bundle.identity())
    ) as recording:
        for number, place in enumerate(places):
            frame = session.frame(place)
            volume = engine.volume(frame.pixels)
            if plane_um is None:
                plane_um = float(facts.z_planes_um[int(np.argmax(sharpness(volume)))])
            sample = estimator.measure(volume, time_s=frame.time_s, z_um=frame.z_um)
            stage_um = frame.z_um - estimator.reference_z_um
            if not sample.flagged:
                trusted = Shift(
                    sample.dz_um - stage_um, sample.dy_um / pixel_um, sample.dx_um / pixel_um
                )
            request = ViewRequest((PlaneCut(plane_um),))
            still: NDArray[Any] = make_view(
                volume, facts.z_planes_um, pixel_um, request, trusted
            ).images[0]
            recording.add(replace(frame, pixels=still), plane_um=plane_um + trusted.dz_um)
            samples.append(sample)
            sharp[number] = sharpness(np.stack([frame.pixels.astype(np.float32), still]))
            if number % 20 == 0 or number == len(places) - 1:
                note(f"Drift, frame {number + 1} of {len(places)}")
    return samples, float(plane_um or 0.0), sharp


def true_drift_um(session: Session, index: NDArray[np.int_]) -> NDArray[np.float64] | None:
    """``(T, 3)`` (dz, dy, dx) of the frames ``index`` since the first of them.

    Written down by recordings of the built-in microscope; None of others.
    """
    known = {
        line["index"]: line["true_drift_um"] for line in session.results if "true_drift_um" in line
    }
    if not all(int(i) in known for i in index):
        return None
    true = np.array([known[int(i)] for i in index], np.float64)
    return np.asarray(true - true[0])


def _moves(samples: list[DriftSample] | tuple[DriftSample, ...]) -> NDArray[np.float64]:
    return np.array([(s.dz_um, s.dy_um, s.dx_um) for s in samples])


def _write(out: Path, result: DriftResult) -> None:
    moves = _moves(result.samples)
    times = np.array([sample.time_s for sample in result.samples])
    times -= times[0]
    head = ["frame", "time_s", *(f"{axis}_um" for axis in AXES), "confidence"]
    columns: list[Any] = [result.index, times.round(4), *moves.T.round(4)]
    columns.append([round(sample.confidence, 3) for sample in result.samples])
    if result.true_um is not None:
        head += [f"true_{axis}_um" for axis in AXES]
        columns += list(result.true_um.T.round(4))
    replace_file(out / "drift.csv", table(head, zip(*columns, strict=True)))
    replace_file(out / "drift.json", to_json(result.facts, indent=1))
    panels = []
    for axis, words in enumerate(("up and down (dz)", "down the image (dy)", "to the right (dx)")):
        lines = {"refocused": (times.tolist(), moves[:, axis].tolist())}
        if result.true_um is not None:
            lines["scan"] = (times.tolist(), result.true_um[:, axis].tolist())
        panels.append((f"{words}, µm", lines))
    names = {"refocused": "measured", "scan": "truth"}
    png = curves(panels, "time (s)", columns=3, from_zero=(), names=names)
    replace_file(out / "drift.png", png)
