"""Scores are taken where there is something to be seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.report.squares import busiest, central


def field(shape, bright):
    image = np.zeros(shape, np.float32)
    image[bright] = 1.0
    return SimpleNamespace(wanted=lambda _: image, middle=0)


@pytest.mark.parametrize("corner", [(0, 0), (64, 0), (0, 64), (64, 64)])
def test_the_busiest_square_holds_the_sample_wherever_it_lies(corner):
    y, x = corner
    bright = (slice(y + 4, y + 60), slice(x + 4, x + 60))
    box = busiest(field((128, 128), bright), 64)
    assert box == (slice(y, y + 64), slice(x, x + 64))


def test_many_faint_points_count_more_than_one_bright_one():
    image = np.zeros((64, 128), np.float32)
    image[:, :64:4] = 0.25
    image[32, 96] = 20.0
    found = busiest(SimpleNamespace(wanted=lambda _: image, middle=0), 64)
    assert found == (slice(0, 64), slice(0, 64))


def test_without_a_side_or_with_a_large_one_it_is_all_of_it():
    small = field((40, 60), (slice(0, 4), slice(0, 4)))
    assert busiest(small, None) == central((40, 60), None) == (slice(0, 40), slice(0, 60))
    assert busiest(small, 100) == (slice(0, 40), slice(0, 60))
