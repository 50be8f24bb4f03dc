"""A frame before and after it was refocused onto a surface, with the widths of its beads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deepz_live.app.report.figures import COLOURS, png, scale_bar, show

Image = NDArray[np.floating]
WIDEST_UM = 4.0


@dataclass(frozen=True, slots=True)
class BeadPair:
    """A bead of the refocused image: place in pixels, height of the surface there, widths in µm.

    The width in the input is NaN where no Gaussian fits it: too far out of focus.
    """

    y_px: float
    x_px: float
    z_um: float
    input_fwhm_um: float
    refocused_fwhm_um: float


def figure(pixels: Image, made: Image, dpm: Image, beads: list[BeadPair], size_um: float) -> bytes:
    """PNG: input, refocused image and surface; widths before, after, and by height."""
    height, width = made.shape
    share = max(height / width, 0.35)
    whole = Figure(figsize=(13, 3.6 * share + 3.4), layout="constrained")
    upper, lower = whole.subplots(2, 3, height_ratios=(share, 0.6))
    floor, top = (float(np.quantile(made, q)) for q in (0.2, 0.9995))
    for axis, image, title in zip(
        upper, (pixels, made), ("input", "along the surface (inferred)"), strict=False
    ):
        show(axis, np.asarray(image, np.float64) - floor, top - floor, root=True)
        axis.set_title(title, fontsize=10)
        scale_bar(axis, made.shape, 25.0 / size_um, 25.0)
    heights = upper[2].imshow(dpm, cmap="viridis", aspect="auto")
    upper[2].set_title("surface", fontsize=10)
    upper[2].set_xticks([])
    upper[2].set_yticks([])
    whole.colorbar(heights, ax=upper[2], label="µm above the focal plane")
    before = np.array([bead.input_fwhm_um for bead in beads])
    after = np.array([bead.refocused_fwhm_um for bead in beads])
    _widths(lower[0], "input", before, COLOURS["baseline"])
    _widths(lower[1], "along the surface", after, COLOURS["refocused"])
    places = [bead.z_um for bead in beads]
    lower[2].plot(places, before, "s", color=COLOURS["baseline"], markersize=4, label="input")
    lower[2].plot(
        places, after, "o", color=COLOURS["refocused"], markersize=4, label="along the surface"
    )
    lower[2].set_xlabel("height of the surface (µm)", fontsize=8)
    lower[2].set_ylabel("lateral FWHM (µm)", fontsize=8)
    lower[2].set_ylim(0, WIDEST_UM + 1)
    lower[2].legend(fontsize=8, frameon=False)
    return png(whole)


def _widths(axis: Axes, title: str, values: NDArray[np.float64], colour: str) -> None:
    good = values[np.isfinite(values)]
    edges = np.linspace(0, WIDEST_UM, 25).tolist()
    axis.hist(np.minimum(good, 0.999 * WIDEST_UM), edges, color=colour)
    median = f"median {np.median(good):.2f} µm" if len(good) else "no fit"
    axis.set_title(f"{title}: {len(good)} beads, {median}", fontsize=9)
    axis.set_xlabel(f"lateral FWHM (µm; the last bar: {WIDEST_UM:g} and more)", fontsize=8)
