"""The surface that a text asks for, where it may also be found in the frame itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.auto_surface import auto_surface
from deepz_live.image.dpm import Surface, SurfaceError
from deepz_live.image.surface_fit import FIT_KINDS, FitKind
from deepz_live.image.surface_text import parse_surface
from deepz_live.refocus.engine import Engine

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Auto:
    """The surface on which the frame's structures are sharpest, with the most bending wanted."""

    fit: FitKind = "quadratic"


def read_choice(asked: str | Surface) -> Surface | Auto:
    """What ``"tilt:1.5,0"``, ``"auto"`` or ``"auto:plane"`` asks for; a surface stays itself.

    Raises
    ------
    SurfaceError
        No such surface, no such fit.
    """
    if not isinstance(asked, str):
        return asked
    kind, _, wanted = asked.strip().lower().partition(":")
    if kind != AUTO:
        return parse_surface(asked)
    for fit in FIT_KINDS:
        if fit == (wanted or Auto().fit):
            return Auto(fit)
    raise SurfaceError(
        f"Surface {asked!r} cannot be read; use {AUTO} or {AUTO}:FIT with one of the fits "
        f"{', '.join(FIT_KINDS)}."
    )


def surface_in(choice: Surface | Auto, engine: Engine, pixels: NDArray[np.generic]) -> Surface:
    """``choice``, or the surface found in the virtual stack of camera counts ``(Y, X)``.

    Raises
    ------
    SurfaceError
        The frame shows nothing that a surface could rest on.
    RefocusError
        The network fails.
    """
    if not isinstance(choice, Auto):
        return choice
    facts = engine.bundle.facts
    planes = engine.volume(pixels)
    return auto_surface(planes, facts.z_planes_um, facts.pixel_size_um, choice.fit).surface
