"""Another model that looks at the frames of a session beside its own."""

from __future__ import annotations

import threading
from dataclasses import replace

from deepz_live.model.bundle import Bundle
from deepz_live.refocus.cuts import Cut, PlaneCut
from deepz_live.refocus.engine import Engine
from deepz_live.refocus.view import RefocusResult, ViewRequest
from deepz_live.refocus.worker import RefocusWorker
from deepz_live.stream.frame import Frame, StreamInfo
from deepz_live.stream.slots import LatestSlot

_STOP_S = 30.0


class SecondModel:
    """Refocuses what it is shown on a thread of its own; the newest frame wins.

    It owns ``engine``. :meth:`follow` and :meth:`close` wait for the frame in work: call them
    beside the GUI. The rest may be called from any thread.
    """

    def __init__(self, engine: Engine, info: StreamInfo) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._newest: RefocusResult | None = None
        self._frame: Frame | None = None
        self._begin(info)

    @property
    def bundle(self) -> Bundle:
        """The model."""
        return self._engine.bundle

    @property
    def newest(self) -> RefocusResult | None:
        """What it made last."""
        return self._newest

    @property
    def error(self) -> Exception | None:
        """What its network failed with last."""
        return self._worker.error

    def reaches(self, cut: Cut) -> bool:
        """Whether a cut lies in this model's range; what lies beyond is not made."""
        low, high = self._engine.bundle.facts.z_range_um
        return not isinstance(cut, PlaneCut) or low <= cut.depth_um <= high

    def look(self, frame: Frame, cuts: tuple[Cut, ...]) -> None:
        """Make these cuts of ``frame``, as far as this model reaches.

        Drift is not compensated: its reference would be another one than the session's.
        """
        request = ViewRequest(tuple(cut for cut in cuts if self.reaches(cut)))
        with self._lock:
            if request != self._worker.request:
                self._worker.request = request
            if frame is not self._frame:
                self._frame = frame
                self._slot.put(frame)

    def follow(self, info: StreamInfo) -> None:
        """Look at another stream from now on.

        Raises
        ------
        RefocusError
            The network does not end its frame.
        """
        self._worker.stop(_STOP_S)
        with self._lock:
            self._newest = self._frame = None
            self._begin(info)

    def close(self) -> None:
        """End, and close the network; harmless when called twice."""
        try:
            self._worker.stop(_STOP_S)
        finally:
            self._engine.close()

    def _begin(self, info: StreamInfo) -> None:
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._worker = RefocusWorker(
            self._slot, self._engine, info=replace(info, channels=()), latency_from_capture=False
        )
        self._worker.on_result.append(self._take)
        self._worker.on_remade.append(self._take)
        self._worker.start()

    def _take(self, result: RefocusResult) -> None:
        self._newest = result
