"""Play, step, seek, repeat and speed of what is replayed. It only shows."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from deepz_live.gui import theme
from deepz_live.gui.replay.timeline import Timeline

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class TransportBar(QFrame):
    """Shows where a replay is; tells what the hand wants."""

    play_wanted = pyqtSignal(bool)
    seek_wanted = pyqtSignal(int)
    step_wanted = pyqtSignal(int)
    loop_wanted = pyqtSignal(bool)
    end_wanted = pyqtSignal(str)
    """``"a"`` or ``"b"``: the stretch begins or ends here; ``""``: all of it."""
    speed_wanted = pyqtSignal(object)
    """Factor on the recorded pace; None: as fast as frames are read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setShortcut("Space")
        self.back = _button("◂", "One frame back (,)")
        self.forth = _button("▸", "One frame on (.)")
        self.slider = Timeline()
        self.slider.setToolTip("Frame of the recording; drag to any other")
        self.begin = _button("A", "Play from here (Shift+A)")
        self.end = _button("B", "Play up to here (Shift+B)")
        self.whole = _button("×", "Play all of it again (Shift+C)")
        self.loop = _button("Loop", "At the end (or at B) begin anew (L)")
        self.loop.setCheckable(True)
        self.speed = QComboBox()
        self.speed.setToolTip("Pace; 1× is as recorded")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.addItem("max", None)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self._where = QLabel()
        self._playing = True
        self._lay_out()
        self.show_playing(True)
        self._connect()

    @property
    def text(self) -> str:
        """The position as it is shown."""
        return self._where.text()

    def show_playing(self, playing: bool) -> None:
        """The button offers the other state."""
        self._playing = playing
        self.button.setIcon(theme.icon("pause" if playing else "play"))
        self.button.setToolTip("Pause (space)" if playing else "Play (space)")

    def show_speed(self, speed: float | None) -> None:
        """The pace that is used; one that is not in the list shows as the nearest."""
        index = len(SPEEDS)
        if speed is not None:
            index = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        self.speed.blockSignals(True)
        self.speed.setCurrentIndex(index)
        self.speed.blockSignals(False)

    def show_position(self, index: int, count: int, seconds: float) -> None:
        """Frame ``index`` of ``count``, so long after the first; a slider in the hand is left."""
        self._where.setText(f"frame {min(index + 1, count)} / {count} · {clock(seconds)}")
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(index)
            self.slider.blockSignals(False)

    def show_span(self, span: tuple[int, int] | None, loop: bool) -> None:
        """The stretch that is played (None: all), and whether it is repeated."""
        self.slider.set_span(span)
        self.whole.setEnabled(span is not None)
        self.loop.blockSignals(True)
        self.loop.setChecked(loop)
        self.loop.blockSignals(False)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, 2)
        row.setSpacing(4)
        name = QLabel("Replay")
        theme.set_role(name, "dim")
        widgets = (name, self.back, self.button, self.forth, self.slider, self._where)
        for widget in (*widgets, self.begin, self.end, self.whole, self.loop, self.speed):
            row.addWidget(widget, 1 if widget is self.slider else 0)

    def _connect(self) -> None:
        self.button.clicked.connect(lambda: self.play_wanted.emit(not self._playing))
        self.back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self.forth.clicked.connect(lambda: self.step_wanted.emit(1))
        self.begin.clicked.connect(lambda: self.end_wanted.emit("a"))
        self.end.clicked.connect(lambda: self.end_wanted.emit("b"))
        self.whole.clicked.connect(lambda: self.end_wanted.emit(""))
        self.loop.toggled.connect(self.loop_wanted)
        self.slider.valueChanged.connect(self.seek_wanted)
        self.speed.currentIndexChanged.connect(
            lambda: self.speed_wanted.emit(self.speed.currentData())
        )


def clock(seconds: float) -> str:
    """``0:07.25`` or ``1:02:05.00``: time since the first frame."""
    hundredths = round(max(seconds, 0.0) * 100)
    whole, rest = divmod(hundredths, 100)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{whole:02d}.{rest:02d}"


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    return button
