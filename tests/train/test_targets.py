"""Stacks of another modality: matched, brought onto the input's voxels, learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from deepz_live.session.stack import write_stack
from deepz_live.train import targets as targets_module
from deepz_live.train.errors import TrainingError
from deepz_live.train.intake import read_part
from deepz_live.train.pairs import Pairs
from deepz_live.train.prepare import prepare
from deepz_live.train.prepared import Prepared
from deepz_live.train.preset import Preset
from deepz_live.train.targets import partners, register_target
from tests.train.conftest import STEP_UM, gaussian_beads, stack_of

PRESET = Preset(
    width=0.1, minutes=1, batch=2, crop_px=32, learning_rate=1e-3, z_range_um=3.0, align=False,
    region_px=64,
)  # fmt: skip
DOWN, RIGHT, DEEPER = 5, 3, 2
SIDE = 128


class Known:
    """A registration that is known: the target's content lies ``DOWN`` and ``RIGHT`` pixels off,
    and its plane 0 is the input's plane ``DEEPER``."""

    z_shift_um = -DEEPER * STEP_UM
    shift_px = (float(DOWN), float(RIGHT))
    matrix = np.eye(3)
    score = 0.9

    def apply(self, moving: NDArray, fixed_shape: tuple[int, int, int]) -> NDArray[np.float32]:
        out = np.full(fixed_shape, np.nan, np.float32)
        planes = moving[: fixed_shape[0] - DEEPER, DOWN:, RIGHT:]
        out[DEEPER : DEEPER + len(planes), :-DOWN, :-RIGHT] = planes
        return out


def sharper(voxels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Another modality: half of the offset, twice the signal."""
    return (2 * (voxels.astype(int) - 100) + 50).clip(0).astype(np.uint16)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    voxels = gaussian_beads(3, side=SIDE, count=25)
    target = np.roll(sharper(voxels), (DOWN, RIGHT), (1, 2))[DEEPER:-1]
    for name, stack in (("input", voxels), ("target", target)):
        (tmp_path / name).mkdir()
        write_stack(tmp_path / name / "field.ome.tif", stack_of(stack))
    return tmp_path / "input" / "field.ome.tif", tmp_path / "target" / "field.ome.tif"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets_module, "align_stacks", lambda *_, **__: Known())


def made(pair: tuple[Path, Path], work: Path) -> Prepared:
    return prepare([pair[0]], PRESET, work, targets=[pair[1]])


@pytest.mark.usefixtures("known")
def test_inputs_and_targets_show_the_same_place(pair: tuple[Path, Path], tmp_path: Path) -> None:
    prepared = made(pair, tmp_path / "work")
    (field,) = prepared.fields
    assert field.voxels.shape == (25, SIDE - DOWN, SIDE - RIGHT)
    planes = np.flatnonzero(field.target_known)
    assert (planes[0], planes[-1]) == (DEEPER, 23)
    expected = sharper(np.asarray(field.voxels))[planes]
    np.testing.assert_array_equal(field.target[planes], expected)
    assert np.isfinite(field.target).all()


@pytest.mark.usefixtures("known")
def test_each_modality_has_its_normalisation(pair: tuple[Path, Path], tmp_path: Path) -> None:
    prepared = made(pair, tmp_path / "work")
    own, other = prepared.normalization, prepared.target_normalization
    assert other is not None
    assert prepared.output_normalization == other
    assert other.scale_counts == pytest.approx(2 * own.scale_counts, rel=0.1)
    batch = Pairs(prepared, 32, np.random.default_rng(0)).batch(16)
    centre = prepared.grid.count
    held = batch.known[:, centre] > 0
    # The sharper modality is the same picture twice as bright, so normalised it is the same.
    np.testing.assert_allclose(batch.inputs[held, 0], batch.targets[held, centre], atol=0.05)


@pytest.mark.usefixtures("known")
def test_the_manifest_tells_how_the_target_lay(pair: tuple[Path, Path], tmp_path: Path) -> None:
    made(pair, tmp_path / "work")
    text = (tmp_path / "work" / "manifest.json").read_text(encoding="utf-8")
    assert '"z_shift_um": -1.0' in text
    assert '"score": 0.9' in text


def test_a_twin_with_less_haze_is_registered_and_learnt(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    voxels = np.zeros((25, 160, 160))
    for z, y, x in rng.uniform((6, 5, 5), (19, 155, 155), (150, 3)):
        voxels[int(z), int(y), int(x)] = rng.uniform(0.5, 1)
    narrow = gaussian_filter(voxels, (1.2, 1.5, 1.5))
    wide = gaussian_filter(voxels, (3, 2.2, 2.2))
    stacks = [v / v.max() * 4000 + 100 + rng.normal(0, 5, v.shape) for v in (wide, narrow)]
    files = [tmp_path / name for name in ("wide.ome.tif", "narrow.ome.tif")]
    moved = np.roll(stacks[1], (4, -3), (1, 2))[:, 8:-8, 8:-8]
    for file, stack in zip(files, (stacks[0], moved), strict=True):
        write_stack(file, stack_of(stack.clip(0).astype(np.uint16)))
    prepared = prepare([files[0]], PRESET, tmp_path / "work", targets=[files[1]])
    (field,) = prepared.fields
    y, x = field.origin
    found = field.target[field.target_known]
    truth = stacks[1][field.target_known, y : y + found.shape[1], x : x + found.shape[2]]
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.9


def test_targets_are_matched_by_name_or_else_by_order(tmp_path: Path) -> None:
    inputs = [tmp_path / "a" / name for name in ("2.tif", "1.tif")]
    named = [tmp_path / "b" / name for name in ("1.tif", "2.tif")]
    assert partners(inputs, named) == [named[1], named[0]]
    others = [tmp_path / "b" / name for name in ("y.tif", "x.tif")]
    assert partners(inputs, others) == [others[0], others[1]]
    with pytest.raises(TrainingError, match="2 stacks and 1 target"):
        partners(inputs, others[:1])


def test_targets_of_another_sample_are_refused(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("input.ome.tif", "other.ome.tif")]
    for seed, file in enumerate(files):
        write_stack(file, stack_of(gaussian_beads(seed, side=SIDE, count=25)))
    with pytest.raises(TrainingError, match=r"other\.ome\.tif could not be registered"):
        prepare([files[0]], PRESET, tmp_path / "work", targets=[files[1]])


def test_through_a_mask_a_target_is_taken_as_it_lies(tmp_path: Path):
    """Nothing is alike in the two, so that registration would fail; plane belongs to plane."""
    sharp, masked = (gaussian_beads(seed) for seed in (1, 2))
    for name, voxels in (("sharp", sharp), ("masked", masked), ("short", sharp[1:])):
        write_stack(tmp_path / f"{name}.tif", stack_of(voxels))
    part = read_part(tmp_path / "masked.tif")
    shown = (slice(3, 96), slice(0, 92))
    taken = register_target(tmp_path / "sharp.tif", part, shown, through_mask=True)
    np.testing.assert_array_equal(taken.voxels, sharp)
    assert taken.planes == (0, len(sharp))
    assert taken.box == shown
    with pytest.raises(TrainingError, match=r"short.*phase mask.*same plan"):
        register_target(tmp_path / "short.tif", part, shown, through_mask=True)
