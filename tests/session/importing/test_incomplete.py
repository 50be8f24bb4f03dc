"""Files without all the images that they promise are refused: nothing black takes their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from deepz_live.session.errors import StackError
from deepz_live.session.importing import import_stack
from deepz_live.session.series import SeriesChoice, open_series

PLANES = np.random.default_rng(0).integers(100, 4000, (12, 20, 30), dtype=np.uint16)
FIRST, SECOND = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def xml(blocks: str, *, z: int = 1, c: int = 1, t: int = 1, uuid: str = "") -> str:
    """OME-XML that promises ``z`` planes of ``c`` channels at ``t`` times, in ``blocks``."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" {uuid}>'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
        f'SizeX="30" SizeY="20" SizeZ="{z}" SizeC="{c}" SizeT="{t}" '
        f'PhysicalSizeX="0.3" PhysicalSizeY="0.3" PhysicalSizeZ="0.5">'
        f"{blocks}</Pixels></Image></OME>"
    )


def block(ifd: int, *, z: int = 0, c: int = 0, t: int = 0, file: str = "") -> str:
    at = f'IFD="{ifd}" FirstZ="{z}" FirstC="{c}" FirstT="{t}" PlaneCount="1"'
    return f"<TiffData {at}>{file}</TiffData>"


def channels(count: int) -> str:
    return "".join(f'<Channel ID="Channel:0:{c}" SamplesPerPixel="1"/>' for c in range(count))


def write(path: Path, planes: np.ndarray, description: str) -> Path:
    with tifffile.TiffWriter(path) as writer:
        for number, plane in enumerate(planes):
            text = None if number else description
            writer.write(plane, description=text, metadata=None, contiguous=False)
    return path


def test_a_stack_that_was_broken_off_says_how_many_planes_are_lacking(tmp_path: Path) -> None:
    blocks = channels(1) + "".join(block(i, z=i) for i in range(12))
    path = write(tmp_path / "a.ome.tif", PLANES, xml(blocks, z=20))
    with pytest.raises(
        StackError, match=r"12 of 20 images are there, 8 missing.*copy it again.*broken off"
    ):
        import_stack(path)


def test_a_stack_without_its_second_file_is_refused_until_that_is_there(tmp_path: Path) -> None:
    files = [
        f'<UUID FileName="m_{i // 12}.ome.tif">urn:uuid:{(FIRST, SECOND)[i // 12]}</UUID>'
        for i in range(24)
    ]
    blocks = channels(1) + "".join(block(i % 12, z=i, file=files[i]) for i in range(24))
    for number, uuid in enumerate((FIRST, SECOND)):
        text = xml(blocks, z=24, uuid=f'UUID="urn:uuid:{uuid}"')
        write(tmp_path / f"m_{number}.ome.tif", PLANES + number, text)
    whole = import_stack(tmp_path / "m_0.ome.tif")
    np.testing.assert_array_equal(whole.voxels, np.concatenate([PLANES, PLANES + 1]))
    (tmp_path / "m_1.ome.tif").unlink()
    with pytest.raises(StackError, match=r"12 of 24 images .* 12 missing.*all files"):
        import_stack(tmp_path / "m_0.ome.tif")


def test_a_channel_with_fewer_planes_stops_nobody_who_chose_another(tmp_path: Path) -> None:
    blocks = channels(2) + "".join(block(i, z=i) for i in range(11)) + block(11, z=5, c=1)
    path = write(tmp_path / "a.ome.tif", PLANES, xml(blocks, z=11, c=2))
    np.testing.assert_array_equal(import_stack(path, channel=0).voxels, PLANES[:11])
    with pytest.raises(StackError, match="1 of 11 images are there, 10 missing"):
        import_stack(path, channel=1)


def test_a_hole_in_a_movie_is_found_before_it_plays(tmp_path: Path) -> None:
    times = [*range(4), *range(5, 13)]
    blocks = channels(1) + "".join(block(i, t=t) for i, t in enumerate(times))
    path = write(tmp_path / "a.ome.tif", PLANES, xml(blocks, t=13))
    with pytest.raises(StackError, match="12 of 13 images are there, 1 missing"):
        open_series(path, SeriesChoice(interval_s=1.0))
