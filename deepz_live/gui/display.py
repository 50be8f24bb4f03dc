"""From the newest frame and result to the panes: contrast, titles, notes. Logic, no drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF

from deepz_live.gui.contrast import Levels, auto_levels, crop_for, to_screen
from deepz_live.gui.panes import Pane
from deepz_live.refocus.view import RefocusResult
from deepz_live.stream.frame import Frame

LEVELS_PERIOD_S = 0.2
LEVELS_SHARE = 0.3
RAW_TITLE = "raw, measured"
NO_CAMERA = "No microscope is open.\n\nOpen a profile (Ctrl+O) or a recorded session (Ctrl+E)."
NO_MODEL = "No model is open.\n\nOpen a bundle (Ctrl+B), or calibrate and train one (Ctrl+K)."
NO_MODEL_SHORT = "no model"
WAITING = "Waiting for the first frame …"


class Panes(Protocol):
    """The panes that are filled; a :class:`PaneGrid` or a stand-in."""

    raw: Pane
    free: Pane
    projection: Pane
    fixed: tuple[Pane, ...]
    all: tuple[Pane, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """How counts become grey values."""

    shared: bool = False
    gamma: float = 0.5
    hold: bool = False


class Display:
    """Fills the panes. Every array it is given stays as it is."""

    def __init__(self, panes: Panes, clock: Callable[[], float]) -> None:
        self._panes = panes
        self._clock = clock
        self._look = Look()
        self._levels: dict[Pane, Levels] = {}
        self._measured_s: dict[str, float] = {}
        self._raw: NDArray[Any] | None = None
        self._planes: dict[Pane, NDArray[np.float32]] = {}
        self._side: dict[Pane, str] = {}
        self._heads: dict[Pane, str] = {}

    @property
    def look(self) -> Look:
        """How counts become grey values now."""
        return self._look

    def set_look(self, **changes: Any) -> None:
        """Change part of the look; levels are measured anew unless they are held."""
        self._look = replace(self._look, **changes)
        if not self._look.hold:
            self._levels.clear()
            self._measured_s.clear()
        self.redraw()

    def clear(self, note_raw: str, note_planes: str) -> None:
        """Forget all images and say why there are none."""
        self._raw = None
        self._planes.clear()
        self._levels.clear()
        self._measured_s.clear()
        panes = self._panes
        panes.raw.set_title(RAW_TITLE)
        for pane in panes.all:
            pane.set_note(note_planes)
        panes.raw.set_note(note_raw)
        if note_planes == NO_MODEL:
            for pane in (panes.projection, *panes.fixed):
                pane.set_note(NO_MODEL_SHORT)

    def name_planes(
        self, distances_um: tuple[float, ...], free_um: float, range_um: tuple[float, float] | None
    ) -> None:
        """Titles of the panes that the network fills."""
        panes = self._panes
        for pane, distance in zip(panes.fixed, distances_um, strict=False):
            pane.set_title(plane_title(distance), self._side.get(pane, ""))
        for pane in panes.fixed[len(distances_um) :]:
            pane.set_title("–")
            pane.set_note("Outside the model's range.")
        panes.free.set_title(plane_title(free_um), self._side.get(panes.free, ""))
        panes.projection.set_title(_range_title(range_um), self._side.get(panes.projection, ""))

    def show_frame(self, frame: Frame) -> None:
        """The camera's image as it is."""
        self._raw = frame.pixels
        self._measure("raw", {self._panes.raw: self._raw})
        self._draw(self._panes.raw, self._raw, f"stage z {signed(frame.z_um)} µm")

    def show_result(self, result: RefocusResult) -> None:
        """The refocused planes of one frame, and their titles."""
        panes = self._panes
        self._planes = dict(zip(panes.fixed, result.planes, strict=False))
        self._planes[panes.free] = result.free
        self._planes[panes.projection] = result.projection
        self._measure("planes", self._planes)
        for pane, distance in zip(panes.fixed, result.distances_um, strict=False):
            pane.set_title(plane_title(distance), self._side.get(pane, ""))
        for pane, image in self._planes.items():
            self._draw(pane, image)

    def redraw(self) -> None:
        """The same images again: the view or the look has changed."""
        if self._raw is not None:
            self._measure("raw", {self._panes.raw: self._raw})
            self._draw(self._panes.raw, self._raw)
        if self._planes:
            self._measure("planes", self._planes)
        for pane, image in self._planes.items():
            self._draw(pane, image)

    def value_at(self, at: tuple[float, float]) -> float | None:
        """Counts of the raw image at ``(y, x)``; None outside of it."""
        y, x = int(np.floor(at[0])), int(np.floor(at[1]))
        if self._raw is None or not (0 <= y < self._raw.shape[0] and 0 <= x < self._raw.shape[1]):
            return None
        return float(self._raw[y, x])

    def levels(self, pane: Pane) -> Levels | None:
        """The levels a pane is shown with."""
        return self._levels.get(pane)

    def _measure(self, group: str, images: dict[Pane, NDArray[Any]]) -> None:
        """Levels for these panes, a few times a second and gliding, so that nothing flickers."""
        fresh = [pane for pane in images if pane not in self._levels]
        if not fresh:
            if self._look.hold:
                return
            if self._clock() - self._measured_s.get(group, -1e9) < LEVELS_PERIOD_S:
                return
        self._measured_s[group] = self._clock()
        if self._look.shared:
            self._share(images)
            return
        for pane, image in images.items():
            self._glide(pane, auto_levels(image))

    def _share(self, images: dict[Pane, NDArray[Any]]) -> None:
        pool = list(self._planes.values())
        if self._raw is not None:
            pool.append(self._raw)
        common = auto_levels(*pool)
        for pane in {*images, *self._levels}:
            self._glide(pane, common)

    def _glide(self, pane: Pane, target: Levels) -> None:
        old = self._levels.get(pane)
        self._levels[pane] = target if old is None else old.towards(target, LEVELS_SHARE)

    def _draw(self, pane: Pane, image: NDArray[Any], side: str = "") -> None:
        levels = self._levels[pane]
        view = pane.view_rect
        shape = (image.shape[0], image.shape[1])
        crop = crop_for(shape, view.x(), view.y(), view.width(), view.height(), pane.screen_px)
        part = crop.of(image)
        rect = QRectF(crop.left, crop.top, part.shape[1] * crop.step, part.shape[0] * crop.step)
        pane.set_picture(to_screen(part, levels, self._look.gamma), rect)
        if side:
            self._heads[pane] = side
        span = f"{levels.low:.0f} – {levels.high:.0f}"
        self._side[pane] = " · ".join(filter(None, (self._heads.get(pane, ""), span)))
        pane.set_title(pane.title, self._side[pane])


def plane_title(distance_um: float) -> str:
    """What a refocused pane is called: its depth, and that it was never measured."""
    return f"{signed(distance_um)} µm · inferred"


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign (a real minus); zero has none."""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{rounded:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _range_title(range_um: tuple[float, float] | None) -> str:
    if range_um is None:
        return "maximum over all depths · inferred"
    low, high = (signed(end, 0 if float(end).is_integer() else 1) for end in range_um)
    return f"maximum {low} … {high} µm · inferred"
