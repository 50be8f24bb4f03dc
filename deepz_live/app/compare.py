"""Two models on the same frames, side by side: pictures, and how far they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export.frames import Refocused, refocused_frames
from deepz_live.app.export.movie import frame_rate_hz, stamp
from deepz_live.app.export.paint import Picture, grey
from deepz_live.app.export.sheet import Cell, Sheet
from deepz_live.image.focus import sharpness
from deepz_live.image.metrics import compare
from deepz_live.refocus.check import same_pixel_size
from deepz_live.refocus.cuts import PlaneCut
from deepz_live.refocus.engine import Engine, RefocusError
from deepz_live.refocus.planes import check_range
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.frame_series import FrameSeries
from deepz_live.session.movie import MovieWriter
from deepz_live.session.png import write_png
from deepz_live.session.table import table

HEAD = ("frame", "depth_um", "corr", "corr_detail", "ssim", "rmse", "sharper")


@dataclass(frozen=True, slots=True)
class _Pairing:
    """Planes that are compared, and what the two models are called."""

    depths_um: tuple[float, ...]
    names: tuple[str, str]


def compare_models(
    series: FrameSeries,
    engines: tuple[Engine, Engine],
    depths_um: Sequence[float],
    *,
    out: Path,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Any]:
    """Refocus every frame of ``series`` with both engines; returns what ``compare.json`` holds.

    Nobody knows here which of the two is right: agreement is no proof, and where they differ,
    a spot check or a mechanical stack decides.

    Parameters
    ----------
    depths_um
        Planes that are compared.
    out
        Folder for ``compare.json``, ``compare.csv`` (a row a frame and plane), ``compare.png``
        (the first frame: raw, then a row for each model) and, of several frames, ``compare.mp4``.

    Raises
    ------
    RefocusError
        A depth beyond one of the models, or models of different pixel size.
    SessionError, StackError
        A frame cannot be read, or ``out`` cannot be written.
    """
    pairing = _Pairing(tuple(depths_um), _names(engines))
    _check(series, engines, pairing.depths_um)
    cuts = tuple(PlaneCut(depth) for depth in pairing.depths_um)
    everything = range(len(series))
    streams = [refocused_frames(series, everything, engine, cuts) for engine in engines]
    out.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[Any, ...]] = []
    with closing(series), ExitStack() as stack:
        board: _Board | None = None
        movie: MovieWriter | None = None
        for done, (first, second) in enumerate(zip(*streams, strict=True), start=1):
            rows += _scores(first, second, pairing, engines[0], series.info.pixel_size_um)
            if board is None:
                board = _Board(first, second, pairing, series.info.pixel_size_um)
                said = {"Source": series.info.origin, "Description": board.foot}
                write_png(out / "compare.png", board.draw(first, second), said)
                if len(series) > 1:
                    rate_hz = frame_rate_hz(series, everything)
                    facts = {"title": series.info.origin, "comment": board.foot}
                    writer = MovieWriter(out / "compare.mp4", board.size, rate_hz, facts)
                    movie = stack.enter_context(writer)
            if movie is not None:
                movie.add(board.draw(first, second))
            progress(done, len(series))
    found = _facts(series, engines, pairing, rows)
    replace_file(out / "compare.csv", table(HEAD, rows))
    replace_file(out / "compare.json", to_json(found, indent=1))
    return found


class _Board:
    """The sheet: the raw frame before the first model's planes, the second's below them."""

    def __init__(
        self, first: Refocused, second: Refocused, pairing: _Pairing, pixel_size_um: float
    ) -> None:
        self.foot = (
            f"Planes are inferred by {pairing.names[0]} (above) and {pairing.names[1]} (below), "
            "not measured."
        )
        titles = [
            "raw, measured",
            *(f"{pairing.names[0]} {depth:+.1f} µm · inferred" for depth in pairing.depths_um),
            "raw, measured",
            *(f"{pairing.names[1]} {depth:+.1f} µm · inferred" for depth in pairing.depths_um),
        ]
        # One scale for both: what one of them makes brighter is to be seen.
        shared = [
            grey(np.concatenate([a, b])) for a, b in zip(first.images, second.images, strict=True)
        ]
        self._paints = [grey(first.frame.pixels), *shared] * 2
        shape = first.frame.pixels.shape
        self._first = first
        self._sheet = Sheet(
            [Cell(title, (shape[0], shape[1])) for title in titles],
            pixel_size_um=pixel_size_um,
            columns=1 + len(pairing.depths_um),
            foot=self.foot,
        )

    @property
    def size(self) -> tuple[int, int]:
        return self._sheet.size

    def draw(self, first: Refocused, second: Refocused) -> Picture:
        raw = first.frame.pixels
        images: list[NDArray[Any]] = [raw, *first.images, raw, *second.images]
        pictures = [paint(image) for paint, image in zip(self._paints, images, strict=True)]
        return self._sheet.draw(pictures, stamp((first,), (self._first,)))


def _names(engines: tuple[Engine, Engine]) -> tuple[str, str]:
    first, second = (engine.bundle for engine in engines)
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name} {first.sha256[:6]}", f"{second.name} {second.sha256[:6]}"


def _check(series: FrameSeries, engines: Sequence[Engine], depths_um: tuple[float, ...]) -> None:
    if not len(series) or not depths_um:
        what = "no frame is there" if depths_um else "no depth was given"
        raise RefocusError(f"There is nothing to compare: {what}.")
    for engine in engines:
        check_range(depths_um, engine.bundle.facts.z_planes_um)
        wanted_um = engine.bundle.facts.pixel_size_um
        if not same_pixel_size(series.info.pixel_size_um, wanted_um):
            raise RefocusError(
                f"The frames have pixels of {series.info.pixel_size_um:.4g} µm, but the model "
                f"{engine.bundle.name} was trained at {wanted_um:.4g} µm; compare models of one "
                "pixel size."
            )


def _scores(
    first: Refocused, second: Refocused, pairing: _Pairing, engine: Engine, pixel_size_um: float
) -> Iterator[tuple[Any, ...]]:
    """Rows of :data:`HEAD`; ``sharper`` above 1 means that the second model's plane is."""
    normalised = engine.bundle.facts.output_normalization.forward
    for depth, a, b in zip(pairing.depths_um, first.images, second.images, strict=True):
        scores = compare(normalised(b), normalised(a), pixel_size_um)
        contrast = sharpness(np.stack([a, b]))
        values = [scores["corr"], scores["corr_detail"], scores["ssim"], scores["rmse"]]
        values.append(float(contrast[1] / contrast[0]) if contrast[0] > 0 else float("nan"))
        yield (first.frame.index, depth, *(round(float(value), 5) for value in values))


def _facts(
    series: FrameSeries,
    engines: Sequence[Engine],
    pairing: _Pairing,
    rows: Sequence[tuple[Any, ...]],
) -> dict[str, Any]:
    """Means over all frames, by depth."""
    by_depth = []
    for depth in pairing.depths_um:
        numbers = np.array([row[2:] for row in rows if row[1] == depth], np.float64)
        means = zip(HEAD[2:], numbers.mean(axis=0).round(5).tolist(), strict=True)
        by_depth.append({"depth_um": depth, **dict(means)})
    return {
        "source": series.info.origin,
        "frames": len(series),
        "models": [engine.bundle.identity() for engine in engines],
        "names": list(pairing.names),
        "agreement": by_depth,
        "note": "Agreement of two models is no proof of either; 'sharper' is the second's over "
        "the first's contrast.",
    }
