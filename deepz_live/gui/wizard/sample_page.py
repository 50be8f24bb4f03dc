"""Page 2: which channels, with what exposure; a live picture says whether it fits."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui.wizard.desk import ChannelChoice
from deepz_live.gui.wizard.picture import LivePicture, Look
from deepz_live.gui.wizard.plots import HistogramPlot
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, note, number, row, say

ROLE_OF_VERDICT = {"good": "", "dark": "caution", "saturated": "alarm"}

EXPOSURE_PX = 125


class SamplePage(Sheet):
    """Tick the channels to capture; the selected row is what the camera sees."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Sample and channels",
            "Put the sample on and bring it roughly into focus. Tick the channels to calibrate and "
            "give each an exposure: bright, but nowhere saturated.",
        )
        self._filling = False
        self._shown = False
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels(["Channel", "Exposure"])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.itemChanged.connect(lambda _: self._take())
        self.table.currentCellChanged.connect(lambda *_: self._switch())
        self.auto = button(
            "Auto exposure", "contrast", "Find the exposure that uses half of the camera's range"
        )
        self.auto.clicked.connect(self.auto_exposure)
        self.verdict = note()
        self.verdict.setMinimumHeight(48)
        self.picture = LivePicture(room)
        self.picture.looked.connect(self._judge)
        self.histogram = HistogramPlot()
        self._lay_out()
        room.scope_changed.connect(self._fill)

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """At least one channel."""
        return bool(self.room.order.channels)

    def entered(self) -> None:
        """Look through the camera."""
        self._shown = True
        if self.table.rowCount() == 0:
            self._fill()
        self._switch()
        self.picture.start()

    def left(self) -> None:
        """Rest."""
        self._shown = False
        self.picture.stop()

    def auto_exposure(self) -> None:
        """Find an exposure for the selected channel."""
        channel, box = self._selected(), self._box(self.table.currentRow())
        if channel is None or box is None:
            return
        self.auto.setEnabled(False)
        self.picture.stop()
        say(self.verdict, f"Looking for an exposure for {channel.name} …")

        def found(result: tuple[float, str]) -> None:
            self.auto.setEnabled(True)
            box.setValue(result[0])
            self._again()

        def failed(error: Exception) -> None:
            self.auto.setEnabled(True)
            self.room.show(error)
            self._again()

        self.room.ask(lambda: self.room.desk.auto_exposure(channel), found, failed)

    def tick(self, name: str, on: bool = True) -> None:
        """Capture the channel ``name``, or leave it out."""
        for number_ in range(self.table.rowCount()):
            item = self.table.item(number_, 0)
            if item is not None and item.text() == name:
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addLayout(row(self.auto, 1))
        column.addWidget(self.verdict)
        column.addWidget(self.histogram)
        left.setMaximumWidth(380)
        halves = QHBoxLayout()
        halves.addWidget(left, 2)
        halves.addWidget(self.picture, 3)
        self.content.addLayout(halves, 1)
        head = self.table.horizontalHeader()
        if head is not None:
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            self.table.setColumnWidth(1, EXPOSURE_PX)
        side = self.table.verticalHeader()
        if side is not None:
            side.hide()

    def _fill(self) -> None:
        """A row for every channel of the microscope; the profile's are ticked."""
        scope = self.room.scope
        self._filling = True
        self.table.setRowCount(0)
        if scope is not None:
            chosen = {choice.name: choice.exposure_ms for choice in self.room.order.channels}
            for name in scope.channels:
                self._add_row(name, name in chosen, chosen.get(name, scope.exposure_ms))
            names = list(scope.channels)
            here = names.index(scope.channel) if scope.channel in names else 0
            self.table.setCurrentCell(here, 0)
        self._filling = False
        self.completeChanged.emit()

    def _add_row(self, name: str, on: bool, exposure_ms: float) -> None:
        at = self.table.rowCount()
        self.table.insertRow(at)
        item = QTableWidgetItem(name)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
        )
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.table.setItem(at, 0, item)
        box = number(0.05, 10000.0, exposure_ms, "ms", "Exposure of each plane in this channel")
        box.valueChanged.connect(lambda _, row_=at: self._exposed(row_))
        self.table.setCellWidget(at, 1, box)

    def _exposed(self, at: int) -> None:
        self._take()
        if at == self.table.currentRow():
            self._switch()
        else:
            self.table.setCurrentCell(at, 0)

    def _take(self) -> None:
        if self._filling:
            return
        chosen = []
        for at in range(self.table.rowCount()):
            item, box = self.table.item(at, 0), self._box(at)
            if item and box and item.checkState() == Qt.CheckState.Checked:
                chosen.append(ChannelChoice(item.text(), box.value()))
        self.room.take(channels=tuple(chosen))
        self.completeChanged.emit()

    def _switch(self) -> None:
        """Look through the selected channel with its exposure."""
        channel = self._selected()
        if self._filling or not self._shown or channel is None:
            return
        self.room.ask(lambda: self.room.desk.set_channel(channel))

    def _again(self) -> None:
        if self._shown:
            self.picture.start()

    def _judge(self, found: Look) -> None:
        self.histogram.show_seen(found.seen)
        channel = self._selected()
        name = f"{channel.name}: " if channel else ""
        say(self.verdict, name + found.seen.text, ROLE_OF_VERDICT[found.seen.verdict])

    def _selected(self) -> ChannelChoice | None:
        at = self.table.currentRow()
        item, box = self.table.item(at, 0), self._box(at)
        return ChannelChoice(item.text(), box.value()) if item and box else None

    def _box(self, at: int) -> QDoubleSpinBox | None:
        widget = self.table.cellWidget(at, 1)
        return widget if isinstance(widget, QDoubleSpinBox) else None
