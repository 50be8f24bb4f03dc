from __future__ import annotations

import numpy as np
import pytest

from deepz_live.acquire.simulated.drift import DriftPath
from deepz_live.acquire.simulated.sensor import Sensor
from deepz_live.acquire.simulated.specimen import BeadSample, StackSample
from deepz_live.config import Camera, Drift, Specimen
from tests.acquire.conftest import Opener, small_profile

FLAT = {"kind": "beads-flat", "beads_per_100um2": 0.4, "seed": 5}
QUIET = {"noise": False, "width_px": 256, "height_px": 256}


def electrons(microscope, stage=(0.0, 0.0, 0.0), drift=(0.0, 0.0, 0.0)):  # type: ignore[no-untyped-def]
    return microscope.built_in.view.scene.electrons(stage, drift, 20.0)


def test_every_true_bead_is_a_peak_of_the_focused_frame(opened: Opener) -> None:
    microscope = opened(small_profile(specimen=FLAT, camera=QUIET))
    pixels = microscope.snap().pixels.astype(float)
    places = microscope.truth.bead_pixels()
    inside = places[np.all((places > 3) & (places < 252), axis=1)]
    assert len(inside) > 10
    for row, column in inside:
        top, left = round(row) - 3, round(column) - 3
        window = pixels[top : top + 7, left : left + 7]
        peak = np.array(np.unravel_index(window.argmax(), window.shape)) + [top, left]
        assert np.abs(peak - [row, column]).max() <= 1.0


def test_drift_moves_the_image_down_and_right_and_up_in_focus(opened: Opener) -> None:
    scene = opened(small_profile(specimen=FLAT, camera=QUIET))
    pixel = 0.325
    still = electrons(scene)
    moved = electrons(scene, drift=(0.0, 5 * pixel, 3 * pixel))
    np.testing.assert_allclose(moved[40:200, 40:200], still[35:195, 37:197], rtol=0.02, atol=5)
    # A sample that rose by 2 µm is in focus again with the stage 2 µm up.
    risen = electrons(scene, stage=(2.0, 0.0, 0.0), drift=(2.0, 0.0, 0.0))
    np.testing.assert_allclose(risen, still)
    assert electrons(scene, drift=(2.0, 0.0, 0.0)).max() < 0.5 * still.max()


def test_the_stage_moves_the_image_against_itself(opened: Opener) -> None:
    scene = opened(small_profile(specimen=FLAT, camera=QUIET))
    still, moved = electrons(scene), electrons(scene, stage=(0.0, 5 * 0.325, 0.0))
    np.testing.assert_allclose(moved[35:195], still[40:200], rtol=0.02, atol=5)


def test_a_bead_above_the_focal_plane_shows_the_psf_of_its_height(opened: Opener) -> None:
    scene = opened(small_profile(specimen=FLAT, camera=QUIET))
    below = electrons(scene, stage=(-4.0, 0.0, 0.0))
    risen = electrons(scene, drift=(4.0, 0.0, 0.0))
    np.testing.assert_allclose(below, risen)
    assert not np.allclose(below, electrons(scene, stage=(4.0, 0.0, 0.0)), rtol=0.2)


def test_beads_are_the_same_whoever_asks_and_new_elsewhere() -> None:
    one, two = BeadSample(Specimen(seed=3)), BeadSample(Specimen(seed=3))
    two.within((-500, -500), (-300, -300))
    here = one.within((-80, -80), (80, 80)).positions_um
    np.testing.assert_array_equal(here, two.within((-80, -80), (80, 80)).positions_um)
    other = BeadSample(Specimen(seed=4)).within((-80, -80), (80, 80)).positions_um
    assert here.shape != other.shape or not np.allclose(here, other)
    count = len(one.within((0, 0), (2000, 2000)))
    assert count == pytest.approx(0.0019 * 2000**2, rel=0.05)


def test_noise_has_the_variance_of_shot_and_read() -> None:
    camera = Camera(electrons_per_count=0.5, read_noise_e=2.0, offset_counts=100)
    for mean in (3.0, 20.0, 400.0):
        counts = Sensor(camera).counts(np.full((400, 400), mean, np.float32)).astype(float)
        assert counts.mean() == pytest.approx(100 + mean / 0.5, rel=0.005)
        assert counts.var() == pytest.approx((mean + 4.0) / 0.25, rel=0.03)


def test_a_dark_frame_is_offset_and_read_noise() -> None:
    camera = Camera(electrons_per_count=0.5, read_noise_e=2.0, offset_counts=100)
    dark = Sensor(camera).counts(np.full((300, 300), 1e4, np.float32), lit=False).astype(float)
    assert dark.mean() == pytest.approx(100, abs=0.1)
    assert dark.std() == pytest.approx(4.0, rel=0.03)


def test_the_sensor_saturates_and_bins_by_the_mean() -> None:
    camera = Camera(bit_depth=12, noise=False, offset_counts=0, electrons_per_count=1)
    pixels = np.array([[0, 10, 9e4, 9e4], [20, 30, 9e4, 9e4]], np.float32)
    counts = Sensor(camera).counts(pixels, 2)
    np.testing.assert_array_equal(counts, [[15, 4095]])


@pytest.mark.parametrize("kind", ["linear", "walk", "sine"])
def test_drift_starts_at_zero_is_smooth_and_stays_within_its_bounds(kind: str) -> None:
    path = DriftPath(Drift.model_validate({"kind": kind, "axial_um": 3, "lateral_um": 2}))
    track = np.array([path(t) for t in np.arange(0, 400, 0.05)])
    assert path(0.0) == (0.0, 0.0, 0.0)
    assert np.abs(track[:, 0]).max() <= 3 + 1e-9
    assert np.hypot(track[:, 1], track[:, 2]).max() <= 2 + 1e-9
    assert np.abs(track[:, 0]).max() > 2.9
    assert np.hypot(track[:, 1], track[:, 2]).max() > 1.9
    assert np.abs(np.diff(track, axis=0)).max() < 0.25  # 5 µm/s


def test_a_stack_is_linear_in_z_and_continues_at_its_ends() -> None:
    voxels = np.arange(5, dtype=np.uint16)[:, None, None] * np.ones((1, 2, 2), np.uint16) * 10
    sample = StackSample(voxels, 0.5)
    heights = [-9.0, -1.0, 0.0, 0.125, 1.0, 9.0]
    assert [float(sample.plane(h)[0, 0]) for h in heights] == [0, 0, 20, 22.5, 40, 40]
