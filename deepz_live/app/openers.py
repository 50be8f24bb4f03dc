"""How the desk opens things. A test hands in others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.config import Profile
    from deepz_live.refocus.engine import Engine
    from deepz_live.session.frame_series import FrameSeries
    from deepz_live.session.series import SeriesChoice
    from deepz_live.stream.source import FrameSource


class Openers(Protocol):
    """How things are opened; a test hands in others."""

    def profile(self, path: Path) -> Profile:
        """Read a profile."""

    def microscope(self, profile: Profile) -> Microscope:
        """Open a microscope."""

    def engine(self, bundle: Path) -> Engine:
        """Open a bundle and start its network."""

    def replay(self, folder: Path) -> FrameSource:
        """Open a recorded session as a source."""

    def images(self, path: Path, choice: SeriesChoice, resample_to_um: float | None) -> FrameSource:
        """Open an image file as a source, at another pixel size where one is given."""


class RealOpeners:
    """The rooms below; imported when needed, since they are heavy."""

    def profile(self, path: Path) -> Profile:
        """Read a profile."""
        from deepz_live.config import load_profile

        return load_profile(path)

    def microscope(self, profile: Profile) -> Microscope:
        """Open a microscope."""
        from deepz_live.acquire.microscope import open_microscope

        return open_microscope(profile)

    def engine(self, bundle: Path) -> Engine:
        """Open a bundle and start its network."""
        from deepz_live.model.bundle import load_bundle
        from deepz_live.refocus.engine import open_engine

        return open_engine(load_bundle(bundle))

    def replay(self, folder: Path) -> FrameSource:
        """Open a recorded session as a source."""
        from deepz_live.session.reader import read_session
        from deepz_live.session.replay import ReplaySource

        return ReplaySource(read_session(folder), speed=1.0, hold_at_end=True)

    def images(self, path: Path, choice: SeriesChoice, resample_to_um: float | None) -> FrameSource:
        """Open an image file as a source, at another pixel size where one is given."""
        from deepz_live.session.replay import ReplaySource
        from deepz_live.session.resampled import Resampled
        from deepz_live.session.series import open_series

        series: FrameSeries = open_series(path, choice)
        if resample_to_um is not None:
            series = Resampled(series, resample_to_um)
        return ReplaySource(series, speed=1.0, hold_at_end=True)
