"""``check`` and ``import`` as they are typed."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

Z_STEP = ["--pixel-size-um", "0.325", "--z-step-um", "0.5"]


@pytest.fixture
def dark(tmp_path):
    """A stack of nothing but noise, as another program saves it."""
    path = tmp_path / "dark.tif"
    voxels = np.random.default_rng(0).normal(100, 3, (11, 64, 64)).astype(np.uint16)
    tifffile.imwrite(path, voxels, metadata={"axes": "ZYX"})
    return path


def test_what_is_imported_is_checked_and_a_red_stack_ends_with_1(run, dark, tmp_path):
    out = tmp_path / "stacks"
    done = run("import", dark, "--out", out, *Z_STEP)
    assert done.code == 0, done.err
    assert "Imported 1 stack" in done.err
    done = run("check", out, "--json")
    assert done.code == 1
    assert done.facts["level"] == "red"
    assert any("repeat field 1" in line for line in done.facts["stacks"][0]["say"])
    again = run("check", out)
    assert again.code == 1
    assert "red    repeat field 1, channel 0: too dark" in again.out


def test_missing_sampling_and_a_used_folder_are_refused_in_a_sentence(run, dark, tmp_path):
    done = run("import", dark, "--out", tmp_path / "stacks")
    assert done.code == 2
    assert "with --pixel-size-um and --z-step-um." in done.err
    done = run("import", dark, "--out", tmp_path, *Z_STEP)
    assert done.code == 2
    assert "not an empty folder" in done.err
