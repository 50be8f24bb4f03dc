"""Imported stacks make a folder that the training and the check take."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from deepz_live.app import import_stacks
from deepz_live.app.calibrate import read_record
from deepz_live.app.import_stacks import import_files
from deepz_live.app.training import find_stacks, training_stacks
from deepz_live.session.errors import StackError
from deepz_live.session.stack import read_stack
from deepz_live.train.errors import TrainingError

VOXELS = np.random.default_rng(0).integers(0, 4000, (9, 24, 20), dtype=np.uint16)
VOXELS[6] = np.where(np.indices((24, 20)).sum(axis=0) % 2, 100, 60000)


def plain(path: Path, channel: str = "DAPI") -> Path:
    facts = {"axes": "ZYX", "Channel": {"Name": [channel]}}
    tifffile.imwrite(path, VOXELS, ome=True, metadata=facts)
    return path


def test_files_become_fields_with_a_record(tmp_path: Path) -> None:
    files = [plain(tmp_path / f"{name}.ome.tif") for name in "ab"]
    out = tmp_path / "out"
    written = import_files(files, out, pixel_size_um=0.1, z_step_um=0.5)
    assert list(written) == find_stacks(out)
    for path in written:
        stack = read_stack(path)
        np.testing.assert_array_equal(stack.voxels, VOXELS)
        assert (stack.pixel_size_um, stack.z_step_um, stack.channel) == (0.1, 0.5, "DAPI")
    record = read_record(out)
    assert record.optics.pixel_size_um == 0.1
    assert [(e.field, e.name, e.role) for e in record.fields] == [
        (0, "a.ome.tif", "train"), (1, "b.ome.tif", "train"),
    ]  # fmt: skip
    assert record.fields[0].focus_um == 1.0  # plane 6 of 9, the middle one at 0


def test_files_of_different_channels_are_not_mixed(tmp_path: Path) -> None:
    files = [plain(tmp_path / "a.ome.tif"), plain(tmp_path / "b.ome.tif", "GFP")]
    with pytest.raises(StackError, match="import stacks of one microscope and channel"):
        import_files(files, tmp_path / "out", pixel_size_um=0.1, z_step_um=0.5)
    # The first one was written by then; the same folder can be given again.
    assert not (tmp_path / "out").exists()


def test_what_lay_in_the_folder_stays_when_an_import_fails(tmp_path: Path) -> None:
    kept = tmp_path / "out" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine", encoding="utf-8")
    files = [plain(tmp_path / "a.ome.tif"), plain(tmp_path / "b.ome.tif", "GFP")]
    with pytest.raises(StackError, match="of one microscope"):
        import_files(files, kept.parent, pixel_size_um=0.1, z_step_um=0.5)
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize("kind", ["zarr", "tiff"])
def test_pixels_that_ome_tiff_does_not_know_are_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind[:4]}"
    if kind == "zarr":
        zarr.save_array(path, VOXELS.astype(np.int64))
    else:
        path = path.with_suffix(".tif")
        tifffile.imwrite(path, VOXELS.astype(np.float16))
    with pytest.raises(
        StackError, match=rf"no (int64|float16) pixels, which .*{path.name} holds; save that as"
    ):
        import_files([path], tmp_path / "out", pixel_size_um=0.1, z_step_um=0.5)
    assert not (tmp_path / "out").exists()


def test_a_stack_that_fits_but_not_what_is_computed_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_voxels: np.ndarray) -> np.ndarray:
        raise MemoryError("Unable to allocate 8 GiB")

    monkeypatch.setattr(import_stacks, "sharpness", no_room)
    with pytest.raises(StackError, match=r"a\.tif does not fit .*allocate 8 GiB.*; crop it"):
        import_files([plain(tmp_path / "a.tif")], tmp_path / "out", pixel_size_um=1, z_step_um=1)
    assert not (tmp_path / "out").exists()


def test_stacks_for_tests_are_never_trained_on(tmp_path: Path) -> None:
    files = [plain(tmp_path / f"{name}.ome.tif") for name in "abc"]
    out = tmp_path / "out"
    written = import_files(files, out, pixel_size_um=0.1, z_step_um=0.5)
    file = out / "calibration.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    for entry, role in zip(facts["fields"], ("train", "test", "validation"), strict=True):
        entry["role"] = role
    file.write_text(json.dumps(facts), encoding="utf-8")
    assert training_stacks(out) == [written[0], written[2]]
    assert training_stacks(list(written)) == [written[0], written[2]]
    assert find_stacks(out) == list(written)
    with pytest.raises(TrainingError, match="kept for tests"):
        training_stacks(written[1])


def test_of_several_channels_one_is_trained_on(tmp_path: Path) -> None:
    files = [plain(tmp_path / f"{name}.ome.tif") for name in "abc"]
    out = tmp_path / "out"
    written = import_files(files, out, pixel_size_um=0.1, z_step_um=0.5)
    file = out / "calibration.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    for entry, channel in zip(facts["fields"], ("DAPI", "GFP", "GFP"), strict=True):
        entry["channel"] = channel
    facts["fields"][2]["role"] = "test"
    file.write_text(json.dumps(facts), encoding="utf-8")
    assert training_stacks(out, "GFP") == [written[1]]
    with pytest.raises(TrainingError, match=r"channel 'Cy5'.*DAPI, GFP"):
        training_stacks(out, "Cy5")
