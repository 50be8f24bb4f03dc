"""The panes as they are, as a picture that says what of it was inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage

from deepz_live.app.export import ExportError
from deepz_live.app.export.movie import foot_line
from deepz_live.app.live import LiveSession
from deepz_live.gui.models_shown import bundles_of
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.refocus.view import RefocusResult
from deepz_live.session.png import write_png


def view_facts(
    live: LiveSession, grid: PaneGrid, results: Sequence[RefocusResult]
) -> dict[str, str]:
    """What is written into the file: source, frame, panes, pixel size, and what was inferred."""
    facts = {
        "Source": live.source.info.origin,
        "Panes": "; ".join(pane.title for pane in grid.panes),
        "Pixel size": f"{live.source.info.pixel_size_um:g} µm",
    }
    if results:
        frame = results[-1].frame
        facts["Frame"] = f"{frame.index}, channel {frame.channel}, at {frame.time_s:.3f} s"
    bundles = bundles_of(live, [result.frame.channel for result in results])
    if bundles and any(pane.cut is not None for pane in grid.panes):
        facts["Description"] = foot_line(*bundles)
        facts["Bundle"] = ", ".join(f"{one.name} {one.sha256[:12]}" for one in bundles)
    return facts


def export_view(picture: QImage, facts: Mapping[str, str], path: Path) -> None:
    """Write ``picture`` as PNG.

    Raises
    ------
    ExportError
        It cannot be written there.
    """
    try:
        write_png(path, pixels_of(picture), facts)
    except OSError as error:
        raise ExportError(
            f"Could not write {path} ({error.strerror or error}); choose another folder."
        ) from error


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """``(Y, X, 3)`` uint8, red, green, blue."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width, line = plain.height(), plain.width(), plain.bytesPerLine()
    bits = plain.constBits()
    content = bits.asstring(height * line) if bits is not None else b""
    rows = np.frombuffer(content, np.uint8).reshape(height, line)
    return rows[:, : 3 * width].reshape(height, width, 3).copy()
