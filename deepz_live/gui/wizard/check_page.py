"""Page 6: are the stacks good enough to learn from? Never silent."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QCheckBox, QHeaderView, QTreeWidget, QTreeWidgetItem

from deepz_live.gui import theme
from deepz_live.gui.bridge import Relay
from deepz_live.gui.wizard.desk import CheckedStack, Level, Remark
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, note, row, say
from deepz_live.gui.wizard.steps import Step

ROLES: dict[Level, str] = {"green": "good", "amber": "caution", "red": "alarm"}
WORDS: dict[Level, str] = {"green": "good", "amber": "look here", "red": "to be repeated"}

WIDTHS = (190, 70, 330)
"""Of the columns but the last, in screen pixels."""


class CheckPage(Sheet):
    """A line for every stack, the worst first to be read, each with its cure."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Check",
            "What a model learns is as good as its stacks. Green: good. Amber: usable, but know "
            "this. Red: repeat the field as it says, or the model learns the fault.",
        )
        self._busy = False
        self._checked: object = None
        self.stacks: list[CheckedStack] = []
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Stack", "for", "Finding", "What to do"])
        self.tree.setWordWrap(True)
        self.tree.setUniformRowHeights(False)
        self.tree.setRootIsDecorated(True)
        self.summary = note("")
        self.again = button("Check again", "replay", "Look at all stacks once more")
        self.again.clicked.connect(self.check)
        self.repeat = button("Repeat the red fields", "calibrate", "Capture those fields again")
        self.repeat.clicked.connect(self.repeat_red)
        self.anyway = QCheckBox("Train on the red stacks nevertheless")
        self.anyway.setToolTip("The model learns from them, with the faults that were found")
        self.anyway.toggled.connect(lambda _: self.completeChanged.emit())
        self.content.addWidget(self.summary)
        self.content.addWidget(self.tree, 1)
        self.content.addLayout(row(self.again, self.repeat, 1, self.anyway))
        self._relay = Relay()
        self._relay.arrived.connect(lambda text: say(self.summary, str(text), ""))
        head = self.tree.header()
        if head is not None:
            head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            for column, width in enumerate(WIDTHS):
                self.tree.setColumnWidth(column, width)
            head.setStretchLastSection(True)
        room.stacks_changed.connect(self._forget)

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Checked; and if there is red, the operator has said what he wants."""
        checked = self._checked is not None and not self._busy
        return checked and (not self._red() or self.anyway.isChecked())

    def entered(self) -> None:
        """Check what is new; the camera is no longer needed."""
        self.room.give_back()
        if self._checked != self.room.stacks:
            self.check()
        else:
            self._show()

    def check(self) -> None:
        """Look at every stack."""
        folder = self.room.stacks
        if folder is None or self._busy:
            return
        self._busy = True
        self.banner.clear()
        say(self.summary, f"Looking at the stacks in {folder} …", "")
        self._show_buttons()

        def found(stacks: list[CheckedStack]) -> None:
            self._busy = False
            self._checked = folder
            self.stacks = stacks
            self._show()

        def failed(error: Exception) -> None:
            self._busy = False
            say(self.summary, "The stacks could not be checked.", "alarm")
            self._show_buttons()
            self.room.show(error)

        self.room.ask(lambda: self.room.desk.check(folder, self._relay.send), found, failed)

    def repeat_red(self) -> None:
        """Capture the red fields again, on the page before."""
        folder, fields, desk = self.room.stacks, sorted(self._red()), self.room.desk
        wizard = self.wizard()
        if folder is None or not fields or wizard is None:
            return
        self.room.next_run = lambda: desk.repeat_run(folder, fields)
        self._checked = None
        wizard.setCurrentId(Step.ACQUIRE)

    def _red(self) -> set[int]:
        return {stack.field for stack in self.stacks if stack.level == "red"}

    def _forget(self) -> None:
        self._checked = None
        self.stacks = []
        self.tree.clear()
        self.anyway.setChecked(False)
        self._show_buttons()

    def _show(self) -> None:
        self.tree.clear()
        for stack in self.stacks:
            self._show_stack(stack)
        counts = {level: sum(s.level == level for s in self.stacks) for level in ROLES}
        parts = [f"{n} {WORDS[level]}" for level, n in counts.items() if n]
        role = "alarm" if counts["red"] else "caution" if counts["amber"] else ""
        what = "stack" if len(self.stacks) == 1 else "stacks"
        text = f"{len(self.stacks)} {what}: {', '.join(parts) or 'none'}."
        say(self.summary, text, role)
        self._show_buttons()

    def _show_stack(self, stack: CheckedStack) -> None:
        line = QTreeWidgetItem(
            [f"field {stack.field + 1} · {stack.channel}", stack.role, WORDS[stack.level], ""]
        )
        line.setIcon(0, _dot(_colour(stack.level)))
        line.setToolTip(0, stack.file)
        self.tree.addTopLevelItem(line)
        for remark in stack.remarks:
            part = QTreeWidgetItem([remark.about, "", remark.text, remark.cure])
            part.setIcon(0, _dot(_colour(remark.level)))
            for column, text in ((2, remark.text), (3, remark.cure)):
                part.setToolTip(column, text)
                part.setTextAlignment(column, Qt.AlignmentFlag.AlignTop)
                if remark.level != "green":
                    part.setForeground(column, QColor(_colour(remark.level)))
            part.setSizeHint(2, QSize(0, self._height(remark)))
            line.addChild(part)
        line.setExpanded(stack.level != "green" or len(self.stacks) == 1)

    def _height(self, remark: Remark) -> int:
        """Of a line whose text wraps; the tree by itself makes room for one row of it."""
        metrics = self.tree.fontMetrics()
        last = max(120, self.tree.width() - sum(WIDTHS) - 24)
        flags = int(Qt.TextFlag.TextWordWrap)
        heights = [
            metrics.boundingRect(QRect(0, 0, width - 12, 2000), flags, text).height()
            for width, text in ((WIDTHS[2], remark.text), (last, remark.cure))
        ]
        return max(*heights, metrics.height()) + 4

    def _show_buttons(self) -> None:
        red = bool(self._red())
        self.again.setEnabled(not self._busy and self.room.stacks is not None)
        self.repeat.setEnabled(red and not self._busy and self.room.scope is not None)
        self.anyway.setVisible(red)
        self.completeChanged.emit()


def _dot(colour: str) -> QIcon:
    """A filled square of one colour; the words beside it say the same."""
    pixels = QPixmap(12, 12)
    pixels.fill(QColor(colour))
    return QIcon(pixels)


def _colour(level: Level) -> str:
    return str(getattr(theme.colours(), ROLES[level]))
