"""A file of several positions is refused, and a file with a thumbnail is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from deepz_live.session.errors import StackError
from deepz_live.session.importing import import_stack
from deepz_live.session.series import SeriesChoice, open_series

PLANES = np.random.default_rng(0).integers(100, 4000, (7, 64, 96), dtype=np.uint16)
UM = {"axes": "ZYX", "PhysicalSizeX": 0.3, "PhysicalSizeY": 0.3, "PhysicalSizeZ": 0.5}


@pytest.mark.parametrize("planes", [PLANES, PLANES[:, ::2]])
def test_positions_are_not_dropped_but_counted(tmp_path: Path, planes: np.ndarray) -> None:
    path = tmp_path / "three.ome.tif"
    with tifffile.TiffWriter(path) as writer:
        for position in (PLANES, planes, planes):
            writer.write(position, metadata=UM)
    with pytest.raises(StackError, match=r"holds 3 positions .*save each stack .* of its own"):
        import_stack(path)
    with pytest.raises(StackError, match="holds 3 positions"):
        open_series(path, SeriesChoice(planes_are_times=True))


def test_images_that_were_appended_one_by_one_are_no_single_image(tmp_path: Path) -> None:
    path = tmp_path / "appended.tif"
    for plane in PLANES:
        tifffile.imwrite(path, plane, append=True)
    with pytest.raises(StackError, match="7 positions or separate images"):
        open_series(path, SeriesChoice(pixel_size_um=0.3))


def beside(writer: tifffile.TiffWriter, kind: str) -> None:
    """Write what microscopes put beside an image."""
    if kind == "reduced":
        writer.write(PLANES[:2, ::2, ::2], subfiletype=1, metadata=None)
    elif kind == "small":
        writer.write(PLANES[0, ::4, ::4], metadata=None)
    elif kind == "colour":
        writer.write(np.zeros((64, 96, 3), np.uint8), photometric="rgb", metadata=None)


@pytest.mark.parametrize("kind", ["nothing", "reduced", "small", "colour"])
def test_pages_with_a_thumbnail_or_a_label_are_one_stack(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pages.tif"
    with tifffile.TiffWriter(path) as writer:
        for plane in PLANES:
            writer.write(plane, metadata=None, contiguous=False)
        beside(writer, kind)
    stack = import_stack(path, pixel_size_um=0.3, z_step_um=0.5)
    np.testing.assert_array_equal(stack.voxels, PLANES)


def test_a_named_label_and_the_levels_of_a_pyramid_are_no_positions(tmp_path: Path) -> None:
    path = tmp_path / "pyramid.ome.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(PLANES, subifds=1, tile=(16, 16), metadata=UM)
        writer.write(PLANES[:, ::2, ::2], subfiletype=1, tile=(16, 16))
        writer.write(PLANES[0], metadata={"axes": "YX", "Name": "label image"})
    np.testing.assert_array_equal(import_stack(path).voxels, PLANES)


def test_each_file_of_a_position_gives_its_own(tmp_path: Path) -> None:
    ids = [f"urn:uuid:{n}0000000-0000-0000-0000-000000000000" for n in range(3)]
    images = "".join(
        f'<Image ID="Image:{n}" Name="{n}"><Pixels ID="Pixels:{n}" DimensionOrder="XYZCT" '
        'Type="uint16" SizeX="96" SizeY="64" SizeZ="7" SizeC="1" SizeT="1" '
        f'PhysicalSizeX="0.3" PhysicalSizeY="0.3" PhysicalSizeZ="0.{n + 1}">'
        f'<Channel ID="Channel:{n}:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="7">'
        f'<UUID FileName="pos{n}.ome.tif">{ids[n]}</UUID></TiffData></Pixels></Image>'
        for n in range(3)
    )
    space = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    for n in range(3):
        text = f'<?xml version="1.0"?><OME xmlns="{space}" UUID="{ids[n]}">{images}</OME>'
        path = tmp_path / f"pos{n}.ome.tif"
        tifffile.imwrite(path, PLANES + n, description=text, metadata=None)
    (tmp_path / "pos0.ome.tif").unlink()  # its image is no series then; the others keep their facts
    for n in (1, 2):
        stack = import_stack(tmp_path / f"pos{n}.ome.tif")
        np.testing.assert_array_equal(stack.voxels, PLANES + n)
        assert stack.z_step_um == pytest.approx((n + 1) / 10)
