"""Long work beside everything else: one at a time, with its progress and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from deepz_live.app.export import ExportCancelledError, ExportError
from deepz_live.gui.bridge import Bridge, Relay

Work = Callable[[Callable[[int, int], None], Callable[[], bool]], Path]
"""Gets a function that takes what is done and all, and one that says whether to stop."""


class JobPanel(QWidget):
    """What is made, how far it is, and a button to stop it."""

    stopped = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLabel()
        self.bar = QProgressBar()
        self.button = QPushButton("Stop")
        self.button.setToolTip("Stop; nothing is written then")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.name)
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(self.stopped)
        self._rest()

    def begin(self, name: str) -> None:
        """Something else is made now."""
        self.name.setText(name)
        self.bar.setRange(0, 0)
        self.button.setEnabled(True)
        self._show_dock(True)

    def show_progress(self, done: int, count: int) -> None:
        """How far it is."""
        self.bar.setRange(0, count)
        self.bar.setValue(done)

    def end(self) -> None:
        """Nothing is made any more."""
        self._rest()
        self._show_dock(False)

    def _rest(self) -> None:
        self.name.setText("Nothing is being written.")
        self.bar.setRange(0, 1)
        self.bar.reset()
        self.button.setEnabled(False)

    def _show_dock(self, on: bool) -> None:
        dock = self.parentWidget()
        if dock is not None:
            dock.setVisible(on)
            dock.raise_()


class Jobs:
    """Runs work on a thread of its own: the bridge's belongs to the devices."""

    def __init__(
        self,
        panel: JobPanel,
        bridge: Bridge,
        said: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._panel, self._bridge = panel, bridge
        self._said, self._failed = said, failed
        self._pool: ThreadPoolExecutor | None = None
        self._stop = threading.Event()
        self._relay = Relay(panel)
        self._relay.arrived.connect(self._progress)
        self.running = False
        panel.stopped.connect(self.stop)

    def run(self, name: str, work: Work) -> None:
        """Do ``work``; what it returns is named when it is written."""
        if self.running:
            self._failed(ExportError("Something is being written already; wait, or stop it first."))
            return
        self.running = True
        self._stop = stop = threading.Event()
        self._panel.begin(name)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="export")
        send = self._relay.send
        future = self._pool.submit(work, lambda done, count: send((done, count)), stop.is_set)
        self._bridge.watch(future, self._done, self._broken)

    def stop(self) -> None:
        """End what runs as soon as its frame is done."""
        self._stop.set()
        self._panel.button.setEnabled(False)

    def close(self) -> None:
        """The window closes: stop, and wait for the frame that is being made."""
        self._stop.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _progress(self, value: tuple[int, int]) -> None:
        if self.running:
            self._panel.show_progress(*value)

    def _done(self, path: Path) -> None:
        self._end(f"Wrote {path}.")

    def _broken(self, error: Exception) -> None:
        if isinstance(error, ExportCancelledError):
            self._end(str(error))
            return
        self._end("")
        self._failed(error)

    def _end(self, sentence: str) -> None:
        self.running = False
        self._panel.end()
        self._said(sentence)
