"""One frame of the built-in microscope, the shipped model, and the truth about its beads."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.analysis.auto_surface import auto_surface
from deepz_live.analysis.beads import isolated
from deepz_live.analysis.best_focus import best_focus
from deepz_live.app.report.scenes import StillClock, changed
from deepz_live.app.report.surfaces import dpm_of
from deepz_live.config import Profile
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.engine import open_engine

PIXEL_UM = 0.325


@pytest.fixture(scope="module")
def engine():
    running = open_engine(shipped_bundle(), threads=1)
    yield running
    running.close()


def seen(kind, width):
    """Profile, a frame, beads ``(N, 3)`` µm and their pixels."""
    size = {"width_px": width, "height_px": 256}
    profile = changed(Profile(name="t"), 71, camera=size, specimen={"kind": kind})
    clock = StillClock()
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        frame = np.array(microscope.snap().pixels)
        return profile, frame, microscope.truth.beads, microscope.truth.bead_pixels()


def test_isolated_beads_are_focused_within_half_a_micrometre(engine):
    _, frame, beads, places = seen("beads-volume", 512)
    volume = engine.volume(frame)
    off = []
    for place in isolated(places, frame.shape):
        height = beads[np.abs(places - place).sum(axis=1).argmin(), 0]
        if abs(height) <= 8:
            found = best_focus(volume, engine.bundle.facts.z_planes_um, place + 2, PIXEL_UM)
            off.append(abs(found.depth_um - height))
    assert len(off) >= 10
    assert np.median(off) < 0.2
    assert np.max(off) < 0.5


@pytest.mark.parametrize("kind", ["beads-tilted", "beads-cylinder"])
def test_the_surface_of_a_bent_sample_is_found_in_one_frame(engine, kind):
    profile, frame, _, _ = seen(kind, 512)
    volume = engine.volume(frame)
    found = auto_surface(volume, engine.bundle.facts.z_planes_um, PIXEL_UM)
    off = np.abs(found.surface.dpm(frame.shape, PIXEL_UM) - dpm_of(profile, 0.0))
    assert np.median(off) < 0.2
    assert np.quantile(off, 0.95) < 0.5
