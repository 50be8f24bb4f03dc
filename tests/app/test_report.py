"""The report: everything is in it, it is kept in the bundle, and it refuses what does not fit."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.report.context import Context
from deepz_live.app.report.run import Report, write_report
from deepz_live.app.report.sinusoid import scan_along, source_plane, surface
from deepz_live.image.focus import extended_depth_of_field
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle, load_bundle, shipped_bundle
from deepz_live.refocus.engine import RefocusError
from deepz_live.session.stack import write_stack
from deepz_live.train.description import finish_bundle
from deepz_live.train.targets import Registered
from tests.app.test_quality import Oracle, OtherModality
from tests.train.conftest import gaussian_beads, stack_of

Z_UM = (-4.0, -2.0, 0.0, 2.0, 4.0)
SECTIONS = ("distances", "pictures", "beads", "outside", "sinusoid")


@dataclasses.dataclass
class Case:
    """One report of an engine that is always right."""

    before: Bundle
    scan: np.ndarray
    stack: Path
    done: Report
    notes: list[str]

    @property
    def sections(self) -> dict:
        return self.done.facts["sections"]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(shipped_bundle().path, folder / "bundle")
    facts = shipped_bundle().facts.model_copy(update={"z_planes_um": Z_UM, "quality": ()})
    finish_bundle(folder / "bundle", facts)
    bundle, notes = load_bundle(folder / "bundle"), []
    scan = gaussian_beads(3, side=128, planes=33, count=14)
    write_stack(folder / "a.ome.tif", stack_of(scan))
    done = write_report(
        bundle,
        [folder / "a.ome.tif"],
        folder / "out",
        engine=Oracle(bundle, scan),
        note=notes.append,
    )
    return Case(bundle, scan, folder / "a.ome.tif", done, notes)


def test_the_page_lists_every_experiment_and_fetches_nothing(case: Case):
    html = case.done.page.read_text(encoding="utf-8")
    for key in SECTIONS:
        assert f'id="{key}"' in html
    assert html.count("data:image/png;base64,") >= 6
    assert not re.search(r"<script|https?://|src=\"(?!data:)", html)
    assert any("Measuring" in note for note in case.notes)
    facts = json.loads(case.done.page.with_name("report.json").read_text(encoding="utf-8"))
    assert set(SECTIONS) <= set(facts["sections"])
    row = facts["sections"]["distances"]["per_distance"][0]
    assert {"mse", "baseline", "mean", "deconvolved"} <= set(row)


def test_the_bundle_keeps_the_summary_and_its_weights(case: Case):
    kept = load_bundle(case.before.path)  # the sealed checksums are right
    assert kept.sha256 == case.done.bundle.sha256 != case.before.sha256
    assert kept.weights_path.read_bytes() == shipped_bundle().weights_path.read_bytes()
    assert kept.facts.evidence["beads"]["isolated_beads"] >= 5
    assert kept.facts.quality[0].deconvolved is not None
    assert "isolated beads" in (kept.path / "README.md").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in kept.path.iterdir()) < 8e6


def test_a_perfect_model_is_behind_nothing_and_as_sharp_as_the_scan(case: Case):
    assert case.sections["distances"]["behind"] == []
    beads = case.sections["beads"]
    widths = beads["lateral_fwhm_um"]
    assert widths["refocused"] == pytest.approx(widths["scan"], rel=1e-6)
    # The scan's beads have a sigma of 1.5 pixels in focus.
    assert widths["scan"] == pytest.approx(2.3548 * 1.5 * 0.325, rel=0.05)
    assert beads["snr_gain"] == pytest.approx(1.0, rel=1e-6)
    assert beads["fits_failed"]["lateral"] == 0
    assert case.sections["outside"]["per_defocus"][-1]["inside"] is False


def test_directions_are_told_apart(case: Case):
    rows = case.sections["distances"]["per_direction"]
    counts = {(row["abs_dz_um"], row["direction"]): row["n"] for row in rows}
    # Every pair of planes is measured both ways.
    for distance in (2.0, 4.0):
        assert counts[distance, "into focus"] == counts[distance, "out of focus"]


def test_a_stack_of_other_pixels_is_refused_before_anything_is_written(tmp_path: Path, case: Case):
    other = tmp_path / "b.ome.tif"
    write_stack(other, dataclasses.replace(stack_of(case.scan), pixel_size_um=0.65))
    engine = Oracle(case.before, case.scan)
    with pytest.raises(RefocusError, match=r"0\.65 µm.*0\.325 µm"):
        write_report(case.before, [case.stack, other], tmp_path / "out", engine=engine)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("period_px", [2, 7, 64])
def test_the_truth_of_a_wavy_surface_is_the_scan_on_that_very_surface(
    tmp_path: Path, case: Case, period_px: int
):
    # A scan whose counts are its own height tells where it was read.
    planes, side = 41, 80
    heights = (np.arange(planes) - 20) * 0.5
    ramp = np.repeat((1000 + 100 * heights)[:, None, None], side, axis=1).repeat(side, axis=2)
    noise = np.zeros_like(ramp)
    noise[20] = np.random.default_rng(0).normal(0, 1, (side, side))
    write_stack(tmp_path / "ramp.ome.tif", stack_of((ramp + noise).astype(np.float32)))
    context = Context(Oracle(case.before, ramp), [tmp_path / "ramp.ome.tif"], None, print)
    field = context.field(tmp_path / "ramp.ome.tif")
    source = source_plane(context, field)
    dpm = surface(context, field, period_px)
    columns = (np.arange(side) - (side - 1) / 2) / period_px
    wanted = -2.0 + 1.6 * np.sin(2 * np.pi * columns)  # -0.4 … -3.6 µm for a reach of 4 µm
    np.testing.assert_allclose(dpm[0], wanted, atol=1e-4)
    counts = case.before.facts.normalization.inverse(scan_along(field, source, dpm))
    start = heights[source]
    np.testing.assert_allclose(counts[5], 1000 + 100 * (start + wanted), atol=4)


def test_a_model_of_another_modality_is_not_compared_with_the_wrong_truth(
    tmp_path: Path, case: Case
):
    known = case.before.facts
    facts = known.model_copy(update={"target_normalization": known.normalization})
    other = dataclasses.replace(case.before, facts=facts)
    with pytest.raises(RefocusError, match="another modality"):
        write_report(other, [case.stack], tmp_path / "out", engine=Oracle(other, case.scan))
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_modality_is_measured_with_its_stacks(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
):
    target = np.maximum(case.scan.astype(np.float32) - 300, 0) ** 2
    normalization = Normalization.fit(extended_depth_of_field(target))
    facts = case.before.facts.model_copy(update={"target_normalization": normalization})
    other = dataclasses.replace(case.before, facts=facts)
    whole = (slice(0, 128), slice(0, 128))
    known = Registered(target, (0, len(target)), whole, {})
    for module in ("report.context", "quality"):
        monkeypatch.setattr(f"deepz_live.app.{module}.registered", lambda *_: known)
    done = write_report(
        other,
        [case.stack],
        tmp_path / "out",
        targets=[case.stack],
        record=False,
        engine=OtherModality(other, case.scan, target),
    )
    assert done.facts["sections"]["distances"]["behind"] == []
    text = done.page.read_text(encoding="utf-8")
    assert "other modality" in text
    assert "Median thickness along z" in text
