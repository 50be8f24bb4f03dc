"""Which optics a stream is judged by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deepz_live.app.trust.optics import optics_of
from deepz_live.config import Optics, Profile
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource

PROFILE = Profile(name="test", optics=Optics(na=1.2))


class Recorded(Session):
    """A session of which only the settings are read."""

    def __init__(self, settings: dict) -> None:
        self.manifest = SimpleNamespace(settings=settings)
        self.facts = ()


def replay(settings: dict) -> ReplaySource:
    return ReplaySource(Recorded(settings))


def test_a_camera_is_behind_the_open_microscope() -> None:
    assert optics_of(SimpleNamespace(), PROFILE).na == 1.2
    assert optics_of(SimpleNamespace(), None) is None


def test_a_replay_is_judged_by_what_it_was_recorded_with() -> None:
    recorded = Profile(name="then", optics=Optics(na=0.4)).model_dump(mode="json")
    assert optics_of(replay(recorded), PROFILE).na == 0.4


@pytest.mark.parametrize("settings", [{}, {"optics": {"aperture": 3}}])
def test_a_recording_that_does_not_say_is_not_judged(settings) -> None:
    assert optics_of(replay(settings), PROFILE) is None
