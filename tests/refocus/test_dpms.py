"""Surfaces that stay are worked out once, others anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepz_live.refocus.dpms import REMEMBERED, Dpms


@dataclass(frozen=True)
class Counted:
    z_um: float
    made: list = None

    def dpm(self, shape, pixel_size_um):
        self.made.append(self.z_um)
        return np.full(shape, self.z_um, np.float32)

    def __hash__(self):
        return hash(self.z_um)


def test_a_surface_is_made_once_for_frames_of_one_size():
    made, dpms = [], Dpms()
    for _ in range(3):
        assert dpms.of(Counted(1.0, made), (4, 5), 0.5)[0, 0] == 1.0
    assert made == [1.0]
    assert dpms.of(Counted(1.0, made), (5, 4), 0.5).shape == (5, 4)
    assert made == [1.0, 1.0]


def test_only_the_last_few_are_kept():
    made, dpms = [], Dpms()
    for z_um in (1.0, *range(2, REMEMBERED + 2), 1.0):
        dpms.of(Counted(float(z_um), made), (4, 5), 0.5)
    assert made.count(1.0) == 2
