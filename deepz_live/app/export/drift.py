"""The measured drift as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export.errors import ExportError
from deepz_live.session.files import replace_file
from deepz_live.session.table import table

DRIFT_HEAD = ("time_s", "dz_um", "dy_um", "dx_um", "confidence")


def export_drift(samples: NDArray[np.float64], path: Path) -> None:
    """Write drift ``(N, 5)`` (s, µm, µm, µm, 0 … 1; see :data:`DRIFT_HEAD`) as CSV.

    Raises
    ------
    ExportError
        No drift was measured yet, or the file cannot be written.
    """
    if not len(samples):
        raise ExportError("No drift was measured yet; set a reference and let some frames pass.")
    rows = ([f"{value:.4f}" for value in sample] for sample in samples)
    try:
        replace_file(path, table(DRIFT_HEAD, rows))
    except OSError as error:
        raise ExportError(f"Could not write {path} ({error}); choose another folder.") from error
