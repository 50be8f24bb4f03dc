"""The four reasons for and against the selected pane, the spot check, and the light saved."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.spot_check.result import SpotCheckResult
from deepz_live.app.spot_check.run import SpotCheckProgress
from deepz_live.app.trust.reason import TOPICS
from deepz_live.app.trust.watch import Badge
from deepz_live.gui import theme
from deepz_live.gui.trust.levels import WORDS, role_of
from deepz_live.gui.trust.result_view import ResultView

DOT = "\N{BLACK CIRCLE}"
NO_PANE = "Select a refocused pane to see why it may be trusted, or not."
WIDTH_PX = 370
HEIGHT_PX = 560


class TrustPanel(QScrollArea):
    """Only shows; tells what was pressed."""

    check_wanted = pyqtSignal()
    abort_wanted = pyqtSignal()
    save_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self._dots = {topic: QLabel(DOT) for topic in TOPICS}
        self.reasons = {topic: QLabel() for topic in TOPICS}
        self.check = QPushButton(theme.icon("tick"), "Spot check")
        self.check.setToolTip(
            "Go to a few planes with the stage, within its limits, come back, and compare (T)"
        )
        self.abort = QPushButton(theme.icon("stop"), "Stop")
        self.abort.setToolTip("End the spot check; the focus goes back where it began")
        self.save = QPushButton("Save…")
        self.save.setToolTip("Write the last spot check into a JSON file")
        self.progress = QProgressBar()
        self.progress.setTextVisible(True)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        theme.set_role(self.trouble, "caution")
        self.result = ResultView()
        self.light = QLabel()
        self.light.setWordWrap(True)
        self.light.setToolTip("Against a mechanical scan of the planes that are shown")
        self._lay_out()
        self.check.clicked.connect(self.check_wanted)
        self.abort.clicked.connect(self.abort_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.show_badge("", None)
        self.show_running(None)
        self.clear_result()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the reasons and a result."""
        return QSize(WIDTH_PX, HEIGHT_PX)

    def show_badge(self, name: str, badge: Badge | None) -> None:
        """The reasons of the selected pane, whose title is ``name``; None where it has none."""
        for widget in (*self._dots.values(), *self.reasons.values()):
            widget.setVisible(badge is not None)
        if badge is None:
            self._say(self.heading, NO_PANE)
            return
        self._say(self.heading, f"{name}: {WORDS[badge.level]}")
        for reason in badge.reasons:
            self._say(self.reasons[reason.topic], reason.text)
            theme.set_role(self._dots[reason.topic], role_of(reason.level))

    def show_running(self, progress: SpotCheckProgress | None) -> None:
        """How far the spot check is; None: none is under way."""
        self.check.setVisible(progress is None)
        self.abort.setVisible(progress is not None)
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.setMaximum(progress.steps)
            self.progress.setValue(progress.done)
            self.progress.setFormat(progress.text)

    def set_checkable(self, able: bool) -> None:
        """Whether there is a stage to ask."""
        self.check.setEnabled(able)

    def show_result(self, result: SpotCheckResult) -> None:
        """The last spot check."""
        self.trouble.setVisible(False)
        self.result.show_result(result)
        self.save.setVisible(True)

    def show_failure(self, text: str) -> None:
        """Why there is no result; the last one stays below."""
        self.trouble.setText(text)
        self.trouble.setVisible(True)

    def clear_result(self) -> None:
        """Nothing was checked in this session."""
        self.trouble.setVisible(False)
        self.save.setVisible(False)
        self.result.clear()

    def show_light(self, text: str) -> None:
        """The light saved so far."""
        self._say(self.light, text)

    def _say(self, label: QLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 6, 8, 6)
        theme.set_role(self.heading, "title")
        column.addWidget(self.heading)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for number, topic in enumerate(TOPICS):
            self.reasons[topic].setWordWrap(True)
            grid.addWidget(self._dots[topic], number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self.reasons[topic], number, 1)
        column.addLayout(grid)
        row = QHBoxLayout()
        for widget in (self.check, self.abort, self.progress, self.save):
            row.addWidget(widget)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.trouble)
        theme.set_role(self.light, "dim")
        column.addWidget(self.light)
        column.addWidget(self.result)
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(WIDTH_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
