"""CZI files, by the package ``czifile``."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from deepz_live.session.importing.optional import length_um, reader_package, unreadable
from deepz_live.session.tiff import TiffContent

UM_PER_METRE = 1e6


def read_czi(path: Path) -> TiffContent:
    """Read a CZI file; raises :class:`StackError`."""
    czifile = reader_package("czifile", path)
    try:
        with czifile.CziFile(path) as file:
            axes = file.axes if isinstance(file.axes, str) else "".join(file.axes)
            pixels = np.asarray(file.asarray())
            # Written by the microscope's own program; nothing outside the file is fetched.
            xml = ET.fromstring(file.metadata())  # noqa: S314
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ET.ParseError) as error:
        raise unreadable(path, error) from error
    sizes = {
        item.get("Id"): float(item.findtext("Value") or 0)
        for item in xml.iterfind(".//Scaling/Items/Distance")
    }
    names = [item.get("Name") for item in xml.iterfind(".//Dimensions/Channels/Channel")]
    return TiffContent(
        pixels=pixels,
        axes=axes,
        pixel_size_um=length_um(sizes.get("X"), UM_PER_METRE),
        z_step_um=length_um(sizes.get("Z"), UM_PER_METRE),
        channels=tuple(str(name) for name in names if name),
    )
