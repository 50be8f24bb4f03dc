"""The status bar: a few numbers, dim while all is well."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from deepz_live.gui import theme

FIELDS = (
    ("camera", "Frames a second from the camera"),
    (
        "channels",
        "Rounds through all channels a second, and what takes most of the time: exposure, "
        "switching the filters, or reading the camera out",
    ),
    ("refocus", "Virtual stacks a second"),
    ("latency", "From capture to the refocused view (median)"),
    (
        "skipped",
        "Frames not refocused because a newer one was there; they are recorded all the same",
    ),
    ("lost", "Frames that the camera numbered and nobody received, gave twice, or out of order"),
    ("focus", "The focus lock, and how far the stage is too low"),
    ("provider", "What the network runs on"),
    ("bundle", "The trained model"),
    ("source", "Where the frames come from"),
)


class StatusLine(QWidget):
    """Named numbers; lost frames are red."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, QLabel] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(20)
        for name, tip in FIELDS:
            label = QLabel()
            label.setToolTip(tip)
            theme.set_role(label, "dim")
            self._fields[name] = label
            row.addWidget(label)
        row.addStretch(1)
        self._cursor = QLabel()
        theme.set_role(self._cursor, "dim")
        row.addWidget(self._cursor)

    def text(self, field: str) -> str:
        """What a field shows."""
        return self._fields[field].text()

    @property
    def cursor_text(self) -> str:
        """What is under the mouse, or a short note."""
        return self._cursor.text()

    def role(self, field: str) -> str:
        """The meaning of a field's colour."""
        return str(self._fields[field].property("role"))

    def show_field(self, field: str, text: str, role: str = "dim", *, tip: str = "") -> None:
        """Show a field; ``role`` as in :func:`theme.set_role`; ``tip`` explains what it says."""
        label = self._fields[field]
        if tip and label.toolTip() != tip:
            label.setToolTip(tip)
        if label.text() != text:
            label.setText(text)
            label.setVisible(bool(text))
        theme.set_role(label, role)

    def show_cursor(self, text: str) -> None:
        """What is under the mouse."""
        self._cursor.setText(text)
