"""Text written into pictures, with a font that knows the signs of this field."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import ImageFont

INK = (232, 232, 232)


def text_size(text: str, size_px: int) -> tuple[int, int]:
    """Height and width in pixels that a line of ``text`` takes."""
    left, top, right, bottom = _font(size_px).getbbox(text)
    return int(bottom - min(top, 0)), int(right - min(left, 0))


def write_text(picture: NDArray[np.uint8], text: str, at: tuple[int, int], size_px: int) -> None:
    """Write a line of light text into ``picture`` ``(Y, X, 3)``, its upper left corner ``at``.

    What lies beyond the edges is left out.
    """
    if not text:
        return
    mask, offset = _font(size_px).getmask2(text, mode="L")
    width, height = mask.size
    cover = np.asarray(mask, dtype=np.float32).reshape(height, width, 1) / 255
    top, left = max(at[0] + int(offset[1]), 0), max(at[1] + int(offset[0]), 0)
    target = picture[top : top + height, left : left + width]
    cover = cover[: target.shape[0], : target.shape[1]]
    mixed = target + (np.array(INK, np.float32) - target) * cover
    target[...] = mixed.astype(np.uint8)


@lru_cache(maxsize=8)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib: Pillow's own font has neither µ nor −."""
    import matplotlib as mpl  # both heavy: only where text is written
    from PIL import ImageFont

    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size_px)
