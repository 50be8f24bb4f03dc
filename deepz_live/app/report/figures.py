"""Drawing for the report: colours that the colour-blind can tell apart, pictures as PNG bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

# Okabe and Ito's palette.
COLOURS = {
    "refocused": "#0072B2",
    "baseline": "#E69F00",
    "mean": "#999999",
    "same_depth": "#D55E00",
    "deconvolved": "#009E73",
    "scan": "#000000",
    "rescaled": "#CC79A7",
}
MARKERS = {
    "refocused": "o",
    "baseline": "s",
    "mean": "^",
    "same_depth": "P",
    "deconvolved": "D",
    "scan": "x",
    "rescaled": "v",
}
NAMES = {
    "refocused": "this model",
    "baseline": "input as it is",
    "mean": "mean of the scan",
    "same_depth": "frames' modality, same depth",
    "deconvolved": "known PSF",
    "scan": "mechanical scan",
}
DPI = 110
Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curves(
    panels: Sequence[tuple[str, Curves]],
    x_label: str,
    *,
    log_x: bool = False,
    columns: int = 2,
    from_zero: Sequence[str] | None = None,
    names: Mapping[str, str] = NAMES,
) -> bytes:
    """One panel a score; ``panels`` are (title, answer → (x, y)); None: all start from zero."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.1 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, (title, lines) in zip(axes.flat, panels, strict=False):
        for name, (x, y) in lines.items():
            axis.plot(
                x, y, color=COLOURS.get(name), marker=MARKERS.get(name, "."), markersize=4,
                linewidth=2.2 if name == "refocused" else 1.3, label=names.get(name, name),
            )  # fmt: skip
        _finish(axis, title, x_label)
        if log_x:
            axis.set_xscale("log", base=2)
        if from_zero is None or title in from_zero:
            axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    axes.flat[0].legend(fontsize=8, frameon=False)
    return png(figure)


def histograms(
    panels: Sequence[tuple[str, str, Mapping[str, NDArray[np.float64]]]], bins: int = 24
) -> bytes:
    """Side by side; ``panels`` are (title, x label, answer → values). Medians as lines."""
    figure = Figure(figsize=(5.0 * len(panels), 3.2), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, label, groups) in zip(axes, panels, strict=True):
        values = np.concatenate([v[np.isfinite(v)] for v in groups.values()] or [np.empty(0)])
        if not len(values):
            axis.set_axis_off()
            continue
        edges = np.linspace(0, float(np.quantile(values, 0.98)) * 1.1, bins + 1)
        for name, found in groups.items():
            found = found[np.isfinite(found)]
            if not len(found):
                continue
            shown = np.minimum(found, edges[-1] * 0.999)
            colour = COLOURS.get(name)
            axis.hist(
                shown, edges, weights=np.full(len(shown), 100 / len(shown)), histtype="stepfilled",
                alpha=0.3, color=colour,
            )  # fmt: skip
            axis.hist(
                shown, edges, weights=np.full(len(shown), 100 / len(shown)), histtype="step",
                color=colour, label=f"{NAMES.get(name, name)} ({len(found)})",
            )  # fmt: skip
            axis.axvline(float(np.median(found)), color=colour, linestyle="--", linewidth=1)
        _finish(axis, title, label)
        axis.set_ylabel("% of beads")
        axis.legend(fontsize=8, frameon=False)
    return png(figure)


def image_rows(
    rows: Sequence[tuple[str, Sequence[tuple[str, NDArray[np.floating]]]]],
    *,
    pixel_size_um: float,
    root: bool,
    bar_um: float | None = None,
) -> bytes:
    """Rows of grey images on black, each row scaled by its third image (the truth).

    A row of one image is scaled by the last row's.
    """
    shape = rows[0][1][0][1].shape
    count = len(rows[0][1])
    width = max(2.7 * count, 8.0)
    figure = Figure(
        figsize=(width, (width / count * shape[0] / shape[1] + 0.32) * len(rows)),
        facecolor="black",
        layout="constrained",
    )
    axes = figure.subplots(len(rows), count, squeeze=False)
    for line, (label, images) in zip(axes, rows, strict=True):
        reference = images[2][1] if count > 2 else rows[-1][1][0][1]
        top = float(np.quantile(reference, 0.9995))
        for axis, (title, image) in zip(line, images, strict=True):
            show(axis, image, top, root=root)
            axis.set_title(title, color="0.85", fontsize=8)
        line[0].set_ylabel(label, color="0.85", fontsize=9)
        if bar_um:
            scale_bar(line[0], shape, bar_um / pixel_size_um, bar_um)
    return png(figure)


def show(axis: Axes, image: NDArray[np.floating], top: float, *, root: bool) -> None:
    """One grey image, 0 … ``top``; ``root``: square-root contrast, for sparse samples."""
    shown = np.clip(np.asarray(image, np.float64) / max(top, 1e-12), 0, 1)
    axis.imshow(np.sqrt(shown) if root else shown, cmap="gray", vmin=0, vmax=1, aspect="auto")
    axis.set_xticks([])
    axis.set_yticks([])


def scale_bar(axis: Axes, shape: tuple[int, ...], length_px: float, length_um: float) -> None:
    """A white bar in the lower left corner, labelled in µm."""
    y, x = 0.93 * shape[0], 0.04 * shape[1]
    axis.plot([x, x + length_px], [y, y], color="white", linewidth=3, solid_capstyle="butt")
    axis.text(x, y - 0.03 * shape[0], f"{length_um:g} µm", color="white", fontsize=8)


def png(figure: Figure) -> bytes:
    """The figure as PNG, without any state of pyplot."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor=figure.get_facecolor())
    return buffer.getvalue()


def _finish(axis: Axes, title: str, x_label: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x_label, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.25)
    spines: Any = axis.spines
    spines[["top", "right"]].set_visible(False)
