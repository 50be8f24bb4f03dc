"""Pictures for people, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_png(
    path: Path, pixels: NDArray[np.uint8], facts: Mapping[str, str] | None = None
) -> None:
    """Write a picture: ``(Y, X)`` uint8 grey values, or ``(Y, X, 3)`` red, green, blue.

    ``facts`` are written into the file as texts.

    Raises
    ------
    ValueError
        Another shape or dtype.
    """
    if pixels.dtype != np.uint8 or not (
        pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    ):
        raise ValueError(
            f"Could not write {path}: a picture of shape {pixels.shape} and type {pixels.dtype} "
            "was given; (Y, X) or (Y, X, 3) of uint8 is wanted."
        )
    from PIL import Image  # heavy: only where a picture is written
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    for key, text in (facts or {}).items():
        texts.add_itxt(key, text)
    part = path.with_name(path.name + ".part")
    Image.fromarray(np.ascontiguousarray(pixels)).save(part, format="PNG", pnginfo=texts)
    part.replace(path)


def smaller_png(content: bytes) -> bytes:
    """A PNG for a page that is passed on: 64 greys where it is all grey, else 256 colours.

    Colours are taken by their spread, not by how often they occur, so that a colour bar beside a
    large grey picture stays one.
    """
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        colours = image.convert("RGB")
    pixels = np.asarray(colours)
    if (pixels == pixels[..., :1]).all():
        few = Image.fromarray(pixels[..., 0] & 0xFC | 0x02)
    else:
        few = colours.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
