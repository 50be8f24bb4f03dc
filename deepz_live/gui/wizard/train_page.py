"""Page 7: train on the stacks, watch it, use the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QProgressBar

from deepz_live.gui.recorder import clock_text
from deepz_live.gui.wizard.desk import Job, TrainChoice
from deepz_live.gui.wizard.loss_curves import LossCurves
from deepz_live.gui.wizard.preview import Preview
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, chooser, note, number, row, say
from deepz_live.train.progress import TrainingProgress

NETWORKS = (("planes: all depths in one pass, for live view", "planes"),
            ("generator: one depth a pass, as in the paper", "generator"))  # fmt: skip
TICK_MS = 500


class TrainPage(Sheet):
    """One training at a time, in a process of its own; it goes on when the wizard is hidden."""

    def __init__(self, room: Room, use: Callable[[Path], None]) -> None:
        super().__init__(
            room,
            "Train",
            "The model learns to find every plane of a stack from each other plane of it. Longer "
            "is better; it can be stopped at any time, and the best so far is kept.",
        )
        self._use = use
        self._job: Job | None = None
        self._target: Path | None = None
        self._starting = self._used = False
        self.bundle: Path | None = None
        self.preset = chooser("How large the network is and how it is trained")
        self.model = chooser("All planes in one pass, or one plane a pass as in the paper")
        self.init = chooser("Begin from nothing, or from a model that knows a similar sample")
        self.channel = chooser("Channel of the stacks that the model learns")
        self.minutes = number(0.05, 10000.0, 20.0, "min", "Training ends after this time")
        self.stacks = note("")
        self.train = button("Train", "play", "Begin; the window can be used meanwhile")
        self.stop = button("Stop, keep the best", "stop", "End now, with the best model so far")
        self.use_now = button("Use it now", "model", "Open the model in the live view")
        self.train.clicked.connect(self.begin)
        self.stop.clicked.connect(self.end)
        self.use_now.clicked.connect(self._use_it)
        self.text, self.result = note(""), note()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.curves = LossCurves()
        self.preview = Preview()
        self._fill()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        room.stacks_changed.connect(self._stage)
        self._stage()

    @property
    def running(self) -> bool:
        """While a training is under way."""
        return self._job is not None or self._starting

    @property
    def choice(self) -> TrainChoice:
        """What is set."""
        return TrainChoice(
            self.preset.currentText(),
            str(self.model.currentData()),
            self.minutes.value(),
            self.init.currentData(),
            self.channel.currentText(),
        )

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """The wizard ends here, whenever the operator wants."""
        return True

    def entered(self) -> None:
        """The stacks that were checked."""
        self._stage()
        stacks = self.room.stacks
        if stacks is not None and not self.running:
            self.room.ask(lambda: self.room.desk.channels_of(stacks), self._show_channels)

    def begin(self) -> None:
        """Start to train on the stacks."""
        stacks, choice, desk = self.room.stacks, self.choice, self.room.desk
        if stacks is None or self.running:
            return
        out = self.room.new_bundle(stacks, choice.channel)
        self._target, self._starting, self._used = out, True, False
        self.banner.clear()
        self.curves.clear()
        self.preview.show_picture(None)
        self._show("Starting …", 0.0)
        self._stage()

        def started() -> Job:
            job = desk.make_job(stacks, out, choice)
            job.start()
            return job

        self.room.ask(started, self._started, self._failed)

    def end(self) -> None:
        """End soon; the best weights so far become the model."""
        if self._job is not None:
            self._job.request_stop()
            self._show("Stopping; the best weights are kept …", None)

    def tick(self) -> None:
        """Ask the training for news."""
        job = self._job
        if job is None:
            return
        running = job.running  # asked first: what it said before its end is polled below
        for news in job.poll():
            self._show_news(news)
        if not running:
            self._ended(job)

    def close_job(self) -> None:
        """End it for good; called beside the GUI thread."""
        job, self._job = self._job, None
        if job is not None:
            job.close()

    def quiet(self) -> None:
        """Ask no more; before :meth:`close_job`."""
        self._timer.stop()

    def add_bundle(self, path: Path) -> None:
        """Start from a bundle that is not in the list."""
        self.init.addItem(path.name, path)
        self.init.setCurrentIndex(self.init.count() - 1)

    def _show_channels(self, channels: tuple[str, ...]) -> None:
        """One is trained at a time; with several the model's name says which."""
        before = self.channel.currentText()
        self.channel.clear()
        if len(channels) > 1:
            self.channel.addItems(list(channels))
            self.channel.setCurrentIndex(max(0, self.channel.findText(before)))
        self._form.setRowVisible(self.channel, len(channels) > 1)

    def _started(self, job: Job) -> None:
        self._starting = False
        self._job = job
        self._timer.start(TICK_MS)
        self._stage()

    def _failed(self, error: Exception) -> None:
        self._starting = False
        self._show("", 0.0)
        self.room.show(error)
        self._stage()

    def _show_news(self, news: TrainingProgress) -> None:
        if not math.isfinite(news.val_loss):
            self._show(news.message, None)
            return
        total = news.seconds + news.seconds_left
        share = news.seconds / total if math.isfinite(total) and total > 0 else 0.0
        self.curves.add(news)
        if news.preview is not None:
            self.preview.show_picture(news.preview)
        self._show(
            f"step {news.step}, best {news.best_val:.4g}, {clock_text(news.seconds_left)} left",
            share,
        )

    def _ended(self, job: Job) -> None:
        self._job = None
        self._timer.stop()
        error = job.error
        self.room.ask(job.close)
        if error is not None:
            self.banner.show_error(error)
            self._show("Failed.", 0.0)
        elif self._target is not None and (self._target / "rdf.yaml").is_file():
            self.bundle = self._target
            self._show("Trained.", 1.0)
        self._stage()

    def _use_it(self) -> None:
        if self.bundle is not None:
            self._used = True
            self._use(self.bundle)
            self._stage()

    def _show(self, text: str, share: float | None) -> None:
        say(self.text, text, "")
        if share is not None:
            self.bar.setValue(round(share * 1000))

    def _stage(self) -> None:
        """What can be pressed now."""
        stacks = self.room.stacks
        self.train.setEnabled(not self.running and stacks is not None)
        self.stop.setEnabled(self._job is not None)
        for choice in (self.preset, self.model, self.minutes, self.init, self.channel):
            choice.setEnabled(not self.running)
        self.use_now.setEnabled(self.bundle is not None and not self.running)
        self.stacks.setText(stacks.name if stacks else "no stacks yet: capture some first")
        self.stacks.setToolTip(str(stacks or ""))
        if self._used:
            say(self.result, "The live view refocuses with it now; this window can be closed.")
        elif self.bundle is not None:
            say(self.result, f"The model is in {self.bundle}.", "knob")
        else:
            say(self.result, "Nothing is trained yet.")

    def _fill(self) -> None:
        self._minutes_of = dict(self.room.desk.presets())
        self.preset.addItems(list(self._minutes_of))
        self.preset.currentTextChanged.connect(self._preset_changed)
        self._preset_changed(self.preset.currentText())
        for text, key in NETWORKS:
            self.model.addItem(text, key)
        self.init.addItem("nothing: from the start", None)
        for name, path in self.room.desk.bundles():
            self.init.addItem(name, path)

    def _preset_changed(self, name: str) -> None:
        self.minutes.setValue(self._minutes_of.get(name, 20.0))

    def _lay_out(self) -> None:
        browse = button("Other…", "open", "Another trained model to start from")
        browse.clicked.connect(self._ask_bundle)
        form = self._form = QFormLayout()
        form.addRow("Stacks", self.stacks)
        form.addRow("Channel", self.channel)
        form.setRowVisible(self.channel, False)
        form.addRow("Network", self.model)
        form.addRow("Start from", row(self.init, browse, 1))
        form.addRow("Preset", row(self.preset, "for", self.minutes, 1))
        for box in (self.channel, self.model, self.init):
            box.setFixedWidth(330)
        self.content.addLayout(form)
        self.content.addLayout(row(self.train, self.stop, 1))
        self.content.addWidget(self.bar)
        self.content.addWidget(self.text)
        pictures = QHBoxLayout()
        pictures.addWidget(self.curves, 1)
        pictures.addWidget(self.preview)
        self.content.addLayout(pictures, 1)
        self.content.addLayout(row(self.result, self.use_now))

    def _ask_bundle(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Start from: the folder with rdf.yaml")
        if path:
            self.add_bundle(Path(path))
