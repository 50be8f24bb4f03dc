"""The light of a recording, beside what a mechanical scan of the same planes would have taken."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.analysis.dose import light_lost, scan_dose, virtual_dose
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.paths import check_out
from deepz_live.model.bundle import Bundle
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.reader import Session, read_session
from deepz_live.session.table import table

COLUMNS = (
    "exposures",
    "exposure_s",
    "per_plane_s",
    "energy_j_cm2",
    "per_plane_j_cm2",
    "volumes_per_s",
)
LOOKED_AT = 200
"""Frames in which bleaching is looked for, at most."""
BRIGHTEST = 50
"""One pixel of so many is a bright one."""


def analyze_dose(
    folder: Path,
    bundle: Bundle,
    *,
    out: Path,
    irradiance_mw_cm2: float | None = None,
    move_ms: float = 0.0,
) -> dict[str, Any]:
    """Exposures and energy of a session for each plane seen, against a mechanical scan.

    The scan is of the model's planes, at the same exposure and as many volumes as the session has
    frames; ``move_ms`` is what a stage needs from plane to plane. How fast the sample bleached is
    read from the recording, and what the scan would have left is told from it.

    Parameters
    ----------
    out
        Folder for ``dose.csv`` and ``dose.json``.
    irradiance_mw_cm2
        On the sample, by a power meter; None: times only.

    Returns
    -------
    What ``dose.json`` holds; a row a channel.

    Raises
    ------
    SessionError, AnalysisError
        No such recording, no frame in it, a number that makes no sense.
    FolderError
        ``out`` cannot be written into.
    """
    if move_ms < 0 or (irradiance_mw_cm2 is not None and not irradiance_mw_cm2 > 0):
        raise AnalysisError(
            f"A stage move of {move_ms:g} ms and {irradiance_mw_cm2} mW/cm² make no dose; give a "
            "time of at least 0 and an irradiance above 0."
        )
    check_out(out)
    session = read_session(folder)
    names = tuple(dict.fromkeys(facts.channel for facts in session.facts))
    if not names:
        raise AnalysisError(f"Session {folder} holds no frame, so no light was measured.")
    planes = len(bundle.facts.z_planes_um)
    rows = [_channel(session, name, planes, irradiance_mw_cm2, move_ms) for name in names]
    facts = {
        "session": str(folder),
        "bundle": bundle.identity(),
        "planes": planes,
        "move_ms": move_ms,
        "irradiance_mw_cm2": irradiance_mw_cm2,
        "channels": rows,
    }
    out.mkdir(parents=True, exist_ok=True)
    head = ("channel", "way", *COLUMNS)
    lines = [
        (row["channel"], way, *(_cell(row[way][column]) for column in COLUMNS))
        for row in rows
        for way in ("virtual", "scan")
    ]
    replace_file(out / "dose.csv", table(head, lines))
    replace_file(out / "dose.json", to_json(facts, indent=1))
    return facts


def _channel(
    session: Session, name: str, planes: int, irradiance: float | None, move_ms: float
) -> dict[str, Any]:
    places = [i for i, facts in enumerate(session.facts) if facts.channel == name]
    exposures = np.array([session.facts[i].exposure_ms for i in places])
    exposure_ms = float(exposures.mean())
    if not exposure_ms > 0:
        raise AnalysisError(
            f"Session {session.folder} does not say how long the frames of channel {name} were "
            f"exposed ({exposure_ms:g} ms), so their light is unknown; record with an exposure "
            "that is set (camera.exposure_ms of the profile)."
        )
    span_s = session.facts[places[-1]].time_s - session.facts[places[0]].time_s
    rate = (len(places) - 1) / span_s if span_s > 0 else session.info.frame_rate_hz
    seen = virtual_dose(len(places), planes, exposure_ms, rate, irradiance)
    scan = scan_dose(len(places), planes, exposure_ms, move_ms, irradiance)
    lost = _lost(session, places)
    return {
        "channel": name,
        "exposure_ms": exposure_ms,
        "virtual": asdict(seen),
        "scan": asdict(scan),
        "times_less_light": planes,
        "scan_keeps_up": scan.volumes_per_s >= rate,
        "light_lost_per_s_of_exposure": lost,
        "light_left": None if lost is None else (1 - lost) ** seen.exposure_s,
        "light_left_after_scan": None if lost is None else (1 - lost) ** scan.exposure_s,
    }


def _lost(session: Session, places: list[int]) -> float | None:
    """From frames spread evenly: how far their brightest pixels stand above the middle ones.

    A difference knows no camera offset, and the brightest go with the sample where it moves.
    """
    stride = max(1, len(places) // LOOKED_AT)
    signal = np.empty(len(places[::stride]))
    for number, place in enumerate(places[::stride]):
        pixels = np.sort(session.frame(place).pixels, axis=None)
        brightest = pixels[-max(1, pixels.size // BRIGHTEST) :]
        signal[number] = brightest.mean() - pixels[pixels.size // 2]
    taken = np.array([session.facts[i].exposure_ms for i in places])
    sums = np.add.reduceat(taken, np.arange(0, len(places), stride))
    return light_lost(signal, sums, 0.0)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
