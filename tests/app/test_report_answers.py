"""What the known PSF can do, and which way up it is."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.acquire.simulated.optics import psf_table
from deepz_live.app.report.answers import Example, KnownPsf, Recipe, known_psf, tune
from deepz_live.config import Optics

PIXEL_UM = 0.325
FAR_UM = 4.0


@pytest.fixture(scope="module")
def psf() -> KnownPsf:
    return KnownPsf(Optics(), PIXEL_UM)


def bead_at(height_um: float, side: int = 128) -> np.ndarray:
    """A bead ``height_um`` above the focal plane as the built-in microscope shows it."""
    middle = (side // 2, side // 2)
    return psf_table(Optics()).image(height_um, (side, side), middle, PIXEL_UM)


@pytest.mark.parametrize("height_um", [FAR_UM, -FAR_UM])
def test_the_right_sign_focuses_a_defocused_bead_and_the_wrong_one_does_worse(
    psf: KnownPsf, height_um: float
):
    seen, focused = bead_at(height_um), bead_at(0.0)
    recipe = Recipe(32, seen=True)
    right = psf.answer(seen, height_um, recipe)
    wrong = psf.answer(seen, -height_um, recipe)
    errors = [float(((image - focused) ** 2).mean()) for image in (right, wrong, seen)]
    assert errors[0] < 0.7 * errors[1]
    assert errors[0] < 0.7 * errors[2]


def test_a_focused_bead_is_blurred_as_a_plane_above_it_shows_it(psf: KnownPsf):
    # Seen from a focal plane 4 µm higher, the bead lies 4 µm below it.
    target = bead_at(-FAR_UM)
    likeness = [
        np.corrcoef(psf.answer(bead_at(0.0), dz, Recipe(0)).ravel(), target.ravel())[0, 1]
        for dz in (FAR_UM, -FAR_UM)
    ]
    assert likeness[0] > 0.95
    assert likeness[0] > likeness[1]


def test_tuning_takes_blur_out_of_focus_and_deconvolution_into_it(psf: KnownPsf):
    examples = [
        Example(bead_at(FAR_UM), FAR_UM, True, bead_at(0.0)),
        Example(bead_at(0.0), FAR_UM, False, bead_at(-FAR_UM)),
    ]
    tuned = tune(psf, examples)
    assert tuned.recipe(FAR_UM, sharper=True).steps > 0
    assert tuned.recipe(FAR_UM, sharper=False).steps == 0
    assert tuned.recipe(FAR_UM - 0.5, sharper=True) == tuned.recipe(FAR_UM, sharper=True)


def test_optics_that_cannot_be_modelled_leave_the_answer_out():
    assert known_psf(Optics(na=1.4, immersion_index=1.0), PIXEL_UM) is None
