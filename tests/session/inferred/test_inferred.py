"""Files of refocused planes hold them, and say in their metadata that they were inferred."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import ome_types
import pytest
import zarr

from deepz_live.session.errors import StackError
from deepz_live.session.importing import import_stack
from deepz_live.session.inferred import InferredFacts, write_inferred
from deepz_live.session.series import SeriesChoice, open_series
from deepz_live.session.stack import read_image

PLANES = np.random.default_rng(0).random((4, 3, 20, 30), np.float32)
FACTS = InferredFacts(
    distances_um=(-2.0, 0.0, 2.0),
    pixel_size_um=0.325,
    bundle_id="beads 0123abcd",
    source="in.tif",
    times_s=(5.0, 5.5, 6.0, 6.5),
    extra={"provider": "CPU <b>"},
)
NAMES = ["planes.ome.tif", "planes.zarr"]


@pytest.mark.parametrize("name", NAMES)
def test_a_series_of_stacks_reads_back_with_its_sampling_in_space_and_time(tmp_path: Path, name):
    write_inferred(tmp_path / name, iter(PLANES), 4, FACTS)
    for plane in range(3):
        series = open_series(tmp_path / name, SeriesChoice(plane=plane))
        found = np.stack([series.frame(i).pixels for i in range(4)])
        series.close()
        np.testing.assert_array_equal(found, PLANES[:, plane])
        assert series.info.pixel_size_um == pytest.approx(0.325)
        assert series.info.frame_rate_hz == pytest.approx(2.0)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_one_frame_is_a_z_stack(tmp_path: Path, name) -> None:
    write_inferred(tmp_path / name, [PLANES[0]], 1, FACTS)
    stack = import_stack(tmp_path / name)
    np.testing.assert_array_equal(stack.voxels, PLANES[0])
    assert stack.z_step_um == 2.0
    assert stack.z_um[0] == -2.0


def test_the_tiff_says_what_was_inferred_from_what_and_when(tmp_path: Path) -> None:
    write_inferred(tmp_path / "p.ome.tif", iter(PLANES), 4, FACTS)
    ome = ome_types.from_tiff(tmp_path / "p.ome.tif")
    image = ome.images[0]
    said = "Inferred by a neural network (beads 0123abcd) from in.tif, not measured"
    assert said in image.description
    (annotation,) = ome.structured_annotations
    assert {"inferred": "true", "provider": "CPU <b>", "distances_um": "-2 0 2"}.items() <= dict(
        annotation.value
    ).items()
    planes = sorted(image.pixels.planes, key=lambda plane: (plane.the_t, plane.the_z))
    assert [plane.delta_t for plane in planes[::3]] == [0.0, 0.5, 1.0, 1.5]
    assert [plane.position_z for plane in planes[:3]] == [-2.0, 0.0, 2.0]


def test_the_zarr_says_so_too(tmp_path: Path) -> None:
    write_inferred(tmp_path / "p.zarr", iter(PLANES), 4, FACTS)
    group = zarr.open_group(tmp_path / "p.zarr", mode="r")
    said = group.attrs["deepz-live/inferred"]
    assert said["inferred"] == "true"
    assert "not measured" in said["description"]
    image = group.attrs["ome"]["multiscales"][0]
    assert image["name"] == "inferred by a neural network"
    moves = image["datasets"][0]["coordinateTransformations"]
    assert moves[0]["scale"] == [0.5, 2.0, 0.325, 0.325]
    assert moves[1]["translation"] == [0.0, -2.0, 0.0, 0.0]


@pytest.mark.parametrize("name", NAMES)
def test_a_plane_on_a_surface_has_no_single_distance(tmp_path: Path, name) -> None:
    facts = InferredFacts((float("nan"),), 0.3, "b", "in.tif")
    write_inferred(tmp_path / name, [PLANES[0, :1]], 1, facts)
    series = open_series(tmp_path / name)
    np.testing.assert_array_equal(series.frame(0).pixels, PLANES[0, 0])
    series.close()
    if name.endswith("tif"):
        assert read_image(tmp_path / name)[1] == pytest.approx(0.3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("stacks", "count", "sentence"),
    [
        ([PLANES[0, :2]], 1, "do not match 3 refocus distances"),
        ([PLANES[0], PLANES[0, :, :-1]], 2, "frames of one size"),
        ([PLANES[0]], 2, "1 of 2 frames came"),
        ([], 1, "0 of 1 frames came"),
        ([], 0, "no frame to write"),
    ],
)
def test_what_does_not_match_leaves_nothing_behind(tmp_path: Path, name, stacks, count, sentence):
    with pytest.raises(StackError, match=sentence):
        write_inferred(tmp_path / name, stacks, count, FACTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_interrupted_series_leaves_nothing_behind(tmp_path: Path, name) -> None:
    def until_stopped():
        yield PLANES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_inferred(tmp_path / name, until_stopped(), 4, FACTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["p.png", "p", "p.ome"])
def test_another_ending_names_the_two_that_are_written(tmp_path: Path, name) -> None:
    with pytest.raises(StackError, match=r"\.ome\.tif .* or \.zarr"):
        write_inferred(tmp_path / name, [PLANES[0]], 1, FACTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path, name) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StackError, match="give a new one"):
        write_inferred(tmp_path / name, [PLANES[0]], 1, FACTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_is_missing_is_one_sentence(tmp_path: Path, name) -> None:
    with pytest.raises(StackError, match="No such file or directory; choose a folder"):
        write_inferred(tmp_path / "missing" / name, [PLANES[0]], 1, FACTS)
    assert list(tmp_path.iterdir()) == []
