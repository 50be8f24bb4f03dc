"""Answers that need no network: what the known optics can make of a single frame.

For a target ``dz`` above the frame's plane, either the sample is taken to lie in the target plane:
then the frame is deconvolved with the PSF of a sample ``dz`` above the focal plane
(decision 0001: it shows ``psf(+dz)``), and may be seen in focus again through ``psf(0)``. Or the
sample is taken to lie in the frame's plane: then the frame is blurred as the target would show it,
by ``psf(-dz)``. Which one, and how many steps, is tuned for each distance and direction on some
planes of the very stack that is measured. That favours this answer: at the microscope nobody has
the stack or knows the direction; so a model that is ahead of it is ahead of any fair tuning.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated.bead_images import bead_images
from deepz_live.analysis.deconvolution import blurred, richardson_lucy
from deepz_live.config import Optics

Image = NDArray[np.float32]
Key = tuple[float, bool]
"""Refocus distance in µm, and whether the target is sharper than the frame."""

STEPS = (4, 8, 16, 32)
REACH_UM = 30.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """``steps`` of Richardson-Lucy (0: blur instead); ``seen``: through the lens in focus again."""

    steps: int
    seen: bool = False

    def __str__(self) -> str:
        if self.steps == 0:
            return "blurred by the PSF"
        return f"{self.steps} steps" + (", seen in focus again" if self.seen else "")


RECIPES = (Recipe(0), *(Recipe(steps, seen) for steps in STEPS for seen in (False, True)))


@dataclass(frozen=True)
class Example:
    """A frame, the distance to its target, and the target; ``(Y, X)`` normalised."""

    image: Image
    distance_um: float
    sharper: bool
    target: Image


class KnownPsf:
    """Deconvolution with the optics' own PSF.

    Raises
    ------
    MicroscopeError
        The optics cannot be modelled.
    """

    def __init__(self, optics: Optics, pixel_size_um: float) -> None:
        self._images = bead_images(optics.model_copy(update={"pixel_size_um": pixel_size_um}))
        self._pixel = pixel_size_um
        self._psf = functools.lru_cache(maxsize=64)(self._make)

    def psf(self, height_um: float) -> Image:
        """``(P, P)`` float32, sum 1: a point ``height_um`` above the focal plane."""
        return self._psf(round(height_um, 4))

    def answer(self, image: Image, distance_um: float, recipe: Recipe) -> Image:
        """What ``recipe`` makes of ``image`` ``(Y, X)`` (background 0) at ``distance_um``."""
        return self.answers(image, distance_um, (recipe,))[recipe]

    def answers(
        self, image: Image, distance_um: float, recipes: Iterable[Recipe] = RECIPES
    ) -> dict[Recipe, Image]:
        """:meth:`answer` for several recipes at the price of the longest."""
        recipes = tuple(recipes)
        made: dict[Recipe, Image] = {}
        steps = sorted({recipe.steps for recipe in recipes if recipe.steps})
        restored: dict[int, Image] = {}
        if steps:
            images = richardson_lucy(image, self.psf(distance_um), steps)
            restored = dict(zip(steps, images, strict=True))
        for recipe in recipes:
            if recipe.steps == 0:
                made[recipe] = blurred(image, self.psf(-distance_um))
            elif recipe.seen:
                made[recipe] = blurred(restored[recipe.steps], self.psf(0.0))
            else:
                made[recipe] = restored[recipe.steps]
        return made

    def _make(self, height_um: float) -> Image:
        reach_um = self._images.reach_at(height_um)
        half = max(3, int(np.ceil(min(reach_um, REACH_UM) / self._pixel)))
        side = 2 * half + 1
        psf = self._images.image(height_um, (side, side), (half, half), self._pixel)
        return np.asarray(psf / psf.sum(), np.float32)


@dataclass(frozen=True)
class Tuned:
    """The recipe for each distance and direction."""

    psf: KnownPsf
    recipes: Mapping[Key, Recipe] = field(default_factory=dict)

    def answer(self, image: Image, distance_um: float, sharper: bool) -> Image:
        """The tuned answer; that of the nearest tuned distance where this one was not met."""
        return self.psf.answer(image, distance_um, self.recipe(distance_um, sharper))

    def recipe(self, distance_um: float, sharper: bool) -> Recipe:
        """Recipe for a distance and direction."""
        known = [key for key in self.recipes if key[1] == sharper]
        if not known:
            return Recipe(STEPS[1]) if sharper else Recipe(0)
        nearest = min(known, key=lambda key: abs(key[0] - distance_um))
        return self.recipes[nearest]


def known_psf(optics: Optics, pixel_size_um: float) -> KnownPsf | None:
    """The optics' PSF; None where these optics cannot be modelled."""
    try:
        return KnownPsf(optics, pixel_size_um)
    except MicroscopeError:
        return None


def tune(psf: KnownPsf, examples: Sequence[Example]) -> Tuned:
    """The recipes with the smallest mean squared error on ``examples``."""
    errors: dict[Key, dict[Recipe, list[float]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        found = errors[example.distance_um, example.sharper]
        for recipe, image in psf.answers(example.image, example.distance_um).items():
            difference = image.astype(np.float64) - example.target
            found[recipe].append(float((difference**2).mean()))
    best = {
        key: min(found, key=lambda recipe: float(np.mean(found[recipe])))
        for key, found in errors.items()
    }
    return Tuned(psf, best)
