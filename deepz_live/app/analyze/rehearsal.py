"""Recordings of the built-in microscope in its own time, with what only a simulation can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.app.report.scenes import StillClock
from deepz_live.config import Profile
from deepz_live.session.files import open_file
from deepz_live.session.manifest import Manifest, info_at_rest
from deepz_live.session.recording import Recording
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
        ``(N, T)`` true brightness at the times of the last channel of each round.
    """

    times_s: Floats
    drift_um: Floats
    positions_um: Floats
    clusters: tuple[str, ...]
    traces: Floats


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
        recording = Recording(folder, _manifest(microscope, channels, rounds_hz), open_file)
        recording.create()
        began, ended, index = [], [], 0
        for number in range(round(seconds * rounds_hz)):
            clock.sleep(number / rounds_hz - clock())
            for channel in channels:
                microscope.set_channel(channel)
                frame = microscope.snap()
                recording.append_frame(_numbered(frame, index))
                (began if channel == channels[0] else ended).append(frame.time_s)
                index += 1
        recording.close(frames=index, end="stopped")
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


def _manifest(microscope: Microscope, channels: Sequence[str], rounds_hz: float) -> Manifest:
    stream = microscope.info
    several = tuple(channels) if len(channels) > 1 else ()
    info = StreamInfo(
        shape=stream.shape,
        dtype=stream.dtype,
        pixel_size_um=stream.pixel_size_um,
        frame_rate_hz=rounds_hz * len(channels),
        channel=channels[0],
        exposure_ms=stream.exposure_ms,
        origin=stream.origin,
        channels=several,
    )
    return Manifest(
        software=f"deepz-live {version('deepz-live')}",
        started_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        info=info_at_rest(info),
        settings=microscope.profile.model_dump(mode="json"),
    )


def _numbered(frame: Frame, index: int) -> Frame:
    return Frame(
        pixels=np.array(frame.pixels),
        index=index,
        time_s=frame.time_s,
        z_um=frame.z_um,
        exposure_ms=frame.exposure_ms,
        channel=frame.channel,
    )
