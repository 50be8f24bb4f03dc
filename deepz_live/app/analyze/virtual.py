"""Virtual stacks of the frames of a session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.refocus_file import refocused
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import check_recorded, same_pixel_size
from deepz_live.refocus.engine import Engine
from deepz_live.session.reader import Session

REACH_UM, STEP_UM = 10.0, 0.5
"""Planes of the paper's stacks: -10 … 10 µm in steps of 0.5 µm."""


def distances(
    bundles: Sequence[Bundle], reach_um: float = REACH_UM, step_um: float = STEP_UM
) -> tuple[float, ...]:
    """Planes, µm, evenly spaced through 0, as far as all ``bundles`` and ``reach_um`` go.

    Raises
    ------
    AnalysisError
        Reach or step are not above zero, or no bundle reaches beyond one step.
    """
    if not (reach_um > 0 and step_um > 0):
        raise AnalysisError(
            f"Planes to ±{reach_um:g} µm in steps of {step_um:g} µm make no stack; give two "
            "numbers above 0."
        )
    low = max(-reach_um, *(bundle.facts.z_range_um[0] for bundle in bundles))
    high = min(reach_um, *(bundle.facts.z_range_um[1] for bundle in bundles))
    first, last = int(np.ceil(low / step_um - 1e-6)), int(np.floor(high / step_um + 1e-6))
    if last - first < 1:
        raise AnalysisError(
            f"The model's {low:g} … {high:g} µm hold no stack in steps of {step_um:g} µm; give a "
            "smaller step."
        )
    return tuple(float(k * step_um) for k in range(first, last + 1))


def check(session: Session, bundle: Bundle, channel: str) -> tuple[str, ...]:
    """Refuse another pixel size; returns what else differs from the training, in sentences.

    The channel's first and middle frame are looked at, too.

    Raises
    ------
    AnalysisError, SessionError
        The session's pixels are not the model's; a frame cannot be read.
    """
    info, wanted = session.info, bundle.facts.pixel_size_um
    if not same_pixel_size(info.pixel_size_um, wanted):
        raise AnalysisError(
            f"Session {session.folder} has pixels of {info.pixel_size_um:.4g} µm, but bundle "
            f"{bundle.name} was trained at {wanted:.4g} µm; use a bundle for this magnification "
            "and binning."
        )
    return check_recorded(
        bundle, session, [i for i, facts in enumerate(session.facts) if facts.channel == channel]
    )


def virtual_stack(
    engine: Engine, pixels: NDArray[np.generic], planes_um: tuple[float, ...]
) -> NDArray[np.float32]:
    """``(Z, Y, X)`` float32 counts at ``planes_um`` of one frame ``(Y, X)``."""
    return refocused(engine, pixels, planes_um)
