"""Every surface is written as a text that gives the same surface back."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.image.dpm import Cylinder, Sinusoid, SurfaceError, Tilt, Uniform
from deepz_live.image.free import Free
from deepz_live.image.points import Points
from deepz_live.image.surface_text import parse_surface, surface_text

SIX = ((0.1, -9, -9), (0, -9, 9), (1, 9, -9), (2.25, 9, 9), (0, 0, 1), (1, 1 / 3, -4))
SURFACES = [
    Uniform(-3.5),
    Tilt(1.5, -1 / 3, 2.0),
    Cylinder(-7.2, 30.0, 0.25),
    Sinusoid(32.0, 4.0, 90.0, -1.0),
    *(Points(SIX, fit) for fit in ("plane", "quadratic", "thin-plate")),
    Free(((0.0, 1.25, 2.0), (0.5, -0.001, 3.0)), 8.0),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface_text(surface)[:12])
def test_a_surface_comes_back_from_its_text(surface):
    back = parse_surface(surface_text(surface))
    assert back == surface
    assert back.dpm((30, 40), 0.5) == pytest.approx(surface.dpm((30, 40), 0.5))


def test_a_surface_of_another_kind_has_no_text():
    class Other:
        def dpm(self, shape, pixel_size_um):
            return np.zeros(shape, np.float32)

    with pytest.raises(SurfaceError, match="Other has no text"):
        surface_text(Other())


@pytest.mark.parametrize(
    "text",
    ["", "plane:3", "uniform:", "uniform:a", "uniform:1,2", "tilt:1", "tilt:nan,0", "cylinder:0",
     "sine:0,4", "sine:32", "points:1,2,3;1,2,4", "quadratic:1,2,3;1,2,4;3,3,3", "free:8",
     "free:0;1,2;3,4", "free:8;1,2;3", "uniform"],
)  # fmt: skip
def test_what_is_no_surface_is_refused_in_a_sentence_that_names_the_forms(text):
    with pytest.raises(SurfaceError, match=r"uniform:Z.*tilt:AX,AY.*cylinder:D.*sine:.*points:"):
        parse_surface(text)
