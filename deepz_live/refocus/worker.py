"""The thread that refocuses: newest frame in, newest result out; each channel with its engine.

The network's volume does not depend on what is looked at; only the view cut out of it does. So a
request that changes while the network runs is answered with the very same frame, and a view made
for an older request is discarded (by its generation number), never shown. While no new frame
comes (a replay stands still), a changed request and questions are answered with the last one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from deepz_live.refocus.check import check_frame
from deepz_live.refocus.dpms import Dpms
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.engine import Engine, RefocusError, notes_of, stack_of
from deepz_live.refocus.questions import Borrowed, Questions, Snapshot
from deepz_live.refocus.tracking import Tracking
from deepz_live.refocus.view import (
    RefocusResult,
    Shift,
    ViewRequest,
    check_request,
    digest,
    make_view,
)
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.pairing import PairedSlot
from deepz_live.stream.slots import LatestSlot
from deepz_live.stream.statistics import Clock, LatencyMeter, RateMeter
from deepz_live.stream.step_back import step_back

T = TypeVar("T")

_POLL_S = 0.05
"""So long a question waits at most while no frame comes."""
_KEPT_LATENCIES = 20_000
_MAX_REMAKES = 3
RATE_WINDOW_S = 10.0
"""A slow network gives less than a frame a second; a shorter window would show 0 between them."""

Listener = Callable[[RefocusResult], None]


class FrameSlot(Protocol):
    """Where frames come from: only the newest (``LatestSlot``) or all (``BlockingFifo``)."""

    def get(self, timeout_s: float | None = None) -> Frame | None:
        """A frame, or None where none came in time, or none will come any more."""

    @property
    def closed(self) -> bool:
        """True once no frame is added any more."""

    def close(self) -> None:
        """Wake whoever waits."""


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """Snapshot: frames refocused, skipped for a newer one, failed; rates and latencies."""

    refocused: int
    skipped: int
    failed: int
    discarded: int
    fps: float
    latency_ms_p50: float | None
    latency_ms_p95: float | None


class RefocusWorker:
    """Refocuses frames of ``slot`` on a thread of its own. One lock, held for moments only.

    ``info`` lets frames be checked against the model. ``latency_from_capture=False`` measures
    from the moment a frame was taken up instead, for replays, whose frames are old. In frames
    for which ``moved_during`` is true the stage was under way: no drift is measured in them.

    Of several channels each is refocused with its engine of ``engines``, or with ``engine``. Drift
    is measured in one of them, the stream's first: brightness that changes by itself in another
    (activity) is no movement. The others are compensated by that drift.
    """

    def __init__(
        self,
        slot: FrameSlot,
        engine: Engine,
        *,
        request: ViewRequest | None = None,
        info: StreamInfo | None = None,
        clock: Clock = time.monotonic,
        latency_from_capture: bool = True,
        moved_during: Callable[[Frame], bool] | None = None,
        engines: Mapping[str, Engine] | None = None,
    ) -> None:
        self._engines = dict(engines or {})
        first = info.channels[0] if info is not None and info.channels else ""
        main = self._engines.get(first, engine)
        facts = main.bundle.facts
        self._slot = slot
        self._engine = engine
        self._info = info
        self._clock = clock
        self._from_capture = latency_from_capture
        self._pixel_size_um = info.pixel_size_um if info is not None else facts.pixel_size_um
        self._tracking = Tracking(
            tuple(facts.z_planes_um),
            self._pixel_size_um,
            channel=info.channels[0] if info is not None and info.channels else None,
            moved_during=moved_during or (lambda _: False),
        )
        self._questions = Questions()
        self._seen: dict[str, _Seen] = {}
        """The newest of each channel; an engine's stack is valid until it refocuses another."""
        self._dpms = Dpms()
        self._lock = threading.Lock()
        self._request = request or ViewRequest()
        self._check(self._request)
        self._generation = 0
        self._error: Exception | None = None
        self._failed = self._discarded = 0
        self._rate = RateMeter(clock, RATE_WINDOW_S)
        self._latency = LatencyMeter(_KEPT_LATENCIES)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.results: LatestSlot[RefocusResult] = LatestSlot()
        self.on_result: list[Listener] = []
        self.on_remade: list[Listener] = []
        self.on_reference = self._tracking.on_reference
        self.on_error: list[Callable[[Frame, Exception], None]] = []

    @property
    def request(self) -> ViewRequest:
        """What is asked for; setting it takes effect at once, from any thread.

        Raises :class:`RefocusError` where it leaves the model's range; the old one then stays.
        """
        with self._lock:
            return self._request

    @request.setter
    def request(self, request: ViewRequest) -> None:
        self._check(request)
        with self._lock:
            self._request = request
            self._generation += 1

    def set_reference(self) -> None:
        """Measure drift from the next frame on, against that frame."""
        self._tracking.set_reference()

    def ask(self, work: Callable[[Snapshot], T], channel: str | None = None) -> Future[T]:
        """Call ``work`` with the newest refocused frame (of ``channel``), on this worker's thread.

        From any thread. It should be short: frames wait meanwhile. While no frame comes, the last
        one is taken. The future ends with :class:`RefocusError` where refocusing ends first.
        """
        return self._questions.ask(work, channel)

    @property
    def error(self) -> Exception | None:
        """The last frame's failure that nobody cleared; refocusing goes on with the next frame."""
        with self._lock:
            return self._error

    def clear_error(self) -> None:
        """Forget :attr:`error`, once the operator has read it."""
        with self._lock:
            self._error = None

    @property
    def running(self) -> bool:
        """True while the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread. Raises :class:`RefocusError` when started twice."""
        if self._thread is not None:
            raise RefocusError("The refocus worker was started before; make a new one.")
        self._thread = threading.Thread(target=self._loop, name="refocus", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the frame in work; harmless when called twice.

        Raises
        ------
        RefocusError
            The network did not return within ``timeout_s``.
        """
        self._stopping.set()
        self._slot.close()
        if self._thread is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise RefocusError(
                f"Refocusing did not end within {timeout_s:g} s; close the window to end it."
            )
        self.results.close()

    def join(self, timeout_s: float) -> bool:
        """Wait until the slot is closed and its frames are done; True if so in time."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.running

    def stats(self) -> WorkerStats:
        """Numbers of this moment."""
        slot = self._slot
        with self._lock:
            failed, discarded = self._failed, self._discarded
        return WorkerStats(
            refocused=self._rate.count,
            skipped=slot.skipped if isinstance(slot, LatestSlot | PairedSlot) else 0,
            failed=failed,
            discarded=discarded,
            fps=self._rate.rate_hz(),
            latency_ms_p50=self._latency.percentile_ms(50),
            latency_ms_p95=self._latency.percentile_ms(95),
        )

    def _loop(self) -> None:
        step_back()  # camera, disk and window come first; the network has what is left
        try:
            while not self._stopping.is_set():
                frame = self._slot.get(_POLL_S)
                if frame is not None:
                    self._guarded(frame)
                elif self._slot.closed:
                    return
                else:
                    self._look_again()
        finally:
            self._questions.close()

    def _guarded(self, frame: Frame) -> None:
        try:
            self._refocus(frame)
        except Exception as error:  # whatever the network raises: shown, and the next frame tried
            with self._lock:
                self._error = error
                self._failed += 1
            for listener in self.on_error:
                listener(frame, error)

    def _refocus(self, frame: Frame) -> None:
        begin = frame.time_s if self._from_capture else self._clock()
        engine = self._engine_of(frame)
        self._seen.pop(frame.channel, None)
        self._overwrite(engine)
        stack = stack_of(engine, frame.pixels)
        provider = engine.provider
        mark = digest(stack)
        drift = self._tracking.measure(stack, frame)
        snapshot = Snapshot(
            frame=frame,
            stack=stack,
            z_planes_um=tuple(engine.bundle.facts.z_planes_um),
            pixel_size_um=self._pixel_size_um,
            engine=Borrowed(engine),
            shift=self._tracking.shift(frame),
        )
        warnings = (
            *check_frame(engine.bundle, frame, self._info_of(frame)),
            *notes_of(engine),
        )
        for _ in range(_MAX_REMAKES):
            result = self._made(snapshot, drift, warnings, mark, provider)
            if self._publish(result, begin):
                break
        else:
            self._tell(result)
        self._seen[frame.channel] = _Seen(snapshot, result, warnings)
        self._questions.answer(snapshot)

    def _made(
        self,
        snapshot: Snapshot,
        drift: DriftSample | None,
        warnings: tuple[str, ...],
        mark: int,
        provider: str,
    ) -> RefocusResult:
        """The view as it is asked for now."""
        with self._lock:
            request, generation = self._request, self._generation
        shift = snapshot.shift if request.compensate else Shift()
        view = make_view(
            snapshot.stack,
            snapshot.z_planes_um,
            snapshot.pixel_size_um,
            request,
            shift,
            self._dpms,
        )
        return RefocusResult(
            frame=snapshot.frame,
            cuts=request.cuts,
            images=view.images,
            drift=drift,
            warnings=(*warnings, *view.warnings),
            digest=mark,
            latency_s=0.0,
            generation=generation,
            provider=provider,
            z_planes_um=snapshot.z_planes_um,
        )

    def _look_again(self) -> None:
        """No frame came: answer what was asked since, with the frames that are still there."""
        with self._lock:
            generation = self._generation
        # Whose stack is still there comes first: a channel with the same engine overwrites it.
        for seen in sorted(self._seen.values(), key=lambda one: one.snapshot.engine.used):
            channel = seen.snapshot.frame.channel
            old = seen.result.generation != generation
            if not old and not self._questions.wanted(channel):
                continue
            try:
                if seen.snapshot.engine.used:
                    self._overwrite(seen.snapshot.engine.lender)
                    seen.refresh()
                if old:
                    self._remake(seen)
            except Exception as error:  # as in a frame that fails
                self._seen.pop(channel)
                with self._lock:
                    self._error = error
                continue
            self._questions.answer(seen.snapshot)

    def _overwrite(self, engine: Engine) -> None:
        """``engine`` refocuses something else now: the stacks that it made are valid no more."""
        for seen in self._seen.values():
            if seen.snapshot.engine.lender is engine:
                seen.snapshot.engine.used = True

    def _remake(self, seen: _Seen) -> None:
        old = seen.result
        new = self._made(seen.snapshot, old.drift, seen.warnings, old.digest, old.provider)
        seen.result = replace(new, latency_s=old.latency_s)
        for listener in self.on_remade:
            listener(seen.result)

    def _publish(self, result: RefocusResult, begin: float) -> bool:
        """Hand the result on, unless the request has changed since it was made."""
        done = replace(result, latency_s=self._clock() - begin)
        with self._lock:
            if result.generation != self._generation:
                self._discarded += 1
                return False
            self.results.put(done)
        self._rate.tick()
        self._latency.add(done.latency_s)
        self._tell(done)
        return True

    def _tell(self, result: RefocusResult) -> None:
        for listener in self.on_result:
            listener(result)

    def _check(self, request: ViewRequest) -> None:
        """Raise :class:`RefocusError` where one of the models cannot answer."""
        for engine in {id(one): one for one in (self._engine, *self._engines.values())}.values():
            check_request(request, tuple(engine.bundle.facts.z_planes_um))

    def _engine_of(self, frame: Frame) -> Engine:
        return self._engines.get(frame.channel, self._engine)

    def _info_of(self, frame: Frame) -> StreamInfo | None:
        """The stream's facts as they are for this frame's channel."""
        if self._info is None or not self._info.channels:
            return self._info
        return replace(self._info, channel=frame.channel, exposure_ms=frame.exposure_ms)


@dataclass(slots=True, eq=False)
class _Seen:
    """A refocused frame, what was made of it last, and what there is to say about it."""

    snapshot: Snapshot
    result: RefocusResult
    warnings: tuple[str, ...]

    def refresh(self) -> None:
        """Refocus the frame once more: a question, or another channel, has used up its stack."""
        engine = self.snapshot.engine.lender
        stack = stack_of(engine, self.snapshot.frame.pixels)
        self.snapshot = replace(self.snapshot, stack=stack, engine=Borrowed(engine))
