"""The pump: one thread that takes every frame from a source and hands it on.

::

    source ──> pump ──┬─> every frame ──> sinks (each with a queue of its own)
                      ├─> newest frame ─> latest (overwrites)
                      └─> pace_with (only where asked: the pump waits for it)
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.frame import Frame
from deepz_live.stream.pairing import PairedSlot
from deepz_live.stream.sink import FrameSink
from deepz_live.stream.slots import LatestSlot
from deepz_live.stream.source import FrameSource, Seekable, SourceError
from deepz_live.stream.statistics import Clock, RateMeter

NewestSlot = LatestSlot[Frame] | PairedSlot

READ_TIMEOUT_S = 0.1
"""How long the pump waits for a frame before it looks whether it should stop."""


@dataclass(frozen=True, slots=True)
class HubStats:
    """A snapshot of the pump.

    Attributes
    ----------
    captured
        Frames received and handed on.
    lost
        Frames that the camera numbered and nobody received: gaps in the indices, or what the
        source itself reports, whichever is more.
    duplicated
        Frames with the index of the frame before; not handed on a second time.
    out_of_order
        Frames with an index below an earlier one; handed on, since a recording keeps what came,
        and still counted as lost at their place.
    fps
        Frames per second over the last 2 s.
    finished
        True once no frame will come any more.
    silent_s
        Since the last frame, or the start, until the end.
    """

    captured: int
    lost: int
    duplicated: int
    out_of_order: int
    fps: float
    finished: bool
    silent_s: float = 0.0


class Hub:
    """Owns the pump thread of one source.

    Parameters
    ----------
    source
        Started by :meth:`start`, read by the pump only, stopped when the pump ends.
    clock
        Seconds, monotonic; for the frame rate.
    pace_with
        Every frame is also put here, and the pump *waits* for room. For replay and offline
        work, where no frame may be skipped; never for a camera.
    latest
        Where the newest frame is kept; by default one for all channels.

    A source that fails ends the pump: ``error`` says why, ``latest`` and ``pace_with`` are
    closed, and the sinks keep what they have.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        clock: Clock = time.monotonic,
        pace_with: BlockingFifo[Frame] | None = None,
        latest: NewestSlot | None = None,
    ) -> None:
        self.latest: NewestSlot = latest if latest is not None else LatestSlot()
        self._source = source
        self._seekable = source if isinstance(source, Seekable) else None
        self._pace_with = pace_with
        self._clock = clock
        self._rate = RateMeter(clock)
        self._heard_at: float | None = None
        self._sinks: tuple[FrameSink, ...] = ()
        self._sinks_lock = threading.RLock()  # a sink may detach itself
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_index: int | None = None
        self._jumps = 0
        self._gaps = 0
        self._duplicated = 0
        self._out_of_order = 0
        self._error: Exception | None = None

    @property
    def source(self) -> FrameSource:
        """The source, e.g. for its ``info``; only the pump may read from it."""
        return self._source

    @property
    def error(self) -> Exception | None:
        """Why the stream broke, or None."""
        return self._error

    def start(self) -> None:
        """Start the source and the pump. Raises SourceError if the source cannot start."""
        if self._thread is not None:
            raise SourceError("This stream was started already; make a new hub to start again.")
        self._source.start()
        self._heard_at = self._clock()
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the pump and the source; harmless when called twice or before :meth:`start`.

        Raises
        ------
        SourceError
            The pump did not end within ``timeout_s``: the source hangs.
        """
        self._stop.set()
        if self._pace_with is not None:
            self._pace_with.close()
        if self._thread is None:
            self.latest.close()
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise SourceError(
                f"The camera stream did not stop within {timeout_s:g} s: its driver does not "
                f"answer; check the camera's cable and power, and restart the program."
            )

    def wait_finished(self, timeout_s: float | None = None) -> bool:
        """Wait until the pump has ended; False if it has not within ``timeout_s``."""
        return self._ended.wait(timeout_s)

    def attach(self, sink: FrameSink) -> None:
        """Give ``sink`` every frame from the next one on."""
        with self._sinks_lock:
            self._sinks = (*self._sinks, sink)

    def detach(self, sink: FrameSink) -> None:
        """Give ``sink`` no further frame; when this returns, no ``offer`` is under way."""
        with self._sinks_lock:
            self._sinks = tuple(s for s in self._sinks if s is not sink)

    def stats(self) -> HubStats:
        """Numbers so far; callable from any thread at any time."""
        heard_at, over = self._heard_at, self._ended.is_set()
        silent_s = 0.0 if heard_at is None or over else max(self._clock() - heard_at, 0.0)
        return HubStats(
            captured=self._rate.count,
            lost=max(self._gaps, self._source.lost),
            duplicated=self._duplicated,
            out_of_order=self._out_of_order,
            fps=self._rate.rate_hz(),
            finished=over,
            silent_s=silent_s,
        )

    def _run(self) -> None:
        try:
            self._pump()
        except Exception as error:
            # Whatever a driver raises: kept for the operator, and the thread ends in order.
            self._error = error
        finally:
            self._end_source()
            self.latest.close()
            if self._pace_with is not None:
                self._pace_with.close()
            self._ended.set()

    def _pump(self) -> None:
        while not self._stop.is_set():
            frame = self._source.read(READ_TIMEOUT_S)
            if frame is not None:
                self._receive(frame)
            elif self._source.finished:
                return

    def _receive(self, frame: Frame) -> None:
        if self._is_duplicate(frame.index):
            return
        self._heard_at = self._rate.tick()
        with self._sinks_lock:
            for sink in self._sinks:
                sink.offer(frame)
        self.latest.put(frame)
        if self._pace_with is not None:
            self._pace_with.put(frame)

    def _is_duplicate(self, index: int) -> bool:
        """Compare ``index`` with those before and count what is odd about it."""
        if self._seekable is not None and self._seekable.jumps != self._jumps:
            self._jumps = self._seekable.jumps
            self._last_index = None
        last = self._last_index
        # The first index may be above 0: a replay can begin in the middle of a session.
        if last is None or index > last:
            self._gaps += 0 if last is None else index - last - 1
            self._last_index = index
            return False
        if index == last:
            self._duplicated += 1
            return True
        self._out_of_order += 1
        return False

    def _end_source(self) -> None:
        # A source that fails to stop must not hide why the stream broke.
        try:
            self._source.stop()
        except Exception as error:
            self._error = self._error or error
