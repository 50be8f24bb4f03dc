"""The live path composed: source → hub → {writer, refocus worker}. No Qt.

Recording never depends on refocusing: the writer hangs on the pump, and what the worker raises
stays with the worker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.at_exit import stop_at_exit
from deepz_live.app.focus_lock import FocusLock
from deepz_live.app.live_channels import Newest, channel_warnings, pair_tolerance_s
from deepz_live.app.live_facts import bundle_facts, request_facts
from deepz_live.app.live_health import stall_warning
from deepz_live.app.live_numbers import Clock, Likeness, LiveStatus, Truth, live_status
from deepz_live.app.live_recorder import LiveRecorder
from deepz_live.app.live_results import LiveResults
from deepz_live.app.live_summary import live_summary
from deepz_live.refocus.cuts import plane_depths
from deepz_live.refocus.drift import DriftSample
from deepz_live.refocus.engine import Engine, RefocusError
from deepz_live.refocus.questions import Snapshot, failed_question
from deepz_live.refocus.view import RefocusResult, ViewRequest
from deepz_live.refocus.worker import RefocusWorker
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.frame import Frame
from deepz_live.stream.hub import Hub
from deepz_live.stream.pace import Paced
from deepz_live.stream.pairing import PairedSlot
from deepz_live.stream.source import FrameSource, SourceError

__all__ = ["LiveSession", "LiveStatus", "Truth"]

T = TypeVar("T")
_NO_MODEL = "No model is open, so there is nothing to refocus; open a bundle."


class LiveSession:
    """Frames in, refocused planes and a recording out.

    Parameters
    ----------
    source
        A camera or a replay; it is started and stopped here.
    engine
        None shows and records raw frames only. The caller opens and closes it.
    record_to
        A new or empty folder to record into from the first frame on.
    request
        The view at the beginning.
    truth
        The built-in microscope's, for ``drift_rmse_um``.
    every_frame
        Refocus each frame; the source is slowed down to the network's pace.
    expected_digests
        Frame index to recorded digest: every result is compared with it.
    settings
        Written into the recording's manifest.
    engines
        The engine of single channels, where the stream has several; ``engine`` is for all others,
        and its bundle is the one that is named first.
    focus_lock
        Moves the stage by the measured drift while it is switched on; started and stopped here.
    """

    def __init__(
        self,
        source: FrameSource,
        engine: Engine | None,
        *,
        record_to: Path | None = None,
        request: ViewRequest | None = None,
        truth: Truth | None = None,
        every_frame: bool = False,
        expected_digests: Mapping[int, int] | None = None,
        settings: dict[str, Any] | None = None,
        engines: Mapping[str, Engine] | None = None,
        focus_lock: FocusLock | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.source = source
        self.engine = engine
        self.engines = dict(engines or {}) if engine is not None else {}
        self._record_to = record_to
        self._truth = truth
        self.focus_lock = focus_lock if engine is not None else None
        paced = every_frame and engine is not None
        self._fifo: BlockingFifo[Frame] | None = BlockingFifo() if paced else None
        channels = source.info.channels
        self._hub = Hub(
            source,
            clock=clock,
            pace_with=self._fifo,
            latest=PairedSlot(channels, pair_tolerance_s(source.info)) if channels else None,
        )
        self._newest = Newest(clock)
        likeness = None
        if expected_digests is not None and engine is not None:
            likeness = Likeness(expected_digests, engine, self.engines)
        self._results = LiveResults(source.info, truth, likeness, clock)
        self._hub.attach(self._newest)
        self._recorder = LiveRecorder(
            self._hub, source.info, settings or {}, bundle_facts(engine, self.engines)
        )
        self._lifecycle = threading.RLock()  # one start or stop at a time
        self._started = self._stopped = False
        self._leave_to_exit: Callable[[], None] = lambda: None
        self._worker: RefocusWorker | None = None
        if engine is not None:
            self._worker = RefocusWorker(
                self._fifo if self._fifo is not None else self._hub.latest,
                engine,
                request=request,
                info=source.info,
                clock=clock,
                # A replayed frame carries the time of its recording.
                latency_from_capture=not isinstance(source, ReplaySource),
                moved_during=focus_lock.moved_during if focus_lock is not None else None,
                engines=self.engines,
            )
            self._worker.on_result.append(self._take_result)
            self._worker.on_remade.append(self._results.show)
            self._worker.on_reference.append(self._take_reference)
            self._worker.on_error.append(self._take_error)
        if self.focus_lock is not None:
            self.focus_lock.on_event.append(self._recorder.event)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the stream differs from the model's training; what is about to go wrong.

        A camera that gives no frames, a disk that does not keep up: there as long as it lasts.
        """
        found: list[str | None] = [self._recorder.warning]
        if not isinstance(self.source, ReplaySource):
            found.append(stall_warning(self._hub.stats(), self.source.info))
        if self.engine is not None:
            found += channel_warnings(self.source, self.engine, self.engines)
        return tuple(sentence for sentence in found if sentence is not None)

    @property
    def error(self) -> Exception | None:
        """What the operator must see: the camera's, else the recording's, else the worker's."""
        of_worker = self._worker.error if self._worker is not None else None
        return self._hub.error or self._recorder.error or of_worker

    @property
    def broken(self) -> Exception | None:
        """What of :attr:`error` ends all: no lost frames, and no network beside a recording."""
        of_worker = self._worker.error if self._worker is not None else None
        return self._hub.error or self._recorder.failure or (None if self.recording else of_worker)

    @property
    def finished(self) -> bool:
        """True once the stream has ended and all its frames went through the worker."""
        worker_done = self._worker is None or not self._worker.running
        return self._hub.stats().finished and worker_done

    @property
    def ended(self) -> bool:
        """True once no frame comes any more."""
        return self._stopped or self._hub.stats().finished

    @property
    def recording(self) -> bool:
        """True while frames are written."""
        return self._recorder.running

    def start(self) -> None:
        """Begin to record (if asked for), to refocus and to stream.

        Raises
        ------
        SessionError, SourceError
            The folder cannot be used; the source does not start. Nothing keeps running then.
            Or it was started or stopped before, which changes nothing.
        """
        with self._lifecycle:
            if self._started or self._stopped:
                what = "stopped" if self._stopped else "started"
                raise SourceError(
                    f"This live session was {what} before; make a new one to start again."
                )
            self._started = True
            self._leave_to_exit = stop_at_exit(self)
            try:
                if self._record_to is not None:
                    self.start_recording(self._record_to)
                if self.focus_lock is not None:
                    self.focus_lock.start()
                if self._worker is not None:
                    self._worker.start()
                self._hub.start()
            except Exception:
                self.stop()
                raise

    def stop(self, timeout_s: float = 30.0) -> None:
        """End a start under way, stream, refocusing and recording; harmless when called twice.

        Raises
        ------
        SourceError, RefocusError, SessionError
            Camera, network or a disk that takes nothing last ``timeout_s``; call again to wait on.
        """
        if not self._lifecycle.acquire(timeout=timeout_s):
            raise SourceError(
                f"The camera stream is still starting after {timeout_s:g} s: its driver does not "
                "answer; check the camera's cable and power, and restart the program."
            )
        try:
            self._stopped = True
            self._stop_all(timeout_s)
            self._leave_to_exit()
        finally:
            self._lifecycle.release()

    def _stop_all(self, timeout_s: float) -> None:
        with ExitStack() as last_first:  # each, also where another fails
            last_first.callback(self.stop_recording, timeout_s)
            for part in (self.focus_lock, self._worker, self._hub):
                if part is not None:
                    last_first.callback(part.stop, timeout_s)

    def wait_finished(self, timeout_s: float) -> bool:
        """Wait for the end of a replay and of its refocusing; False if not in time."""
        if not self._hub.wait_finished(timeout_s):
            return False
        return self._worker is None or self._worker.join(timeout_s)

    def start_recording(self, folder: Path) -> None:
        """Write every frame from now on into ``folder``, which must be new or empty.

        Raises
        ------
        SessionError
            The folder is not empty or cannot be written, or a recording runs already.
        """
        self._recorder.start(folder)
        if self._worker is not None:
            self._recorder.event("view", **request_facts(self._worker.request))
        if self.focus_lock is not None and self.focus_lock.locked:
            self._recorder.event("focus lock", on=True)

    def stop_recording(self, timeout_s: float = 30.0) -> None:
        """End the recording; what was captured until now is written. Harmless without one.

        Raises
        ------
        SessionError
            The disk took nothing for ``timeout_s``; call again to wait on.
        """
        self._recorder.stop(timeout_s)

    def set_view(self, request: ViewRequest) -> None:
        """Look at other planes. Raises :class:`RefocusError` outside the model's range."""
        if self._worker is None:
            raise RefocusError(_NO_MODEL)
        self._worker.request = request
        self._recorder.event("view", **request_facts(request))

    def view(self) -> ViewRequest | None:
        """What is looked at; None without a model."""
        return self._worker.request if self._worker is not None else None

    def ask(self, work: Callable[[Snapshot], T], channel: str | None = None) -> Future[T]:
        """Call ``work`` with the newest virtual stack (of ``channel``), on the refocus thread.

        Refocusing waits meanwhile. Also while a replay stands still. The future ends with
        :class:`RefocusError` where there is no model, or refocusing ends first.
        """
        if self._worker is None:
            return failed_question(RefocusError(_NO_MODEL))
        return self._worker.ask(work, channel)

    def note(self, kind: str, **facts: Any) -> None:
        """Write into the recording that something happened; nothing where none runs."""
        self._recorder.event(kind, **facts)

    def set_reference(self) -> None:
        """Measure drift against the next frame that is refocused."""
        if self._worker is not None:
            self._worker.set_reference()

    def set_focus_lock(self, on: bool) -> None:
        """Hold the focus on the sample from now on, or let it go.

        Raises
        ------
        RefocusError
            There is nothing to hold it with: no model, or no microscope (a replay).
        """
        if self.focus_lock is not None:
            if on:
                self.focus_lock.lock()
            else:
                self.focus_lock.unlock()
        elif on:
            what = "model" if self._worker is None else "microscope"
            raise RefocusError(
                f"The focus cannot be locked without a {what}: drift is measured in refocused "
                "planes and moves the stage; open one first."
            )

    def clear_error(self) -> None:
        """Forget the worker's last error, once the operator has read it."""
        if self._worker is not None:
            self._worker.clear_error()

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that take turns; empty where there is but one."""
        return self.source.info.channels

    def latest_frame(self, channel: str | None = None) -> Frame | None:
        """The newest raw frame (of a channel); it can be asked for again and again."""
        return self._newest.frame if channel is None else self._newest.frames.get(channel)

    def latest_result(self, channel: str | None = None) -> RefocusResult | None:
        """The newest refocused frame (of a channel); it can be asked for again and again."""
        return self._results.of(channel)

    def latest_pair(self) -> tuple[RefocusResult, ...] | None:
        """The newest results of all channels that belong together in time, in their order."""
        return self._results.pair

    def drift_history(self) -> list[DriftSample]:
        """The last 100 000 drift samples, oldest first; a new reference does not clear them."""
        return self._results.drift.samples()

    def drift_table(self, last: int) -> NDArray[np.float64]:
        """The ``last`` drift samples ``(N, 5)``: time s, dz, dy, dx µm, confidence."""
        return self._results.drift.table(last)

    def status(self) -> LiveStatus:
        """Numbers of this moment."""
        return live_status(
            self._hub.stats(),
            self._worker.stats() if self._worker is not None else None,
            self._recorder.stats(),
            engine=self.engine,
            finished=self.finished,
            session=self._recorder.folder,
            channels=self.source.pace if isinstance(self.source, Paced) else None,
            focus=self.focus_lock.status if self.focus_lock is not None else None,
        )

    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` of demo, live and replay prints; rates are means over all."""
        return live_summary(
            self.source,
            self._hub.stats(),
            self._worker,
            self._recorder,
            self._results,
            camera_fps=self._newest.pace.mean_hz(),
            provider=self.engine.provider if self.engine is not None else None,
            focus_lock=self.focus_lock,
        )

    def _take_result(self, result: RefocusResult) -> None:
        """On the worker's thread."""
        self._results.take(result)
        if result.drift is not None and self.focus_lock is not None:
            self.focus_lock.offer(result.drift, result.frame)
        drift = asdict(result.drift) if result.drift is not None else {}
        if self._truth is not None:
            drift["true_drift_um"] = list(self._truth.drift_um(result.frame.time_s))
        self._recorder.result(
            result.frame.index,
            digest=result.digest,
            provider=result.provider,
            distances_um=list(plane_depths(result.cuts)),
            **drift,
        )

    def _take_reference(self, frame: Frame) -> None:
        """On the worker's thread."""
        self._results.errors.set_reference(frame.time_s)
        if self.focus_lock is not None:
            self.focus_lock.restart()
        self._recorder.event("reference", index=frame.index)

    def _take_error(self, frame: Frame, error: Exception) -> None:
        """On the worker's thread."""
        self._recorder.event("error", index=frame.index, message=str(error))
