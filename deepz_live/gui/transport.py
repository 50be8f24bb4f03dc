"""Play, pause, seek and speed of a replayed session."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from deepz_live.app.live import LiveSession
from deepz_live.gui import theme

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


@runtime_checkable
class Replay(Protocol):
    """What the bar needs of a replay source."""

    @property
    def position(self) -> int:
        """Number of the frame shown last, from 0."""

    @property
    def paused(self) -> bool:
        """Whether it stands still."""

    def __len__(self) -> int:
        """Number of frames."""

    def pause(self) -> None:
        """Stand still."""

    def resume(self) -> None:
        """Go on."""

    def seek(self, index: int) -> None:
        """Go on from frame ``index``."""

    speed: float | None
    """1 is as recorded."""


class TransportBar(QFrame):
    """Shows where a replay is; tells what the hand wants."""

    play_wanted = pyqtSignal(bool)
    seek_wanted = pyqtSignal(int)
    speed_wanted = pyqtSignal(object)
    """Factor on the recorded pace; None: as fast as frames are read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setShortcut("Space")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("Frame of the recording; drag to any other")
        self.speed = QComboBox()
        self.speed.setToolTip("Pace: 1× is as recorded, max as fast as frames are read")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.addItem("max", None)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self._where = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 12, 2)
        name = QLabel("Replay")
        theme.set_role(name, "dim")
        for widget in (name, self.button, self.slider, self._where, self.speed):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        self._playing = True
        self.show_playing(True)
        self.button.clicked.connect(lambda: self.play_wanted.emit(not self._playing))
        self.slider.valueChanged.connect(self.seek_wanted)
        self.speed.currentIndexChanged.connect(
            lambda: self.speed_wanted.emit(self.speed.currentData())
        )

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

    def show_position(self, index: int, count: int) -> None:
        """Frame ``index`` of ``count``; a slider in the hand is left alone."""
        self._where.setText(f"frame {min(index + 1, count)} / {count}")
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(index)
            self.slider.blockSignals(False)


def replay_of(live: LiveSession | None) -> Replay | None:
    """The replay that a session plays, or None for a camera."""
    source = live.source if live is not None else None
    return source if isinstance(source, Replay) else None


class TransportController:
    """Between bar and replay source; without a replay the bar is hidden."""

    def __init__(self, bar: TransportBar) -> None:
        self._bar = bar
        self._replay: Replay | None = None
        bar.play_wanted.connect(self.play)
        bar.seek_wanted.connect(self.seek)
        bar.speed_wanted.connect(self.set_speed)
        bar.hide()

    def use(self, replay: Replay | None) -> None:
        """Another session, or none."""
        self._replay = replay
        self._bar.setVisible(replay is not None)
        if replay is not None:
            self._bar.show_speed(replay.speed)
            self._bar.slider.setRange(0, max(0, len(replay) - 1))
        self.update()

    def play(self, on: bool) -> None:
        """Play or pause; playing at the end begins again."""
        if self._replay is None:
            return
        if on:
            if self._at_end(self._replay):
                self._replay.seek(0)
            self._replay.resume()
        else:
            self._replay.pause()
        self.update()

    def seek(self, index: int) -> None:
        """Go to a frame."""
        if self._replay is not None:
            self._replay.seek(index)
            self.update()

    def set_speed(self, speed: float | None) -> None:
        """1 is as recorded."""
        if self._replay is not None:
            self._replay.speed = speed

    def update(self) -> None:
        """Show where the replay is; at the end the button offers to play again."""
        replay = self._replay
        if replay is not None:
            self._bar.show_position(replay.position, len(replay))
            self._bar.show_playing(not replay.paused and not self._at_end(replay))

    def _at_end(self, replay: Replay) -> bool:
        return replay.position >= len(replay) - 1
