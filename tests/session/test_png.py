"""Pictures come back as they were written, and nothing else is written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepz_live.session.png import smaller_png, write_png


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_a_picture_reads_back_pixel_by_pixel(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    write_png(tmp_path / "picture.png", pixels)
    with Image.open(tmp_path / "picture.png") as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), pixels)
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.parametrize(
    "pixels", [np.zeros((5, 7), np.uint16), np.zeros((5, 7, 4), np.uint8), np.zeros(5, np.uint8)]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="of uint8 is wanted"):
        write_png(tmp_path / "picture.png", pixels)


@pytest.mark.parametrize("coloured", [False, True])
def test_a_smaller_picture_keeps_greys_and_a_small_bar_of_colours(
    tmp_path: Path, coloured: bool
) -> None:
    grey = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8)
    pixels = np.stack([grey] * 3, -1)
    if coloured:
        bar = np.linspace(0, 255, 128).astype(np.uint8)
        pixels[:, -4:] = np.stack([bar, 255 - bar, np.full(128, 40, np.uint8)], -1)[:, None]
    write_png(tmp_path / "picture.png", pixels)
    content = (tmp_path / "picture.png").read_bytes()
    with Image.open(io.BytesIO(smaller_png(content))) as image:
        shown = np.asarray(image.convert("RGB")).astype(int)
    off = np.abs(shown - pixels)
    assert off.max() <= (24 if coloured else 2)
    assert len(np.unique(shown[:, 0, 0])) >= 30
