"""A picture of how far training is: input, refocused, target and difference, a row an example."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.png import write_png
from deepz_live.train.objective import Panel

GAP_PX = 4
GAMMA = 0.6
"""Faint rings beside bright centres can be seen."""


def picture(panels: Sequence[Panel]) -> NDArray[np.uint8]:
    """``(Y, X)`` uint8: a row a panel; the difference is grey where there is none.

    Input, refocused and target share one scale, black at 0 and white at the brightest 0.1 % of
    the target; the difference (refocused minus target) is drawn over half of it each way.
    """
    rows = []
    for panel in panels:
        white = max(float(np.percentile(panel.target, 99.9)), 1e-6)
        images = [_grey(image, white) for image in (panel.input, panel.refocused, panel.target)]
        change = (panel.refocused - panel.target) / white
        images.append(np.clip(127.5 + 255 * change, 0, 255).astype(np.uint8))
        gap = np.full((len(change), GAP_PX), 32, np.uint8)
        row = np.concatenate([part for image in images for part in (image, gap)][:-1], axis=1)
        rows += [row, np.full((GAP_PX, row.shape[1]), 32, np.uint8)]
    return np.concatenate(rows[:-1])


def write_preview(panels: Sequence[Panel], path: Path) -> Path | None:
    """Draw ``panels`` into a PNG; None where there is nothing to draw."""
    if not panels:
        return None
    try:
        write_png(path, picture(panels))
    except OSError:
        # Windows refuses to replace a file that is being looked at; the next one will do.
        return None
    return path


def _grey(image: NDArray[np.float32], white: float) -> NDArray[np.uint8]:
    return np.asarray(255 * np.clip(image / white, 0, 1) ** GAMMA, np.uint8)
