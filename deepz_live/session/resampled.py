"""Frames on the pixel grid that a model was trained at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deepz_live.image.resample import resample, resampled_shape
from deepz_live.session.frame_series import FrameFacts, FrameSeries
from deepz_live.session.markers import Marker
from deepz_live.stream.frame import Frame, StreamInfo


class Resampled:
    """A series whose frames are resampled, float32, as they are read.

    What was optically resolved stays as it was: a model trained with another objective still sees
    another blur, and its noise is another one too.
    """

    def __init__(self, series: FrameSeries, pixel_size_um: float) -> None:
        self._series = series
        info = series.info
        self._from_um, self._to_um = info.pixel_size_um, pixel_size_um
        self.info: StreamInfo = replace(
            info,
            shape=resampled_shape(info.shape, self._from_um, self._to_um),
            dtype="float32",
            pixel_size_um=pixel_size_um,
            origin=f"{info.origin}, resampled from {self._from_um:.4g} to {pixel_size_um:.4g} µm",
        )

    @property
    def facts(self) -> Sequence[FrameFacts]:
        """See :class:`~.frame_series.FrameSeries`."""
        return self._series.facts

    @property
    def markers(self) -> Sequence[Marker]:
        """See :class:`~.frame_series.FrameSeries`."""
        return self._series.markers

    def __len__(self) -> int:
        return len(self._series)

    def frame(self, i: int) -> Frame:
        """See :class:`~.frame_series.FrameSeries`."""
        frame = self._series.frame(i)
        return replace(frame, pixels=resample(frame.pixels, self._from_um, self._to_um))  # type: ignore[arg-type]

    def close(self) -> None:
        """See :class:`~.frame_series.FrameSeries`."""
        self._series.close()
