"""The live picture of the wizard: snaps while its page is shown, never two at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, QTimer, pyqtSignal

from deepz_live.app.exposure import Seen, look
from deepz_live.gui.panes.pane import Pane
from deepz_live.gui.wizard.desk import Snapshot
from deepz_live.gui.wizard.room import Room
from deepz_live.image.levels import auto_levels, to_screen

PERIOD_MS = 150
"""Pause between two pictures: a hand on the focus wheel needs no more, the sample less light."""
SCREEN_PX = 640
"""Pictures are thinned to about this many pixels a side before they reach the screen."""
GAMMA = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture made ready for the screen beside the GUI thread."""

    snapshot: Snapshot
    screen: NDArray[np.uint8]
    seen: Seen


class LivePicture(Pane):
    """Shows what the camera sees while :meth:`start` ed; ``looked`` carries each look."""

    looked = pyqtSignal(object)

    def __init__(self, room: Room, title: str = "what the camera sees") -> None:
        super().__init__(choosable=False)
        self._room = room
        self._on = self._asked = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self.setMinimumSize(280, 260)
        self.set_title(title)
        self.set_note("Waiting for the first picture …")

    def start(self) -> None:
        """Snap, again and again."""
        self._on = True
        self._ask()

    def stop(self) -> None:
        """Rest; the shutter stays closed."""
        self._on = False
        self._timer.stop()

    def show_pixels(self, pixels: NDArray[np.generic], shape: tuple[int, int]) -> None:
        """Grey values ``(Y, X)`` over a field of ``shape`` pixels."""
        rect = QRectF(0, 0, shape[1], shape[0])
        self.set_picture(pixels.astype(np.uint8, copy=False), rect)
        if self.wanted_rect != rect:
            self.show_rect(rect)

    def _ask(self) -> None:
        scope = self._room.scope
        if not self._on or self._asked or scope is None:
            return
        self._asked = True
        full = scope.full_counts
        self._room.ask(lambda: prepared(self._room.desk.snap(), full), self._show, self._failed)

    def _show(self, found: Look) -> None:
        self._asked = False
        if not self._on:
            return
        scope = self._room.scope
        if scope is not None:
            self.set_pixel_size(scope.pixel_size_um)
        pixels = found.snapshot.pixels
        self.show_pixels(found.screen, (pixels.shape[0], pixels.shape[1]))
        here = found.snapshot
        self.set_title(self.title, f"x {here.x_um:.1f}  y {here.y_um:.1f}  z {here.z_um:.2f} µm")
        self.looked.emit(found)
        self._timer.start(PERIOD_MS)

    def _failed(self, error: Exception) -> None:
        self._asked = False
        self._on = False
        self.set_note("No picture.")
        self._room.show(error)


def prepared(snapshot: Snapshot, full_counts: int) -> Look:
    """What the screen needs of a picture; called beside the GUI thread."""
    return Look(snapshot, thinned(snapshot.pixels), look(snapshot.pixels, full_counts))


def thinned(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Every n-th pixel of ``(Y, X)`` counts, as grey values."""
    step = max(1, min(pixels.shape) // SCREEN_PX)
    part = pixels[::step, ::step]
    return to_screen(part, auto_levels(part), GAMMA)
