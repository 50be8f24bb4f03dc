"""The figure of neurons, as the paper's Fig. 3: where they are, how deep, what they do."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deepz_live.app.analyze.neuron_colours import QUIET, colour
from deepz_live.app.analyze.neuron_files import Finding
from deepz_live.app.report.figures import png

BARS_UM = (5.0, 10.0, 25.0, 50.0, 100.0)
MARGIN_UM = 6.0
TICKS = 6
"""Along the longer side of the places; a narrow worm has room for two or three along the other."""


def figure(finding: Finding) -> bytes:
    """PNG: projection with circles, places by depth (where it is known), traces by group."""
    groups = max(finding.activity.k, 1)
    columns = min(groups, 3)
    rows = -(-groups // columns)
    whole = Figure(figsize=(12.5, 5.6 + 2.5 * rows), layout="constrained")
    halves: Any = whole.subfigures(2, 1, height_ratios=(5.6, 2.5 * rows))
    upper, lower = halves
    deep = bool(np.isfinite(finding.positions_um[:, 0]).all()) and len(finding) > 0
    left, right = upper.subfigures(1, 2, width_ratios=(1.15, 1.0))
    _projection(left.subplots(), finding, deep)
    if deep:
        _places(right, finding)
    else:
        _sizes(right.subplots(), finding)
    axes = lower.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for number, axis in enumerate(axes.flat, start=1):
        _traces(axis, finding, number)
    for axis in axes[-1]:
        axis.set_xlabel("time (s)", fontsize=9)
    for axis in axes[:, 0]:
        axis.set_ylabel("ΔF / F₀", fontsize=9)
    return png(whole)


def _projection(axis: Axes, finding: Finding, deep: bool) -> None:
    image, pixel = finding.projection, finding.pixel_size_um
    low, high = np.quantile(image, (0.02, 0.998))
    shown = np.sqrt(np.clip((image - low) / max(float(high - low), 1e-12), 0, 1))
    axis.imshow(shown, cmap="gray", vmin=0, vmax=1)
    places = finding.positions_um[:, 1:] / pixel
    acts = finding.activity
    for number in (0, *range(acts.k, 0, -1)):
        chosen = acts.cluster == number
        axis.scatter(
            places[chosen, 1], places[chosen, 0], s=46 if number else 24, facecolors="none",
            edgecolors=colour(number), linewidths=1.5 if number else 0.7,
            label=_name(number, int(chosen.sum())),
        )  # fmt: skip
    _crop(axis, finding)
    axis.set_xticks([])
    axis.set_yticks([])
    what = "maximum along z of the virtual stack (inferred)" if deep else "raw frames, 2D"
    alone = int((acts.active & (acts.cluster == 0)).sum())
    active = f"{int(acts.active.sum())} active" + (
        f", {alone} of them in no group" if alone else ""
    )
    axis.set_title(f"{len(finding)} neurons, {active}\n{what}, median over time", fontsize=10)
    # The quiet are drawn first and named last.
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(
        [*handles[:0:-1], handles[0]], [*labels[:0:-1], labels[0]],
        fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=4, frameon=False,
    )  # fmt: skip


def _crop(axis: Axes, finding: Finding) -> None:
    """To where the neurons are, with a scale bar about a fifth as wide."""
    height, width = finding.projection.shape
    low, high = np.zeros(2), np.array([height - 1.0, width - 1.0])
    if len(finding):
        margin = MARGIN_UM / finding.pixel_size_um
        places = finding.positions_um[:, 1:] / finding.pixel_size_um
        low = np.maximum(low, places.min(axis=0) - margin)
        high = np.minimum(high, places.max(axis=0) + margin)
    axis.set_xlim(low[1], high[1])
    axis.set_ylim(high[0], low[0])
    span_um = float(high[1] - low[1]) * finding.pixel_size_um
    bar_um = max((bar for bar in BARS_UM if bar <= span_um / 3.5), default=BARS_UM[0])
    bar_px = bar_um / finding.pixel_size_um
    x, y = low[1] + 0.04 * (high[1] - low[1]), high[0] - 0.05 * (high[0] - low[0])
    axis.plot([x, x + bar_px], [y, y], color="white", linewidth=3, solid_capstyle="butt")
    axis.text(x, y - 0.02 * (high[0] - low[0]), f"{bar_um:g} µm", color="white", fontsize=8)


def _places(parent: Any, finding: Finding) -> None:
    axis = parent.add_subplot(projection="3d")
    z, y, x = finding.positions_um.T
    dots = axis.scatter(x, y, z, c=z, cmap="viridis", s=22, depthshade=False)
    axis.set_xlabel("x (µm)", fontsize=8)
    axis.set_ylabel("y (µm)", fontsize=8)
    axis.set_zlabel("z (µm)", fontsize=8)
    axis.invert_yaxis()  # as in the image: y runs down
    axis.tick_params(labelsize=7)
    spans = [max(float(np.ptp(values)), 1.0) for values in (x, y, z)]
    axis.set_box_aspect((spans[0], spans[1], max(spans[2], max(spans) / 4)))
    for side, span in ((axis.xaxis, spans[0]), (axis.yaxis, spans[1])):
        side.set_major_locator(MaxNLocator(max(2, round(TICKS * span / max(spans)))))
    axis.view_init(elev=32, azim=-62)
    axis.set_title("Where they are; colour: height above the focal plane", fontsize=10)
    parent.colorbar(dots, ax=axis, shrink=0.6, pad=0.1, label="z (µm)")


def _sizes(axis: Axes, finding: Finding) -> None:
    """What raw frames can tell instead of depth: nothing but how active each neuron is."""
    values = finding.activity.deviation
    axis.hist(values[np.isfinite(values)], bins=30, color=QUIET)
    axis.axvline(finding.activity.threshold, color="black", linestyle="--", linewidth=1)
    axis.set_xlabel("standard deviation of ΔF / F₀", fontsize=9)
    axis.set_ylabel("neurons", fontsize=9)
    axis.set_title("Raw frames tell no depth. Dashed: active above this", fontsize=10)


def _traces(axis: Axes, finding: Finding, number: int) -> None:
    acts = finding.activity
    members = np.flatnonzero(acts.cluster == number)
    if number > acts.k:
        axis.text(
            0.5, 0.5, "too few active neurons to be grouped" if number == 1 else "",
            ha="center", transform=axis.transAxes, fontsize=9,
        )  # fmt: skip
        axis.set_axis_off()
        return
    for member in members:
        axis.plot(
            finding.times_s, acts.relative[member], color=colour(number), linewidth=0.6, alpha=0.5
        )
    mean = acts.relative[members].mean(axis=0)
    axis.plot(finding.times_s, mean, color="black", linewidth=1.6)
    axis.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    axis.set_title(f"{_name(number, len(members))}; black: their mean", fontsize=9)
    axis.tick_params(labelsize=8)
    spines: Any = axis.spines
    spines[["top", "right"]].set_visible(False)


def _name(number: int, count: int) -> str:
    return f"C{number}: {count} neurons" if number else f"not active, or in no group: {count}"
