"""Page 5: the capture itself, watched and steered."""

from __future__ import annotations

import math
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWizard

from deepz_live.gui import theme
from deepz_live.gui.recorder import clock_text
from deepz_live.gui.wizard.desk import CaptureNews, Run
from deepz_live.gui.wizard.picture import LivePicture, thinned
from deepz_live.gui.wizard.plots import FocusCurve
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, note, row, say

ABORTED = "Aborted; focus and stage are back, finished stacks are kept."
TICK_MS = 60
"""The newest news is shown so often; older ones nobody could have seen."""


class AcquirePage(Sheet):
    """Starts on a press of the button: until then no light falls on the sample."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Acquire",
            "The stage and the focus move by themselves now. Whatever ends the capture, they go "
            "back to where they are now, the shutter closes, and finished stacks stay readable.",
        )
        self._run: Run | None = None
        self._news: CaptureNews | None = None
        self._shown: CaptureNews | None = None
        self._aborted = self._paused = self._making = False
        self.start = button("Start", "calibrate", "Capture all fields")
        self.pause = button("Pause", "pause", "Rest in the dark after this plane")
        self.skip = button("Skip field", "", "Leave this field out and go on with the next")
        self.retry = button("Retry field", "replay", "Begin this field again")
        self.abort = button("Abort", "stop", "End now; finished stacks are kept")
        self.start.clicked.connect(self.begin)
        self.pause.clicked.connect(self.toggle_pause)
        self.skip.clicked.connect(self.skip_field)
        self.retry.clicked.connect(self.retry_field)
        self.abort.clicked.connect(self.end)
        self.text = note("")
        self.field_bar, self.whole_bar = QProgressBar(), QProgressBar()
        self.picture = LivePicture(room, "the plane being captured")
        self.curve = FocusCurve()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._pull)
        self._lay_out()
        room.order_changed.connect(self._stage)
        self._stage()

    @property
    def running(self) -> bool:
        """While a capture is under way."""
        return self._run is not None or self._making

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """There are stacks to check."""
        return not self.running and self.room.stacks is not None and self.room.next_run is None

    def entered(self) -> None:
        """Ready to start."""
        self._stage()

    def begin(self) -> None:
        """Make the run and let it go."""
        if self.running:
            return
        order, desk, again = self.room.order, self.room.desk, self.room.next_run
        out = self.room.stacks if again is not None else None
        folder = out or self.room.new_folder()
        self._aborted = self._paused = False
        self._news = self._shown = None
        self._making = True
        self.banner.clear()
        self.curve.show_curve(())
        say(self.text, "Preparing …", "")
        self._stage()
        make = again or (lambda: desk.make_run(folder, order))
        self.room.ask(make, lambda run: self._started(run, folder), self._failed)

    def toggle_pause(self) -> None:
        """Rest, or go on."""
        run = self._run
        if run is not None:
            self._paused = not self._paused
            (run.pause if self._paused else run.resume)()
            self._stage()

    def skip_field(self) -> None:
        """Leave this field out."""
        if self._run is not None:
            self._run.skip_field()

    def retry_field(self) -> None:
        """Begin this field again."""
        if self._run is not None:
            self._run.retry_field()

    def end(self) -> None:
        """End soon; the focus goes back."""
        if self.running:
            self._aborted = True
            say(self.text, "Ending; focus and stage go back …", "")
        if self._run is not None:
            self._run.abort()

    def _started(self, run: Run, folder: Path) -> None:
        self._making = False
        self._run = run
        if self._aborted:
            run.abort()
        self._timer.start(TICK_MS)
        self.room.ask(
            lambda: run.run(self._tell),
            lambda _: self._done(folder),
            lambda e: self._failed(e, folder),
        )
        self._stage()

    def _tell(self, news: CaptureNews) -> None:
        """Called on threads of the run: only kept, shown by the timer."""
        self._news = news

    def _pull(self) -> None:
        news = self._news
        if news is None or news is self._shown:
            return
        self._shown = news
        left = news.seconds_left
        time = f"  ·  {clock_text(left)} left" if math.isfinite(left) else ""
        if not self._aborted:
            say(self.text, ("Paused. " if self._paused else "") + news.message + time, "")
        _bar(self.field_bar, news.plane, news.planes, "plane")
        whole = news.field * news.planes + news.plane
        _bar(self.whole_bar, whole, news.fields * news.planes, "")
        done = min(news.field + 1, news.fields)
        self.whole_bar.setFormat(f"field {done} of {news.fields}  ·  %p %")
        if news.picture is not None:
            shape = (news.picture.shape[0], news.picture.shape[1])
            self.picture.show_pixels(thinned(news.picture), shape)
        self.curve.show_curve(news.curve)

    def _done(self, folder: Path) -> None:
        self._ended()
        if self._aborted:
            say(self.text, ABORTED, "")
        else:
            say(self.text, f"Captured into {folder}. Next: look whether the stacks are good.", "")
            self.room.next_run = None
            self.room.use_stacks(folder)
        self._stage()

    def _failed(self, error: Exception, folder: Path | None = None) -> None:
        self._ended()
        if folder is not None and any(folder.glob("*.tif")):
            self.room.go_on_with(folder)
        if self._aborted:
            say(self.text, ABORTED, "")
        else:
            say(self.text, "The capture ended early.", "caution")
            self.room.show(error)
        self._stage()

    def _ended(self) -> None:
        self._timer.stop()
        self._pull()
        self._run = None
        self._making = False

    def _stage(self) -> None:
        """What can be pressed now."""
        running = self._run is not None
        order = self.room.order
        ready = bool(order.fields and order.channels) or self.room.next_run is not None
        self.start.setEnabled(not self.running and ready and self.room.scope is not None)
        again = self.room.next_run is not None
        self.start.setText("Continue" if again else "Start")
        for push in (self.pause, self.skip, self.retry):
            push.setEnabled(running and not self._aborted)
        self.abort.setEnabled(self.running and not self._aborted)
        self.pause.setText("Go on" if self._paused and running else "Pause")
        self.pause.setIcon(theme.icon("play" if self._paused and running else "pause"))
        self.completeChanged.emit()
        wizard = self.wizard()
        back = wizard.button(QWizard.WizardButton.BackButton) if wizard is not None else None
        if back is not None and self.running:
            back.setEnabled(False)

    def _lay_out(self) -> None:
        self.picture.set_note("Nothing is captured yet.\nNo light falls on the sample.")
        self.text.setMinimumHeight(32)
        self.content.addLayout(row(self.start, self.pause, self.skip, self.retry, self.abort, 1))
        self.content.addWidget(self.text)
        self.content.addWidget(self.field_bar)
        self.content.addWidget(self.whole_bar)
        for bar in (self.field_bar, self.whole_bar):
            bar.setFormat("")
        right = QVBoxLayout()
        head = QLabel("sharpness of this field: the peak is its focus")
        theme.set_role(head, "dim")
        right.addWidget(head)
        right.addWidget(self.curve, 1)
        halves = QHBoxLayout()
        halves.addWidget(self.picture, 1)
        halves.addLayout(right, 1)
        self.content.addLayout(halves, 1)


def _bar(bar: QProgressBar, value: int, most: int, what: str) -> None:
    bar.setRange(0, max(1, most))
    bar.setValue(value)
    if what:
        bar.setFormat(f"{what} {value} of {most}")
