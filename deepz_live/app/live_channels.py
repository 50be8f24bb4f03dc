"""What a live session keeps of each of its channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deepz_live.app.live_facts import recorded_models
from deepz_live.app.live_numbers import Clock, Pace
from deepz_live.refocus.check import check_stream
from deepz_live.refocus.engine import Engine
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.pace import Paced
from deepz_live.stream.pairing import TOLERANCE_S
from deepz_live.stream.source import FrameSource


class Newest:
    """A sink that keeps the newest frame, and that of each channel, for whoever wants to look."""

    def __init__(self, clock: Clock) -> None:
        self.frame: Frame | None = None
        self.frames: dict[str, Frame] = {}
        self.pace = Pace(clock)

    def offer(self, frame: Frame) -> None:
        """Keep ``frame``."""
        self.pace.tick()
        self.frame = self.frames[frame.channel] = frame


def pair_tolerance_s(info: StreamInfo) -> float:
    """How far apart frames of one moment may be: two rounds through the channels, at least 1 s."""
    if info.frame_rate_hz <= 0:
        return TOLERANCE_S
    return max(TOLERANCE_S, 2 * len(info.channels) / info.frame_rate_hz)


def channel_warnings(
    source: FrameSource, engine: Engine, engines: Mapping[str, Engine]
) -> tuple[str, ...]:
    """What of the stream differs from the models' training; of several channels, of each.

    Exposures of several channels are checked with their frames.
    """
    info = source.info
    if not info.channels:
        return check_stream(engine.bundle, info)
    found: list[str] = []
    for name in info.channels:
        bundle = engines.get(name, engine).bundle
        own = replace(info, channel=name, exposure_ms=bundle.facts.exposure_ms)
        found += check_stream(bundle, own)
    found += replay_warnings(source, engine, engines)
    return tuple(dict.fromkeys(found))


def replay_warnings(
    source: FrameSource, engine: Engine, engines: Mapping[str, Engine]
) -> list[str]:
    """Channels that were recorded with a model of their own, which is not there now."""
    if not isinstance(source, ReplaySource) or not isinstance(source.series, Session):
        return []
    main = engine.bundle
    return [
        f"Channel {name!r} was recorded with bundle {model.get('name')!r}, which is not found; "
        f"{main.name!r} refocuses it. Give it with `deepz-live replay` and --channel-model."
        for name, model in recorded_models(source.series).items()
        if name not in engines and model.get("sha256") != main.sha256
    ]


def channel_summary(source: FrameSource, pairs: int) -> dict[str, Any]:
    """The part of ``--json`` that tells of the channels; rates and times where they are known."""
    facts: dict[str, Any] = {"names": list(source.info.channels), "pairs": pairs}
    if not isinstance(source, Paced):
        return facts
    pace = source.pace
    return facts | {
        "frames": dict(zip(pace.channels, pace.frames, strict=True)),
        "frames_hz": round(pace.mean_hz, 3),
        "cycle_hz": round(pace.mean_hz / len(pace.channels), 3),
        "exposure_ms": round(1000 * pace.exposure_s, 2),
        "switching_ms": round(1000 * pace.switching_s, 2),
        "readout_ms": round(1000 * pace.readout_s, 2),
        "limited_by": pace.limited_by,
    }
