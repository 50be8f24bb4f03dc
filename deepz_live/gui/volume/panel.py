"""The virtual stack from all sides, turning; needs OpenGL, and says so where there is none."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QColor, QOpenGLContext
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from deepz_live.gui import theme
from deepz_live.gui.volume.cloud import Cloud

NO_OPENGL = (
    "This computer offers no OpenGL, which the rotating view is drawn with. Sections (xz, yz) and "
    "the maximum with depth in colour show depth without it: choose them in a pane's menu (…)."
)
TURN_MS = 40
DEGREES = 0.8
MOST_STRETCH = 8


class VolumePanel(QFrame):
    """Drag to look from another side, wheel to come closer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.turning = QPushButton("Turn")
        self.turning.setCheckable(True)
        self.turning.setChecked(True)
        self.turning.setToolTip("Turn by itself")
        self.stretch = QSlider(Qt.Orientation.Horizontal)
        self.stretch.setRange(1, MOST_STRETCH)
        self.stretch.setValue(3)
        self.stretch.setToolTip("How many times the depth is stretched")
        self._label = QLabel("inferred")
        theme.set_role(self._label, "dim")
        self._note = QLabel(NO_OPENGL)
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_role(self._note, "dim")
        self._scene: Any = None
        self._cloud: Cloud | None = None
        self._item: Any = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 4, 6, 4)
        self._column.addWidget(self._note, 1)
        row = QHBoxLayout()
        row.addWidget(self.turning)
        row.addWidget(QLabel("depth ×"))
        row.addWidget(self.stretch, 1)
        row.addWidget(self._label)
        self._column.addLayout(row)
        self.setMinimumSize(220, 200)
        self._timer = QTimer(self)
        self._timer.setInterval(TURN_MS)
        self._timer.timeout.connect(self._turn)
        self.stretch.valueChanged.connect(self._place)

    @property
    def able(self) -> bool:
        """Whether there is OpenGL to draw with."""
        return self._scene is not None

    @property
    def text(self) -> str:
        """The sentence that is shown instead; empty where it can be drawn."""
        return "" if self.able else self._note.text()

    @property
    def cloud(self) -> Cloud | None:
        """What is drawn."""
        return self._cloud

    def open(self) -> None:
        """Make the scene, when it is first looked at: a start without 3D costs no OpenGL."""
        if self._scene is None and has_opengl():
            self._scene = _scene()
            self._column.replaceWidget(self._note, self._scene)
            self._note.hide()
        if self._scene is not None:
            self._timer.start()

    def rest(self) -> None:
        """Nobody looks."""
        self._timer.stop()

    def show_cloud(self, cloud: Cloud) -> None:
        """Draw another stack; the point of view stays."""
        first, self._cloud = self._cloud is None, cloud
        if self._scene is None:
            return
        import pyqtgraph.opengl as gl

        if self._item is None or self._item.data.shape != cloud.rgba.shape:
            if self._item is not None:
                self._scene.removeItem(self._item)
            self._item = gl.GLVolumeItem(cloud.rgba, sliceDensity=1, glOptions="additive")
            self._scene.addItem(self._item)
        else:
            self._item.setData(cloud.rgba)
        self._place()
        if first:
            longest = max(
                size * count
                for size, count in zip(cloud.voxel_um, cloud.rgba.shape[:3], strict=True)
            )
            self._scene.setCameraPosition(distance=1.6 * longest, elevation=28, azimuth=-70)

    def _place(self) -> None:
        if self._item is None or self._cloud is None:
            return
        x, y, z = self._cloud.voxel_um
        scale = (x, y, z * self.stretch.value())
        shape = self._cloud.rgba.shape
        self._item.resetTransform()
        self._item.scale(*scale)
        self._item.translate(*(-size * n / 2 for size, n in zip(scale, shape, strict=False)))

    def _turn(self) -> None:
        if self.turning.isChecked() and self._scene is not None:
            self._scene.orbit(DEGREES, 0)


def has_opengl() -> bool:
    """Whether a window of this kind can be drawn into with OpenGL."""
    context = QOpenGLContext()
    return bool(context.create())


def _scene() -> Any:
    import pyqtgraph.opengl as gl

    scene = gl.GLViewWidget()
    scene.setBackgroundColor(QColor(theme.PICTURE))
    scene.setToolTip("Drag to look from another side, turn the wheel to come closer")
    return scene
