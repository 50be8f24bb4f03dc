"""What an image file holds, found out without reading its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deepz_live.session.errors import StackError
from deepz_live.session.importing.zarr_store import is_zarr, open_zarr
from deepz_live.session.series.pages import check_whole
from deepz_live.session.tiff import TiffContent, careful_tiff, content_of
from deepz_live.session.tiff_series import Place

TIFF_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file says of itself.

    Attributes
    ----------
    axes, shape
        One letter an axis, as stored: ``"TCYX"``; the last two are Y and X.
    dtype
        numpy's name.
    pixel_size_um, interval_s
        None where the file does not say.
    exposures_ms
        Of each channel, None or missing where the file does not say.
    times_s
        When each time was taken, s; empty where the file does not say.
    channels
        Names; empty where the file has none.
    named
        False where the file does not say whether its pages are times or planes.
    absent
        Places, along all axes but Y and X, of images that are promised and in no file.
    """

    path: Path
    axes: str
    shape: tuple[int, ...]
    dtype: str
    pixel_size_um: float | None = None
    interval_s: float | None = None
    times_s: tuple[float, ...] = ()
    channels: tuple[str, ...] = ()
    exposures_ms: tuple[float | None, ...] = ()
    named: bool = True
    absent: frozenset[Place] = frozenset()

    def count(self, axis: str) -> int:
        """Length along ``axis``; 1 where there is no such axis."""
        place = self.axes.find(axis)
        return self.shape[place] if place >= 0 else 1

    @property
    def channel_names(self) -> tuple[str, ...]:
        """One for each channel, also where the file names none."""
        count = self.count("C")
        if len(self.channels) == count:
            return self.channels
        return tuple(f"channel {number}" for number in range(count)) if count > 1 else ("",)


def look_at(path: Path | str) -> Contents:
    """What is in the image file (or Zarr folder) at ``path``.

    Raises
    ------
    StackError
        Missing, of another format, cut off or damaged, colours, no grey values.
    """
    path = Path(path)
    if is_zarr(path):
        content = open_zarr(path)
    elif path.suffix.lower() in TIFF_SUFFIXES and not path.is_dir():
        check_whole(path)
        with careful_tiff(path) as tiff:
            content = content_of(tiff)
    else:
        raise StackError(_unknown(path))
    _check(path, content)
    return Contents(
        path=path,
        axes=content.axes,
        shape=tuple(int(length) for length in content.pixels.shape),
        dtype=content.pixels.dtype.name,
        pixel_size_um=content.pixel_size_um,
        interval_s=content.interval_s,
        times_s=content.times_s or (),
        channels=content.channels,
        exposures_ms=tuple(planes.exposure_ms for planes in content.planes),
        named=content.named,
        absent=content.absent,
    )


def _unknown(path: Path) -> str:
    if not path.exists():
        return f"{path} does not exist; give an image file."
    what = "a folder without a Zarr image" if path.is_dir() else "of another format"
    return (
        f"{path} is {what}; give a TIFF or OME-TIFF file or the folder of an OME-Zarr image, or "
        "save it as OME-TIFF where it was recorded."
    )


def _check(path: Path, content: TiffContent) -> None:
    axes, shape = content.axes, content.pixels.shape
    if "S" in axes:
        raise StackError(
            f"{path} is a colour image (axes {axes}, shape {shape}); grey values are wanted: split "
            "its colours and save the one of the fluorophore as a TIFF of its own."
        )
    if axes[-2:] != "YX" or len(set(axes)) < len(axes):
        raise StackError(
            f"{path} holds axes {axes} of shape {shape}; an image (YX) or a time series (TYX) is "
            "wanted: save it as OME-TIFF with its axes named."
        )
    if content.pixels.dtype.kind not in "uif":
        raise StackError(f"{path} holds {content.pixels.dtype} pixels; grey values are wanted.")
