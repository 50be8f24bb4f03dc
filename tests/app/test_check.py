"""Checks of folders: with and without a record, and what is told to the operator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.check import check_stacks, level_of
from deepz_live.session.errors import StackError
from deepz_live.session.stack import Stack, write_stack
from tests.analysis.stack_check.scans import PIXEL_UM, Z_UM, counts, electrons


def written(path: Path, z_um: np.ndarray, voxels: np.ndarray) -> None:
    stack = Stack(voxels, PIXEL_UM, 0.5, "TexasRed", 20.0, z_um, "here")
    write_stack(path, stack)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Field 1 good, field 2 with its focus 17 µm above the middle."""
    good, high = np.array(Z_UM), np.array(Z_UM) - 17
    written(tmp_path / "a.ome.tif", good, counts(electrons("beads-flat")))
    written(tmp_path / "b.ome.tif", high, counts(electrons("beads-flat", tuple(high))))
    return tmp_path


def test_stacks_have_any_suffix_of_a_tiff_and_are_not_hidden(folder: Path) -> None:
    (folder / "a.ome.tif").rename(folder / "a.TIF")
    (folder / "._b.ome.tif").write_bytes(b"macOS")
    assert [stack.file.name for stack in check_stacks(folder)] == ["a.TIF", "b.ome.tif"]


def test_a_folder_without_a_record_is_checked_and_nothing_is_written(folder: Path) -> None:
    before = sorted(folder.iterdir())
    told: list[str] = []
    checked = check_stacks(folder, tell=told.append)
    assert told == ["Checking a.ome.tif …", "Checking b.ome.tif …"]
    assert [stack.level for stack in checked] == ["green", "red"]
    assert checked[1].sentences("red") == [
        "repeat field 2, TexasRed: focus peak at the edge, 3.0 µm from the end of the stack; "
        "move the middle of the stack by +17 µm"
    ]
    assert sorted(folder.iterdir()) == before
    assert level_of(checked) == "red"


def test_findings_go_into_the_record_which_else_stays_as_it_is(folder: Path) -> None:
    entries = [
        {"file": name, "field": n, "role": role, "channel": "red", "more": [n]}
        for n, (name, role) in enumerate({"a.ome.tif": "train", "b.ome.tif": "test"}.items(), 4)
    ]
    record = {"version": 2, "fields": entries, "profile": {}, "unknown": {"kept": True}}
    file = folder / "calibration.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    checked = check_stacks(folder)
    assert [(s.name, s.role) for s in checked] == [
        ("field 5, red", "train"),
        ("field 6, red", "test"),
    ]
    after = json.loads(file.read_text(encoding="utf-8"))
    found = [entry.pop("check") for entry in after["fields"]]
    assert after == record
    assert [check["level"] for check in found] == ["green", "red"]
    assert found[1]["focus_offset_um"] == pytest.approx(17, abs=1)
    assert {f["about"] for f in found[0]["findings"]} >= {"focus", "steps", "asymmetry"}


def test_one_stack_leaves_the_others_entries_alone(folder: Path) -> None:
    entries = [{"file": "a.ome.tif"}, {"file": "b.ome.tif", "check": {"level": "red"}}]
    file = folder / "calibration.json"
    file.write_text(json.dumps({"fields": entries}), encoding="utf-8")
    (only,) = check_stacks(folder / "a.ome.tif")
    assert only.level == "green"
    after = json.loads(file.read_text(encoding="utf-8"))["fields"]
    assert after[0]["check"]["level"] == "green"
    assert after[1] == entries[1]


def test_nothing_to_check_and_a_damaged_record_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="holds no TIFF stacks; give the folder"):
        check_stacks(tmp_path)
    (tmp_path / "calibration.json").write_text("{", encoding="utf-8")
    with pytest.raises(StackError, match=r"is damaged .*; move it away"):
        check_stacks(tmp_path)
