"""Recordings of the built-in microscope in its own time, with what only a simulation can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.report.scenes import StillClock
from deepz_live.config import Profile
from deepz_live.stream.frame import Frame, StreamInfo

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """What was in front of the camera.

    Attributes
    ----------
    times_s
        ``(T,)`` of the rounds: when the first channel of each was exposed.
    drift_um
        ``(T, 3)`` (dz, dy, dx) of the sample then.
    positions_um
        ``(N, 3)`` (z, y, x) of the neurons at the first round: z above the focal plane, y and x
        from the centre of the frame's first pixel.
    clusters
        The group each is active with; ``"silent"`` for none.
    traces
        ``(N, T)`` true brightness in the last channel of each round, at its times.
    """

    times_s: Floats
    drift_um: Floats
    positions_um: Floats
    clusters: tuple[str, ...]
    traces: Floats


def moving_worm(
    seed: int,
    side_px: int,
    *,
    axial_um: float = 0.5,
    lateral_um: float = 2.0,
    start_um: float = 0.0,
    photons: float = 4000.0,
    density: float = 1.0,
) -> Profile:
    """A worm of the built-in microscope that wanders about where it is.

    Parameters
    ----------
    axial_um, lateral_um
        The farthest it goes along z and sideways.
    start_um
        Where the focal plane is; the worm's middle is at 0.
    photons
        At the brightest pixel of a nucleus; the default is what the shipped model was trained on.
    """
    data = Profile(name="worm").model_dump()
    data["specimen"] |= {"kind": "worm", "seed": seed, "photons": photons, "density": density}
    data["camera"] |= {"width_px": side_px, "height_px": side_px, "noise_seed": seed}
    data["stage"] |= {"z_start_um": start_um}
    data["stage"]["drift"] |= {
        "kind": "walk", "seed": seed, "period_s": 20.0, "axial_um": axial_um,
        "lateral_um": lateral_um,
    }  # fmt: skip
    return Profile.model_validate(data)


def record(
    profile: Profile,
    folder: Path,
    *,
    channels: Sequence[str],
    rounds_hz: float,
    seconds: float,
) -> Known:
    """Record ``channels`` in turn into the session ``folder``, ``rounds_hz`` rounds a second.

    Time passes only as the devices need it, so nothing waits and no frame is lost.

    Raises
    ------
    MicroscopeError, SessionError
        The microscope cannot show these channels; the folder is not empty.
    """
    clock = StillClock()
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        began: list[float] = []
        ended: list[float] = []
        info = _info(microscope, channels, rounds_hz)
        settings = microscope.profile.model_dump(mode="json")
        with offline_recording(folder, info, settings=settings) as recording:
            for number in range(round(seconds * rounds_hz) * len(channels)):
                turn, place = divmod(number, len(channels))
                if place == 0:
                    clock.sleep(turn / rounds_hz - clock())
                microscope.set_channel(channels[place])
                frame = replace(microscope.snap(), index=number)
                recording.add(frame, true_drift_um=_moved(microscope, frame))
                (ended if place else began).append(frame.time_s)
        return _known(microscope, began, ended or began)


def _known(microscope: Microscope, began: list[float], ended: list[float]) -> Known:
    truth = microscope.truth
    if truth is None:  # only the built-in microscope has a clock that stands still
        raise ValueError("A rehearsal needs the built-in microscope.")
    neurons = truth.neurons
    drift = np.array([truth.drift_um(time_s) for time_s in began]).reshape(-1, 3)
    now = np.array(truth.drift_um(microscope.clock()))
    pixels = truth.neuron_pixels() - (now - drift[0])[1:] / microscope.pixel_size_um
    heights = neurons.positions_um[:, :1] + drift[0, 0] - microscope.z_um
    return Known(
        times_s=np.array(began),
        drift_um=drift,
        positions_um=np.hstack([heights, pixels * microscope.pixel_size_um]),
        clusters=neurons.clusters,
        traces=truth.traces(neurons, np.array(ended)),
    )


def _moved(microscope: Microscope, frame: Frame) -> list[float]:
    """The drift at a frame, as a live session on the built-in microscope writes it down."""
    truth = microscope.truth
    return list(truth.drift_um(frame.time_s)) if truth is not None else []


def _info(microscope: Microscope, channels: Sequence[str], rounds_hz: float) -> StreamInfo:
    return replace(
        microscope.info,
        frame_rate_hz=rounds_hz * len(channels),
        channel=channels[0],
        channels=tuple(channels) if len(channels) > 1 else (),
    )
