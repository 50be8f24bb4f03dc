"""Contour lines lie where the surface has their height, and are few and round."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.coarse import MOST, coarse, contour_heights, contours
from deepz_live.image.dpm import Tilt, Uniform
from deepz_live.image.free import Free


@pytest.mark.parametrize("shape", [(96, 128), (512, 500), (2048, 300)])
def test_few_pixels_stand_for_the_whole_image(shape):
    tilt = Tilt(5.0, -3.0, 1.0)
    found = coarse(tilt, shape, 0.325)
    assert max(found.heights_um.shape) <= MOST
    whole = tilt.dpm(shape, 0.325)
    rows, columns = found.heights_um.shape
    for row, column in [(0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)]:
        y, x = found.pixel(row, column)
        assert 0 <= y <= shape[0] - 1
        assert 0 <= x <= shape[1] - 1
        near = whole[int(y), int(x)]
        assert found.heights_um[row, column] == pytest.approx(near, abs=0.06)


def test_a_contour_of_a_tilt_is_the_straight_line_at_its_height():
    found = coarse(Tilt(5.0, 0.0), (512, 512), 0.325)
    (line,) = contours(found, 2.0)
    wanted = 255.5 + 2.0 / np.tan(np.deg2rad(5)) / 0.325
    assert line[:, 1] == pytest.approx(np.full(len(line), wanted), abs=1.5)
    assert line[:, 0].min() < 4
    assert line[:, 0].max() > 507


def test_heights_are_round_and_about_six():
    assert contour_heights(-4.4, 4.4) == (-4, -2, 0, 2, 4)
    assert contour_heights(0.05, 0.95) == (0.2, 0.4, 0.6, 0.8)
    assert contour_heights(2.0, 2.0) == ()


def test_flat_ground_around_a_drawn_hill_has_no_lines():
    drawn = Free.like(Uniform(0.0), (512, 512), 0.325).raised(0.0, 0.0, 3.0, 25.0)
    found = coarse(drawn, (512, 512), 0.325)
    for height in (0.0, 1.0, 2.0):
        (line,) = contours(found, height)
        assert np.hypot(*(line - 255.5).T).max() < 170
