"""A virtual stack as a cloud of coloured, see-through voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepz_live.gui.panes.colours import DEPTH_MAP, colour_table
from deepz_live.refocus.questions import Snapshot

MOST_PX = 128
"""Voxels along the longer side: enough for a look from all sides, little enough to turn."""
LOW_PERCENT, HIGH_PERCENT = 60.0, 99.9


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """What is drawn.

    Attributes
    ----------
    rgba
        ``(X, Y, Z, 4)`` uint8, x to the right, y away, z up.
    voxel_um
        Size along x, y, z.
    """

    rgba: NDArray[np.uint8]
    voxel_um: tuple[float, float, float]


def cloud_of(seen: Snapshot) -> Cloud:
    """The cloud of a frame's virtual stack; the brighter a voxel, the less it lets through.

    Colours tell the depth, as in the depth-coded projection.
    """
    height, width = seen.stack.shape[1:]
    factor = max(1, -(-max(height, width) // MOST_PX))
    planes = seen.stack.binned(factor)
    low, high = np.percentile(planes[:, ::2, ::2], (LOW_PERCENT, HIGH_PERCENT))
    share = np.clip((planes - low) / max(float(high - low), 1e-9), 0, 1)
    z_um = np.asarray(seen.z_planes_um)
    place = (255 * np.arange(len(z_um)) / max(len(z_um) - 1, 1)).astype(np.uint8)
    colours = colour_table(DEPTH_MAP)[place]
    rgba = np.empty((*share.shape, 4), np.uint8)
    rgba[..., :3] = colours[:, None, None]
    rgba[..., 3] = (255 * share**1.5).astype(np.uint8)
    step_um = float(z_um[-1] - z_um[0]) / max(len(z_um) - 1, 1)
    size_um = seen.pixel_size_um * factor
    # Rows count downwards on the screen, and y points away in space.
    turned = np.ascontiguousarray(rgba[:, ::-1].transpose(2, 1, 0, 3))
    return Cloud(turned, (size_um, size_um, step_um))
