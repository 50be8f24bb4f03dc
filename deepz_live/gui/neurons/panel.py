"""The panel of neurons: clusters, table, traces. It only shows, and tells what was chosen."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.analyze.neuron_colours import colour
from deepz_live.app.neurons.results import NeuronResults
from deepz_live.gui import theme
from deepz_live.gui.neurons.table import NeuronTable, text_of
from deepz_live.gui.neurons.traces import Traces, TracesView
from deepz_live.gui.panes.titles import signed

EMPTY = (
    "No neurons are open. Replay a recording, then open the folder that "
    "`deepz-live analyze neurons` made of it (Ctrl+N), or drop it on the window."
)
HINT = "Click a circle, a row or a cluster to see what it does."
MOST_ROWS = 6


class NeuronsPanel(QWidget):
    """Neurons by their indices from 0."""

    chosen = pyqtSignal(tuple)
    """Neurons that are to be marked."""
    visited = pyqtSignal(int)
    """The neuron that is to be looked at in its own depth."""
    sought = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results: NeuronResults | None = None
        self.head = QLabel()
        self.head.setWordWrap(True)
        self.clusters = QListWidget()
        self.clusters.setToolTip("Click: mark its neurons in panes and table, and see their traces")
        self.table = NeuronTable()
        self.what = QLabel()
        self.what.setWordWrap(True)
        self.none = QPushButton("Mark none")
        self.none.setToolTip("Look at no neuron in particular")
        self.traces = TracesView()
        self._lay_out()
        self.clusters.itemClicked.connect(self._choose_cluster)
        self.table.chosen.connect(self.chosen)
        self.table.visited.connect(self.visited)
        self.traces.sought.connect(self.sought)
        self.none.clicked.connect(lambda: self.chosen.emit(()))
        self.show_results(None)

    @property
    def rows(self) -> tuple[str, ...]:
        """The clusters as they are shown."""
        items = (self.clusters.item(number) for number in range(self.clusters.count()))
        return tuple(item.text() for item in items if item is not None)

    def show_results(self, results: NeuronResults | None) -> None:
        """Other neurons, or none."""
        self._results = results
        self.clusters.clear()
        self.table.fill(results)
        self._body.setVisible(results is not None)
        theme.set_role(self.head, "dim" if results is None else "")
        self.head.setText(EMPTY if results is None else head_of(results))
        self.head.setToolTip("" if results is None else str(results.folder))
        for cluster in results.clusters if results is not None else ():
            count = len(results.members(cluster)) if results is not None else 0
            item = QListWidgetItem(_dot(colour(cluster)), f"{name_of(cluster)} · {count} neurons")
            item.setData(Qt.ItemDataRole.UserRole, cluster)
            self.clusters.addItem(item)
        shown = min(max(self.clusters.count(), 1), MOST_ROWS)
        self.clusters.setFixedHeight(shown * max(self.clusters.sizeHintForRow(0), 18) + 6)
        self.show_marked(())

    def show_marked(self, marked: tuple[int, ...]) -> None:
        """Table, list and traces of these neurons."""
        results = self._results
        self.none.setEnabled(bool(marked))
        self.table.mark(marked)
        self._show_cluster(marked)
        if results is None or not marked:
            self.what.setText(HINT if results is not None else "")
            theme.set_role(self.what, "dim")
            self.traces.show_traces(None)
            return
        chosen = list(marked)
        groups = set(results.cluster[chosen].tolist())
        (own,) = groups if len(groups) == 1 else (None,)
        self.traces.show_traces(
            Traces(
                results.followed.times_s,
                results.relative[chosen],
                tuple(str(number + 1) for number in chosen),
                theme.INK if own is None else colour(own),
            )
        )
        theme.set_role(self.what, "")
        self.what.setText(self._words(results, marked, own))

    def show_time(self, seconds: float | None) -> None:
        """The replay's present moment."""
        self.traces.show_time(seconds)

    def _words(self, results: NeuronResults, marked: tuple[int, ...], own: int | None) -> str:
        if len(marked) == 1:
            return words_of(results, marked[0])
        low, high = (f"{level:.2f}".replace("-", "\N{MINUS SIGN}") for level in self.traces.levels)
        whole = own is not None and marked == results.members(own)
        name = name_of(own) if whole and own is not None else "marked"
        return (
            f"{name}: {len(marked)} neurons. Above their mean; below each of them, ΔF/F₀ {low} "
            f"(dark) … {high} (bright)."
        )

    def _show_cluster(self, marked: tuple[int, ...]) -> None:
        """The row whose members are marked, no more and no fewer."""
        self.clusters.clearSelection()
        self.clusters.setCurrentRow(-1)
        for number, cluster in enumerate(self._results.clusters if self._results else ()):
            if self._results is not None and marked == self._results.members(cluster):
                self.clusters.setCurrentRow(number)

    def _choose_cluster(self, item: QListWidgetItem) -> None:
        if self._results is not None:
            self.chosen.emit(self._results.members(item.data(Qt.ItemDataRole.UserRole)))

    def _lay_out(self) -> None:
        lists = QWidget()
        upper = QVBoxLayout(lists)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.addWidget(self.clusters)
        upper.addWidget(self.table, 1)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.what, 1)
        row.addWidget(self.none, 0, Qt.AlignmentFlag.AlignTop)
        lower.addLayout(row)
        lower.addWidget(self.traces, 1)
        self._body = QSplitter(Qt.Orientation.Vertical)
        self._body.setChildrenCollapsible(False)
        self._body.addWidget(lists)
        self._body.addWidget(below)
        self._body.setSizes([250, 310])
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.head)
        column.addWidget(self._body, 1)
        column.addStretch(0)


def head_of(results: NeuronResults) -> str:
    """How many, and how much their places are worth."""
    clusters = sum(1 for cluster in results.clusters if cluster)
    return (
        f"{len(results)} neurons, {int(results.active.sum())} active, {clusters} clusters. "
        "Places and depths are inferred from refocused planes, not measured."
    )


def name_of(cluster: int | None) -> str:
    """Of a cluster; 0 holds those that are in none."""
    return f"C{cluster}" if cluster else "not active, or in no group"


def words_of(results: NeuronResults, neuron: int) -> str:
    """One neuron in a line."""
    cluster, z_um = int(results.cluster[neuron]), float(results.positions_um[neuron, 0])
    activity = text_of("activity", float(results.deviation[neuron]))
    return (
        f"Neuron {neuron + 1} · {name_of(cluster)} · depth {signed(z_um)} µm (inferred) · "
        f"activity {activity}"
    )


def _dot(of: str) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(of))
    return QIcon(picture)
