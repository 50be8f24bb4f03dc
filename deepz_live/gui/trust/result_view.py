"""What a spot check found: a table by distance, and two pictures of the distance that is chosen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.spot_check.result import DistanceCheck, SpotCheckResult
from deepz_live.gui import theme
from deepz_live.gui.panes.titles import signed

CROP_PX = 128
SIDE_PX = 150
ROW_PX = 20
COLUMNS = {
    "dz": "Refocus distance, µm",
    "corr": "Correlation of the refocused plane with the one measured by the stage",
    "report": "The correlation by the model's report for that distance, and its spread",
    "as is": "Correlation of the frame as it is, not refocused",
    "SSIM": "Structural similarity of the refocused plane with the measured one",
    "RMSE": "Root mean squared error; 1 is the model's brightest",
}


class ResultView(QWidget):
    """Shows one result; a row that is clicked shows its pictures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[DistanceCheck, ...] = ()
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        for number, tip in enumerate(COLUMNS.values()):
            head = self.table.horizontalHeaderItem(number)
            if head is not None:
                head.setToolTip(tip)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.itemSelectionChanged.connect(self._choose)
        _compact(self.table)
        self.pictures = {name: QLabel() for name in ("refocused", "measured")}
        self.names = {name: QLabel() for name in self.pictures}
        self._lay_out()
        self.clear()

    def clear(self) -> None:
        """Nothing was checked."""
        self._rows = ()
        self.table.setRowCount(0)
        self.setVisible(False)

    def show_result(self, result: SpotCheckResult) -> None:
        """All distances; pictures of the farthest above."""
        self._rows = result.rows
        self.table.setRowCount(len(result.rows))
        for number, row in enumerate(result.rows):
            for column, text in enumerate(_cells(row)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(_tip(row))
                self.table.setItem(number, column, item)
        head = self.table.horizontalHeader()
        height = head.sizeHint().height() if head is not None else 0
        self.table.setFixedHeight(height + ROW_PX * len(result.rows) + 6)
        self.setVisible(True)
        self.table.selectRow(len(result.rows) - 1)
        self.show_distance(len(result.rows) - 1)  # that row may have been chosen before

    def show_distance(self, number: int) -> None:
        """Pictures of one distance (a row of the table): the part with the brightest structure."""
        row = self._rows[number]
        part = brightest_part(row.measured)
        low, high = np.percentile(row.measured[part], (1, 99.8))
        for name, image in (("refocused", row.refocused), ("measured", row.measured)):
            self.pictures[name].setPixmap(pixmap_of(image[part], float(low), float(high)))
        self.names["refocused"].setText(f"refocused {signed(row.dz_um)} µm · inferred")
        self.names["measured"].setText("by the stage · measured")

    def _choose(self) -> None:
        chosen = self.table.selectedItems()
        if chosen:
            self.show_distance(chosen[0].row())

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        for name, picture in self.pictures.items():
            theme.set_role(self.names[name], "dim")
            picture.setFixedSize(SIDE_PX, SIDE_PX)
            column = QVBoxLayout()
            column.addWidget(self.names[name])
            column.addWidget(picture)
            pictures.addLayout(column)
        pictures.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addLayout(pictures)


def brightest_part(image: NDArray[np.float32]) -> tuple[slice, slice]:
    """The square of at most 128 px around the brightest pixel of ``(Y, X)``, inside the image."""
    place = np.unravel_index(int(np.argmax(image)), image.shape)
    spans = []
    for at, length in zip(place, image.shape, strict=True):
        side = min(CROP_PX, length)
        start = min(max(int(at) - side // 2, 0), length - side)
        spans.append(slice(start, start + side))
    return spans[0], spans[1]


def pixmap_of(image: NDArray[np.float32], low: float, high: float) -> QPixmap:
    """``(Y, X)`` as grey between two levels, as large as the place for it."""
    scaled = (image - low) / max(high - low, 1e-9)
    grey = np.clip(255 * scaled, 0, 255).astype(np.uint8)
    height, width = grey.shape
    picture = QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(picture.copy()).scaled(
        SIDE_PX, SIDE_PX, Qt.AspectRatioMode.KeepAspectRatio
    )


def _cells(row: DistanceCheck) -> tuple[str, ...]:
    report, scores = row.report, row.scores
    return (
        signed(row.dz_um),
        f"{scores['corr']:.2f}",
        f"{report.corr:.2f}±{row.spread():.2f}" if report is not None else "–",
        f"{row.unrefocused['corr']:.2f}",
        f"{scores['ssim']:.3f}",
        f"{scores['rmse']:.4f}",
    )


def _tip(row: DistanceCheck) -> str:
    """All scores of a row: refocused, as it is, and by the report."""
    names = {"corr": "correlation", "corr_detail": "correlation of fine detail",
             "ssim": "SSIM", "rmse": "RMSE"}  # fmt: skip
    lines = []
    for key, name in names.items():
        here, left = row.scores[key], row.unrefocused[key]  # type: ignore[literal-required]
        line = f"{name}: {here:.4f} refocused, {left:.4f} as it is"
        if row.report is not None:
            line += f", {getattr(row.report, key):.4f} by the report"
        lines.append(line)
    return "\n".join(lines)


def _compact(table: QTableWidget) -> None:
    across, down = table.horizontalHeader(), table.verticalHeader()
    if across is not None:
        across.setMinimumSectionSize(36)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    if down is not None:
        down.setVisible(False)
        down.setMinimumSectionSize(ROW_PX)
        down.setDefaultSectionSize(ROW_PX)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
