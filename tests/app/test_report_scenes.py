"""Scenes of the series: unseen, repeatable, and surfaces where the report believes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.report.scenes import SEED, base_profile, changed, shoot
from deepz_live.app.report.sinusoid import followed_from
from deepz_live.app.report.surfaces import dpm_of
from deepz_live.config import Profile
from deepz_live.image.dpm import Tilt
from deepz_live.model.bundle import shipped_bundle

BASE = Profile(name="test")
SMALL = {"width_px": 400, "height_px": 96}


@pytest.mark.parametrize("kind", ["beads-tilted", "beads-cylinder"])
def test_the_surface_goes_through_every_bead(kind: str):
    profile = changed(BASE, camera=SMALL, specimen={"kind": kind, "beads_per_100um2": 1.0})
    stage = -1.5
    dpm = dpm_of(profile, stage)
    with open_microscope(profile) as microscope:
        beads, places = microscope.truth.beads, microscope.truth.bead_pixels()
    rows, columns = np.rint(places).astype(int).T
    assert len(beads) > 20
    np.testing.assert_allclose(dpm[rows, columns], beads[:, 0] - stage, atol=0.03)


def test_a_tilted_sample_is_the_tilt_that_the_window_offers():
    profile = changed(BASE, camera=SMALL, specimen={"kind": "beads-tilted"})
    wanted = Tilt(1.5, 0.0).dpm((96, 400), profile.optics.pixel_size_um)
    np.testing.assert_allclose(dpm_of(profile, 0.0), wanted, atol=1e-3)


def test_scenes_are_seeded_apart_from_each_other_and_show_their_beads():
    profile = changed(BASE, 1, camera={**SMALL, "noise": False}, specimen={"kind": "beads-flat"})
    assert profile.specimen.seed == SEED + 1
    shots = shoot(profile, [0.0, 6.0])
    np.testing.assert_array_equal(shots.frames, shoot(profile, [0.0, 6.0]).frames)
    other = shoot(changed(profile, 2), [0.0])
    assert not np.array_equal(shots.frames[0], other.frames[0])
    inside = ((shots.beads_px > 3) & (shots.beads_px < np.array([92, 396]))).all(axis=1)
    rows, columns = np.rint(shots.beads_px[inside]).astype(int).T
    focused, far = (frame[rows, columns].astype(float) for frame in shots.frames)
    assert (focused > 5 * far).all()


def test_scenes_have_the_optics_of_the_model_and_the_sample_of_the_stacks(tmp_path: Path):
    bundle = shipped_bundle()
    known = BASE.model_copy(
        update={"specimen": BASE.specimen.model_copy(update={"kind": "filaments"})}
    )
    file = tmp_path / "calibration.json"
    without = base_profile(bundle, [tmp_path / "a.ome.tif"])
    assert without.specimen.kind == "beads-flat"
    file.write_text(f'{{"profile": {known.model_dump_json()}}}', encoding="utf-8")
    found = base_profile(bundle, [tmp_path / "a.ome.tif"])
    assert found.specimen.kind == "filaments"
    assert found.optics.pixel_size_um == bundle.facts.pixel_size_um
    assert found.camera.exposure_ms == bundle.facts.exposure_ms


def test_waves_are_followed_down_to_the_first_that_is_lost():
    corr = {1.0: 0.9, 2.0: 0.5, 4.0: 0.89, 8.0: 0.88, 16.0: 0.9}
    rows = [{"period_um": p, "refocused": {"corr": c}} for p, c in corr.items()]
    assert followed_from(rows, 0.9) == 4.0
