"""Image files as frames: TIFF, OME-TIFF and OME-Zarr, a single image or a time series."""

from __future__ import annotations

from deepz_live.session.series.choice import SeriesChoice
from deepz_live.session.series.contents import Contents, look_at
from deepz_live.session.series.image_series import ImageSeries, open_frames, open_series

__all__ = ["Contents", "ImageSeries", "SeriesChoice", "look_at", "open_frames", "open_series"]
