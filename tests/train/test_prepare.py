"""What training gets to see, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.filters import threshold_triangle

from deepz_live.image.focus import extended_depth_of_field
from deepz_live.session.stack import read_stack, write_stack
from deepz_live.train.errors import TrainingError
from deepz_live.train.pairs import Pairs
from deepz_live.train.prepare import prepare
from deepz_live.train.prepared import Prepared, load_prepared
from deepz_live.train.preset import Preset
from tests.train.conftest import gaussian_beads, stack_of

PRESET = Preset(
    width=0.1, minutes=1, batch=2, crop_px=32, learning_rate=1e-3, z_range_um=3.0, align=False
)
PRESET_ALIGNED = PRESET.model_copy(update={"align": True})


def prepared_from(stacks: Path, work: Path, preset: Preset = PRESET) -> Prepared:
    """Not a fixture: the memory-mapped stacks must be let go of when the test ends."""
    work.mkdir()
    return prepare(sorted(stacks.iterdir()), preset, work)


def deep(folder: Path, step_um: float) -> list[Path]:
    """Two fields, 26 µm deep in planes of ``step_um``."""
    planes = int(26 / step_um) + 1
    z_um = (np.arange(planes) - planes // 2) * step_um
    files = [folder / f"deep_{seed}.ome.tif" for seed in (0, 1)]
    for seed, file in enumerate(files):
        voxels = gaussian_beads(seed, planes=planes)
        write_stack(file, stack_of(voxels, z_step_um=step_um, z_um=z_um))
    return files


def test_grid_follows_the_stacks_step(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    assert prepared.grid.distances_um[0] == -3.0
    assert prepared.grid.distances_um[-1] == 3.0
    assert prepared.grid.step_um == 0.5


@pytest.mark.parametrize(("step_um", "last_um"), [(0.35, 9.8), (0.5, 10.0), (0.74, 9.62)])
def test_a_range_that_was_asked_for_is_reached_to_within_a_step(
    tmp_path: Path, step_um: float, last_um: float
) -> None:
    said: list[str] = []
    preset = PRESET.model_copy(update={"z_range_um": 10.0})
    grid = prepare(deep(tmp_path, step_um), preset, tmp_path / "work", report=said.append).grid
    assert grid.distances_um[-1] == pytest.approx(last_um, abs=1e-6)
    assert not any("z_range_um" in sentence for sentence in said)


def test_a_range_that_finer_planes_cut_short_is_told_with_the_way_to_the_whole(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    preset = PRESET.model_copy(update={"z_range_um": None})
    grid = prepare(deep(tmp_path, 0.35), preset, tmp_path / "work", report=said.append).grid
    assert grid.distances_um[-1] == pytest.approx(7.0)
    (sentence,) = (text for text in said if "z_range_um" in text)
    assert "−7 … +7 µm in steps of 0.35 µm, 20 planes each way" in sentence
    assert "z_range_um: 10 in the preset would make it −9.8 … +9.8 µm" in sentence


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


def test_a_field_that_is_there_twice_is_refused_with_both_paths(
    stacks: Path, tmp_path: Path
) -> None:
    first = stacks / "field_000_TexasRed.ome.tif"
    backup = stacks / "old" / "other name.ome.tif"
    backup.parent.mkdir()
    write_stack(backup, stack_of(read_stack(first).voxels, exposure_ms=5.0))
    assert backup.read_bytes() != first.read_bytes()
    with pytest.raises(TrainingError, match="the very same field") as refused:
        prepare([*sorted(stacks.glob("*.tif")), backup], PRESET, tmp_path / "work")
    assert str(first) in str(refused.value)
    assert str(backup) in str(refused.value)


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


def test_the_same_sources_and_seed_give_the_same_folder(stacks: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepared_from(stacks, tmp_path / name)
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [p.name for p in one] == [
        "cover_000.png", "cover_001.png", "field_000.npy", "field_001.npy", "manifest.json",
        "mask_000.npy", "mask_001.npy",
    ]  # fmt: skip
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert str(tmp_path) not in (tmp_path / "one" / "manifest.json").read_text(encoding="utf-8")


def test_another_seed_gives_another_set(stacks: Path, tmp_path: Path) -> None:
    first = prepared_from(stacks, tmp_path / "one")
    second = prepared_from(stacks, tmp_path / "two", PRESET.model_copy(update={"seed": 8}))
    assert (first.seed, second.seed) == (0, 8)


def test_a_set_that_fits_is_used_again_and_one_that_does_not_is_made_anew(
    stacks: Path, tmp_path: Path
) -> None:
    def news(preset: Preset) -> list[str]:
        said: list[str] = []
        prepare(sorted(stacks.iterdir()), preset, tmp_path / "work", report=said.append)
        return said

    assert any("Preparing field_000" in text for text in news(PRESET))
    assert "prepared already" in news(PRESET)[-1]
    # What is no business of preparation does not matter, what is one does.
    assert "prepared already" in news(PRESET.model_copy(update={"batch": 9}))[-1]
    assert "prepared already" not in news(PRESET.model_copy(update={"z_range_um": 2.0}))[-1]
    write_stack(stacks / "field_001_TexasRed.ome.tif", stack_of(gaussian_beads(77)))
    other = PRESET.model_copy(update={"z_range_um": 2.0})
    assert "prepared already" not in news(other)[-1]


def test_a_set_reads_back_as_it_was_made(stacks: Path, tmp_path: Path) -> None:
    made = prepared_from(stacks, tmp_path / "work")
    read = load_prepared(tmp_path / "work")
    assert (read.normalization, read.grid, read.seed) == (made.normalization, made.grid, made.seed)
    for a, b in zip(made.fields, read.fields, strict=True):
        assert (a.training, a.validation, a.origin) == (b.training, b.validation, b.origin)
        np.testing.assert_array_equal(a.voxels, b.voxels)
        np.testing.assert_array_equal(a.mask, b.mask)


def test_a_damaged_set_is_refused(stacks: Path, tmp_path: Path) -> None:
    prepared_from(stacks, tmp_path / "work")
    (tmp_path / "work" / "field_000.npy").write_bytes(b"half")
    with pytest.raises(TrainingError, match="prepare the stacks again"):
        load_prepared(tmp_path / "work")
    with pytest.raises(TrainingError, match="no prepared set"):
        load_prepared(tmp_path / "nowhere")


def test_one_per_cent_of_the_foreground_exceeds_one(stacks: Path, tmp_path: Path) -> None:
    prepared = prepared_from(stacks, tmp_path / "work")
    edf = np.concatenate(
        [extended_depth_of_field(np.asarray(f.voxels)).ravel() for f in prepared.fields]
    )
    signal = edf[edf > threshold_triangle(edf)]
    exceeding = np.mean(prepared.normalization.forward(signal) > 1)
    assert exceeding == pytest.approx(0.01, abs=0.001)
    back = prepared.normalization.inverse(prepared.normalization.forward(edf))
    np.testing.assert_allclose(back, edf, rtol=1e-5)


def test_a_part_of_the_field_knows_where_it_was(stacks: Path, tmp_path: Path) -> None:
    paths = sorted(stacks.iterdir())
    prepared = prepare(paths, PRESET, tmp_path / "w", box=(slice(10, 90), slice(16, 96)))
    for path, field in zip(paths, prepared.fields, strict=True):
        y, x = field.origin
        assert (y, x) == (10, 16)
        whole = read_stack(path).voxels
        np.testing.assert_array_equal(field.voxels, whole[:, y : y + 80, x : x + 80])


def refused(tmp_path: Path, voxels: np.ndarray, sentence: str) -> None:
    file = tmp_path / "bad.ome.tif"
    write_stack(file, stack_of(voxels))
    with pytest.raises(TrainingError, match=sentence):
        prepare([file], PRESET, tmp_path / "work")


def test_a_saturated_stack_is_refused(tmp_path: Path) -> None:
    voxels = gaussian_beads(0).astype(np.int64)
    refused(tmp_path, np.clip((voxels - 100) * 40, 0, 4095).astype(np.uint16), "is saturated")


def test_a_stack_of_nothing_but_noise_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    refused(tmp_path, rng.normal(100, 5, (25, 96, 96)).astype(np.uint16), "flat but for noise")


@pytest.mark.parametrize("planes", [slice(12, 25), slice(0, 14)])
def test_a_stack_without_its_focus_inside_is_refused(tmp_path: Path, planes: slice) -> None:
    refused(tmp_path, gaussian_beads(0)[planes], "does not hold its focus")


def test_a_sample_as_thick_as_a_short_stack_is_not(tmp_path: Path) -> None:
    # Beads at five heights, all over the stack, of which the lowest are the brightest.
    flat = gaussian_beads(5, side=64, planes=49).astype(float) - 100
    layers = [np.roll(flat, 7 * n, axis=2)[24 - 3 * n : 24 - 3 * n + 13] for n in range(5)]
    voxels = 100 + sum(layer / (1 + 0.1 * n) for n, layer in enumerate(layers))
    file = tmp_path / "thick.ome.tif"
    write_stack(file, stack_of(np.tile(voxels.clip(0), (1, 3, 3)).astype(np.uint16)))
    preset = PRESET.model_copy(update={"z_range_um": None, "region_px": 64})
    assert prepare([file], preset, tmp_path / "work").fields


def test_a_stack_of_floats_is_prepared_as_such(stacks: Path, tmp_path: Path) -> None:
    for path in stacks.iterdir():
        stack = read_stack(path)
        write_stack(path, stack_of(stack.voxels.astype(np.float32) / 7000))
    prepared = prepare(sorted(stacks.iterdir()), PRESET_ALIGNED, tmp_path / "work")
    assert prepared.fields[0].voxels.dtype == np.float32
    assert 0 < prepared.normalization.scale_counts < 1
