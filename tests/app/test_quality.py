"""The quality report tells the truth about a network, good or bad."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.quality import evaluate
from deepz_live.model.bundle import Bundle, shipped_bundle
from deepz_live.refocus.engine import RefocusError
from deepz_live.session.stack import write_stack
from tests.train.conftest import gaussian_beads, stack_of


class Oracle:
    """An engine that knows the stack: its planes are the scan's."""

    provider, reason = "test", "test"

    def __init__(self, bundle: Bundle, voxels: np.ndarray) -> None:
        self.bundle = bundle
        self._planes = {plane.tobytes(): k for k, plane in enumerate(voxels)}
        self._voxels = voxels

    def volume(self, pixels: np.ndarray) -> np.ndarray:
        here = self._planes[np.ascontiguousarray(pixels).tobytes()]
        steps = [round(z / 0.5) for z in self.bundle.facts.z_planes_um]
        last = len(self._voxels) - 1
        return np.stack([self._voxels[min(max(here + s, 0), last)] for s in steps]).astype("f4")

    def close(self) -> None:
        """Nothing to free."""


class Identity(Oracle):
    """An engine that refocuses nothing."""

    def volume(self, pixels: np.ndarray) -> np.ndarray:
        return np.repeat(pixels[None].astype("f4"), len(self.bundle.facts.z_planes_um), axis=0)


@pytest.fixture
def scene(tmp_path: Path) -> tuple[Bundle, Path, np.ndarray]:
    bundle = shipped_bundle()
    voxels = gaussian_beads(0, planes=49)
    write_stack(tmp_path / "a.ome.tif", stack_of(voxels))
    return bundle, tmp_path / "a.ome.tif", voxels


def test_a_perfect_network_scores_one_and_its_baseline_does_not(scene) -> None:
    bundle, path, voxels = scene
    report = evaluate(bundle, [path], engine=Oracle(bundle, voxels))
    for row in report["per_distance"]:
        assert row["corr"] == pytest.approx(1, abs=1e-6)
        assert row["rmse"] == pytest.approx(0, abs=1e-6)
        if abs(row["dz_um"]) >= 1:
            assert row["baseline"]["corr"] < 0.999
    assert report["z_range_um"] == [-10.0, 10.0]
    assert {"per_distance", "pixel_size_um", "z_range_um", "network", "seconds_per_plane"} <= set(
        report
    )


def test_a_network_that_does_nothing_scores_as_its_baseline(scene) -> None:
    bundle, path, voxels = scene
    for row in evaluate(bundle, [path], engine=Identity(bundle, voxels))["per_distance"]:
        for key, value in row["baseline"].items():
            assert row[key] == pytest.approx(value, abs=1e-5)


def test_a_stack_of_another_pixel_size_is_refused_with_both_values(scene, tmp_path: Path) -> None:
    bundle, _, voxels = scene
    other = tmp_path / "b.ome.tif"
    write_stack(other, dataclasses.replace(stack_of(voxels), pixel_size_um=0.65))
    with pytest.raises(RefocusError, match=r"0\.65 µm.*0\.325 µm"):
        evaluate(bundle, [other], engine=Oracle(bundle, voxels))


def test_a_region_outside_the_field_is_refused(scene) -> None:
    bundle, path, voxels = scene
    with pytest.raises(RefocusError, match="leaves the field"):
        evaluate(bundle, [path], (slice(0, 500), slice(0, 96)), engine=Oracle(bundle, voxels))
