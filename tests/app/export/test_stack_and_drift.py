"""Files for other programs: what is in them, and what is said where they cannot be."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path

import numpy as np
import ome_types
import pytest
import tifffile

from deepz_live.app.export import DRIFT_HEAD, ExportError, export_drift, export_stack
from deepz_live.model.bundle import shipped_bundle
from deepz_live.refocus.engine import open_engine
from deepz_live.session.errors import StackError
from deepz_live.stream.frame import Frame


@pytest.fixture(scope="module")
def engine():
    with closing(open_engine(shipped_bundle(), provider="CPU", threads=1)) as opened:
        yield opened


@pytest.fixture
def frame() -> Frame:
    pixels = np.random.default_rng(0).poisson(200, (48, 64)).astype(np.uint16)
    return Frame(pixels, 17, 2.5, -1.25, 20.0, "TexasRed")


def test_a_stack_holds_the_networks_planes_and_says_that_they_are_inferred(
    tmp_path: Path, engine, frame: Frame
) -> None:
    file = tmp_path / "stack.ome.tif"
    export_stack(frame, engine, file)
    np.testing.assert_array_equal(tifffile.imread(file), engine.volume(frame.pixels))
    image = ome_types.from_tiff(file).images[0]
    for part in ("Inferred by a neural network", "beads_20x075", "frame 17", "stage z -1.25 µm"):
        assert part in image.description
    facts = engine.bundle.facts
    assert image.pixels.size_z == len(facts.z_planes_um)
    assert image.pixels.physical_size_x == pytest.approx(facts.pixel_size_um)
    assert image.pixels.physical_size_z == pytest.approx(0.5)


def test_a_stack_that_cannot_be_written_is_one_sentence(tmp_path: Path, engine, frame: Frame):
    with pytest.raises(StackError, match="missing"):
        export_stack(frame, engine, tmp_path / "missing" / "stack.ome.tif")


def test_drift_reads_back_as_measured(tmp_path: Path) -> None:
    samples = np.array([[0.0, 0.0, 0.0, 0.0, 1.0], [0.5, -1.25, 0.5, 0.125, 0.75]])
    export_drift(samples, tmp_path / "drift.csv")
    with (tmp_path / "drift.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == DRIFT_HEAD
    np.testing.assert_allclose(np.array(rows, float), samples)


def test_no_drift_and_no_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="set a reference"):
        export_drift(np.zeros((0, 5)), tmp_path / "drift.csv")
    with pytest.raises(ExportError, match="choose another folder"):
        export_drift(np.zeros((1, 5)), tmp_path / "missing" / "drift.csv")
    assert list(tmp_path.iterdir()) == []
