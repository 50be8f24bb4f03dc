"""Videos S7 and S8: a stream of 100 frames a second, recorded and refocused on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from deepz_live.app.analyze.rehearsal import moving_worm, record
from deepz_live.app.live_opening import live_on
from deepz_live.app.report.section import Section, Table
from deepz_live.app.reproduce.lab import WORM, Lab
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.app.reproduce.scenes import FIRST_SEED
from deepz_live.app.reproduce.step import Step
from deepz_live.config import Profile
from deepz_live.session.reader import Session, read_session
from deepz_live.session.replay import ReplaySource

PAPER_HZ = 100.0
PAPER_PLANES, PAPER_S_PLANE = 41, 0.2
NEAR = 0.97
"""A rate this close to the asked one is that rate: a stream is cut between two frames."""
PATIENCE_S = 600.0
CLAIMS = ("stream.rate",)


@dataclass(frozen=True, slots=True)
class Effort:
    seconds: float
    side_px: int
    offline: int
    """Recorded frames that are refocused afterwards, to time it."""
    first: int = 900


def measure(lab: Lab, effort: Effort) -> Outcome:
    """The row of Videos S7 and S8."""
    engine = lab.engine(WORM)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lab.note(f"A worm at {PAPER_HZ:g} frames a second for {effort.seconds:g} s")
        record(
            _worm(effort), folder / "camera", channels=("TexasRed",), rounds_hz=PAPER_HZ,
            seconds=effort.seconds,
        )  # fmt: skip
        session = read_session(folder / "camera")
        live = _live(lab, session, folder / "session")
        count = min(effort.offline, len(session))
        lab.note(f"Refocusing {count} recorded frames")
        began = perf_counter()
        for index in range(count):
            engine.volume(session.frame(index).pixels)
        offline_s = (perf_counter() - began) / max(count, 1)
    planes = len(engine.bundle.facts.z_planes_um)
    facts = {**live, "offline_s_a_stack": offline_s, "planes": planes}
    return Outcome((_row(facts, effort, engine.provider),), (_section(facts, effort),))


def _worm(effort: Effort) -> Profile:
    """As bright as usual in a quarter of the exposure, which leaves time for 100 frames."""
    profile = moving_worm(FIRST_SEED + effort.first, effort.side_px, photons=16_000.0)
    camera = profile.camera.model_copy(update={"exposure_ms": 5.0})
    return profile.model_copy(update={"camera": camera})


def _live(lab: Lab, session: Session, folder: Path) -> dict[str, Any]:
    lab.note("Recording and refocusing that stream")
    live = live_on(ReplaySource(session), lab.engine(WORM), None, record_to=folder)
    live.start()
    try:
        live.wait_finished(PATIENCE_S)
    finally:
        live.stop()
    if live.error is not None:
        raise live.error
    # Where the recording lay means nothing to a reader.
    return {name: value for name, value in live.summary().items() if name != "session"}


def _row(facts: dict[str, Any], effort: Effort, provider: str) -> Row:
    camera, live = facts["camera_fps"] or 0.0, facts["refocus_fps"] or 0.0
    kept = facts["frames_recorded"] == facts["frames_captured"] and not facts["frames_lost"]
    fast = camera >= NEAR * PAPER_HZ
    offline = facts["offline_s_a_stack"]
    remarks = [
        f"Live, {live:.1f} stacks of {facts['planes']} planes a second were refocused beside it, "
        f"the other frames only recorded; afterwards {1 / offline:.1f} a second. At the paper's "
        f"{PAPER_S_PLANE:g} s a plane a stack of {PAPER_PLANES} takes "
        f"{PAPER_PLANES * PAPER_S_PLANE:.1f} s, ours {offline:.2f} s."
    ]
    if not fast:
        remarks.append(f"Worse: of {PAPER_HZ:g} frames a second this machine took {camera:.0f}.")
    return Row(
        "stream.rate",
        f"{camera:.0f} fps; {facts['frames_recorded']} of {facts['frames_captured']} frames "
        f"recorded, {facts['frames_lost']} lost",
        "as in the paper" if fast and kept else "worse",
        "frames of a moving worm, handed over at the camera's pace to a live session that records "
        "and refocuses",
        f"built-in microscope, {effort.side_px}² pixels, {effort.seconds:g} s; {WORM} on "
        f"{provider}",
        " ".join(remarks),
    )  # fmt: skip


def _section(facts: dict[str, Any], effort: Effort) -> Section:
    rows = [
        ["frames captured", str(facts["frames_captured"])],
        ["frames recorded", str(facts["frames_recorded"])],
        ["frames lost", str(facts["frames_lost"])],
        ["camera, frames a second", f"{facts['camera_fps'] or 0:.1f}"],
        ["refocused live, stacks a second", f"{facts['refocus_fps'] or 0:.1f}"],
        ["skipped for the live view", str(facts["frames_skipped_for_view"])],
        ["latency to the live view, median (ms)", f"{facts['latency_ms_p50'] or 0:.0f}"],
        ["refocused afterwards, s a stack", f"{facts['offline_s_a_stack']:.3f}"],
    ]
    return Section(
        "stream",
        "Videos S7, S8: does it keep up with 100 frames a second?",
        f"A moving worm, {effort.side_px}² pixels, was recorded in the built-in microscope's own "
        f"time, and then handed frame by frame, {PAPER_HZ:g} a second, to a live session: every "
        "frame is recorded, the newest is refocused over ±10 µm.",
        tables=[Table(("", "here"), rows)],
        facts=facts,
    )


STEP = Step("stream", ("stream",), (WORM,), Effort(10.0, 512, 40), Effort(5.0, 256, 20), measure,
            CLAIMS)  # fmt: skip
