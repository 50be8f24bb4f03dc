"""The quality report tells the truth about a network, good or bad."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.quality import evaluate
from deepz_live.image.appearance import appearance, farthest_out
from deepz_live.image.focus import extended_depth_of_field
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle, Reference, shipped_bundle
from deepz_live.refocus.engine import RefocusError, surface_from
from deepz_live.session.stack import write_stack
from deepz_live.train.targets import Registered
from tests.train.conftest import gaussian_beads, stack_of


class Oracle:
    """An engine that knows the stack: its planes are the scan's."""

    provider, reason = "test", "test"

    def __init__(self, bundle: Bundle, voxels: np.ndarray) -> None:
        self.bundle = bundle
        self._planes = {plane.tobytes(): k for k, plane in enumerate(voxels)}
        self._voxels = voxels

    def volume(self, pixels: np.ndarray) -> np.ndarray:
        here = self._planes[np.ascontiguousarray(pixels, np.uint16).tobytes()]
        steps = [round(z / 0.5) for z in self.bundle.facts.z_planes_um]
        last = len(self._voxels) - 1
        return np.stack([self._voxels[min(max(here + s, 0), last)] for s in steps]).astype("f4")

    def surface(self, pixels: np.ndarray, dpm: np.ndarray) -> np.ndarray:
        return surface_from(self.volume(pixels), self.bundle.facts.z_planes_um, dpm)

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
            assert row["mean"]["corr"] < 0.999
            assert row["baseline"]["mse"] >= row["baseline"]["rmse"] ** 2 * (1 - 1e-9)
    assert report["z_range_um"] == [-10.0, 10.0]


def test_what_the_live_view_compares_with_is_measured_beside_the_quality(scene) -> None:
    bundle, path, voxels = scene
    report = evaluate(bundle, [path], engine=Oracle(bundle, voxels))
    reference = Reference.model_validate(report["reference"])
    assert reference.frames == 11
    assert reference.round_trip.corr > 0.99
    assert reference.round_trip.dz_um == 3.0
    looks = [
        appearance(bundle.facts.normalization.forward(plane), bundle.facts.pixel_size_um)
        for plane in voxels[4:45:4]
    ]
    for look in looks:
        assert farthest_out(look, reference.appearance)[1] < 0.2
    assert all(row["spread"]["corr"] < 1e-6 for row in report["per_distance"])
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


def test_a_part_too_small_for_ssim_is_refused_and_the_smallest_is_measured(scene) -> None:
    bundle, path, voxels = scene
    with pytest.raises(RefocusError, match="is 96 × 10 pixels, and SSIM needs at least 11 × 11"):
        evaluate(bundle, [path], (slice(0, 96), slice(40, 50)), engine=Identity(bundle, voxels))
    box = (slice(40, 51), slice(40, 51))
    rows = evaluate(bundle, [path], box, engine=Identity(bundle, voxels))["per_distance"]
    assert all(np.isfinite(row["ssim"]) for row in rows)


class OtherModality(Oracle):
    """An engine that makes another modality's planes of a frame, as they are."""

    def __init__(self, bundle: Bundle, voxels: np.ndarray, target: np.ndarray) -> None:
        super().__init__(bundle, voxels)
        self._voxels = target


def test_another_modality_is_measured_against_its_own_planes(scene, monkeypatch) -> None:
    bundle, path, voxels = scene
    target = np.maximum(voxels.astype(np.float32) - 300, 0) ** 2
    facts = bundle.facts.model_copy(
        update={"target_normalization": Normalization.fit(extended_depth_of_field(target))}
    )
    bundle = dataclasses.replace(bundle, facts=facts)
    planes, box = (0, len(target)), (slice(0, 90), slice(0, 96))
    known = Registered(target, planes, box, {})
    monkeypatch.setattr("deepz_live.app.quality.registered", lambda *_: known)
    engine = OtherModality(bundle, voxels[:, box[0]], target[:, box[0]])
    report = evaluate(bundle, [path], targets=[path], engine=engine)
    for row in report["per_distance"]:
        assert row["corr"] == pytest.approx(1, abs=1e-6)
        assert row["same_depth"]["corr"] < 0.99
    widths = report["axial_fwhm_um"]
    assert widths["refocused"] == pytest.approx(widths["truth"])
    assert widths["same_depth"] > 1.2 * widths["truth"]


def test_planes_of_another_modality_are_not_measured_against_the_frames_own(scene) -> None:
    bundle, path, voxels = scene
    facts = bundle.facts.model_copy(update={"target_normalization": bundle.facts.normalization})
    crossmodal = dataclasses.replace(bundle, facts=facts)
    with pytest.raises(RefocusError, match="--target"):
        evaluate(crossmodal, [path], engine=Oracle(crossmodal, voxels))
