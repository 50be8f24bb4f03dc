"""A stretch of a recording as a movie: chosen panes with time and depth burnt in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export.errors import ExportCancelledError, ExportError
from deepz_live.app.export.frames import Refocused, refocused_frames
from deepz_live.app.export.sheet import Cell, Picture, Sheet
from deepz_live.image.levels import auto_levels, to_screen
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.cuts import Cut, SectionCut
from deepz_live.refocus.engine import Engine
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.movie import MovieWriter

Paint = Callable[[NDArray[np.generic]], Picture]
"""An image of a pane to ``(Y, X)`` or ``(Y, X, 3)`` uint8."""
LEAST_HZ, MOST_HZ = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One pane of the movie: its cut (None: the raw frame), title, and how it is painted.

    Without ``paint`` it is grey, with levels from the first frame, the same for all frames.
    """

    cut: Cut | None
    title: str
    paint: Paint | None = None


@dataclass(frozen=True, slots=True)
class Movie:
    """What to show.

    Attributes
    ----------
    panels
        In their order, ``columns`` side by side.
    first, last
        Frames of the series, both included; None: to the end.
    channel
        Only frames of this channel; None: all.
    compensate
        Hold the view on the sample as it was in the first frame.
    frame_rate_hz
        Pictures a second; None: as recorded, between 1 and 60.
    """

    panels: tuple[Panel, ...]
    columns: int = 3
    first: int = 0
    last: int | None = None
    channel: str | None = None
    compensate: bool = False
    frame_rate_hz: float | None = None


def export_movie(
    series: FrameSeries,
    engine: Callable[[], Engine],
    path: Path,
    movie: Movie,
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Write ``movie`` of ``series`` to ``path`` (``.mp4``); returns the path.

    Parameters
    ----------
    engine
        Starts a network for this movie, which is closed at its end: the live view keeps its own.
    progress
        Frames done and all, after each frame.
    stop
        Asked before each frame; True ends without a file.

    Raises
    ------
    ExportError
        No frame or no pane; stopped (:class:`ExportCancelledError`).
    RefocusError, SessionError, StackError
        A frame cannot be read or refocused, or the file cannot be written.
    """
    numbers = _numbers(series, movie)
    cuts = tuple(dict.fromkeys(panel.cut for panel in movie.panels if panel.cut is not None))
    with closing(engine()) as own, closing(series):
        stream = refocused_frames(series, numbers, own, cuts, compensate=movie.compensate)
        first = next(stream)
        steps_um = np.diff(own.bundle.facts.z_planes_um)
        planes_px = float(steps_um.mean()) / series.info.pixel_size_um if len(steps_um) else 1.0
        painter = _Painter(movie.panels, cuts, first, planes_px)
        sheet = Sheet(
            [Cell(p.title, shape) for p, shape in zip(movie.panels, painter.shapes, strict=True)],
            pixel_size_um=series.info.pixel_size_um,
            columns=movie.columns,
            foot=foot_line(own.bundle) if cuts else "",
        )
        rate_hz = movie.frame_rate_hz or frame_rate_hz(series, numbers)
        with MovieWriter(path, sheet.size, rate_hz, _facts(series, own.bundle, movie)) as writer:
            writer.add(sheet.draw(painter.pictures(first), stamp(first, first)))
            progress(1, len(numbers))
            for done, item in enumerate(stream, start=2):
                if stop():
                    raise ExportCancelledError(f"{path.name} was stopped; nothing was written.")
                writer.add(sheet.draw(painter.pictures(item), stamp(item, first)))
                progress(done, len(numbers))
    return path


def foot_line(bundle: Bundle) -> str:
    """What is burnt into every picture that shows refocused pixels."""
    return f"Refocused planes are inferred by {bundle.name}, not measured."


def stamp(item: Refocused, first: Refocused) -> str:
    """Time since the first frame, and the frame's number."""
    seconds = item.frame.time_s - first.frame.time_s
    return f"t = {seconds:.3f} s · frame {item.frame.index}"


class _Painter:
    """Images to grey values or colours, with levels that stay.

    A plane is ``planes_px`` pixels high in an upright section.
    """

    def __init__(
        self, panels: Sequence[Panel], cuts: tuple[Cut, ...], first: Refocused, planes_px: float
    ) -> None:
        self._panels, self._cuts, self._planes_px = panels, cuts, planes_px
        images = self._images(first)
        self._paints = [
            panel.paint or grey(image) for panel, image in zip(panels, images, strict=True)
        ]
        self.shapes = [(p.shape[0], p.shape[1]) for p in self.pictures(first)]

    def pictures(self, item: Refocused) -> list[Picture]:
        return [paint(image) for paint, image in zip(self._paints, self._images(item), strict=True)]

    def _images(self, item: Refocused) -> list[NDArray[np.generic]]:
        made: dict[Cut | None, NDArray[np.generic]] = dict(
            zip(self._cuts, item.images, strict=True)
        )
        made[None] = item.frame.pixels
        return [made[panel.cut] for panel in self._panels]


def grey(image: NDArray[np.generic]) -> Paint:
    """Grey values with the levels of ``image``; of a depth projection its brightness alone."""
    levels = auto_levels(_flat(image))
    return lambda other: to_screen(_flat(other), levels, 0.5)


def _flat(image: NDArray[np.generic]) -> NDArray[np.generic]:
    return image if image.ndim == 2 else image[0]


def _upright(cut: Cut | None, picture: Picture, planes_px: float) -> Picture:
    """A section with its planes as thick as they are apart; other pictures as they are."""
    if not isinstance(cut, SectionCut):
        return picture
    axis = 0 if cut.axis == "xz" else 1
    count = picture.shape[axis]
    length = max(round(count * planes_px), 1)
    stretched: Picture = picture.take(np.arange(length) * count // length, axis)
    return stretched


def _numbers(series: FrameSeries, movie: Movie) -> list[int]:
    last = len(series) - 1 if movie.last is None else min(movie.last, len(series) - 1)
    numbers = [
        number
        for number in range(max(movie.first, 0), last + 1)
        if movie.channel is None or series.facts[number].channel == movie.channel
    ]
    if not numbers or not movie.panels:
        what = "no pane was chosen" if numbers else "no frame lies in that stretch"
        raise ExportError(f"There is nothing to make a movie of: {what}.")
    return numbers


def frame_rate_hz(series: FrameSeries, numbers: Sequence[int]) -> float:
    """The recorded pace of these frames, between 1 and 60 pictures a second."""
    span_s = series.facts[numbers[-1]].time_s - series.facts[numbers[0]].time_s
    rate_hz = (len(numbers) - 1) / span_s if span_s > 0 else 10.0
    return min(max(rate_hz, LEAST_HZ), MOST_HZ) if math.isfinite(rate_hz) else 10.0


def _facts(series: FrameSeries, bundle: Bundle, movie: Movie) -> dict[str, str]:
    panes = ", ".join(panel.title for panel in movie.panels)
    inferred = f"{foot_line(bundle)} Bundle {bundle.name} {bundle.sha256[:12]}. "
    shown = inferred if any(panel.cut is not None for panel in movie.panels) else ""
    held = " Drift since the first frame is taken out." if movie.compensate else ""
    return {
        "title": f"deepz-live: {series.info.origin}",
        "comment": f"{shown}Made from {series.info.origin}. Panes: {panes}.{held}",
    }
