"""Numbers kept about a live session: its status, rates, and drift against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from deepz_live.app.focus_lock import LockStatus
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.engine import Engine
from deepz_live.refocus.view import RefocusResult
from deepz_live.refocus.worker import WorkerStats
from deepz_live.session.writer import WriterStats
from deepz_live.stream.hub import HubStats
from deepz_live.stream.pace import ChannelPace

Clock = Callable[[], float]


class Truth(Protocol):
    """What the built-in microscope knows about its sample."""

    def drift_um(self, time_s: float) -> tuple[float, float, float]:
        """``(dz, dy, dx)`` in µm by which the sample has moved at ``time_s``."""


LONG_BYTES = 20_000_000
"""Writing so much that is queued may last long enough to be said."""


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """The numbers of the status bar, at one moment."""

    camera_fps: float
    refocus_fps: float
    latency_ms: float | None
    captured: int
    refocused: int
    skipped_for_view: int
    lost: int
    provider: str | None
    reason: str
    finished: bool
    recording: bool
    recorded: int
    dropped: int
    queued: int
    queue_capacity: int
    bytes_written: int
    free_bytes: int
    elapsed_s: float
    session: Path | None
    focus: LockStatus | None = None
    channels: ChannelPace | None = None
    duplicated: int = 0
    out_of_order: int = 0
    buffer_full_in_s: float | None = None


def live_status(
    hub: HubStats,
    worker: WorkerStats | None,
    record: WriterStats | None,
    *,
    engine: Engine | None,
    finished: bool,
    session: Path | None,
    channels: ChannelPace | None,
    focus: LockStatus | None,
) -> LiveStatus:
    """The numbers of a session from those of its parts; zeros where a part is not there."""
    return LiveStatus(
        camera_fps=hub.fps,
        refocus_fps=worker.fps if worker else 0.0,
        latency_ms=worker.latency_ms_p50 if worker else None,
        captured=hub.captured,
        refocused=worker.refocused if worker else 0,
        skipped_for_view=worker.skipped if worker else 0,
        lost=hub.lost,
        duplicated=hub.duplicated,
        out_of_order=hub.out_of_order,
        provider=engine.provider if engine is not None else None,
        reason=engine.reason if engine is not None else "",
        finished=finished,
        recording=record is not None,
        recorded=record.written if record else 0,
        dropped=record.dropped if record else 0,
        queued=record.queued if record else 0,
        queue_capacity=record.queue_capacity if record else 0,
        buffer_full_in_s=record.full_in_s if record else None,
        bytes_written=record.bytes_written if record else 0,
        free_bytes=record.free_bytes if record else 0,
        elapsed_s=record.elapsed_s if record else 0.0,
        session=session,
        channels=channels,
        focus=focus,
    )


class Pace:
    """Mean rate between the first and the last of some events; ticked by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first = self._last = 0.0
        self._count = 0

    def tick(self) -> None:
        """Count one event, now."""
        self._last = self._clock()
        if self._count == 0:
            self._first = self._last
        self._count += 1

    def mean_hz(self) -> float:
        """Intervals a second; 0 with fewer than two events."""
        span = self._last - self._first
        return round((self._count - 1) / span, 3) if span > 0 else 0.0


class Likeness:
    """Results whose digest is that of a recording; added to by one thread.

    ``expected`` are the recording's, frame index to digest, made by what the engines run on now.
    Should a provider fail in mid-stream, the next one rounds otherwise: it is not compared.
    """

    def __init__(
        self, expected: Mapping[int, int], engine: Engine, engines: Mapping[str, Engine]
    ) -> None:
        self._expected = expected
        self._provider = engine.provider
        self._providers = {name: own.provider for name, own in engines.items()}
        self.compared = self.identical = 0

    def add(self, result: RefocusResult) -> None:
        """Compare one result with what was recorded for its frame."""
        frame = result.frame
        if result.provider != self._providers.get(frame.channel, self._provider):
            return
        if frame.index in self._expected:
            self.compared += 1
            self.identical += self._expected[frame.index] == result.digest


class DriftErrors:
    """Squared differences between measured and true drift since the reference."""

    def __init__(self, truth: Truth | None) -> None:
        self._truth = truth
        self._zero = np.zeros(3)
        self._squares = np.zeros(3)
        self._samples = 0

    def set_reference(self, time_s: float) -> None:
        """Measure from the true drift at ``time_s`` on."""
        if self._truth is not None:
            self._zero = np.asarray(self._truth.drift_um(time_s), np.float64)

    def add(self, sample: DriftSample) -> None:
        """Compare one sample with the truth."""
        if self._truth is None:
            return
        true = np.asarray(self._truth.drift_um(sample.time_s), np.float64) - self._zero
        self._squares += (np.array([sample.dz_um, sample.dy_um, sample.dx_um]) - true) ** 2
        self._samples += 1

    def rmse(self) -> dict[str, float] | None:
        """Axial, and lateral as the root of the mean squared distance in the plane."""
        if not self._samples:
            return None
        z, y, x = self._squares / self._samples
        return {"axial": float(np.sqrt(z)), "lateral": float(np.sqrt(y + x))}
