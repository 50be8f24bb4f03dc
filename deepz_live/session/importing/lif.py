"""LIF files, by the package ``readlif``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deepz_live.session.errors import StackError
from deepz_live.session.importing.optional import length_um, reader_package, unreadable
from deepz_live.session.tiff import TiffContent


def read_lif(path: Path) -> TiffContent:
    """Read the one z-stack of a LIF file; raises :class:`StackError`."""
    reader = reader_package("readlif.reader", path, install="readlif")
    try:
        images = [image for image in reader.LifFile(str(path)).get_iter_image() if image.dims.z > 1]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(path, error) from error
    if len(images) != 1:
        names = ", ".join(str(image.name) for image in images) or "none"
        raise StackError(
            f"{path} holds {len(images)} z-stacks ({names}), one is wanted; save the one you want "
            "as a file of its own."
        )
    return _content(images[0])


def _content(image: Any) -> TiffContent:
    planes = [
        [np.asarray(image.get_frame(z=z, t=0, c=c)) for c in range(image.channels)]
        for z in range(image.dims.z)
    ]
    # Its scales are pixels, and planes, a micrometre.
    per_um = [length_um(abs(scale or 0)) for scale in (image.scale[0], image.scale[2])]
    pixel, step = (None if value is None else 1 / value for value in per_um)
    return TiffContent(np.asarray(planes), "ZCYX", pixel_size_um=pixel, z_step_um=step)
