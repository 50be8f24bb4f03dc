"""Page 3: which fields of view, and what each is for."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.wizard.desk import ROLES, FieldChoice, Role
from deepz_live.gui.wizard.picture import LivePicture, Look
from deepz_live.gui.wizard.plots import FieldMap, role_colour
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, count, note, number, row, say

ROLE_TIP = (
    "train: the model learns from it. validation: it chooses the best weights. "
    "test: never looked at while training, so that the model can be judged honestly."
)

WORDS: dict[Role, str] = {
    "train": "to train on",
    "validation": "for validation",
    "test": "for the test",
}


class FieldsPage(Sheet):
    """Mark fields at the stage, or lay out a grid or random fields around this place."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Fields of view",
            "Mark places with sample in them. Different fields teach different structures; keep "
            "one for the test. Fields must not overlap, or the test would only measure memory.",
        )
        self._here: tuple[float, float] | None = None
        self._filling = False
        self.map = FieldMap()
        self.picture = LivePicture(room)
        self.picture.looked.connect(self._moved)
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["x (µm)", "y (µm)", "for"])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setToolTip(ROLE_TIP)
        self.state = note()
        self.state.setMinimumHeight(32)
        self._lay_out()
        room.scope_changed.connect(self._show_all)
        room.order_changed.connect(self._show_all)

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Somewhere to train on, no overlap, nothing out of reach."""
        return not self._complaint()

    def entered(self) -> None:
        """Look where the stage is."""
        self._show_all()
        self.picture.start()

    def left(self) -> None:
        """Rest."""
        self.picture.stop()

    def mark_here(self) -> None:
        """A field where the stage stands now."""
        if self._here is None:
            return
        x, y = self._here
        self._put([*self.room.order.fields, FieldChoice(round(x, 2), round(y, 2))])

    def lay_grid(self) -> None:
        """Fields side by side around the stage's place instead of those in the list."""
        rows, columns = self.rows.value(), self.columns.value()
        self.room.ask(lambda: self.room.desk.grid(rows, columns), self._put_shared)

    def scatter(self) -> None:
        """Random fields around the stage's place instead of those in the list."""
        many, radius = self.many.value(), self.radius.value()
        self.room.ask(lambda: self.room.desk.scatter(many, radius), self._put_shared)

    def remove(self) -> None:
        """Forget the selected fields."""
        chosen = {index.row() for index in self.table.selectedIndexes()}
        self._put([f for n, f in enumerate(self.room.order.fields) if n not in chosen])

    def share(self) -> None:
        """Give the last fields to test and validation, the others to training."""
        self._put_shared(list(self.room.order.fields))

    def _put_shared(self, fields: list[FieldChoice]) -> None:
        tests, checks = self.tests.value(), self.checks.value()
        first_test = len(fields) - tests
        roles: list[Role] = [
            "test" if n >= first_test else "validation" if n >= first_test - checks else "train"
            for n in range(len(fields))
        ]
        self._put([replace(f, role=role) for f, role in zip(fields, roles, strict=True)])

    def _put(self, fields: list[FieldChoice]) -> None:
        self.room.take(fields=tuple(fields))

    def _moved(self, found: Look) -> None:
        here = (found.snapshot.x_um, found.snapshot.y_um)
        if here != self._here:
            self._here = here
            self._draw()

    def _show_all(self) -> None:
        if self._filling:
            return
        self._filling = True
        fields = self.room.order.fields
        self.table.setRowCount(len(fields))
        clashing = self._clashing()
        for at, place in enumerate(fields):
            for column, value in enumerate((place.x_um, place.y_um)):
                item = QTableWidgetItem(f"{value:.1f}")
                colour = theme.ALARM if at in clashing else role_colour(place.role)
                item.setForeground(QColor(colour))
                self.table.setItem(at, column, item)
            self._show_role(at, place.role)
        self._filling = False
        self._draw()
        complaint = self._complaint()
        counts = {role: sum(f.role == role for f in fields) for role in ROLES}
        summary = ", ".join(f"{n} {WORDS[role]}" for role, n in counts.items() if n)
        say(self.state, complaint or summary + self._advice(counts), "alarm" if complaint else "")
        self.completeChanged.emit()

    def _advice(self, counts: dict[Role, int]) -> str:
        if not counts["test"]:
            return ". Without a test field nobody will know how good the model is elsewhere."
        return "."

    def _draw(self) -> None:
        scope = self.room.scope
        if scope is not None:
            self.map.show_fields(
                self.room.order.fields, scope.field_um, self._clashing(), self._here
            )

    def _show_role(self, at: int, role: Role) -> None:
        box = self.table.cellWidget(at, 2)
        if not isinstance(box, QComboBox):
            box = QComboBox()
            box.addItems(list(ROLES))
            box.setToolTip(ROLE_TIP)
            box.currentTextChanged.connect(lambda text: self._change_role(at, text))
            self.table.setCellWidget(at, 2, box)
        box.setCurrentText(role)

    def _change_role(self, at: int, text: str) -> None:
        role = next((known for known in ROLES if known == text), None)
        if role is not None and not self._filling:
            fields = list(self.room.order.fields)
            fields[at] = replace(fields[at], role=role)
            self._put(fields)

    def _clashing(self) -> set[int]:
        if self.room.scope is None:
            return set()
        return {n for pair in self.room.desk.overlapping(self.room.order.fields) for n in pair}

    def _complaint(self) -> str:
        fields = self.room.order.fields
        if self.room.scope is None or not fields:
            return "No field yet: mark one here, or lay out a grid."
        pairs = self.room.desk.overlapping(fields)
        if pairs:
            named = ", ".join(f"{a + 1} and {b + 1}" for a, b in pairs[:4])
            return f"Fields {named} overlap; remove one of them or move it away."
        if not any(place.role == "train" for place in fields):
            return "No field is for training; give at least one to it."
        return self.room.desk.forbidden(self.room.order)

    def _step(self, dx: int, dy: int) -> None:
        scope = self.room.scope
        if scope is None:
            return
        height, width = scope.field_um
        self.room.ask(lambda: self.room.desk.move_by(dx * width / 2, dy * height / 2, 0.0))

    def _focus(self, dz_um: float) -> None:
        self.room.ask(lambda: self.room.desk.move_by(0.0, 0.0, dz_um))

    def _lay_out(self) -> None:
        left = QWidget()
        left.setMaximumWidth(430)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._ways())
        column.addWidget(self.table, 1)
        column.addLayout(self._roles())
        column.addWidget(self.state)
        right = QVBoxLayout()
        right.addWidget(self.picture, 3)
        right.addLayout(self._arrows())
        right.addWidget(self.map, 2)
        halves = QHBoxLayout()
        halves.addWidget(left, 3)
        halves.addLayout(right, 3)
        self.content.addLayout(halves, 1)
        head, side = self.table.horizontalHeader(), self.table.verticalHeader()
        if head is not None:
            head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        if side is not None:
            side.setDefaultSectionSize(28)

    def _ways(self) -> QVBoxLayout:
        self.here = button("Mark this place", "target", "A field where the stage stands now")
        self.here.clicked.connect(self.mark_here)
        drop = button("Remove", "close", "Forget the selected fields")
        drop.clicked.connect(self.remove)
        self.rows = count(1, 20, 2, "rows", "Fields below each other in the grid")
        self.columns = count(1, 20, 2, "columns", "Fields beside each other in the grid")
        grid = button("Lay grid", "", "Side by side around here, instead of the list below")
        grid.clicked.connect(self.lay_grid)
        self.many = count(1, 200, 4, "fields", "How many fields are scattered")
        self.radius = number(1.0, 50000.0, 500.0, "µm", "No field is further from here")
        scatter = button("Scatter", "", "At random around here, instead of the list below")
        scatter.clicked.connect(self.scatter)
        column = QVBoxLayout()
        column.addLayout(row(self.here, drop, 1))
        column.addLayout(row(grid, self.rows, "rows ×", self.columns, "columns", 1))
        column.addLayout(row(scatter, self.many, "fields within", self.radius, 1))
        return column

    def _roles(self) -> QHBoxLayout:
        self.tests = count(0, 100, 1, "fields", ROLE_TIP)
        self.checks = count(0, 100, 0, "fields", ROLE_TIP)
        share = button(
            "Share out", "", "The last fields for test and validation, the rest to train"
        )
        share.clicked.connect(self.share)
        return row(share, self.checks, "validation", self.tests, "test", "the rest train", 1)

    def _arrows(self) -> QHBoxLayout:
        arrows = []
        for text, dx, dy in (("◀", -1, 0), ("▶", 1, 0), ("▲", 0, -1), ("▼", 0, 1)):
            push = button(text, "", "Half a field of view")
            push.setMaximumWidth(36)
            push.clicked.connect(lambda _, a=dx, b=dy: self._step(a, b))
            arrows.append(push)
        nearer, further = button("+1 µm", "", "Focus up"), button("−1 µm", "", "Focus down")
        nearer.clicked.connect(lambda: self._focus(1.0))
        further.clicked.connect(lambda: self._focus(-1.0))
        return row("Stage", *arrows, 1, "Focus", further, nearer)
