"""Surfaces by text, and the warning where a model cannot follow one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from deepz_live.app.surfaces.choose import Auto, read_choice, surface_in
from deepz_live.app.surfaces.slope import slope_warning
from deepz_live.image.dpm import Sinusoid, SurfaceError, Tilt, Uniform
from deepz_live.model.bundle import shipped_bundle

Z_UM = tuple(float(z) for z in np.arange(-8.0, 8.1, 1.0))
SHAPE, PIXEL_UM = (128, 128), 0.325


class Engine:
    """Sees a pattern that is sharpest at 3 µm, whatever the frame."""

    bundle = SimpleNamespace(facts=SimpleNamespace(z_planes_um=Z_UM, pixel_size_um=PIXEL_UM))

    def volume(self, pixels):
        smooth = 1000 * gaussian_filter(np.random.default_rng(0).normal(0, 1, SHAPE), 2.0)
        fade = np.exp(-0.5 * ((np.array(Z_UM) - 3.0) / 2) ** 2)
        return (500 + fade[:, None, None] * smooth).astype(np.float32)


def test_auto_finds_the_depth_of_the_frame_and_texts_stay_what_they_are():
    assert read_choice("tilt:1.5,0") == Tilt(1.5, 0)
    assert read_choice(Uniform(2.0)) == Uniform(2.0)
    choice = read_choice(" Auto:plane")
    assert choice == Auto("plane")
    found = surface_in(choice, Engine(), np.zeros(SHAPE)).dpm(SHAPE, PIXEL_UM)
    np.testing.assert_allclose(found, 3.0, atol=0.3)


def test_a_fit_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(SurfaceError, match="plane, quadratic, thin-plate"):
        read_choice("auto:cubic")


def facts(**changes):
    return shipped_bundle().facts.model_copy(update=changes)


def test_a_model_without_a_report_is_trusted_as_far_as_the_papers():
    unmeasured = facts(evidence={})
    slow, quick = (Sinusoid(period, 4.0).dpm((64, 512), PIXEL_UM) for period in (33.0, 20.0))
    assert slope_warning(slow, PIXEL_UM, unmeasured) is None
    warning = slope_warning(quick, PIXEL_UM, unmeasured)
    assert warning is not None
    assert "rises 1.3 µm per µm" in warning
    assert "follows 0.79 (waves of 32 µm" in warning
    assert "from the paper" in warning


def test_a_models_own_report_counts_before_the_paper_and_the_place_is_named():
    dpm = np.zeros((64, 64), np.float32)
    dpm[20:, :] = 9.0
    assert slope_warning(np.zeros((64, 64)), PIXEL_UM, facts()) is None
    warning = slope_warning(dpm, PIXEL_UM, facts())
    assert warning is not None
    assert "row 19" in warning
    assert "from its own report" in warning
    followed = facts(evidence={"sinusoid": {"followed_from_um": 64.0}})
    gentle = Tilt(25.0, 0.0).dpm((64, 64), PIXEL_UM)
    assert "waves of 64 µm" in (slope_warning(gentle, PIXEL_UM, followed) or "")
    assert slope_warning(gentle, PIXEL_UM, facts()) is None
