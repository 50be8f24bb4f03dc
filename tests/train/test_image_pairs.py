"""The paper's list of pairs: fixed, small in memory, shared by processes, resumable."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepz_live.image.normalization import Normalization
from deepz_live.train.errors import TrainingError
from deepz_live.train.image_pairs import ImagePairs
from deepz_live.train.pairs import Pairs
from deepz_live.train.patches import Region
from deepz_live.train.prepared import Field, Grid, Prepared

COUNT, PLANES, SIDE = 20, 61, 64


def numbered(planes: int = PLANES, regions: int = 3) -> NDArray[np.uint16]:
    """Each plane holds its own number in the top left pixels of every 32² tile, else zeros."""
    voxels = np.zeros((planes, SIDE, SIDE * regions), np.uint16)
    voxels[:] = np.arange(planes, dtype=np.uint16)[:, None, None]
    return voxels


def prepared(
    voxels: NDArray[np.uint16], *, regions: int = 3, known: slice = slice(None), seed: int = 0
) -> Prepared:
    squares = [Region(0, SIDE * n, SIDE, len(voxels) // 2) for n in range(regions)]
    target_known = np.zeros(len(voxels), bool)
    target_known[known] = True
    field = Field(
        voxels, voxels, target_known, np.ones(voxels.shape[1:], bool),
        tuple(squares[:-1]), tuple(squares[-1:]), (0, 0),
    )  # fmt: skip
    plain = Normalization(background_counts=0, scale_counts=1)
    return Prepared((field,), plain, None, Grid(0.5, 1, COUNT), 0.3, 10.0, "", (0, 1), seed)


def pairs(source: Prepared, **options: bool) -> ImagePairs:
    return ImagePairs(source, 32, np.random.default_rng(0), **options)


def planes_of(source: ImagePairs) -> list[tuple[int, int]]:
    """(input, target) of an epoch, read from the pixels."""
    batch = source.batch(len(source))
    return [
        (int(a), int(b))
        for a, b in zip(batch.inputs[:, 0, 0, 0], batch.targets[:, 0, 0, 0], strict=True)
    ]


def test_each_of_the_41_planes_has_five_to_ten_different_targets_in_range() -> None:
    found = planes_of(pairs(prepared(numbered()), validation=True))
    middle = PLANES // 2
    assert {a for a, _ in found} == set(range(middle - COUNT, middle + COUNT + 1))
    assert {b for _, b in found} <= {a for a, _ in found}
    assert max(Counter(found).values()) == 1
    assert set(Counter(a for a, _ in found).values()) == {5, 6, 7, 8, 9, 10}
    assert max(abs(a - b) for a, b in found) <= COUNT


def test_the_distance_is_that_from_input_to_target() -> None:
    batch = pairs(prepared(numbered())).batch(50)
    apart = batch.targets[:, 0, 0, 0] - batch.inputs[:, 0, 0, 0]
    np.testing.assert_allclose(batch.distances_um, 0.5 * apart)


def test_training_shows_each_pair_five_times_and_each_time_turned_otherwise() -> None:
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 60000, (PLANES, SIDE, SIDE)).astype(np.uint16)
    voxels = np.concatenate([texture, texture], axis=2)
    source = ImagePairs(prepared(voxels, regions=2), SIDE, rng)
    batch = source.batch(len(source))
    # Sums of whole numbers do not change when an image is turned.
    sums = zip(batch.inputs.sum((1, 2, 3), float), batch.targets.sum((1, 2, 3), float), strict=True)
    assert set(Counter(sums).values()) == {5}
    whole = {(a.tobytes(), t.tobytes()) for a, t in zip(batch.inputs, batch.targets, strict=True)}
    assert len(whole) == len(source)


def test_validation_is_not_augmented() -> None:
    training = pairs(prepared(numbered(), regions=3))
    validation = pairs(prepared(numbered(), regions=3), validation=True)
    assert len(training) / 5 / 2 == pytest.approx(len(validation), rel=0.1)  # two regions, one


def test_an_epoch_shows_everything_once_and_the_next_in_another_order() -> None:
    source = pairs(prepared(numbered()), validation=True)
    first, second = planes_of(source), planes_of(source)
    assert sorted(first) == sorted(second)
    assert first != second
    assert source.epoch == 2


@pytest.mark.parametrize("kind", [Pairs, ImagePairs])
def test_the_slices_of_all_processes_are_the_batch_of_one(kind: type) -> None:
    source = prepared(numbered())
    whole = kind(source, 32, np.random.default_rng(3))
    shares = [kind(source, 32, np.random.default_rng(3)) for _ in range(3)]
    for _ in range(3):
        expected = whole.batch(8)
        for rank, share in enumerate(shares):
            found = share.batch(8, rank, 3)
            np.testing.assert_array_equal(found.inputs, expected.inputs[rank::3])
            np.testing.assert_array_equal(found.targets, expected.targets[rank::3])


@pytest.mark.parametrize("kind", [Pairs, ImagePairs])
def test_a_process_without_an_example_is_refused(kind: type) -> None:
    with pytest.raises(TrainingError, match="fewer processes"):
        kind(prepared(numbered()), 32, np.random.default_rng(0)).batch(2, 2, 3)


@pytest.mark.parametrize("kind", [Pairs, ImagePairs])
def test_a_restored_sequence_goes_on_as_the_uninterrupted_one(kind: type) -> None:
    source = prepared(numbered())
    first = kind(source, 32, np.random.default_rng(0))
    for _ in range(5):
        first.batch(7)
    state = json.loads(json.dumps(first.state()))
    second = kind(source, 32, np.random.default_rng(99))
    second.restore(state)
    for _ in range(3):
        a, b = first.batch(7), second.batch(7)
        np.testing.assert_array_equal(a.inputs, b.inputs)
        np.testing.assert_array_equal(a.targets, b.targets)


def test_planes_that_the_target_lacks_are_never_asked_for() -> None:
    source = prepared(numbered(), known=slice(20, 35))
    assert {b for _, b in planes_of(pairs(source, validation=True))} <= set(range(20, 35))
    batch = Pairs(source, 32, np.random.default_rng(0)).batch(64)
    inputs = batch.inputs[:, 0, 0, 0]
    planes = inputs[:, None] + np.arange(-COUNT, COUNT + 1)
    np.testing.assert_array_equal(batch.known > 0, (planes >= 20) & (planes < 35))
    held = batch.known > 0
    np.testing.assert_array_equal(batch.targets[:, :, 0, 0][held], planes[held])
    assert not batch.targets[~held].any()


def test_an_example_of_all_planes_is_a_window_of_the_stack_in_all_eight_positions() -> None:
    """Every pixel holds its place, so a crop tells where it was cut out and how it was turned."""
    width = SIDE * 3
    voxels = np.tile(np.arange(SIDE * width, dtype=np.uint16).reshape(SIDE, width), (PLANES, 1, 1))
    voxels[1::2] += SIDE * width
    source = prepared(voxels)
    batch = Pairs(source, 32, np.random.default_rng(0)).batch(64)
    seen = set()
    for image, planes, known in zip(batch.inputs[:, 0], batch.targets, batch.known, strict=True):
        number = int(image.min())
        level, corner = divmod(number, SIDE * width)
        y, x = divmod(corner, width)
        window = voxels[level, y : y + 32, x : x + 32].astype(np.float32)
        turns = [np.rot90(window, k) for k in range(4)]
        turns += [turn[:, ::-1] for turn in turns]
        (turn,) = (n for n, turn in enumerate(turns) if np.array_equal(turn, image))
        seen.add(turn)
        for step, plane in enumerate(planes[known > 0], np.flatnonzero(known)[0] - COUNT):
            other = (level + step) % 2
            np.testing.assert_array_equal(plane, image + (other - level) * SIDE * width)
    assert seen == set(range(8))


def test_a_hundred_thousand_pairs_stay_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "stack.npy"
    regions = 70
    np.save(file, np.zeros((PLANES, SIDE, SIDE * regions), np.uint16))
    voxels = np.load(file, mmap_mode="r")
    tracemalloc.start()
    source = pairs(prepared(voxels, regions=regions))
    source.batch(20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del voxels
    assert len(source) >= 95_000
    assert peak < 100e6  # bytes; 2 GB are allowed
