"""The comparison of two masks: fair to both, and its range is what the rule says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.app.helix import compare, score
from deepz_live.app.helix.bound import bound
from deepz_live.app.helix.picture import Shown, picture
from deepz_live.app.helix.scenes import profile_of
from deepz_live.app.helix.trainings import order_for
from deepz_live.train.errors import TrainingError

GRID = tuple(float(z) for z in range(-20, 21))


def row(defocus: float, recall: float, precision: float = 1.0) -> dict:
    return {"defocus_um": defocus, "recall": recall, "precision": precision}


def test_a_range_ends_at_the_first_gap_on_either_side():
    rows = [
        row(-6, 1.0),
        row(-4, 0.79),
        row(-2, 0.8),
        row(0, 0.9),
        row(2, 0.9, 0.81),
        row(4, 1, 0.7),
    ]
    assert score.good_range(rows) == (-2, 2)
    assert score.good_range([row(-2, 1.0), row(0, 0.5), row(2, 1.0)]) is None
    assert score.good_range([row(-2, 1.0), row(0, 1.0), row(2, 1.0)]) == (-2, 2)


@pytest.fixture
def field() -> score.FlatField:
    """A flat field whose frames name their own defocus in every pixel."""
    rng = np.random.default_rng(3)
    beads = np.array([[20.2, 21.0], [24.0, 50.3], [52.7, 30.0], [45.0, 60.0]])
    y, x = np.mgrid[:80, :80]
    focus = 100 + sum(1000 * np.exp(-((y - r) ** 2 + (x - c) ** 2) / 2) for r, c in beads)
    defocus = (-8.0, 0.0, 8.0)
    frames = np.stack([np.full((80, 80), d) for d in defocus]) + rng.normal(0, 1e-3, (3, 80, 80))
    return score.FlatField(defocus, frames, focus.astype(np.float32), beads, 0.325)


class Oracle:
    """An engine that knows the field: beads in focus where they are, or ``wrong`` µm off."""

    bundle = SimpleNamespace(facts=SimpleNamespace(z_planes_um=GRID))

    def __init__(self, field: score.FlatField, wrong: float = 0.0) -> None:
        self.field, self.wrong = field, wrong

    def volume(self, frame: np.ndarray) -> np.ndarray:
        away = np.array(GRID) + round(float(frame.mean())) - self.wrong
        weight = np.exp(-(away**2) / 2)[:, None, None].astype(np.float32)
        return 100 + (self.field.focus - 100) * weight


def test_who_knows_the_truth_finds_every_bead_at_every_defocus(field: score.FlatField):
    rows = score.flat_rows(Oracle(field), [field])
    assert [r["beads"] for r in rows] == [4, 4, 4]
    assert all(r["recall"] == r["precision"] == 1 for r in rows)
    assert all(r["depth_error_um"] < 0.1 and r["corr"] > 0.999 for r in rows)
    assert score.good_range(rows) == (-8, 8)
    assert all(r["from_above"] == {"recall": 1, "precision": 1} for r in rows)


def test_beads_at_another_depth_are_not_found_again(field: score.FlatField):
    rows = score.flat_rows(Oracle(field, wrong=3.0), [field])
    assert all(r["found"] == 4 and r["recall"] == r["precision"] == 0 for r in rows)
    assert score.good_range(rows) is None
    assert all(r["from_above"] == {"recall": 1, "precision": 1} for r in rows)


def test_both_trainings_differ_in_nothing_but_mask_and_input(tmp_path: Path):
    for mask in ("none", "double-helix"):
        (tmp_path / mask).mkdir()
        for name in ("a.tif", "b.tif"):
            (tmp_path / mask / name).touch()
    changes = {"z_range_um": 20.0, "steps": 7, "width": 0.5}
    clear, helix = (
        order_for(mask, tmp_path, tmp_path / "out", changes) for mask in ("none", "double-helix")
    )
    assert clear.preset == helix.preset
    assert (clear.preset.steps, clear.preset.minutes, clear.preset.align) == (7, None, False)
    assert helix.targets == clear.stacks
    assert clear.targets == ()
    assert helix.optics.model_copy(update={"phase_mask": "none"}) == clear.optics
    assert {path.parent.name for path in helix.stacks} == {"double-helix"}


def test_the_same_beads_lie_before_both_masks_with_noise_of_their_own():
    clear, helix = (
        profile_of(mask, "beads-flat", 5, 64, 20.0) for mask in ("none", "double-helix")
    )
    assert clear.specimen == helix.specimen
    assert clear.stage == helix.stage
    assert clear.camera.noise_seed != helix.camera.noise_seed


def test_a_folder_with_models_of_another_order_is_refused(tmp_path: Path):
    compare._check(tmp_path, compare.Effort(), None)
    compare._check(tmp_path, compare.Effort(flat=1, volume=9), None)
    with pytest.raises(TrainingError, match=r"another steps, width; choose a new"):
        compare._check(tmp_path, compare.Effort(steps=(3,), width=0.25), None)


def test_the_picture_shows_both_masks(field: score.FlatField):
    one = Shown(8.0, field.frames[2].astype(np.float32), field.focus, field.focus)
    png = picture({"none": [one], "double-helix": [one]}, 0.325)
    assert png.startswith(b"\x89PNG")


class Gaussian:
    """A spot of one light whose width grows with its height."""

    def image(self, height, shape, centre, pixel):
        y, x = np.indices(shape)
        sigma = 0.6 + 0.05 * height
        away = ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) * pixel**2
        return np.exp(-away / (2 * sigma**2)) / (2 * np.pi * sigma**2) * pixel**2


def test_the_bound_of_a_gaussian_spot_is_the_known_one():
    """Without background: width / sqrt(N) sideways; along z as the width tells it, sigma having
    the variance sigma² / 4N."""
    depth, sideways = bound(Gaussian(), 4.0, 10_000.0, 1e-6, 0.2)
    assert sideways == pytest.approx(0.8 / 100, rel=0.02)
    assert depth == pytest.approx(0.8 / 200 / 0.05, rel=0.02)
