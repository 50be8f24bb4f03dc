"""One line for errors and warnings; never a box that must be clicked away."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from deepz_live.gui import theme


class Banner(QFrame):
    """What failed, found, wanted, cure. An error stays until closed or replaced by an error;
    a warning goes when its cause goes."""

    dismissed = pyqtSignal()
    again_wanted = pyqtSignal()
    """What had ended shall begin again."""
    told = pyqtSignal(str, str, object)
    """``error`` or ``warning``, the sentence, and the exception behind it or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.again = QPushButton("Stream again")
        self.again.setToolTip("Start the camera again, as it is set now (F5)")
        self.again.clicked.connect(self.again_wanted)
        self.again.hide()
        close = QToolButton()
        close.setIcon(theme.icon("close", "ink_dim"))
        close.setToolTip("Close this message")
        close.clicked.connect(self._dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 6, 4)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self.again)
        row.addWidget(close)
        self._error = ""
        self._warning = ""
        self._offered = False
        theme.follow(self, self._dress)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown, or an empty string."""
        return self._error or self._warning

    def show_error(self, sentence: str, error: BaseException | None = None) -> None:
        """Show a failure; it stays."""
        self._error = sentence
        self.told.emit("error", sentence, error)
        self._refresh()

    def show_warning(self, sentence: str) -> None:
        """Show what is suspicious now; an empty sentence takes it away."""
        if sentence != self._warning:
            self._warning = sentence
            if sentence:
                self.told.emit("warning", sentence, None)
            self._refresh()

    def offer_again(self, on: bool) -> None:
        """Whether the stream has ended and may begin again: a button beside the error does so."""
        self._offered = on
        self.again.setVisible(on and bool(self._error))

    def clear(self) -> None:
        """Take the error away; a warning that still holds is seen again."""
        self._error = ""
        self._refresh()

    def _dismiss(self) -> None:
        """An error gives way to the warning under it; a warning goes until there is another."""
        warned = not self._error
        self.clear()
        if warned:
            self.hide()
        self.dismissed.emit()

    def _refresh(self) -> None:
        self._text.setText(self.text)
        theme.set_look(self, "level", "error" if self._error else "warning")
        self._dress()
        self.offer_again(self._offered)
        self.setVisible(bool(self.text))

    def _dress(self) -> None:
        icon = theme.icon("warning", "alarm" if self._error else "caution")
        self._icon.setPixmap(icon.pixmap(QSize(18, 18)))
