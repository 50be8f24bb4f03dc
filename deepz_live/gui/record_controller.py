"""Recording with one key: folder, start, stop, numbers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from deepz_live.app.live import LiveStatus
from deepz_live.gui.recorder import clock_text, size_text
from deepz_live.session.fill import CAUTION

LOOKS = 25
"""The free space is looked up once in so many updates of the numbers: every five seconds."""


class Bar(Protocol):
    """What the controller needs of the record bar."""

    def show_recording(self, on: bool) -> None:
        """Button and colour."""

    def show_numbers(self, text: str, role: str = "") -> None:
        """Elapsed time, frames, MB, free disk."""


class Recordable(Protocol):
    """The part of a live session that records."""

    @property
    def recording(self) -> bool:
        """True while frames are written."""

    def start_recording(self, folder: Path) -> None:
        """Begin."""

    def stop_recording(self) -> None:
        """End."""


class Caller(Protocol):
    """Runs blocking calls beside the GUI (:class:`Bridge`)."""

    def call(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run, then tell."""


class RecordController:
    """Between record bar and live session. A second key press while one is at work is ignored."""

    def __init__(
        self,
        bar: Bar,
        bridge: Caller,
        root: Path,
        failed: Callable[[Exception], None],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.root = root
        self._bar = bar
        self._bridge = bridge
        self._failed = failed
        self._now = now
        self._live: Recordable | None = None
        self._working = False
        self._free: tuple[Path, int] | None = None
        self._looks = 0

    def use(self, live: Recordable | None) -> None:
        """Another session, or none."""
        self._live = live
        self._working = False

    def toggle(self) -> None:
        """The key: start or stop."""
        live = self._live
        if live is None or self._working:
            return
        self._working = True
        if live.recording:
            self._bridge.call(live.stop_recording, self._done, self._broken)
        else:
            folder = self._new_folder()
            self._bridge.call(lambda: _begin(live, folder), self._done, self._broken)

    def show(self, status: LiveStatus) -> None:
        """The numbers of this moment."""
        self._bar.show_recording(status.recording)
        if not status.recording:
            free = self._free_bytes()
            self._bar.show_numbers(f"{size_text(free)} free" if free else "", "dim")
            return
        share = status.queued / max(1, status.queue_capacity)
        full = share > CAUTION
        parts = [
            clock_text(status.elapsed_s),
            f"{status.recorded} frames",
            size_text(status.bytes_written),
            f"{size_text(status.free_bytes)} free",
            f"buffer {100 * share:.0f} %",
        ]
        if status.dropped:
            parts.append(f"{status.dropped} NOT WRITTEN")
        elif full:
            parts.append(_slow_text(status.buffer_full_in_s))
        role = "alarm" if status.dropped else "caution" if full else ""
        self._bar.show_numbers("  ·  ".join(parts), role)

    def _free_bytes(self) -> int:
        """Asked for now and then only: a disk in the network takes its time to answer."""
        if self._free is None or self._free[0] != self.root or self._looks % LOOKS == 0:
            self._free = (self.root, free_bytes(self.root))
        self._looks += 1
        return self._free[1]

    def _new_folder(self) -> Path:
        name = self._now().strftime("%Y-%m-%d_%H%M%S")
        folder, count = self.root / name, 1
        while folder.exists():
            count += 1
            folder = self.root / f"{name}_{count}"
        return folder

    def _done(self, _: object) -> None:
        self._working = False

    def _broken(self, error: Exception) -> None:
        self._working = False
        self._failed(error)


def _slow_text(full_in_s: float | None) -> str:
    """What a buffer that fills means to the operator."""
    if full_in_s is None or full_in_s >= 3600:
        return "DISK IS SLOW"
    return f"DISK IS SLOW, buffer full in {clock_text(full_in_s)}"


def free_bytes(folder: Path) -> int:
    """Free space where ``folder`` is or will be; 0 where nobody knows."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            try:
                return shutil.disk_usage(place).free
            except OSError:
                return 0
    return 0


def _begin(live: Recordable, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    live.start_recording(folder)
