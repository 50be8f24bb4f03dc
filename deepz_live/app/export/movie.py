"""A stretch of a recording as a movie: chosen panes with time and depth burnt in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export.errors import ExportCancelledError, ExportError
from deepz_live.app.export.frames import Refocused, refocused_sets
from deepz_live.app.export.paint import Layers, Paint, Picture, usual
from deepz_live.app.export.sheet import Cell, Sheet
from deepz_live.app.live_channels import pair_tolerance_s
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.cuts import Cut, SectionCut
from deepz_live.refocus.engine import Engine
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.movie import MovieWriter
from deepz_live.stream.pairing import Pairing

Moment = tuple[Refocused, ...]
"""One frame, or one of each channel that belong together."""
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
        Only frames of this channel; None: all, one after the other.
    overlay
        Channels that are shown over each other, with the name of their colour; empty: none are.
        Each picture is then of the frames of one moment.
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
    overlay: tuple[tuple[str, str], ...] = ()
    compensate: bool = False
    frame_rate_hz: float | None = None


def export_movie(
    series: FrameSeries,
    engine: Callable[[], Engine],
    path: Path,
    movie: Movie,
    *,
    engines: Mapping[str, Callable[[], Engine]] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Write ``movie`` of ``series`` to ``path`` (``.mp4``); returns the path.

    Parameters
    ----------
    engine
        Starts a network for this movie, which is closed at its end: the live view keeps its own.
    engines
        The same for single channels; ``engine`` is for all others.
    progress
        Pictures done and all, after each picture.
    stop
        Asked before each picture; True ends without a file.

    Raises
    ------
    ExportError
        No frame or no pane; stopped (:class:`ExportCancelledError`).
    RefocusError, SessionError, StackError
        A frame cannot be read or refocused, or the file cannot be written.
    """
    sets = _sets(series, movie)
    cuts = tuple(dict.fromkeys(panel.cut for panel in movie.panels if panel.cut is not None))
    with closing(_Crew(engine, engines or {})) as crew, closing(series):
        stream = refocused_sets(
            series,
            sets,
            crew.of,
            cuts,
            compensate=movie.compensate,
            drift_channel=movie.overlay[0][0] if movie.overlay else None,
        )
        first = next(stream)
        steps_um = np.diff(crew.bundles[0].facts.z_planes_um)
        planes_px = float(steps_um.mean()) / series.info.pixel_size_um if len(steps_um) else 1.0
        painter = _Painter(movie, cuts, first, planes_px)
        sheet = Sheet(
            [Cell(p.title, shape) for p, shape in zip(movie.panels, painter.shapes, strict=True)],
            pixel_size_um=series.info.pixel_size_um,
            columns=movie.columns,
            foot=foot_line(*crew.bundles) if cuts else "",
        )
        rate_hz = movie.frame_rate_hz or frame_rate_hz(series, [numbers[0] for numbers in sets])
        facts, legend = _facts(series, crew.bundles, movie), _legend(movie)
        with MovieWriter(path, sheet.size, rate_hz, facts) as writer:
            writer.add(sheet.draw(painter.pictures(first), stamp(first, first, legend)))
            progress(1, len(sets))
            for done, moment in enumerate(stream, start=2):
                if stop():
                    raise ExportCancelledError(f"{path.name} was stopped; nothing was written.")
                writer.add(sheet.draw(painter.pictures(moment), stamp(moment, first, legend)))
                progress(done, len(sets))
    return path


def foot_line(*bundles: Bundle) -> str:
    """What is burnt into every picture that shows refocused pixels."""
    names = " and ".join(dict.fromkeys(bundle.name for bundle in bundles))
    return f"Refocused planes are inferred by {names}, not measured."


def stamp(moment: Moment, first: Moment, legend: str = "") -> str:
    """Time since the first frame, the numbers of the frames, and what colour is what."""
    seconds = moment[0].frame.time_s - first[0].frame.time_s
    numbers = ", ".join(str(item.frame.index) for item in moment)
    text = f"t = {seconds:.3f} s · frame{'s' * (len(moment) > 1)} {numbers}"
    return f"{text} · {legend}" if legend else text


def _legend(movie: Movie) -> str:
    return ", ".join(f"{name} {colour}" for name, colour in movie.overlay)


class _Crew:
    """The network of each channel, started when it is first asked for."""

    def __init__(
        self, usual_one: Callable[[], Engine], special: Mapping[str, Callable[[], Engine]]
    ) -> None:
        self._usual, self._special = usual_one, special
        self._started: dict[str | None, Engine] = {}

    def of(self, channel: str) -> Engine:
        key = channel if channel in self._special else None
        if key not in self._started:
            self._started[key] = self._special.get(channel, self._usual)()
        return self._started[key]

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """Of those that were started, in their order."""
        return tuple(engine.bundle for engine in self._started.values())

    def close(self) -> None:
        for engine in self._started.values():
            engine.close()


class _Painter:
    """Images to grey values or colours, with levels that stay.

    A plane is ``planes_px`` pixels high in an upright section.
    """

    def __init__(
        self, movie: Movie, cuts: tuple[Cut, ...], first: Moment, planes_px: float
    ) -> None:
        self._panels, self._cuts, self._planes_px = movie.panels, cuts, planes_px
        colours = dict(movie.overlay)
        self._paints = [
            panel.paint or usual(layers, colours)
            for panel, layers in zip(movie.panels, self._layers(first), strict=True)
        ]
        self.shapes = [(p.shape[0], p.shape[1]) for p in self.pictures(first)]

    def pictures(self, moment: Moment) -> list[Picture]:
        return [
            _upright(panel.cut, paint(layers), self._planes_px)
            for panel, paint, layers in zip(
                self._panels, self._paints, self._layers(moment), strict=True
            )
        ]

    def _layers(self, moment: Moment) -> list[Layers]:
        return [
            {item.frame.channel: self._image(panel.cut, item) for item in moment}
            for panel in self._panels
        ]

    def _image(self, cut: Cut | None, item: Refocused) -> NDArray[np.generic]:
        return item.frame.pixels if cut is None else item.images[self._cuts.index(cut)]


def _upright(cut: Cut | None, picture: Picture, planes_px: float) -> Picture:
    """A section with its planes as thick as they are apart; other pictures as they are."""
    if not isinstance(cut, SectionCut):
        return picture
    axis = 0 if cut.axis == "xz" else 1
    count = picture.shape[axis]
    length = max(round(count * planes_px), 1)
    stretched: Picture = picture.take(np.arange(length) * count // length, axis)
    return stretched


def _sets(series: FrameSeries, movie: Movie) -> list[tuple[int, ...]]:
    """The frames of each picture."""
    last = len(series) - 1 if movie.last is None else min(movie.last, len(series) - 1)
    numbers = range(max(movie.first, 0), last + 1)
    if movie.overlay:
        sets = _moments(series, numbers, tuple(name for name, _ in movie.overlay))
    else:
        sets = [
            (number,)
            for number in numbers
            if movie.channel is None or series.facts[number].channel == movie.channel
        ]
    if not sets or not movie.panels:
        what = "no pane was chosen" if sets else "no frame lies in that stretch"
        if numbers and movie.overlay and movie.panels:
            names = ", ".join(name for name, _ in movie.overlay)
            what = f"no frames of all channels ({names}) belong together in that stretch"
        raise ExportError(f"There is nothing to make a movie of: {what}.")
    return sets


def _moments(
    series: FrameSeries, numbers: Sequence[int], channels: tuple[str, ...]
) -> list[tuple[int, ...]]:
    """Frames of all channels that are nearest in time, each used once, as in the live view."""
    pairing: Pairing[int] = Pairing(channels, pair_tolerance_s(series.info))
    found = []
    for number in numbers:
        facts = series.facts[number]
        complete = pairing.add(facts.channel, facts.time_s, number)
        if complete is not None:
            found.append(complete)
    return found


def frame_rate_hz(series: FrameSeries, numbers: Sequence[int]) -> float:
    """The recorded pace of these frames, between 1 and 60 pictures a second."""
    span_s = series.facts[numbers[-1]].time_s - series.facts[numbers[0]].time_s
    rate_hz = (len(numbers) - 1) / span_s if span_s > 0 else 10.0
    return min(max(rate_hz, LEAST_HZ), MOST_HZ) if math.isfinite(rate_hz) else 10.0


def _facts(series: FrameSeries, bundles: Sequence[Bundle], movie: Movie) -> dict[str, str]:
    panes = ", ".join(panel.title for panel in movie.panels)
    made_by = ", ".join(f"{bundle.name} {bundle.sha256[:12]}" for bundle in bundles)
    inferred = f"{foot_line(*bundles)} Bundle {made_by}. "
    shown = inferred if any(panel.cut is not None for panel in movie.panels) else ""
    held = " Drift since the first frame is taken out." if movie.compensate else ""
    over = ""
    if movie.overlay:
        over = (
            f" Channels over each other, each between levels of its own: {_legend(movie)}; "
            "frames nearest in time."
        )
    return {
        "title": f"deepz-live: {series.info.origin}",
        "comment": f"{shown}Made from {series.info.origin}. Panes: {panes}.{over}{held}",
    }
