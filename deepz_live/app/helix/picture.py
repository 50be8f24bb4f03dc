"""The picture of the comparison: frames, what they become, and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deepz_live.app.helix.scenes import Mask
from deepz_live.app.report.figures import png, scale_bar, show
from deepz_live.image.metrics import correlation

SIDE_PX = 200
BAR_UM = 10.0
Image = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shown:
    """One frame ``(Y, X)``, ``defocus_um`` above the beads; refocused onto them; and the truth."""

    defocus_um: float
    frame: Image
    refocused: Image
    truth: Image


def picture(shown: Mapping[Mask, Sequence[Shown]], pixel_um: float) -> bytes:
    """A row a defocus: clear pupil's frame and result, truth, double helix's result and frame.

    Frames are stretched each by itself, results and truth alike and by the square root.
    """
    rows = list(zip(shown["none"], shown["double-helix"], strict=True))
    figure = Figure(figsize=(13.5, 2.75 * len(rows)), facecolor="black", layout="constrained")
    axes = figure.subplots(len(rows), 5, squeeze=False)
    for line, (clear, helix) in zip(axes, rows, strict=True):
        truth = _middle(clear.truth)
        floor = float(np.median(truth))
        top = float(np.quantile(truth, 0.9995)) - floor
        for axis, one, title, own in (
            (line[0], clear.frame, "clear pupil: frame", True),
            (line[1], clear.refocused, _title("refocused (inferred)", clear), False),
            (line[2], clear.truth, "truth: in focus", False),
            (line[3], helix.refocused, _title("refocused (inferred)", helix), False),
            (line[4], helix.frame, "double helix: frame", True),
        ):
            image = _middle(one) - (float(np.quantile(_middle(one), 0.02)) if own else floor)
            show(axis, image, float(np.quantile(image, 0.999)) if own else top, root=not own)
            axis.set_title(title, color="0.85", fontsize=8)
        line[0].set_ylabel(f"{clear.defocus_um:+g} µm", color="0.85", fontsize=9)
        scale_bar(line[0], truth.shape, BAR_UM / pixel_um, BAR_UM)
    return png(figure)


def _title(text: str, one: Shown) -> str:
    return f"{text}, corr {correlation(one.refocused, one.truth):.2f}"


def _middle(image: Image) -> Image:
    top, left = ((side - min(side, SIDE_PX)) // 2 for side in image.shape)
    return image[top : top + SIDE_PX, left : left + SIDE_PX]
