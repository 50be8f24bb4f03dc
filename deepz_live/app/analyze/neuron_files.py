"""Tables of neurons: where they are, what they do, with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.files import replace_file, to_json
from deepz_live.session.parquet import parquet
from deepz_live.session.table import table

if TYPE_CHECKING:  # the window reads these tables, and starts without what made them
    from deepz_live.analysis.neurons import Activity

Floats = NDArray[np.float64]
FACTS = "neurons.json"
NEURONS, TRACES, MOTION = "neurons", "traces", "motion"
"""Names of the tables; of those from raw frames the first two end in ``_2d``."""


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
            "between_groups": int((np.isfinite(acts.silhouette) & (acts.cluster == 0)).sum()),
            "members": np.bincount(acts.cluster, minlength=acts.k + 1)[1:].tolist(),
            "eigenvalues": acts.eigenvalues[:12].tolist(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """How the sample lay in each round of a recording, from the first.

    Attributes
    ----------
    structure, activity
        ``(T,)`` frames of each round, by their place in the session, from 0.
    times_s
        ``(T,)`` of the activity frames, from the first.
    found
        ``(T,)`` whether the round was found in the first one; else it lies as the one before.
    matrices
        ``(T, 3, 3)``: takes ``(x, y, 1)`` of a pixel of the first structure frame to where the
        same lies in the round's.
    """

    structure: NDArray[np.int_]
    activity: NDArray[np.int_]
    times_s: Floats
    found: NDArray[np.bool_]
    matrices: Floats


def write_findings(
    out: Path,
    volume: Finding,
    flat: Finding,
    followed: Followed,
    facts: dict[str, Any],
    *,
    as_parquet: bool = False,
) -> None:
    """Write tables, facts and figures of both into ``out``.

    Raises OSError; SessionError where Parquet is asked for and cannot be written.
    """
    from deepz_live.app.analyze.neuron_figure import figure
    from deepz_live.app.analyze.neuron_groups import groups

    out.mkdir(parents=True, exist_ok=True)
    for finding, end in ((volume, ""), (flat, "_2d")):
        replace_file(out / f"neurons{end}.png", figure(finding))
        replace_file(out / f"groups{end}.png", groups(finding))
        write_table(out, f"{NEURONS}{end}", neuron_columns(finding), as_parquet)
        write_table(out, f"{TRACES}{end}", trace_columns(finding), as_parquet)
    write_table(out, MOTION, motion_columns(followed), as_parquet)
    replace_file(out / FACTS, to_json(facts, indent=1))


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """``(N,)`` values of a table; in CSV with so many digits after the point."""

    values: NDArray[Any]
    digits: int = 0


def write_table(
    out: Path, name: str, columns: Mapping[str, Column], as_parquet: bool = False
) -> None:
    """``name.csv`` in the folder ``out``, and ``name.parquet`` with all digits where asked for."""
    replace_file(out / f"{name}.csv", _csv(columns))
    if as_parquet:
        values = {key: column.values for key, column in columns.items()}
        replace_file(out / f"{name}.parquet", parquet(values))


def neuron_columns(finding: Finding) -> dict[str, Column]:
    """A row a neuron: number from 1, place, size, F₀, deviation of ΔF / F₀, group, silhouette.

    The group is 0 for neurons that are not active, act like no other, or lie between groups.
    """
    acts = finding.activity
    z_um, y_um, x_um = finding.positions_um.T
    return {
        "neuron": Column(np.arange(1, len(finding) + 1)),
        "z_um": Column(z_um, 3),
        "y_um": Column(y_um, 3),
        "x_um": Column(x_um, 3),
        "voxels": Column(finding.voxels),
        "f0_counts": Column(acts.f0, 2),
        "sd_df_f0": Column(acts.deviation, 5),
        "active": Column(acts.active),
        "cluster": Column(acts.cluster),
        "silhouette": Column(acts.silhouette, 3),
    }


def trace_columns(finding: Finding) -> dict[str, Column]:
    """A row a frame: its time, then ΔF / F₀ of each neuron. F is F₀ (1 + ΔF / F₀)."""
    changes = enumerate(finding.activity.relative, start=1)
    return {
        "time_s": Column(finding.times_s, 4),
        **{f"neuron_{number}": Column(change, 5) for number, change in changes},
    }


def motion_columns(followed: Followed) -> dict[str, Column]:
    """A row a round: its frames and time, whether it was found, and its matrix row by row."""
    cells = {
        f"m{row + 1}{column + 1}": Column(followed.matrices[:, row, column], 9)
        for row in range(3)
        for column in range(3)
    }
    return {
        "structure_frame": Column(followed.structure),
        "activity_frame": Column(followed.activity),
        "time_s": Column(followed.times_s, 4),
        "found": Column(followed.found),
        **cells,
    }


def _csv(columns: Mapping[str, Column]) -> bytes:
    return table(tuple(columns), zip(*map(_texts, columns.values()), strict=True))


def _texts(column: Column) -> list[object]:
    """Numbers as text, yes and no as 1 and 0; nothing where there is none."""
    values = column.values
    if values.dtype.kind != "f":
        return list(values.astype(int).tolist())
    digits = column.digits
    return [f"{value:.{digits}f}" if np.isfinite(value) else "" for value in values]
