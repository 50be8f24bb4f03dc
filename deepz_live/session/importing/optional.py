"""Readers of makers' formats, used where they are installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from deepz_live.session.errors import StackError


def reader_package(name: str, path: Path, install: str | None = None) -> Any:
    """The module ``name``.

    Raises
    ------
    StackError
        It is not installed; the sentence says what to install for ``path``.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = install or name
        raise StackError(
            f"{path} needs the reader {package}, which is not installed ({error}); install it "
            f"with `pip install {package}`, or save the stack as OME-TIFF."
        ) from error


def unreadable(path: Path, error: Exception) -> StackError:
    """The sentence for a file that its reader refuses."""
    return StackError(
        f"{path} could not be read ({type(error).__name__}: {error}); copy it again from where it "
        "was recorded, or save it as OME-TIFF."
    )


def length_um(value: object, um_per_unit: float = 1.0) -> float | None:
    """A size from a file in µm; None where there is none or it is not positive."""
    if isinstance(value, (int, float)) and value > 0:
        return float(value) * um_per_unit
    return None
