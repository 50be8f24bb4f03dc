"""What training gets to see, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepz_live.session.stack import write_stack
from deepz_live.train.errors import TrainingError
from deepz_live.train.pairs import Pairs
from deepz_live.train.prepare import Prepared, prepare
from deepz_live.train.preset import Preset
from tests.train.conftest import gaussian_beads, stack_of

PRESET = Preset(width=0.1, minutes=1, batch=2, crop_px=32, learning_rate=1e-3, z_range_um=3.0)


def prepared_from(stacks: Path, work: Path, preset: Preset = PRESET) -> Prepared:
    """Not a fixture: the memory-mapped stacks must be let go of when the test ends."""
    work.mkdir()
    return prepare(sorted(stacks.iterdir()), preset, work)


def test_grid_follows_the_stacks_step(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    assert prepared.grid.distances_um[0] == -3.0
    assert prepared.grid.distances_um[-1] == 3.0
    assert prepared.grid.step_um == 0.5


def test_training_and_validation_never_share_a_region(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    for field in prepared.fields:
        assert not set(field.training) & set(field.validation)
    assert sum(len(f.validation) for f in prepared.fields) >= 1


def test_a_batch_holds_the_planes_of_the_stack(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    pairs = Pairs(prepared, 32, np.random.default_rng(0), validation=True)
    batch = pairs.batch(4)
    centre = prepared.grid.count
    np.testing.assert_array_equal(batch.inputs[:, 0], batch.targets[:, centre])
    field = prepared.fields[0]
    values = prepared.normalization.forward(field.voxels)
    assert values.min() <= batch.targets.min()
    assert batch.targets.max() <= max(
        float(prepared.normalization.forward(f.voxels.max())) for f in prepared.fields
    )


def test_mixed_examples_are_sums_that_keep_input_and_centre_plane_alike(
    stacks: Path, tmp_path: Path
) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    single = Pairs(prepared, 32, np.random.default_rng(0)).batch(64)
    mixed = Pairs(prepared, 32, np.random.default_rng(0), mix=1.0).batch(64)
    np.testing.assert_array_equal(mixed.inputs[:, 0], mixed.targets[:, prepared.grid.count])
    signal = [np.mean(np.abs(batch.inputs) > 0.02) for batch in (single, mixed)]
    assert signal[1] > 1.1 * signal[0]


def test_planes_beyond_the_stack_are_marked_unknown(stacks: Path, tmp_path: Path) -> None:
    preset = PRESET.model_copy(update={"z_range_um": 6.0})
    prepared = prepared_from(stacks, tmp_path / "work", preset)
    pairs = Pairs(prepared, 32, np.random.default_rng(0))
    known = pairs.batch(16).known
    assert set(np.unique(known)) == {0.0, 1.0}
    assert (known[:, known.shape[1] // 2] == 1).all()


def test_same_seed_same_preparation(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    again = prepared_from(stacks, tmp_path / "again")
    assert again.normalization == prepared.normalization
    assert [f.training for f in again.fields] == [f.training for f in prepared.fields]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pixel_size_um": 0.5}, "stacks of one microscope"),
        ({"channel": "FITC"}, "stacks of one microscope"),
    ],
)
def test_stacks_of_another_microscope_are_refused(
    stacks: Path, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    write_stack(stacks / "field_009.ome.tif", stack_of(gaussian_beads(9), **change))
    with pytest.raises(TrainingError, match=sentence):
        prepare(sorted(stacks.iterdir()), PRESET, tmp_path)


def test_a_stack_too_short_for_the_range_is_refused(stacks: Path, tmp_path: Path) -> None:
    preset = PRESET.model_copy(update={"z_range_um": 30.0})
    with pytest.raises(TrainingError, match="too short"):
        prepare(sorted(stacks.iterdir()), preset, tmp_path)


def test_a_flat_stack_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "flat.ome.tif"
    write_stack(file, stack_of(np.full((25, 96, 96), 100, np.uint16)))
    with pytest.raises(TrainingError, match="flat"):
        prepare([file], PRESET, tmp_path)


def test_a_region_outside_the_field_is_refused(stacks: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="leaves the field"):
        prepare(sorted(stacks.iterdir()), PRESET, tmp_path, box=(slice(0, 200), slice(0, 64)))
