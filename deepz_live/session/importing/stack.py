"""One z-stack out of a file of any known format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deepz_live.session.errors import StackError
from deepz_live.session.importing.czi import read_czi
from deepz_live.session.importing.lif import read_lif
from deepz_live.session.importing.nd2 import read_nd2
from deepz_live.session.importing.zarr_store import is_zarr, read_zarr
from deepz_live.session.stack import Stack, stack_of
from deepz_live.session.tiff import TiffContent, read_tiff

READERS: dict[str, Callable[[Path], TiffContent]] = {
    ".tif": read_tiff,
    ".tiff": read_tiff,
    ".nd2": read_nd2,
    ".czi": read_czi,
    ".lif": read_lif,
}


class MissingSamplingError(StackError):
    """A file that does not say its sampling.

    ``missing`` holds ``"pixel_size_um"``, ``"z_step_um"`` or both: what to ask for.
    """

    def __init__(self, path: Path, missing: tuple[str, ...]) -> None:
        self.missing = missing
        names = {"pixel_size_um": "pixel size", "z_step_um": "z step"}
        what = " and ".join(names[key] for key in missing)
        options = " and ".join(f"--{key.replace('_', '-')}" for key in missing)
        super().__init__(f"{path} does not say its {what}; give it in µm with {options}.")


def import_stack(
    path: Path | str,
    *,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    channel: int | str | None = None,
) -> Stack:
    """Read one z-stack of any known format; planes go up in z.

    Parameters
    ----------
    path
        ``.tif`` (OME, ImageJ, plain), ``.nd2``, ``.czi`` or ``.lif`` file, or the folder of a
        Zarr array or OME-Zarr image.
    pixel_size_um, z_step_um
        Override what the file says; needed where it says nothing.
    channel
        Number or name, needed where the file holds several.

    Raises
    ------
    MissingSamplingError
        The file says nothing of its sampling and none was given.
    StackError
        File missing, damaged, of an unknown format, not a z-stack, a reader that is not
        installed, several channels and none chosen.
    """
    path = Path(path)
    content = _reader(path)(path)
    stored_step = content.z_step_um or any(planes.z_um for planes in content.planes)
    missing = (
        *(("pixel_size_um",) if not (pixel_size_um or content.pixel_size_um) else ()),
        *(("z_step_um",) if not (z_step_um or stored_step) else ()),
    )
    if missing:
        raise MissingSamplingError(path, missing)
    return stack_of(path, content, pixel_size_um, z_step_um, channel=channel)


def _reader(path: Path) -> Callable[[Path], TiffContent]:
    if not path.exists():
        raise StackError(f"{path} does not exist; give a z-stack to import.")
    if is_zarr(path):
        return read_zarr
    reader = READERS.get(path.suffix.lower())
    if reader is None or path.is_dir():
        what = "a folder without a Zarr image" if path.is_dir() else "of an unknown format"
        raise StackError(
            f"{path} is {what}; give one of {', '.join(READERS)} or a .zarr folder, or save the "
            "stack as OME-TIFF where it was recorded."
        )
    return reader
