"""The table of neurons: one row each, sorted by any column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from deepz_live.app.analyze.neuron_colours import colour
from deepz_live.app.neurons.results import NeuronResults
from deepz_live.gui.panes.titles import signed

COLUMNS = ("no.", "x µm", "y µm", "z µm", "activity", "cluster")
TIPS = (
    "Number, as in neurons.csv",
    "To the right of the first pixel",
    "Down from the first pixel",
    "Above the focal plane; inferred from refocused planes, not measured",
    "Standard deviation of ΔF/F₀ over time",
    "Neurons that act alike; – for those that are quiet, or in no group",
)
NONE = "–"
Role = Qt.ItemDataRole


class NeuronModel(QAbstractTableModel):
    """Rows in the order of their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[float, ...]] = []

    def fill(self, results: NeuronResults | None) -> None:
        """Other neurons, or none."""
        self.beginResetModel()
        self._rows = []
        if results is not None:
            z, y, x = results.positions_um.T
            columns = (range(1, len(results) + 1), x, y, z, results.deviation, results.cluster)
            self._rows = [tuple(map(float, row)) for row in zip(*columns, strict=True)]
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """One a neuron."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """See :data:`COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Text; under the user's role the number, by which rows are sorted."""
        value = self._rows[index.row()][index.column()]
        name = COLUMNS[index.column()]
        if role == Role.UserRole:
            return value if math.isfinite(value) else -math.inf
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Role.DecorationRole and name == "cluster":
            return QColor(colour(int(value)))
        if role == Role.DisplayRole:
            return text_of(name, value)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        """Names of the columns, and what they mean."""
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Role.ToolTipRole:
            return TIPS[section]
        return None


def text_of(column: str, value: float) -> str:
    """A number as the table shows it; what is unknown (the activity of F₀ ≤ 0) has none."""
    if not math.isfinite(value):
        return NONE
    if column in ("no.", "cluster"):
        return f"{value:.0f}" if value else NONE
    if column == "z µm":
        return signed(value)
    return f"{value:.3f}" if column == "activity" else f"{value:.1f}"


class NeuronTable(QTableView):
    """Tells which rows the hand chose, by the neurons' indices from 0."""

    chosen = pyqtSignal(tuple)
    visited = pyqtSignal(int)
    """Double-clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._sorted = NeuronModel(), QSortFilterProxyModel()
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(Role.UserRole)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setToolTip("Click: its trace; double-click: the nearest plane goes to its depth")
        for header in (self.verticalHeader(), self.horizontalHeader()):
            if header is not None:
                header.setDefaultSectionSize(20)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and columns is not None:
            rows.hide()
            columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            columns.setHighlightSections(False)  # bold names would not fit
        self._quiet = False
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._tell)
        self.doubleClicked.connect(self._visit)

    @property
    def marked(self) -> tuple[int, ...]:
        """Indices of the rows that are chosen, in the order of their numbers."""
        selection = self.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        return tuple(sorted(self._sorted.mapToSource(row).row() for row in rows))

    def row_of(self, neuron: int) -> int:
        """Where it stands now."""
        return self._sorted.mapFromSource(self._model.index(neuron, 0)).row()

    def fill(self, results: NeuronResults | None) -> None:
        """Other neurons, or none; the order of the rows stays."""
        self._quiet = True
        self._model.fill(results)
        self._quiet = False

    def mark(self, neurons: Sequence[int]) -> None:
        """Choose these rows and no others, and bring the first of them into view."""
        selection = self.selectionModel()
        if selection is None or tuple(sorted(neurons)) == self.marked:
            return
        wanted = QItemSelection()
        for neuron in neurons:
            index = self._sorted.mapFromSource(self._model.index(neuron, 0))
            wanted.select(index, index)
        flag = QItemSelectionModel.SelectionFlag
        self._quiet = True
        selection.select(wanted, flag.ClearAndSelect | flag.Rows)
        self._quiet = False
        if neurons:
            first = min(map(self.row_of, neurons))
            self.scrollTo(self._sorted.index(first, 0))

    def _tell(self) -> None:
        if not self._quiet:
            self.chosen.emit(self.marked)

    def _visit(self, index: QModelIndex) -> None:
        self.visited.emit(self._sorted.mapToSource(index).row())
