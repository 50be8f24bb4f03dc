"""Files for other programs: the virtual stack of the frame that is seen, the drift so far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.app.export import ExportError, export_drift, export_stack
from deepz_live.gui.record_controller import Caller
from deepz_live.refocus.engine import Engine
from deepz_live.stream.frame import Frame

STACK = ("Export virtual stack", "virtual_stack.ome.tif", "OME-TIFF (*.ome.tif)")
DRIFT = ("Export drift table", "drift.csv", "Tables (*.csv)")


class Seen(Protocol):
    """What is looked at now."""

    def frame_and_engine(self) -> tuple[Frame, Engine] | None:
        """The frame in the raw pane and its network; None where one is missing."""

    def drift_samples(self) -> NDArray[np.float64]:
        """``(N, 5)``: all drift that is kept, oldest first."""


class ExportController:
    """Asks where to, writes beside the GUI, says what was written.

    Parameters
    ----------
    ask
        Title, proposed name and filter to a path; None: the operator thought better of it.
    said, failed
        Get the sentence, or what went wrong.
    """

    def __init__(
        self,
        seen: Seen,
        bridge: Caller,
        ask: Callable[[str, str, str], Path | None],
        said: Callable[[str], None],
        failed: Callable[[Exception], None],
        write_stack: Callable[[Frame, Engine, Path], None] = export_stack,
    ) -> None:
        self._seen, self._bridge, self._ask = seen, bridge, ask
        self._said, self._failed = said, failed
        self._write_stack = write_stack

    def stack(self) -> None:
        """All planes of the frame that is in the raw pane now, whatever comes after it."""
        found = self._seen.frame_and_engine()
        if found is None:
            sentence = "There is no frame with a model yet; open a bundle and let a frame arrive."
            self._failed(ExportError(sentence))
            return
        path = self._ask(*STACK)
        if path is not None:
            frame, engine = found
            self._write(path, lambda: self._write_stack(frame, engine, path))

    def drift(self) -> None:
        """All drift that is kept."""
        samples = self._seen.drift_samples()
        path = self._ask(*DRIFT) if len(samples) else Path()
        if path is not None:
            self._write(path, lambda: export_drift(samples, path))

    def _write(self, path: Path, work: Callable[[], Any]) -> None:
        self._said(f"Writing {path.name} …")

        def failed(error: Exception) -> None:
            self._said("")
            self._failed(error)

        self._bridge.call(work, lambda _: self._said(f"Wrote {path}."), failed)
