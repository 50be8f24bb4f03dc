"""What is seen live or in a replay, as files for other programs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.model.bundle import Bundle
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.session.files import replace_file
from deepz_live.session.stack import write_planes
from deepz_live.session.table import table
from deepz_live.stream.frame import Frame

DRIFT_HEAD = ("time_s", "dz_um", "dy_um", "dx_um", "confidence")


class ExportError(RuntimeError):
    """There is nothing to write yet, or it cannot be written there."""


def export_stack(
    frame: Frame,
    engine: Engine,
    path: Path,
    *,
    opener: Callable[[Bundle, str], Engine] = lambda bundle, provider: open_engine(
        bundle, prefer=provider
    ),
) -> None:
    """Write all planes of ``frame`` as OME-TIFF that says they were inferred, and from what.

    ``engine`` belongs to the live view's thread: ``opener`` starts its network once more.

    Raises
    ------
    RefocusError
        The network does not start, or the frame cannot be refocused.
    StackError
        The file cannot be written.
    """
    bundle = engine.bundle
    with closing(opener(bundle, engine.provider)) as own:
        planes = own.volume(frame.pixels)
        provider = own.provider
    write_planes(
        path,
        planes,
        bundle.facts.z_planes_um,
        pixel_size_um=bundle.facts.pixel_size_um,
        bundle_id=f"{bundle.name} {bundle.sha256[:12]}",
        source=f"frame {frame.index}, channel {frame.channel}, stage z {frame.z_um:.2f} µm",
        extra={"provider": provider, "time_s": f"{frame.time_s:.6f}"},
    )


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
