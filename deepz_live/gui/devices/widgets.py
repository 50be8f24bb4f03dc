"""The device widgets of pymmcore-widgets, each dressed for a dark room and with its units.

Their import takes seconds: :func:`prepare` is called beside the GUI thread first. Making them takes
long as well: a panel of several is made one by one, and what is yielded last is the whole panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from deepz_live.gui import theme
from deepz_live.gui.devices.icons import read_icons, ship_icons

BRIGHT = 120
"""Lightness (0 … 255) above which a table cell hurts in a dark room."""


def prepare() -> None:
    """Import the device widgets, with icons that need no network."""
    ship_icons()
    read_icons()
    import_module("pymmcore_widgets")
    # The sequence widget reads durations with it; the first reading takes as long as an import.
    import_module("pint").Quantity("1 s")


def presets(core: Any) -> QWidget:
    """All config groups with their presets."""
    from pymmcore_widgets import GroupPresetTableWidget

    if not core.getAvailableConfigGroups():
        return note("This microscope has no config groups.")
    table = GroupPresetTableWidget(mmcore=core)
    for push in table.findChildren(QPushButton):
        # Another .cfg is another microscope, with other limits: it needs a profile.
        push.setHidden(push.text() == "Load cfg")
    return table


def exposure(core: Any) -> QWidget:
    """Exposure of the camera."""
    from pymmcore_widgets import DefaultCameraExposureWidget

    widget = DefaultCameraExposureWidget(mmcore=core)
    _unit(widget.spinBox, " ms", "Exposure of each frame, in ms; the live view starts again")
    widget.label.hide()
    return widget


def channels(core: Any, group: str | None) -> QWidget:
    """The preset of the channel group."""
    from pymmcore_widgets import ChannelWidget

    if group is None:
        return note(
            "This microscope has one channel; name the group of its presets as "
            "micromanager.channel_group in the profile, to have several."
        )
    widget = ChannelWidget(group, mmcore=core)
    widget.setToolTip(f"Preset of the group {group}; the live view starts again")
    return widget


def camera(core: Any, group: str | None) -> Iterator[QWidget]:
    """Exposure, channel and the part of the sensor, one below the other."""
    yield from _piled(
        {
            "Exposure": partial(exposure, core),
            "Channel": partial(channels, core, group),
            "Part of the sensor": partial(camera_roi, core),
        }
    )


def stages(core: Any) -> Iterator[QWidget]:
    """Arrows for the xy stage and for the focus, inside the limits of the profile."""
    labels = filter(None, (core.getXYStageDevice(), core.getFocusDevice()))
    yield from _piled({f"Stage {label}, µm": partial(_stage, core, label) for label in labels})


def _piled(makers: Mapping[str, Callable[[], QWidget]]) -> Iterator[QWidget]:
    """A column of titles and widgets; the column again after each."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    for title, make in makers.items():
        label = QLabel(title)
        theme.set_role(label, "dim")
        column.addWidget(label)
        column.addWidget(make())
        yield holder
    column.addStretch(1)
    yield holder


def camera_roi(core: Any) -> QWidget:
    """The part of the sensor that is read."""
    from pymmcore_widgets import CameraRoiWidget

    widget = CameraRoiWidget(mmcore=core)
    for box in widget.findChildren(QSpinBox):
        _unit(box, " px", "In pixels of the sensor; the live view starts again with Crop")
    widget.camera_combo.setToolTip("Camera")
    widget.camera_roi_combo.setToolTip("How much of the sensor is read, in pixels")
    widget.center_checkbox.setToolTip("Keep the part in the middle of the sensor")
    widget.crop_btn.setToolTip("Read this part of the sensor from now on")
    widget.snap_checkbox.setEnabled(False)  # the live view shows the next frame anyhow
    widget.snap_checkbox.setToolTip("The live view shows the next frame anyhow")
    return widget


def properties(core: Any) -> QWidget:
    """Every property of every device."""
    from pymmcore_widgets import PropertyBrowser

    browser = PropertyBrowser(mmcore=core)
    browser.setWindowFlags(Qt.WindowType.Widget)
    for table in browser.findChildren(QTableWidget):
        theme.follow(table, partial(_darken, table))
    return browser


def sequence(core: Any, run: Callable[[Any, Any], None]) -> QWidget:
    """Multi-dimensional acquisition; ``run`` gets the sequence and where to save it, or None."""
    from pymmcore_widgets import MDAWidget

    class Sequence(MDAWidget):
        def execute_mda(self, output: Any) -> None:
            run(self.value(), output)

    return Sequence(mmcore=core)


def note(text: str) -> QLabel:
    """A sentence where a widget would be."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setMargin(8)
    theme.set_role(label, "dim")
    return label


def _stage(core: Any, label: str) -> QWidget:
    from pymmcore_widgets import StageWidget

    widget = StageWidget(label, mmcore=core)
    for push in widget.findChildren(QPushButton):
        if not push.text():  # an arrow
            push.setMaximumSize(34, 34)
    for box in widget.findChildren(QDoubleSpinBox):
        _unit(box, " µm", "In µm; no move leaves the limits of the profile")
    for tick in widget.findChildren(QCheckBox):
        if tick.text() == "Snap on Click":
            tick.hide()  # the live view shows it anyhow
        tick.setToolTip(
            {"Poll": "Ask the stage for its place twice a second"}.get(
                tick.text(), "The arrows move the other way"
            )
        )
    return widget


def _unit(box: QAbstractSpinBox, suffix: str, tip: str) -> None:
    if isinstance(box, QSpinBox | QDoubleSpinBox):
        box.setSuffix(suffix)
    box.setToolTip(tip)


def _darken(table: QTableWidget) -> None:
    """What can only be read is shown on light grey by its author: too bright for a dark room."""
    for line in range(table.rowCount()):
        for column in range(table.columnCount()):
            item = table.item(line, column)
            if item is None:
                continue
            fixed = bool(item.data(_FIXED)) or item.background().color().lightness() > BRIGHT
            if fixed:
                item.setData(_FIXED, True)
                item.setBackground(QColor(theme.PANEL))
                item.setForeground(QColor(theme.INK_DIM))
            widget = table.cellWidget(line, column)
            if widget is not None and not widget.isEnabled():
                theme.set_role(widget, "dim")


_FIXED = Qt.ItemDataRole.UserRole + 77
