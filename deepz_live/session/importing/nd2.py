"""ND2 files, by the package ``nd2``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepz_live.session.errors import StackError
from deepz_live.session.importing.optional import length_um, reader_package, unreadable
from deepz_live.session.tiff import TiffContent


def read_nd2(path: Path) -> TiffContent:
    """Read an ND2 file; raises :class:`StackError`."""
    nd2 = reader_package("nd2", path)
    try:
        with nd2.ND2File(path) as file:
            axes = "".join(file.sizes)
            size = file.voxel_size()
            names = [item.channel.name for item in (file.metadata.channels or ())]
            pixels = np.asarray(file.asarray())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(path, error) from error
    if "P" in axes and pixels.shape[axes.index("P")] > 1:
        raise StackError(
            f"{path} holds {pixels.shape[axes.index('P')]} positions; save each as a file of its "
            "own and import them together."
        )
    return TiffContent(
        pixels=pixels,
        axes=axes,
        pixel_size_um=length_um(size.x),
        z_step_um=length_um(size.z) if "Z" in axes else None,
        channels=tuple(str(name) for name in names),
    )
