"""How groups of neurons came about: eigenvalues and similarities, as the paper's Fig. S6."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from deepz_live.app.analyze.neuron_colours import colour
from deepz_live.app.analyze.neuron_files import Finding
from deepz_live.app.report.figures import png

SHOWN = 12


def groups(finding: Finding) -> bytes:
    """PNG: the first eigenvalues with the gap, and the similarities sorted by group."""
    whole = Figure(figsize=(10.5, 4.4), layout="constrained")
    left, right = whole.subplots(1, 2)
    if finding.activity.k == 0:
        for axis in (left, right):
            axis.set_axis_off()
        left.text(0.1, 0.5, "Too few active neurons are alike to be grouped.", fontsize=10)
        return png(whole)
    _eigenvalues(left, finding)
    dots = _similarities(right, finding)
    whole.colorbar(dots, ax=right, label="similarity (Eq. 14)")
    return png(whole)


def _eigenvalues(axis: Axes, finding: Finding) -> None:
    acts = finding.activity
    values = acts.eigenvalues[:SHOWN]
    axis.plot(np.arange(1, len(values) + 1), values, "o", color="0.6", markersize=5)
    axis.plot(np.arange(1, acts.k + 1), values[: acts.k], "o", color="#0072B2", markersize=7)
    if len(values) > acts.k:
        axis.axvline(acts.k + 0.5, color="black", linestyle="--", linewidth=1)
    axis.set_xlabel("number", fontsize=9)
    axis.set_ylabel("eigenvalue of L v = λ D v", fontsize=9)
    axis.set_title(f"{acts.k} groups: so many small eigenvalues before the gap", fontsize=10)


def _similarities(axis: Axes, finding: Finding) -> AxesImage:
    acts = finding.activity
    clusters = acts.cluster[acts.active]
    # Neurons in no group (0) come last.
    order = np.argsort(np.where(clusters == 0, acts.k + 1, clusters), kind="stable")
    image = axis.imshow(acts.similarity[np.ix_(order, order)], cmap="magma", vmin=0, vmax=1)
    edges = np.cumsum(np.bincount(clusters, minlength=acts.k + 1)[1:])
    start = 0
    for number, stop in enumerate(edges, start=1):
        axis.plot([-1.5, -1.5], [start - 0.5, stop - 0.5], color=colour(number), linewidth=6,
                  solid_capstyle="butt", clip_on=False)  # fmt: skip
        start = int(stop)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_xlim(-2.5, len(order) - 0.5)
    axis.set_title("Active neurons, sorted by group (colours as in neurons.png)", fontsize=10)
    return image
