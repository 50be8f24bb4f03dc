"""What is seen live or in a replay, as files for other programs."""

from __future__ import annotations

from deepz_live.app.export.drift import DRIFT_HEAD, export_drift
from deepz_live.app.export.errors import ExportCancelledError, ExportError
from deepz_live.app.export.movie import Movie, Panel, export_movie
from deepz_live.app.export.stack import export_stack

__all__ = [
    "DRIFT_HEAD",
    "ExportCancelledError",
    "ExportError",
    "Movie",
    "Panel",
    "export_drift",
    "export_movie",
    "export_stack",
]
