"""Tables and figures of neurons, also where there are none, no groups, or no depth."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepz_live.analysis.neurons import activity
from deepz_live.app.analyze.neuron_colours import COLOURS, QUIET, colour
from deepz_live.app.analyze.neuron_figure import figure
from deepz_live.app.analyze.neuron_files import Finding, motion_columns, write_findings
from deepz_live.app.analyze.neuron_groups import groups
from deepz_live.session.errors import SessionError
from deepz_live.session.table import read_table
from tests.neurons_made import finding, followed


def of(count: int, *, depth: bool = True) -> Finding:
    """The first ``count`` of the known neurons, all of them quiet."""
    whole = finding()
    places = whole.positions_um[:count] * (1.0 if depth else np.array([np.nan, 1, 1]))
    acts = activity(500 + np.zeros((count, 20)), 0.0)
    return replace(whole, positions_um=places, voxels=whole.voxels[:count], activity=acts)


def has_colour(picture: bytes, wanted: str) -> bool:
    rgb = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)
    return bool((np.abs(pixels - rgb).max(axis=2) <= 4).any())


@pytest.mark.parametrize("depth", [True, False])
@pytest.mark.parametrize("count", [0, 1, 10])
def test_there_is_a_figure_of_few_neurons_and_of_none(count: int, depth: bool):
    for picture in (figure(of(count, depth=depth)), groups(of(count, depth=depth))):
        assert min(Image.open(io.BytesIO(picture)).size) > 300


def test_groups_have_their_colours_in_both_figures():
    whole = finding()
    for picture in (figure(whole), groups(whole)):
        assert has_colour(picture, colour(1))
        assert has_colour(picture, colour(2))
        assert not has_colour(picture, colour(4))
    assert has_colour(figure(whole), QUIET)
    assert colour(len(COLOURS) + 1) == colour(1)


def test_a_folder_holds_both_findings_and_the_motion(tmp_path: Path):
    whole = finding()
    write_findings(tmp_path, whole, of(3, depth=False), followed(whole, 0.5), {"a": 1})
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{name}{end}" for name in ("neurons", "traces") for end in (".csv", "_2d.csv")),
        *(f"{name}{end}" for name in ("neurons", "groups") for end in (".png", "_2d.png")),
        "motion.csv",
        "neurons.json",
    }
    motion = read_table(tmp_path / "motion.csv")
    assert list(motion) == list(motion_columns(followed(whole)))
    np.testing.assert_allclose(motion["m13"], 0.5 * np.arange(20))
    np.testing.assert_array_equal(motion["found"], 1)
    flat = read_table(tmp_path / "neurons_2d.csv")
    assert np.isnan(flat["z_um"]).all()
    np.testing.assert_allclose(flat["x_um"], whole.positions_um[:3, 2], atol=1e-3)


def test_without_parquets_writer_nothing_is_refocused(tmp_path: Path, monkeypatch):
    from deepz_live.app.analyze import neurons

    def missing() -> None:
        raise SessionError("Parquet needs the package arro3-io")

    monkeypatch.setattr(neurons, "check_parquet", missing)
    with pytest.raises(SessionError, match="arro3-io"):
        neurons.analyze_neurons(tmp_path / "no such session", None, as_parquet=True)
