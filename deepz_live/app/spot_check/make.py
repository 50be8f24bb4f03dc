"""Spot checks made ready: on a microscope that nobody streams from, and in a live session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.spot_check.look import SnapLook, StreamLook
from deepz_live.app.spot_check.plan import SpotCheckError
from deepz_live.app.spot_check.run import SpotCheck, SpotCheckProgress
from deepz_live.refocus.planes import planes_at
from deepz_live.stream.frame import Frame

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.app.live import LiveSession
    from deepz_live.refocus.engine import Engine
    from deepz_live.refocus.questions import Snapshot

WAIT_S = 120.0
"""The longest that a network takes for a frame."""
KIND = "spot_check"
"""Of the event in a recording."""

Image = NDArray[np.float32]
Report = Callable[[SpotCheckProgress], None]


def snap_check(
    microscope: Microscope, engine: Engine, report: Report = lambda _: None
) -> SpotCheck:
    """A check by snapping; the camera must not be streaming."""

    def refocus(frame: Frame, distances_um: Sequence[float]) -> Image:
        planes = engine.bundle.facts.z_planes_um
        return planes_at(engine.volume(frame.pixels), planes, distances_um)

    return SpotCheck(microscope, engine.bundle, SnapLook(microscope), refocus, report=report)


def live_check(
    live: LiveSession,
    microscope: Microscope,
    channel: str | None = None,
    report: Report = lambda _: None,
) -> SpotCheck:
    """A check with frames out of a running session, which goes on, and so does its recording.

    Raises
    ------
    SpotCheckError
        There is no model, or no frame comes: somebody else may have the microscope.
    """
    if live.engine is None:
        raise SpotCheckError("No model is open, so there is nothing to check; open a bundle.")
    if live.error is not None or live.finished:
        raise SpotCheckError(
            "The camera is not streaming, so there is no frame to check; start the live view first."
        )
    bundle = live.engines.get(channel or "", live.engine).bundle

    def refocus(frame: Frame, distances_um: Sequence[float]) -> Image:
        def work(snapshot: Snapshot) -> Image:
            volume = snapshot.engine.volume(frame.pixels)
            return planes_at(volume, snapshot.z_planes_um, distances_um)

        return live.ask(work, channel).result(WAIT_S)

    return SpotCheck(
        microscope,
        bundle,
        StreamLook(live, microscope, channel),
        refocus,
        lock=live.focus_lock,
        report=report,
    )
