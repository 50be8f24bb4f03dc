"""From the newest frame and result to the panes: contrast, titles, notes. Logic, no drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF

from deepz_live.gui.contrast import Levels, auto_levels, blend, crop_for, to_screen
from deepz_live.gui.panes import Pane
from deepz_live.refocus.view import RefocusResult
from deepz_live.stream.frame import Frame

Layers = dict[str, NDArray[Any]]
"""Images ``(Y, X)`` that are shown in one pane, by channel."""

LEVELS_PERIOD_S = 0.2
LEVELS_SHARE = 0.3
LEVELS_AT_ONCE = 2
"""Panes measured in one go: all at once would hold the window up for as long as a picture lasts."""
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
        self._levels: dict[tuple[Pane, str], Levels] = {}
        self._measured_s: dict[tuple[Pane, str], float] = {}
        self._raw: Layers = {}
        self._planes: dict[Pane, Layers] = {}
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
        self._raw = {}
        self._planes.clear()
        self._heads.clear()
        self._side.clear()
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

    def show_frame(self, *frames: Frame) -> None:
        """The camera's image as it is; of several channels one over the other."""
        self._raw = {frame.channel: frame.pixels for frame in frames}
        self._measure({self._panes.raw: self._raw})
        heights = dict.fromkeys(f"stage z {signed(frame.z_um)} µm" for frame in frames)
        self._draw(self._panes.raw, self._raw, ", ".join(heights))

    def show_result(self, *results: RefocusResult) -> None:
        """The refocused planes of one frame (or of one of each channel), and their titles."""
        panes = self._panes
        self._planes = {}
        for result in results:
            images = [*zip(panes.fixed, result.planes, strict=False)]
            images += [(panes.free, result.free), (panes.projection, result.projection)]
            for pane, image in images:
                self._planes.setdefault(pane, {})[result.frame.channel] = image
        self._measure(self._planes)
        for pane, distance in zip(panes.fixed, results[0].distances_um, strict=False):
            pane.set_title(plane_title(distance), self._side.get(pane, ""))
        for pane, layers in self._planes.items():
            self._draw(pane, layers)

    def redraw(self) -> None:
        """The same images again: the view or the look has changed."""
        if self._raw:
            self._measure({self._panes.raw: self._raw})
            self._draw(self._panes.raw, self._raw)
        if self._planes:
            self._measure(self._planes)
        for pane, layers in self._planes.items():
            self._draw(pane, layers)

    def value_at(self, at: tuple[float, float]) -> float | None:
        """Counts of the (first) raw image at ``(y, x)``; None outside of it."""
        y, x = int(np.floor(at[0])), int(np.floor(at[1]))
        raw = next(iter(self._raw.values()), None)
        if raw is None or not (0 <= y < raw.shape[0] and 0 <= x < raw.shape[1]):
            return None
        return float(raw[y, x])

    def levels(self, pane: Pane, channel: str) -> Levels | None:
        """The levels a pane is shown with in a channel."""
        return self._levels.get((pane, channel))

    def _measure(self, images: dict[Pane, Layers]) -> None:
        """Levels for these panes, a few times a second and gliding, so that nothing flickers."""
        keys = [(pane, name) for pane, layers in images.items() for name in layers]
        fresh = [key for key in keys if key not in self._levels]
        if not fresh and self._look.hold:
            return
        now = self._clock()
        age_s = {key: now - self._measured_s.get(key, -1e9) for key in keys}
        due = [key for key in keys if age_s[key] >= LEVELS_PERIOD_S]
        if self._look.shared:
            if fresh or len(due) == len(keys):
                self._measured_s.update(dict.fromkeys(keys, now))
                self._share(keys)
            return
        oldest = sorted(due, key=lambda key: -age_s[key])[
            : 0 if self._look.hold else LEVELS_AT_ONCE
        ]
        for pane, name in dict.fromkeys([*fresh, *oldest]):
            self._measured_s[pane, name] = now
            self._glide((pane, name), auto_levels(images[pane][name]))

    def _share(self, keys: list[tuple[Pane, str]]) -> None:
        """Shared by the panes, not by the channels: those differ in brightness by nature."""
        for name in dict.fromkeys(name for _, name in keys):
            everywhere = [*self._planes.values(), self._raw]
            pool = [layers[name] for layers in everywhere if name in layers]
            common = auto_levels(*pool)
            for key in dict.fromkeys([*keys, *self._levels]):
                if key[1] == name:
                    self._glide(key, common)

    def _glide(self, key: tuple[Pane, str], target: Levels) -> None:
        old = self._levels.get(key)
        self._levels[key] = target if old is None else old.towards(target, LEVELS_SHARE)

    def _draw(self, pane: Pane, layers: Layers, side: str = "") -> None:
        view = pane.view_rect
        rows, columns = next(iter(layers.values())).shape[:2]
        crop = crop_for(
            (rows, columns), view.x(), view.y(), view.width(), view.height(), pane.screen_px
        )
        screens = [
            to_screen(crop.of(image), self._levels[pane, name], self._look.gamma)
            for name, image in layers.items()
        ]
        height, width = screens[0].shape
        rect = QRectF(crop.left, crop.top, width * crop.step, height * crop.step)
        pane.set_picture(screens[0] if len(screens) == 1 else blend(screens), rect)
        if side:
            self._heads[pane] = side
        self._side[pane] = " · ".join(
            filter(None, (self._heads.get(pane, ""), self._legend(pane, layers)))
        )
        pane.set_title(pane.title, self._side[pane])

    def _legend(self, pane: Pane, layers: Layers) -> str:
        """The levels; those of several channels would not fit."""
        if len(layers) > 1:
            return ""
        (name,) = layers
        levels = self._levels[pane, name]
        return f"{levels.low:.0f} – {levels.high:.0f}"


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
