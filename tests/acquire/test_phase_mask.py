"""The double helix against what it must do, and its optics against psfmodels without it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.microscope import open_microscope
from deepz_live.acquire.simulated import masked_psf
from deepz_live.acquire.simulated.optics import optics_key
from deepz_live.acquire.simulated.phase_mask import helix_phase, zone_count
from deepz_live.acquire.simulated.point_psf import PsfGrid, point_rows, psf_grid
from deepz_live.acquire.simulated.pupil import PERIOD_UM, Pupil
from deepz_live.config import Optics, Profile, ProfileError, load_profile

CLEAR, HELIX = Optics(), Optics(phase_mask="double-helix")
PROFILE = Path(__file__).parents[2] / "configs" / "simulated.yaml"


def half_width(places: np.ndarray, values: np.ndarray) -> float:
    """Where ``values`` first fall to half of their first."""
    after = int(np.flatnonzero(values < values[0] / 2)[0])
    part = (values[after - 1] - values[0] / 2) / (values[after - 1] - values[after])
    return float(places[after - 1] + part * (places[after] - places[after - 1]))


@pytest.mark.parametrize("height", [-20.0, -10.0, -2.0, 0.0, 2.0, 10.0, 20.0])
def test_without_a_mask_the_pupil_gives_the_psf_of_psfmodels(height: float):
    step = psf_grid(CLEAR).row_step_um
    radii = np.arange(134) * step
    row = Pupil(CLEAR).intensity(height, np.concatenate([-radii[:0:-1], radii]))[133, 133:]
    known = point_rows(CLEAR, np.array([height]), 30.0)[0][: len(radii)]
    row, known = (line / (line * radii).sum() for line in (row.astype(float), known))
    assert np.corrcoef(row, known)[0, 1] > 0.9998
    assert np.abs(row - known).max() < 0.025 * known.max()


def test_widths_of_the_clear_psf_are_those_of_psfmodels():
    pupil, step = Pupil(CLEAR), psf_grid(CLEAR).row_step_um
    radii = np.arange(8) * step
    heights = np.arange(0.0, 3.01, 0.1)
    rows = [pupil.intensity(h, radii)[0] for h in heights]
    known = point_rows(CLEAR, heights, 1.5)
    sideways = [half_width(radii, row) for row in (rows[0], known[0])]
    axial = [half_width(heights, np.array([row[0] for row in stack])) for stack in (rows, known)]
    assert sideways[0] == pytest.approx(sideways[1], rel=0.01)
    assert axial[0] == pytest.approx(axial[1], rel=0.02)


def test_no_light_is_lost_in_the_mask_at_any_height():
    places = (np.arange(400) - 200) * (PERIOD_UM / 400)
    light = [
        Pupil(optics).intensity(height, places).sum()
        for optics in (CLEAR, HELIX)
        for height in (-20.0, 0.0, 13.0)
    ]
    assert light == pytest.approx([light[0]] * 6, rel=1e-4)


@pytest.mark.parametrize("reach", [10.0, 20.0])
def test_two_lobes_make_half_a_turn_over_the_range(reach: float):
    """One way all along, at a distance that stays: what no defocus of a clear pupil does."""
    pupil = Pupil(HELIX.model_copy(update={"mask_range_um": reach}))
    places = np.arange(-60, 61) * 0.1
    angles, radii = [], []
    for height in np.linspace(-reach, reach, 17):
        image = gaussian_filter(pupil.intensity(float(height), places), 4)
        np.testing.assert_allclose(image, image[::-1, ::-1], atol=0.01 * image.max())
        y, x = places[np.array(np.unravel_index(image.argmax(), image.shape))]
        angles.append(np.arctan2(y, x))
        radii.append(np.hypot(y, x))
    turned = np.rad2deg(np.unwrap(angles, period=np.pi))
    steps = np.diff(turned) * np.sign(turned[-1] - turned[0])
    assert (steps > 0).all()
    assert abs(turned[-1] - turned[0]) == pytest.approx(180, abs=15)
    assert max(radii) < 1.25 * min(radii)


def test_zones_are_as_many_as_waves_of_defocus_over_the_range():
    # By hand: k (1 - cos θ) over 40 µm is 2π times 40 / 0.584 (1 - sqrt(1 - 0.75²)) = 23.2 waves.
    assert zone_count(HELIX) == 24
    assert zone_count(HELIX.model_copy(update={"mask_range_um": 10.0})) == 12


def test_charges_are_odd_and_rise_outwards():
    around = np.linspace(-np.pi, np.pi, 721)[1:-1]
    charges = []
    for share in (np.arange(24) + 0.5) / 24:
        sine = np.sqrt(1 - (1 - share * (1 - np.sqrt(1 - 0.75**2))) ** 2)
        phase = helix_phase(HELIX, sine * np.sin(around), sine * np.cos(around))
        charges.append(np.median(np.gradient(phase, around)))
    np.testing.assert_allclose(charges, 2 * np.arange(24) + 1)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PsfGrid:
    """Few heights, a short reach, and a cache of its own: seconds instead of half a minute."""
    grid = PsfGrid(limit_um=8.0, step_um=2.0, radius_um=10.0, row_step_um=0.15)
    monkeypatch.setattr(masked_psf, "psf_grid", lambda _: grid)
    monkeypatch.setattr(masked_psf.cache, "cache_file", lambda kind, _: tmp_path / f"{kind}.npz")
    masked_psf.masked_psf.cache_clear()
    yield grid
    masked_psf.masked_psf.cache_clear()


def test_a_bead_between_pixels_is_the_pupils_image_there(coarse: PsfGrid):
    images = masked_psf.masked_psf(HELIX)
    places = masked_psf._places(HELIX, coarse)
    seen = masked_psf._seen_by_pixels(places, 0.325)
    peak = masked_psf._blurred(Pupil(CLEAR).intensity(0.0, places), seen).max()
    moved = masked_psf._blurred(Pupil(HELIX).intensity(4.0, places + 0.1), seen) / peak
    middle = len(places) // 2
    wanted = moved[middle - 40 : middle + 41 : 2, middle - 40 : middle + 41 : 2]
    shown = images.image(4.0, (41, 41), (20 - 0.1 / 0.325, 20 - 0.1 / 0.325), 0.325)
    np.testing.assert_allclose(shown, wanted, atol=0.02 * wanted.max())


@pytest.mark.usefixtures("coarse")
def test_on_the_camera_two_lobes_lie_around_where_the_bead_is():
    profile = Profile.model_validate(
        {
            "name": "helix",
            "optics": {"phase_mask": "double-helix"},
            "camera": {"width_px": 128, "height_px": 128, "noise": False},
            "specimen": {"kind": "beads-flat", "seed": 3, "beads_per_100um2": 0.12},
        }
    )
    with open_microscope(profile) as microscope:
        frame = np.array(microscope.snap().pixels, float)
        places = microscope.truth.bead_pixels()
    frame -= np.median(frame)
    inside = [p for p in places if (np.abs(p - 64) < 44).all()]
    alone = [p for p in inside if sorted(np.hypot(*(places - p).T))[1] > 30]
    assert alone
    for place in alone:
        y, x = np.rint(place).astype(int)
        around = gaussian_filter(frame, 1.5)[y - 14 : y + 15, x - 14 : x + 15]
        first = np.array(np.unravel_index(around.argmax(), around.shape)) - 14
        assert 2.0 < np.hypot(*first) * 0.325 < 3.2
        assert around[tuple(14 - first)] == pytest.approx(around.max(), rel=0.25)
        assert around[14, 14] < 0.5 * around.max()


def test_a_profile_takes_the_mask_from_the_command_line():
    profile = load_profile(PROFILE, {"optics.phase_mask": "double-helix"})
    assert profile.optics.phase_mask == "double-helix"
    with pytest.raises(ProfileError, match=r"phase_mask.*'cubic'"):
        load_profile(PROFILE, {"optics.phase_mask": "cubic"})
    with pytest.raises(ProfileError, match="mode is 'confocal'"):
        load_profile(PROFILE, {"optics.phase_mask": "double-helix", "optics.mode": "confocal"})


def test_a_sample_that_is_no_beads_is_refused():
    profile = load_profile(
        PROFILE, {"optics.phase_mask": "double-helix", "specimen.kind": "filaments"}
    )
    with pytest.raises(MicroscopeError, match=r"phase mask.*beads"), open_microscope(profile):
        pass


def test_each_mask_has_a_cache_of_its_own_and_none_keeps_the_old_one():
    known = [2, 0.75, 1.0, 1.33, 20.0, 584.0, 0.325]
    assert optics_key(CLEAR) == known
    assert optics_key(CLEAR.model_copy(update={"mask_range_um": 5.0})) == known
    keys = [optics_key(HELIX.model_copy(update={"mask_range_um": r})) for r in (10.0, 20.0)]
    assert all(a != b for a, b in itertools.combinations([known, *keys], 2))
