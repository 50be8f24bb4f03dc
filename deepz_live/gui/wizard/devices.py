"""Device widgets of pymmcore-widgets for the microscope that the wizard has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QDialog, QLabel, QTabWidget, QVBoxLayout, QWidget

from deepz_live.gui.devices import widgets
from deepz_live.gui.devices.core_view import CoreView
from deepz_live.gui.wizard.desk import ScopeFacts


class DevicesDialog(QDialog):
    """Channels and presets, exposure, stages, and every property; after
    :func:`deepz_live.gui.devices.widgets.prepare`.

    All of them speak to ``scope.core``; the limits of the profile hold for them as well.
    """

    def __init__(self, scope: ScopeFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Devices of {scope.name}")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 520)
        self._core = CoreView(scope.core)
        self.tabs = QTabWidget()
        self.tabs.addTab(widgets.presets(self._core), "Presets")
        self.tabs.addTab(_light_and_stages(self._core), "Exposure and stages")
        self.tabs.addTab(widgets.properties(self._core), "All properties")
        column = QVBoxLayout(self)
        column.addWidget(self.tabs)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """No device speaks to widgets that are going."""
        self._core.close()
        super().closeEvent(event)


def run_hardware_wizard(
    parent: QWidget, written: Callable[[Path], None], failed: Callable[[Exception], None]
) -> None:
    """Micro-Manager's hardware configuration; ``written`` gets the ``.cfg``.

    After :func:`deepz_live.gui.devices.widgets.prepare`.
    """
    from pymmcore_widgets import ConfigWizard

    try:
        dialog = ConfigWizard(parent=parent)
    except (RuntimeError, OSError, ValueError) as error:
        failed(error)
        return
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def finished() -> None:
        target = Path(str(dialog.field("dest_config") or ""))
        if target.is_file():
            written(target)

    dialog.accepted.connect(finished)
    dialog.show()


def _light_and_stages(core: Any) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.addWidget(QLabel("Exposure of the camera"))
    column.addWidget(widgets.exposure(core))
    *_, stages = widgets.stages(core)
    column.addWidget(stages)
    return holder
