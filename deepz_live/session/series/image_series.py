"""An image file as frames: the same pipeline refocuses it that refocuses a camera's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import StackError
from deepz_live.session.frame_series import FrameFacts, FrameSeries
from deepz_live.session.importing.stack import MissingSamplingError
from deepz_live.session.importing.zarr_store import is_zarr
from deepz_live.session.manifest import is_session
from deepz_live.session.markers import Marker
from deepz_live.session.reader import read_session
from deepz_live.session.series.choice import SeriesChoice, chosen_channel, places
from deepz_live.session.series.contents import Contents, look_at
from deepz_live.session.series.pages import Pages, TiffPages, ZarrPages
from deepz_live.stream.frame import Frame, StreamInfo

ASSUMED_INTERVAL_S = 0.1
"""The pace of a series that does not say its times."""
_KEPT_DTYPES = ("uint8", "uint16", "float32")


class ImageSeries:
    """A :class:`~deepz_live.session.frame_series.FrameSeries` of an image file, read lazily.

    Counts stay as they are; types that a camera does not have (int16, float64, …) become float32.
    Stage z is unknown and 0, as is an exposure that the file does not say.
    """

    markers: tuple[Marker, ...] = ()

    def __init__(self, contents: Contents, choice: SeriesChoice, pages: Pages) -> None:
        self._path = contents.path
        self._pages = pages
        self._places = places(contents, choice)
        pixel_size_um = choice.pixel_size_um or contents.pixel_size_um
        if not pixel_size_um:
            raise MissingSamplingError(contents.path, ("pixel_size_um",))
        times_s, self.times_known = _times(contents, choice, len(self._places))
        which, channel = chosen_channel(contents, choice)
        exposure_ms = next(iter(contents.exposures_ms[which:]), None) or 0.0
        self.facts = tuple(
            FrameFacts(number, time_s, 0.0, exposure_ms, channel, number)
            for number, time_s in enumerate(times_s)
        )
        self.info = StreamInfo(
            shape=(contents.shape[-2], contents.shape[-1]),
            dtype=contents.dtype if contents.dtype in _KEPT_DTYPES else "float32",
            pixel_size_um=pixel_size_um,
            frame_rate_hz=_rate_hz(times_s) if self.times_known else 0.0,
            channel=channel,
            exposure_ms=exposure_ms,
            origin=f"image {contents.path.name}",
        )

    def __len__(self) -> int:
        return len(self._places)

    def frame(self, i: int) -> Frame:
        """See :class:`~deepz_live.session.frame_series.FrameSeries`; counts ``(Y, X)``.

        Raises
        ------
        StackError
            No such frame, a damaged one, or one with values that are no numbers.
        """
        if not 0 <= i < len(self):
            raise StackError(
                f"{self._path} holds frames 0 … {len(self) - 1}; there is no frame {i}."
            )
        pixels = self._pages.read(self._places[i]).astype(self.info.dtype, copy=False)
        _check_finite(self._path, i, pixels)
        facts = self.facts[i]
        return Frame(
            pixels=pixels,
            index=facts.index,
            time_s=facts.time_s,
            z_um=facts.z_um,
            exposure_ms=facts.exposure_ms,
            channel=facts.channel,
        )

    def close(self) -> None:
        """Let go of the file; it is opened again when a frame is read."""
        self._pages.close()


def open_series(path: Path | str, choice: SeriesChoice | None = None) -> ImageSeries:
    """The image or time series in a TIFF, OME-TIFF or Zarr file.

    Raises
    ------
    MissingSamplingError
        Neither the file nor ``choice`` says the pixel size.
    StackError
        It cannot be read; or it is a z-stack or has several channels, and none was chosen.
    """
    path = Path(path)
    contents = look_at(path)
    pages = ZarrPages(path) if is_zarr(path) else TiffPages(path)
    series = ImageSeries(contents, choice or SeriesChoice(), pages)
    try:
        for number in {0, len(series) // 2, len(series) - 1}:
            series.frame(number)  # what is wrong with a file shows before it is played
    finally:
        series.close()
    return series


def open_frames(path: Path | str, choice: SeriesChoice | None = None) -> FrameSeries:
    """A recorded session, or else an image file. Raises SessionError or StackError."""
    if is_session(Path(path)):
        return read_session(path)
    return open_series(path, choice)


def _times(contents: Contents, choice: SeriesChoice, count: int) -> tuple[list[float], bool]:
    """When each frame was taken, s, and whether that is known."""
    stored = contents.times_s
    if choice.interval_s is None and len(stored) == count > 1 and stored[-1] > stored[0]:
        return list(stored), True
    interval_s = choice.interval_s or contents.interval_s
    return [number * (interval_s or ASSUMED_INTERVAL_S) for number in range(count)], bool(
        interval_s
    )


def _rate_hz(times_s: list[float]) -> float:
    span_s = times_s[-1] - times_s[0]
    return (len(times_s) - 1) / span_s if span_s > 0 else 0.0


def _check_finite(path: Path, number: int, pixels: NDArray[Any]) -> None:
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        bad = int(pixels.size - np.count_nonzero(np.isfinite(pixels)))
        raise StackError(
            f"Image {number} of {path} holds {bad} values that are not finite numbers (NaN or "
            "infinity); replace them, by the background for instance, and save the file again."
        )
