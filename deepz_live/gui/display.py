"""From the newest frame and result to the panes: contrast, titles, notes. Logic, no drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF

from deepz_live.gui.panes.canvas import Legend
from deepz_live.gui.panes.colours import DEPTH_MAP, colour_table, depth_coded
from deepz_live.gui.panes.pane import Pane
from deepz_live.gui.panes.titles import signed, title_of
from deepz_live.image.levels import (
    COLOURS,
    Crop,
    Levels,
    auto_levels,
    blend,
    crop_for,
    to_screen,
)
from deepz_live.refocus.cuts import Cut, SectionCut
from deepz_live.refocus.planes import section_at
from deepz_live.refocus.view import RefocusResult
from deepz_live.stream.frame import Frame

Layers = dict[str, NDArray[Any]]
"""Images ``(Y, X)`` that are shown in one pane, by channel."""

LEVELS_PERIOD_S = 0.2
LEVELS_SHARE = 0.3
LEVELS_AT_ONCE = 2
"""Panes measured in one go: all at once would hold the window up for as long as a picture lasts."""
NO_CAMERA = "No microscope is open.\n\nOpen a profile (Ctrl+O) or a recorded session (Ctrl+E)."
NO_MODEL = "No model is open.\n\nOpen a bundle (Ctrl+B), or calibrate and train one (Ctrl+K)."
NO_MODEL_SHORT = "no model"
WAITING = "Waiting for the first frame …"
OVER = "The stream has ended; no picture comes any more.\n\nStart it again (F5)."
OVER_REPLAY = "The replay broke off; no picture comes any more.\n\nOpen the session again (Ctrl+E)."


class Panes(Protocol):
    """The panes that are filled; a :class:`PaneGrid` or a stand-in."""

    @property
    def panes(self) -> tuple[Pane, ...]:
        """All of them; those without a cut show the raw frame."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Refocus distances of the model's planes in µm (none without a model), and of a pixel."""

    z_planes_um: tuple[float, ...]
    pixel_size_um: float

    @property
    def range_um(self) -> tuple[float, float] | None:
        """Lowest and highest plane; None without a model."""
        return (self.z_planes_um[0], self.z_planes_um[-1]) if self.z_planes_um else None

    @property
    def ends(self) -> tuple[str, str]:
        """What the first and the last plane are called."""
        low, high = self.range_um or (0.0, 0.0)
        return f"{signed(low)} µm", f"{signed(high)} µm"

    @property
    def depth_px(self) -> float:
        """Depth of all planes in pixels of the frame, each as thick as its step."""
        planes = self.z_planes_um
        if len(planes) < 2 or self.pixel_size_um <= 0:
            return float(max(len(planes), 1))
        depth_um = (planes[-1] - planes[0]) * len(planes) / (len(planes) - 1)
        return depth_um / self.pixel_size_um


@dataclass(frozen=True, slots=True)
class Look:
    """How counts become grey values."""

    shared: bool = False
    gamma: float = 0.5
    hold: bool = False


class Display:
    """Fills the panes. Every array it is given stays as it is."""

    def __init__(self, panes: Panes, clock: Callable[[], float]) -> None:
        self._grid = panes
        self._clock = clock
        self._look = Look()
        self._levels: dict[tuple[Pane, str], Levels] = {}
        self._measured_s: dict[tuple[Pane, str], float] = {}
        self._raw: Layers = {}
        self._made: dict[Cut, Layers] = {}
        self._scale = Scale((), 0.0)
        self._heads: dict[Pane, str] = {}
        self._pinned: set[tuple[Pane, str]] = set()
        self._colours: dict[str, str] = {}
        self._notes = ("", "")
        self._over = ""

    @property
    def look(self) -> Look:
        """How counts become grey values now."""
        return self._look

    def set_look(self, **changes: Any) -> None:
        """Change part of the look; levels are measured anew unless they are held."""
        self._look = replace(self._look, **changes)
        if not self._look.hold:
            self._levels = {key: self._levels[key] for key in self._pinned if key in self._levels}
            self._measured_s.clear()
        self.redraw()

    def clear(self, note_raw: str, note_planes: str) -> None:
        """Forget all images and say why there are none."""
        self._raw = {}
        self._made.clear()
        self._heads.clear()
        self._pinned.clear()
        self._levels.clear()
        self._measured_s.clear()
        self._notes = note_raw, note_planes
        self._over = ""
        self._say_why()

    def say_over(self, note: str) -> None:
        """No frame comes any more: panes whose cut was not made say so; empty while some come.

        A pane would else show the old picture under the title of what it is turned to.
        """
        if note != self._over:
            self._over = note
            self._say_why()

    def use(self, scale: Scale) -> None:
        """The model's planes and the size of a pixel, for titles and upright sections."""
        self._scale = scale

    def name_panes(self) -> None:
        """Titles follow the hand at once, before the network answers; pictures with the next tick.

        All at once would hold the window up.
        """
        self._forget_others()
        for pane in self._grid.panes:
            pane.set_title(title_of(pane.cut, self._scale.range_um, self._scale.pixel_size_um), "")
        self._say_why()

    def _forget_others(self) -> None:
        """A pane that is taken out and in again begins with levels of its own."""
        panes = set(self._grid.panes)
        for kept in (self._levels, self._measured_s):
            for key in [key for key in kept if key[0] not in panes]:
                del kept[key]
        self._pinned = {key for key in self._pinned if key[0] in panes}

    def show_frame(self, *frames: Frame) -> None:
        """The camera's image as it is; of several channels one over the other."""
        self._raw = {frame.channel: frame.pixels for frame in frames}
        heights = dict.fromkeys(f"stage z {signed(frame.z_um)} µm" for frame in frames)
        raw = {pane: self._raw for pane in self._grid.panes if pane.cut is None}
        self._heads.update(dict.fromkeys(raw, ", ".join(heights)))
        self._show(raw)

    def show_result(self, *results: RefocusResult) -> None:
        """What was made of one frame (or of one of each channel)."""
        self._made = {}
        for result in results:
            for cut, image in zip(result.cuts, result.images, strict=True):
                shown = self._upright(cut, image, result.z_planes_um)
                self._made.setdefault(cut, {})[result.frame.channel] = shown
        self._show(self._inferred())
        if self._over:
            self._say_why()

    def _upright(
        self, cut: Cut, image: NDArray[Any], z_planes_um: tuple[float, ...]
    ) -> NDArray[Any]:
        """A section at the depths that all channels have, so that they lie over one another."""
        depths = self._scale.z_planes_um
        if not isinstance(cut, SectionCut) or not depths or not z_planes_um:
            return image
        return section_at(image, cut.axis, z_planes_um, depths)

    def redraw(self, *, raw: bool = True, made: bool = True) -> None:
        """The same images again: the view or the look has changed.

        Not those of which there is a newer one at hand (``raw``, ``made`` False).
        """
        images = self._inferred() if made else {}
        if raw and self._raw:
            images |= {pane: self._raw for pane in self._grid.panes if pane.cut is None}
        self._show(images)

    def value_at(self, pane: Pane, at: tuple[float, float]) -> float | None:
        """Counts of a pane's (first) image at ``(y, x)``; None outside of it, or in a section."""
        y, x = int(np.floor(at[0])), int(np.floor(at[1]))
        layers = self.layers(pane)
        if not layers or isinstance(pane.cut, SectionCut):
            return None
        image = _brightness(next(iter(layers.values())))
        if not (0 <= y < image.shape[0] and 0 <= x < image.shape[1]):
            return None
        return float(image[y, x])

    def levels(self, pane: Pane, channel: str) -> Levels | None:
        """The levels a pane is shown with in a channel."""
        return self._levels.get((pane, channel))

    def layers(self, pane: Pane) -> Layers:
        """The images that a pane shows, by channel; empty without any."""
        return self._raw if pane.cut is None else self._made.get(pane.cut, {})

    def pin(self, pane: Pane, channel: str, levels: Levels) -> None:
        """Keep these levels, whatever the picture does."""
        self._pinned.add((pane, channel))
        self._levels[pane, channel] = levels
        self._show({pane: self.layers(pane)})

    def unpin(self, pane: Pane) -> None:
        """Levels of all its channels follow the picture again."""
        keys = [key for key in self._pinned if key[0] is pane]
        for key in keys:
            self._pinned.discard(key)
            self._levels.pop(key, None)
            self._measured_s.pop(key, None)
        if keys:
            self.redraw()

    def pinned(self, pane: Pane, channel: str) -> bool:
        """Whether levels were set by hand."""
        return (pane, channel) in self._pinned

    def use_channels(self, names: tuple[str, ...]) -> None:
        """The channels of the stream; a colour that was chosen before is kept."""
        free = [name for name in COLOURS if name not in self._colours.values()]
        for name in names:
            if name not in self._colours:
                self._colours[name] = free.pop(0) if free else "gray"

    def channel_colour(self, channel: str) -> str:
        """Name of the colour that a channel has in overlays."""
        return self._colours.get(channel, "gray")

    def set_channel_colour(self, channel: str, colour: str) -> None:
        """One of :data:`COLOURS`; a channel that has it takes the old one."""
        old = self.channel_colour(channel)
        for other, its in self._colours.items():
            if its == colour:
                self._colours[other] = old
        self._colours[channel] = colour
        self.redraw()

    def _measure(self, images: dict[Pane, Layers]) -> None:
        """Levels for these panes, a few times a second and gliding, so that nothing flickers."""
        keys = [(pane, name) for pane, layers in images.items() for name in layers]
        keys = [key for key in keys if key not in self._pinned]
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
            self._glide((pane, name), auto_levels(_brightness(images[pane][name])))

    def _share(self, keys: list[tuple[Pane, str]]) -> None:
        """Shared by the panes, not by the channels: those differ in brightness by nature."""
        for name in dict.fromkeys(name for _, name in keys):
            everywhere = [*self._made.values(), self._raw]
            pool = [_brightness(layers[name]) for layers in everywhere if name in layers]
            common = auto_levels(*pool)
            for key in dict.fromkeys([*keys, *self._levels]):
                if key[1] == name and key not in self._pinned:
                    self._glide(key, common)

    def _glide(self, key: tuple[Pane, str], target: Levels) -> None:
        old = self._levels.get(key)
        self._levels[key] = target if old is None else old.towards(target, LEVELS_SHARE)

    def _inferred(self) -> dict[Pane, Layers]:
        """Panes for whose cut there is an image."""
        return {
            pane: self._made[pane.cut]
            for pane in self._grid.panes
            if pane.cut is not None and pane.cut in self._made
        }

    def _say_why(self) -> None:
        """A sentence in the panes that have nothing to show."""
        raw, planes = (self._over or note if note == WAITING else note for note in self._notes)
        told = False
        for pane in self._grid.panes:
            if pane.cut is None:
                if not self._raw:
                    pane.set_note(raw)
            elif not self._made:
                pane.set_note(NO_MODEL_SHORT if planes == NO_MODEL and told else planes)
                told = True
            elif self._over and pane.cut not in self._made:
                pane.set_note(self._over)

    def _show(self, images: dict[Pane, Layers]) -> None:
        """Panes without an image (their cut is not made yet, or not at all) stay as they are."""
        images = {pane: layers for pane, layers in images.items() if layers}
        self._measure(images)
        for pane, layers in images.items():
            self._draw(pane, layers)

    def _draw(self, pane: Pane, layers: Layers) -> None:
        if isinstance(pane.cut, SectionCut):
            pane.set_depth(self._scale.depth_px, self._scale.ends)
        images = {name: _brightness(image) for name, image in layers.items()}
        rows, columns = next(iter(images.values())).shape
        pixels, (tall, wide) = self._pixels(pane, (rows, columns))
        crop = crop_for(
            (rows, columns),
            pixels.x() / wide,
            pixels.y() / tall,
            pixels.width() / wide,
            pixels.height() / tall,
            pane.screen_px,
        )
        screens = [
            to_screen(crop.of(image), self._levels[pane, name], self._look.gamma)
            for name, image in images.items()
        ]
        height, width = screens[0].shape
        step = crop.step
        rect = QRectF(crop.left * wide, crop.top * tall, width * step * wide, height * step * tall)
        pane.set_picture(self._coloured(pane, layers, crop, screens), rect)
        head = self._heads.get(pane, "") if pane.cut is None else ""
        side = " · ".join(filter(None, (head, self._legend(pane, layers))))
        pane.set_title(title_of(pane.cut, self._scale.range_um, self._scale.pixel_size_um), side)

    def _pixels(self, pane: Pane, shape: tuple[int, int]) -> tuple[QRectF, tuple[float, float]]:
        """What is in view, and the size ``(y, x)`` of an image's pixel in pixels of the frame."""
        size = (1.0, 1.0)
        if isinstance(pane.cut, SectionCut):
            if pane.cut.axis == "xz":
                size = (self._scale.depth_px / shape[0], 1.0)
            else:
                size = (1.0, self._scale.depth_px / shape[1])
        return pane.view_rect, size

    def _coloured(
        self, pane: Pane, layers: Layers, crop: Crop, screens: list[NDArray[np.uint8]]
    ) -> NDArray[np.uint8]:
        if len(screens) > 1:
            pane.set_legend(None)  # their colours say which channel, not how deep
            colours = [self.channel_colour(name) for name in layers]
            return blend(dict(zip(colours, screens, strict=True)))
        (image,) = layers.values()
        range_um = self._scale.range_um
        if image.ndim == 2 or range_um is None:
            return screens[0]
        pane.set_legend(Legend(colour_table(DEPTH_MAP), *self._scale.ends))
        return depth_coded(screens[0], crop.of(image[1]), range_um)

    def _legend(self, pane: Pane, layers: Layers) -> str:
        """The levels; those of several channels would not fit."""
        if len(layers) > 1:
            return ""
        (name,) = layers
        levels = self._levels[pane, name]
        return f"{levels.low:.0f} – {levels.high:.0f}"


def _brightness(image: NDArray[Any]) -> NDArray[Any]:
    """Of an image with depths ``(2, Y, X)`` the first part."""
    return image[0] if image.ndim == 3 else image
