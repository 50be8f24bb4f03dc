"""The same nucleus under a confocal and a wide-field microscope."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.crossmodal import align_stacks
from deepz_live.image.metrics import correlation
from deepz_live.session.stack import read_stack

PIXEL_UM, STEP_UM = 0.512, 0.499


def test_nucleus_is_found_about_two_planes_and_three_and_a_half_pixels_away(data_dir):
    path = data_dir / "neubias_dna_confocal_widefield_pair.tif"
    confocal, wide = (read_stack(path, PIXEL_UM, STEP_UM, channel=c).voxels for c in (0, 1))
    found = align_stacks(
        confocal,
        wide,
        moving_step_um=STEP_UM,
        fixed_step_um=STEP_UM,
        moving_pixel_um=PIXEL_UM,
        fixed_pixel_um=PIXEL_UM,
    )
    assert 2.0 < found.z_shift_um / STEP_UM < 2.5
    assert np.hypot(*found.shift_px) == pytest.approx(3.5, abs=0.5)
    assert found.score > 0.7
    applied = found.apply(confocal, wide.shape)
    nucleus = np.s_[14:24, 48:86, 36:86]
    after = correlation(applied[nucleus], wide[nucleus])
    assert after > correlation(confocal[nucleus], wide[nucleus]) + 0.1
