"""What is measured on: a stack, one image, or one frame of a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.check import check_frame, same_pixel_size
from deepz_live.refocus.engine import Engine
from deepz_live.session.errors import StackError
from deepz_live.session.manifest import is_session
from deepz_live.session.reader import read_session
from deepz_live.session.stack import read_image, read_stack
from deepz_live.stream.frame import Frame, StreamInfo

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """A stack to measure.

    Attributes
    ----------
    name
        Of the file or folder.
    voxels
        ``(Z, Y, X)`` counts.
    pixel_size_um, z_step_um
        Sampling.
    inferred
        Whether a network made the planes.
    """

    name: str
    voxels: NDArray[Any]
    pixel_size_um: float
    z_step_um: float
    inferred: bool


def read_planes(
    path: Path,
    engine: Engine | None = None,
    *,
    frame: int = 0,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    note: Note = lambda _: None,
) -> Planes:
    """A stack as it is, or the virtual stack that ``engine`` makes of one frame of a session.

    ``note`` gets warnings about that frame.

    Raises
    ------
    StackError, SessionError, AnalysisError, RefocusError
        The file cannot be read; a session without a model, or of another pixel size.
    """
    if not is_session(path):
        stack = read_stack(path, pixel_size_um, z_step_um)
        return Planes(path.name, stack.voxels, stack.pixel_size_um, stack.z_step_um, False)
    if engine is None:
        raise AnalysisError(
            f"{path} is a recording of single planes; give the model that makes stacks of them "
            "with --model."
        )
    pixels, _ = read_frame(path, engine.bundle, frame, note=note)
    distances = engine.bundle.facts.z_planes_um
    step = float(np.diff(distances)[0])
    size = engine.bundle.facts.pixel_size_um
    return Planes(f"{path.name}, frame {frame}", engine.volume(pixels), size, step, True)


def read_frame(
    path: Path, bundle: Bundle, frame: int = 0, *, note: Note = lambda _: None
) -> tuple[NDArray[Any], str]:
    """One image ``(Y, X)`` and its name: of an image file, or the ``frame``-th of a session.

    ``note`` gets sentences: what was assumed, and in what the frame is not like the training's.

    Raises
    ------
    StackError, SessionError, AnalysisError
        It cannot be read, or its pixels are not the model's.
    """
    own_um = bundle.facts.pixel_size_um
    info: StreamInfo | None = None
    if is_session(path):
        session = read_session(path)
        seen, name = session.frame(frame), f"{path.name}, frame {frame}"
        size = session.info.pixel_size_um
        info = replace(session.info, channel=seen.channel, exposure_ms=seen.exposure_ms)
    else:
        pixels, found = read_image(path)
        seen, size, name = Frame(pixels, 0, 0.0, 0.0, 0.0, ""), found or own_um, path.name
        if not found:
            note(
                f"Warning: {name} does not say its pixel size, and the model's {own_um:.4g} µm is "
                "assumed; save it with the right one if that is another."
            )
    if not same_pixel_size(size, own_um):
        raise AnalysisError(
            f"{name} has pixels of {size:.4g} µm, but bundle {bundle.name} was trained at "
            f"{own_um:.4g} µm; use a model trained at its pixel size."
        )
    for warning in check_frame(bundle, seen, info):
        note(f"Warning: {name}: {warning}")
    return seen.pixels, name


def is_stack(path: Path) -> bool:
    """Whether ``path`` is an image file of several planes."""
    if is_session(path):
        return False
    try:
        read_image(path)
    except StackError:
        read_stack(path)  # says what is wrong where it is neither
        return True
    return False
