"""How many troubles are kept, at the corner of the window; a click shows them."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDockWidget, QToolButton, QWidget

from deepz_live.gui import theme
from deepz_live.gui.layout.docks import show_dock
from deepz_live.gui.trouble.panel import TroublePanel


class TroubleButton(QToolButton):
    """Hidden while nothing went wrong."""

    def __init__(
        self, panel: TroublePanel, dock: QDockWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._dock = dock
        self.setIcon(theme.icon("warning", "caution"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip("What went wrong since the window was opened")
        self.clicked.connect(self._open)
        panel.count_changed.connect(self._count)
        self._count(len(panel.log))

    def _count(self, number: int) -> None:
        self.setText(str(number))
        self.setVisible(number > 0)

    def _open(self) -> None:
        show_dock(self._dock)
