"""The wizard: from a microscope to a model in use, in seven pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QHideEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget, QWizard

from deepz_live.gui import theme
from deepz_live.gui.record_controller import Caller
from deepz_live.gui.wizard.acquire_page import AcquirePage
from deepz_live.gui.wizard.check_page import CheckPage
from deepz_live.gui.wizard.desk import WizardDesk
from deepz_live.gui.wizard.fields_page import FieldsPage
from deepz_live.gui.wizard.microscope_page import MicroscopePage
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sample_page import SamplePage
from deepz_live.gui.wizard.sheet import Sheet
from deepz_live.gui.wizard.stack_page import StackPage
from deepz_live.gui.wizard.steps import NAMES, Step
from deepz_live.gui.wizard.train_page import TrainPage

TIPS = {
    QWizard.WizardButton.BackButton: "The page before; nothing is lost",
    QWizard.WizardButton.NextButton: "The next page, once this one is complete",
    QWizard.WizardButton.CancelButton: "Hide the wizard; what runs goes on",
    QWizard.WizardButton.FinishButton: "Hide the wizard",
}


class CalibrationWizard(QWizard):
    """Not modal: the window behind it goes on living; hidden, what runs goes on.

    Parameters
    ----------
    desk
        What the pages ask for; every blocking call is made through ``bridge``.
    root
        Folder in which calibrations are made.
    use
        Called with the model that the operator wants to look through.
    """

    def __init__(
        self,
        desk: WizardDesk,
        bridge: Caller,
        root: Callable[[], Path],
        use: Callable[[Path], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate and train")
        self.setModal(False)
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        self.setOption(QWizard.WizardOption.NoCancelButton, False)
        self.setOption(QWizard.WizardOption.IndependentPages, True)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage, True)
        self.setButtonText(QWizard.WizardButton.CancelButton, "Close")
        self.setButtonText(QWizard.WizardButton.FinishButton, "Done")
        self.setButtonText(QWizard.WizardButton.NextButton, "Next")
        self.setButtonText(QWizard.WizardButton.BackButton, "Back")
        for which, tip in TIPS.items():
            push = self.button(which)
            if push is not None:
                push.setToolTip(tip)
        self.resize(1120, 780)
        self.room = Room(desk, bridge, root, parent=self)
        self.microscope = MicroscopePage(self.room)
        self.sample = SamplePage(self.room)
        self.fields = FieldsPage(self.room)
        self.stack = StackPage(self.room)
        self.acquire = AcquirePage(self.room)
        self.check = CheckPage(self.room)
        self.train = TrainPage(self.room, use)
        self._sheets: dict[int, Sheet] = {
            Step.MICROSCOPE: self.microscope,
            Step.SAMPLE: self.sample,
            Step.FIELDS: self.fields,
            Step.STACK: self.stack,
            Step.ACQUIRE: self.acquire,
            Step.CHECK: self.check,
            Step.TRAIN: self.train,
        }
        for number, sheet in self._sheets.items():
            self.setPage(number, sheet)
        self._here: Sheet | None = None
        self._steps = _Steps()
        self.setSideWidget(self._steps)
        self.currentIdChanged.connect(self._turn)
        self.room.failed.connect(self._show_failure)

    def open(self) -> None:
        """Show it where it was left."""
        self.show()
        self.raise_()
        if self.currentId() < 0:
            self.restart()
        elif self._here is None:
            self.room.look_again()
            self._turn(self.currentId())

    @property
    def busy(self) -> bool:
        """While a capture is under way."""
        return self.acquire.running

    def stop(self) -> None:
        """End what runs, before the program ends; quick."""
        self._leave()
        self.acquire.end()
        self.train.quiet()
        self.room.closed = True

    def finish(self) -> None:
        """The slow part of the end; called beside the GUI thread."""
        self.train.close_job()

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: N802 - Qt's name
        """The live view may have the camera, unless a capture needs it."""
        super().hideEvent(event)
        self._leave()
        if not self.busy:
            self.room.give_back()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Closing only hides: what runs goes on and can be looked at again."""
        super().closeEvent(event)

    def _turn(self, number: int) -> None:
        self._leave()
        self._steps.mark(number)
        self._here = self._sheets.get(number)
        if self._here is not None:
            self._here.entered()

    def _leave(self) -> None:
        if self._here is not None:
            self._here.left()
            self._here = None

    def _show_failure(self, sentence: str) -> None:
        page = self._sheets.get(self.currentId())
        if page is not None:
            page.banner.show_error(sentence)


class _Steps(QWidget):
    """The seven steps at the left; the present one is lit."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(205)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 24, 8, 8)
        column.setSpacing(12)
        self._labels = {}
        for step, name in NAMES.items():
            label = QLabel(f"{step + 1}  {name}")
            self._labels[step] = label
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.mark(Step.MICROSCOPE)

    def mark(self, number: int) -> None:
        """Light step ``number``."""
        for step, label in self._labels.items():
            theme.set_role(label, "step" if step == number else "" if step < number else "off")
