"""The optics behind a stream: the open microscope's, or those that a recording was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from deepz_live.config import Optics
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.source import FrameSource

if TYPE_CHECKING:
    from deepz_live.config import Profile


def optics_of(source: FrameSource, profile: Profile | None) -> Optics | None:
    """``profile`` is that of the open microscope. None where nothing is known."""
    if not isinstance(source, ReplaySource):
        return profile.optics if profile is not None else None
    if not isinstance(source.series, Session):
        return None  # pictures from elsewhere
    try:
        return Optics.model_validate(source.series.manifest.settings["optics"])
    except (KeyError, ValidationError):
        return None  # recorded by something else, or by another version
