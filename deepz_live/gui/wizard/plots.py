"""Small plots of the wizard: histogram, focus curve, map of fields. They only show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtWidgets import QGraphicsRectItem

from deepz_live.app.exposure import Seen
from deepz_live.gui import theme
from deepz_live.gui.theme.plots import dress_plot
from deepz_live.gui.wizard.desk import FieldChoice


def role_colour(role: str) -> str:
    """Of what a field is for, on the map and in the table."""
    drift = theme.DRIFT_COLOURS
    return {"train": theme.KNOB, "validation": drift["y"], "test": drift["x"]}[role]


class QuietPlot(pg.PlotWidget):  # type: ignore[misc]
    """A plot in the colours of the window that the mouse cannot move."""

    def __init__(self, left: str, bottom: str) -> None:
        super().__init__()
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.showGrid(x=True, y=True, alpha=0.12)
        for name, text in (("left", left), ("bottom", bottom)):
            self.getAxis(name).enableAutoSIPrefix(False)
            self.setLabel(name, text)
        theme.follow(self, partial(dress_plot, self))


def dashed(colour: str) -> pg.InfiniteLine:
    """An upright line that marks a place on the axis."""
    return pg.InfiniteLine(angle=90, pen=pg.mkPen(colour, style=Qt.PenStyle.DashLine))


class HistogramPlot(QuietPlot):
    """How many pixels have how many counts; amber where too dark, red where saturated."""

    def __init__(self) -> None:
        super().__init__("pixels", "counts, up to the camera's limit")
        self.setLogMode(x=False, y=True)
        self.setMaximumHeight(150)
        self.setMinimumHeight(110)
        self._bars = self.plot(stepMode="center", fillLevel=0.0)
        self._limit = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.ALARM, width=2))
        self._bright = dashed(theme.INK_DIM)
        self.addItem(self._limit)
        self.addItem(self._bright)

    def show_seen(self, seen: Seen) -> None:
        """The histogram of one picture, with the camera's limit and the brightest pixels."""
        colour = {"good": theme.KNOB, "dark": theme.CAUTION, "saturated": theme.ALARM}[seen.verdict]
        self._bars.setData(seen.edges, np.maximum(seen.counts, 1))
        self._bars.setPen(pg.mkPen(colour))
        self._bars.setBrush(pg.mkBrush(colour + "60"))
        self._limit.setPos(float(seen.edges[-1]))
        self._bright.setPos(seen.bright)
        self.setXRange(0, float(seen.edges[-1]), padding=0.02)


class FocusCurve(QuietPlot):
    """Sharpness over stage z, growing plane by plane; its peak is the focus."""

    def __init__(self) -> None:
        super().__init__("sharpness", "stage z (µm)")
        self.setMinimumHeight(120)
        self._line = self.plot(pen=pg.mkPen(theme.KNOB, width=1.8))
        self._peak = dashed(theme.CAUTION)
        self._peak.hide()
        self.addItem(self._peak)

    @property
    def points(self) -> int:
        """Planes on the curve."""
        return 0 if self._line.xData is None else len(self._line.xData)

    def show_curve(self, curve: Sequence[tuple[float, float]]) -> None:
        """(z in µm, sharpness) of the planes so far; the sharpest is marked."""
        z = [point[0] for point in curve]
        sharp = [point[1] for point in curve]
        self._line.setData(z, sharp)
        self._peak.setVisible(bool(curve))
        if curve:
            self._peak.setPos(z[int(np.argmax(sharp))])


class FieldMap(QuietPlot):
    """Where the fields are on the stage: a frame each, in the colour of its role."""

    def __init__(self) -> None:
        super().__init__("stage y (µm)", "stage x (µm)")
        self.setMinimumSize(260, 220)
        # As in the image: +y is down.
        self.getPlotItem().invertY(True)
        self.setAspectLocked(True)
        self._here = pg.ScatterPlotItem(symbol="+", size=16, pen=pg.mkPen(theme.INK, width=1.5))
        self.addItem(self._here)
        self._frames: list[QGraphicsRectItem | pg.TextItem] = []

    def show_fields(
        self,
        fields: Sequence[FieldChoice],
        field_um: tuple[float, float],
        clashing: set[int],
        here: tuple[float, float] | None,
    ) -> None:
        """Fields by role with their number; ``clashing`` ones are red. ``field_um`` (y, x)."""
        for item in self._frames:
            self.removeItem(item)
        self._frames = []
        height, width = field_um
        for number, place in enumerate(fields):
            colour = theme.ALARM if number in clashing else role_colour(place.role)
            frame = QGraphicsRectItem(
                QRectF(place.x_um - width / 2, place.y_um - height / 2, width, height)
            )
            frame.setPen(pg.mkPen(colour, width=1.6))
            frame.setBrush(pg.mkBrush(colour + "30"))
            text = pg.TextItem(str(number + 1), color=colour, anchor=(0.5, 0.5))
            text.setPos(place.x_um, place.y_um)
            for item in (frame, text):
                self.addItem(item)
                self._frames.append(item)
        spots = [here] if here is not None else []
        self._here.setData([x for x, _ in spots], [y for _, y in spots])
        self._span(fields, field_um, here)

    def _span(
        self,
        fields: Sequence[FieldChoice],
        field_um: tuple[float, float],
        here: tuple[float, float] | None,
    ) -> None:
        spots = [(place.x_um, place.y_um) for place in fields] + ([here] if here else [])
        if not spots:
            return
        half = max(field_um)
        xs, ys = [x for x, _ in spots], [y for _, y in spots]
        self.setRange(
            xRange=(min(xs) - half, max(xs) + half),
            yRange=(min(ys) - half, max(ys) + half),
            padding=0.02,
        )
