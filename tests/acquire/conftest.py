"""Small, fast built-in microscopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.config import Profile

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
EMBRYO = Path(__file__).resolve().parents[3] / "shared" / "data" / "celegans_embryo_wf_DAPI.tif"
Opener = Callable[..., Microscope]


def small_profile(**sections: dict[str, Any]) -> Profile:
    """128 x 128 pixels at a high frame rate; sections replace single keys."""
    camera = {"width_px": 128, "height_px": 128, "frame_rate_hz": 200.0, "exposure_ms": 1.0}
    base: dict[str, Any] = {"name": "test", "camera": camera | sections.pop("camera", {})}
    return Profile(**(base | sections))


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens microscopes and closes them after the test."""
    held: list[Microscope] = []

    def make(profile: Profile | None = None, **options: Any) -> Microscope:
        held.append(open_microscope(profile or small_profile(), **options))
        return held[-1]

    yield make
    for microscope in held:
        microscope.close()
