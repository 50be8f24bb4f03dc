"""Tables of neurons: where they are, what they do, with whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons import Activity
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.table import table

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """Neurons found in the virtual stacks, or in the raw frames.

    Attributes
    ----------
    positions_um
        ``(N, 3)`` (z, y, x): z above the focal plane, NaN in raw frames; y down and x right from
        the centre of the first pixel of the recording's first frame.
    voxels
        ``(N,)`` sizes of the masks.
    times_s
        ``(T,)`` of the activity frames, from the first.
    activity
        Traces and groups.
    projection
        ``(Y, X)`` maximum along z of the structure channel's median over time, counts.
    pixel_size_um
        Of ``projection``.
    """

    positions_um: Floats
    voxels: NDArray[np.int_]
    times_s: Floats
    activity: Activity
    projection: NDArray[np.float32]
    pixel_size_um: float

    def __len__(self) -> int:
        return len(self.positions_um)

    def summary(self) -> dict[str, Any]:
        """Counts, threshold, groups and the first eigenvalues, for JSON."""
        acts = self.activity
        return {
            "found": len(self),
            "active": int(acts.active.sum()),
            "threshold_df_f0": acts.threshold,
            "clusters": acts.k,
            "members": np.bincount(acts.cluster, minlength=acts.k + 1)[1:].tolist(),
            "eigenvalues": acts.eigenvalues[:12].tolist(),
        }


def write_findings(out: Path, volume: Finding, flat: Finding, facts: dict[str, Any]) -> None:
    """Write tables, facts and figures of both into ``out``; raises OSError."""
    from deepz_live.app.analyze.neuron_figure import figure
    from deepz_live.app.analyze.neuron_groups import groups

    out.mkdir(parents=True, exist_ok=True)
    for finding, end in ((volume, ""), (flat, "_2d")):
        replace_file(out / f"neurons{end}.csv", neuron_table(finding))
        replace_file(out / f"traces{end}.csv", trace_table(finding))
        replace_file(out / f"neurons{end}.png", figure(finding))
        replace_file(out / f"groups{end}.png", groups(finding))
    replace_file(out / "neurons.json", to_json(facts, indent=1))


def neuron_table(finding: Finding) -> bytes:
    """CSV, a row a neuron: number from 1, place, size, F₀, deviation of ΔF / F₀, group.

    The group is 0 for neurons that are not active, or act like no other.
    """
    acts = finding.activity
    rows = zip(
        range(1, len(finding) + 1),
        *(_figures(finding.positions_um[:, axis], 3) for axis in range(3)),
        finding.voxels.tolist(),
        _figures(acts.f0, 2),
        _figures(acts.deviation, 5),
        acts.active.astype(int).tolist(),
        acts.cluster.tolist(),
        strict=True,
    )
    head = ("neuron", "z_um", "y_um", "x_um", "voxels", "f0_counts", "sd_df_f0", "active",
            "cluster")  # fmt: skip
    return table(head, rows)


def trace_table(finding: Finding) -> bytes:
    """CSV, a row a frame: its time, then ΔF / F₀ of each neuron. F is F₀ (1 + ΔF / F₀)."""
    head = ("time_s", *(f"neuron_{number}" for number in range(1, len(finding) + 1)))
    columns = [_figures(change, 5) for change in finding.activity.relative]
    return table(head, zip(_figures(finding.times_s, 4), *columns, strict=True))


def _figures(values: Floats, digits: int) -> list[str]:
    """Numbers as text; nothing where there is none."""
    return [f"{value:.{digits}f}" if np.isfinite(value) else "" for value in values]
