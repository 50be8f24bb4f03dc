from __future__ import annotations

from typing import Any

import numpy as np
import psfmodels
import pytest
from scipy.ndimage import gaussian_filter

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.microscope import open_microscope
from deepz_live.acquire.simulated.build import PLAIN_SAMPLES
from deepz_live.acquire.simulated.density import Grid
from deepz_live.acquire.simulated.point_psf import best_focus, psf_grid
from deepz_live.acquire.simulated.samples.worm import Worms
from deepz_live.acquire.simulated.transfer import transfer
from deepz_live.acquire.simulated.volume import Volume
from deepz_live.config import Optics, Specimen
from deepz_live.image.dpm import Cylinder, Tilt
from tests.acquire.conftest import Opener, small_profile

PIXEL = 0.325
KINDS = ("worm", "filaments", "mitochondria", "nuclei", "embryo")
QUIET: dict[str, Any] = {"noise": False, "width_px": 64, "height_px": 64}


def scene(opened: Opener, kind: str, optics: dict[str, Any] | None = None, **specimen: Any) -> Any:
    profile = small_profile(specimen={"kind": kind, **specimen}, camera=QUIET, optics=optics or {})
    return opened(profile).built_in.view.scene


def image(scene: Any, z: float = 0.0, y: float = 0.0, x: float = 0.0, **more: Any) -> np.ndarray:
    drift = more.get("drift", (0.0, 0.0, 0.0))
    return scene.electrons((z, y, x), drift, 20.0, more.get("time_s", 0.0)).copy()


def point(optics: Optics, z_um: float) -> np.ndarray:
    """A point source in the middle of 121 x 121 pixels, as the volume shows it."""
    density = np.zeros((1, 121, 121), np.float32)
    density[0, 60, 60] = 1.0
    whole = (slice(None), slice(None))
    volume = Volume([density], transfer(optics), PIXEL, first_height=0, keep=whole, points=False)
    return volume.planes(z_um)[0]


@pytest.mark.parametrize("z_um", [0.0, -3.0, 4.0])
def test_a_point_is_shown_as_the_models_psf_on_pixels(z_um: float) -> None:
    optics = Optics()
    # An independent rendering: the model on a grid five times finer, summed over each pixel.
    fine = psfmodels.vectorial_psf(
        np.array([best_focus(optics) + z_um]),
        255,
        dxy=PIXEL / 5,
        pz=optics.depth_um,
        wvl=0.584,
        params={"NA": 0.75, "ni0": 1.0, "ni": 1.0, "ns": 1.33, "ti0": 1000.0, "sf": 1},
        normalize=False,
    )[0]
    wanted = fine.reshape(51, 5, 51, 5).sum(axis=(1, 3))
    shown = point(optics, z_um)[35:86, 35:86]
    # A grid of pixels holds nothing finer than two of them: compare what is coarser.
    shown, wanted = gaussian_filter(shown, 1.0), gaussian_filter(wanted, 1.0)
    shown, wanted = shown / shown.sum(), wanted / wanted.sum()
    assert np.abs(shown - wanted).max() < 0.03 * wanted.max()


def test_light_of_a_volume_is_the_same_at_every_height() -> None:
    light = [point(Optics(), z).sum() for z in (-12.0, -4.0, 0.0, 0.6, 12.0)]
    np.testing.assert_allclose(light, light[2], rtol=1e-3)


def confocal_axis(heights: np.ndarray) -> np.ndarray:
    """Axial curve by `psfmodels.confocal_psf` for the default optics, peak 1."""
    optics = Optics()
    rendered = psfmodels.confocal_psf(
        list(best_focus(optics) - heights),
        41,
        pinhole_au=1.0,
        dxy=0.15,
        pz=optics.depth_um,
        NA=0.75,
        ex_wvl=0.560,
        em_wvl=0.584,
        ns=1.33,
        ni=1.0,
        ni0=1.0,
        ti0=1000.0,
        oversample_factor=1,
    )
    return np.asarray(rendered[:, 20, 20] / rendered[:, 20, 20].max())


def test_confocal_sections_and_wide_field_does_not() -> None:
    confocal = transfer(Optics(mode="confocal"))
    light = dict(zip(confocal.grid.heights_um, confocal.at(np.zeros(1))[0], strict=True))
    assert light[0.0] == pytest.approx(1.0)
    assert light[4.0] < 0.1
    assert light[-4.0] < 0.1
    rows = confocal._rows[:, 0] / confocal._rows[:, 0].max()
    near = np.abs(confocal.grid.heights_um) <= 2
    expected = confocal_axis(confocal.grid.heights_um[near])
    np.testing.assert_allclose(rows[near], expected, atol=0.05)
    wide = transfer(Optics())._rows[:, 0]
    assert (rows > 0.5).sum() < (wide / wide.max() > 0.5).sum()


def test_the_confocal_twin_has_the_same_fibres(opened: Opener) -> None:
    wide = image(scene(opened, "filaments", photons=1000))
    twin = image(scene(opened, "filaments", {"mode": "confocal"}, photons=1000))
    other = image(scene(opened, "filaments", {"mode": "confocal"}, photons=1000, seed=9))
    assert np.corrcoef(wide.ravel(), twin.ravel())[0, 1] > 0.7
    assert abs(np.corrcoef(wide.ravel(), other.ravel())[0, 1]) < 0.4
    assert np.median(twin) < 0.5 * np.median(wide)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_sample(kind: str) -> None:
    grid = Grid((-3.0, -8.0, -8.0), (0.5, PIXEL, PIXEL), (13, 49, 49))
    first, again, other = (
        np.stack(list(_sample(kind, seed).densities(grid))) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert first.any()
    assert not np.allclose(first, other, atol=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_neighbouring_fields_show_one_sample(kind: str) -> None:
    sample = _sample(kind, 4)
    whole = Grid((-3.0, -8.0, 20.0), (0.5, PIXEL, PIXEL), (13, 40, 60))
    part = Grid((-3.0, -8.0, 20.0 + 20 * PIXEL), (0.5, PIXEL, PIXEL), (13, 40, 40))
    here, there = (next(iter(sample.densities(grid))) for grid in (whole, part))
    # The outermost voxels lack points that would lie between them and the next.
    np.testing.assert_allclose(here[:, 1:-1, 21:-1], there[:, 1:-1, 1:-1], rtol=1e-3, atol=1e-3)


def _sample(kind: str, seed: int) -> Any:
    specimen = Specimen.model_validate({"kind": kind, "seed": seed})
    return Worms(specimen, "TexasRed") if kind == "worm" else PLAIN_SAMPLES[kind](specimen)


@pytest.mark.parametrize("kind", ["worm", "filaments"])
def test_a_stage_move_of_whole_pixels_shifts_the_image_exactly(opened: Opener, kind: str) -> None:
    shown = scene(opened, kind)
    still = image(shown)
    near = image(shown, y=3 * PIXEL, x=-2 * PIXEL)
    np.testing.assert_allclose(near[:-3, 2:], still[3:, :-2], rtol=1e-4, atol=0.1)
    # Beyond the guard the field is rendered anew: the same sample must lie there.
    far = image(shown, x=20 * PIXEL)
    np.testing.assert_allclose(far[:, :-20], still[:, 20:], rtol=0.01, atol=2.0)
    drifted = image(shown, drift=(0.0, 0.0, -20 * PIXEL))
    np.testing.assert_allclose(drifted, far, rtol=1e-4, atol=0.1)


def test_half_a_pixel_of_drift_moves_the_image_by_half_a_pixel(opened: Opener) -> None:
    shown = scene(opened, "worm")
    still, moved = image(shown), image(shown, drift=(0.0, PIXEL / 2, 0.0))
    between = (still[1:-1] + still[:-2]) / 2
    assert np.corrcoef(moved[1:-1].ravel(), between.ravel())[0, 1] > 0.995
    assert moved[8:-8].sum() == pytest.approx(still[8:-8].sum(), rel=0.02)


def test_a_nucleus_is_sharpest_where_the_truth_says(opened: Opener) -> None:
    sparse = {"kind": "worm", "density": 0.25, "seed": 3}
    shown = scene(opened, **sparse)
    half = 30 * PIXEL
    neurons = Worms(Specimen(**sparse), "TexasRed").neurons((-half, -half), (half, half))
    assert len(neurons) > 2
    heights = np.arange(-9.0, 9.1, 0.5)
    stack = np.stack([image(shown, z=float(z)) for z in heights])
    for z, y, x in neurons.positions_um:
        row, column = (round(place / PIXEL + 31.5) for place in (y, x))
        brightest = heights[stack[:, row, column].argmax()]
        assert brightest == pytest.approx(z, abs=1.0)


def test_activity_seen_in_the_frames_is_the_true_trace(opened: Opener) -> None:
    with open_microscope(
        small_profile(
            specimen={"kind": "worm", "density": 0.25, "seed": 3}, camera=QUIET, channel="FITC"
        ),
        clock=lambda: 0.0,
    ) as microscope:
        truth, shown = microscope.truth, microscope.built_in.view.scene
        neurons, places = truth.neurons, truth.neuron_pixels()
        assert len(neurons) == len(set(neurons.names)) > 2
        times = np.linspace(0, 120, 40)
        true = truth.traces(neurons, times)
        assert true.min() > 0
        best = []
        for index in np.flatnonzero(true.std(axis=1) > 0.05):
            row, column = np.clip(np.rint(places[index]).astype(int), 0, 63)
            z = float(neurons.positions_um[index, 0])
            seen = [image(shown, z=z, time_s=t)[row, column] for t in times]
            best.append(np.corrcoef(seen, true[index])[0, 1])
        assert np.median(best) > 0.95


def test_two_clusters_are_active_against_each_other() -> None:
    worms = Worms(Specimen(kind="worm", seed=5), "FITC")
    neurons = worms.neurons((-60, -60), (60, 60))
    assert set(neurons.clusters) == {"forward", "backward", "turning", "silent"}
    times = np.linspace(0, 300, 600)
    traces = neurons.loadings @ np.stack([worms.weights(t) for t in times], axis=1)
    groups = {
        name: traces[[cluster == name for cluster in neurons.clusters]]
        for name in ("forward", "backward", "silent")
    }
    forward, backward = groups["forward"].mean(axis=0), groups["backward"].mean(axis=0)
    assert np.corrcoef(forward, backward)[0, 1] < -0.9
    assert groups["silent"].std(axis=1).max() < 0.01
    assert forward.std() > 0.1


def test_nuclei_of_a_worm_do_not_overlap_and_lie_within_it() -> None:
    neurons = Worms(Specimen(kind="worm", seed=1), "TexasRed").neurons((-60, -60), (60, 60))
    assert len(neurons) >= 100
    centres, radii = neurons.positions_um, neurons.radii_um
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.all(apart > radii[:, None] + radii[None, :])
    assert np.abs(centres[:, 0]).max() + 1.5 < 7.0


def test_an_unknown_channel_of_the_worm_is_refused(opened: Opener) -> None:
    with pytest.raises(MicroscopeError, match="TexasRed or FITC"):
        opened(small_profile(specimen={"kind": "worm"}, channel="DAPI"))


@pytest.mark.parametrize(
    ("kind", "surface"), [("beads-tilted", Tilt(1.5, 0.0)), ("beads-cylinder", Cylinder(7.2, 90.0))]
)
def test_beads_lie_on_their_surface(opened: Opener, kind: str, surface: Any) -> None:
    specimen = {"kind": kind, "beads_per_100um2": 1.0, "cylinder_axis_um": 0.0}
    truth = opened(small_profile(specimen=specimen, camera={"noise": False})).truth
    dpm = surface.dpm((128, 128), PIXEL)
    np.testing.assert_allclose(truth.surface_um(), dpm, atol=1e-5)
    rows, columns = np.rint(truth.bead_pixels()).astype(int).clip(0, 127).T
    np.testing.assert_allclose(truth.beads[:, 0], dpm[rows, columns], atol=0.01)


def test_the_default_cylinder_is_a_slope_of_several_um(opened: Opener) -> None:
    camera = {"width_px": 512, "height_px": 512}
    surface = opened(small_profile(specimen={"kind": "beads-cylinder"}, camera=camera)).truth
    assert 5 < np.ptp(surface.surface_um()) < 9


def test_high_aperture_optics_get_a_finer_grid() -> None:
    oil = Optics(na=1.4, immersion_index=1.515, emission_nm=460, pixel_size_um=0.129)
    fine, usual = psf_grid(oil), psf_grid(Optics())
    assert (usual.step_um, usual.limit_um, usual.radius_um) == (0.25, 32.0, 30.0)
    assert fine.step_um <= 0.15
    assert fine.row_step_um < 460 / 1000 / (4 * 1.4)


def test_a_grid_knows_its_box() -> None:
    grid = Grid((0.0, 0.0, 0.0), (1.0, 0.5, 0.5), (5, 10, 10))
    box = grid.box(np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 9.0]))
    assert box == (slice(1, 4), slice(2, 7), slice(0, 10))
    assert grid.box(np.array([9.0, 2.0, 2.0]), np.ones(3)) is None
