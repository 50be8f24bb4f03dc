"""Last week's images from the command line: refocused, and seen by two models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from deepz_live.session.series import SeriesChoice, open_series

RAW = np.random.default_rng(0).integers(100, 900, (3, 48, 64), dtype=np.uint16)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    facts = {"axes": "TYX", "PhysicalSizeX": 0.325, "PhysicalSizeXUnit": "µm"}
    facts |= {"PhysicalSizeY": 0.325, "PhysicalSizeYUnit": "µm"}
    facts |= {"TimeIncrement": 0.25, "TimeIncrementUnit": "s"}
    tifffile.imwrite(tmp_path / "movie.ome.tif", RAW, ome=True, metadata=facts)
    return tmp_path / "movie.ome.tif"


@pytest.mark.parametrize("name", ["out.zarr", "out.ome.tif"])
def test_a_series_is_refocused_with_its_times(run, bundle, movie, tmp_path, name):
    done = run("refocus", movie, "--model", bundle, "--z", "-2:2:2", "--out", tmp_path / name)
    assert done.code == 0, done.err
    series = open_series(tmp_path / name, SeriesChoice(plane=1))
    found = np.stack([series.frame(i).pixels for i in range(3)])
    series.close()
    np.testing.assert_allclose(found, RAW, rtol=1e-3)
    assert [facts.time_s for facts in series.facts] == [0.0, 0.25, 0.5]


def test_slices_become_times_and_pixels_the_models_where_asked(run, bundle, movie, tmp_path):
    tifffile.imwrite(tmp_path / "s.tif", RAW, imagej=True, metadata={"axes": "ZYX"})
    out = tmp_path / "out.ome.tif"
    words = ("refocus", tmp_path / "s.tif", "--model", bundle, "--z", "0", "--out", out)
    refused = run(*words)
    assert "--planes-are-times" in refused.sentence
    done = run(*words, "--planes-are-times", "--pixel-size-um", "0.65", "--resample")
    assert done.code == 0, done.err
    assert tifffile.imread(out).squeeze().shape == (3, 96, 128)


def test_two_models_are_compared_on_the_same_frames(run, bundle, movie, tmp_path):
    words = ("compare", movie, "-m", bundle, "--z", "-2:2:4", "--out", tmp_path / "out", "--json")
    assert "compare wants two" in run(*words).sentence
    done = run(*words, "-m", bundle)
    assert [row["depth_um"] for row in done.facts["agreement"]] == [-2.0, 2.0]
    assert "Warning: bundle: The frame's brightest pixels reach" in done.err
    assert all(row["corr"] == pytest.approx(1.0) for row in done.facts["agreement"])
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"compare.json", "compare.csv", "compare.png", "compare.mp4"}
