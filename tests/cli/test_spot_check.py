"""The spot check on the command line: its JSON, its file, and refusals before a device moves."""

from __future__ import annotations

import json

SMALL = [
    *("--set", "camera.width_px=64"),
    *("--set", "camera.height_px=64"),
    *("--set", "specimen.beads_per_100um2=3"),
    *("--set", "stage.settle_ms=0"),
]


def test_the_result_is_printed_and_written(run, bundle, tmp_path):
    file = tmp_path / "check.json"
    done = run("spot-check", *SMALL, "--model", bundle, "--out", file, "--json")
    assert done.code == 0
    facts = done.facts
    assert facts["level"] == "red"  # this network returns its input
    assert "no better than leaving it" in facts["text"]
    distances = [row["dz_um"] for row in facts["distances"]]
    assert distances == [-4.0, -2.0, 2.0, 4.0]
    for row in facts["distances"]:
        assert row["refocused"]["corr"] == row["unrefocused"]["corr"]
    assert json.loads(file.read_text(encoding="utf-8")) == facts
    assert "back where it began" in done.err


def test_without_room_for_the_stage_it_is_refused(run, bundle):
    limits = ["--set", "stage.z_min_um=-1", "--set", "stage.z_max_um=1"]
    limits += ["--set", "calibration.range_um=1"]
    done = run("spot-check", *SMALL, *limits, "--model", bundle)
    assert "leave room for 0 of 4 planes" in done.sentence


def test_other_pixels_are_refused(run, bundle):
    done = run("spot-check", *SMALL, "--set", "camera.binning=2", "--model", bundle)
    assert "0.65 µm wide and the model's 0.325 µm" in done.sentence
