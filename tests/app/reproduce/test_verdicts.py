"""Verdicts follow from the numbers, and a number that is worse is called so."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.app.helix.compare import Comparison
from deepz_live.app.reproduce import (
    beads,
    crossmodal,
    drift,
    helix,
    light,
    neurons,
    outside,
    surfaces,
    transfer,
    waves,
    worm,
)
from deepz_live.app.reproduce.neurons import Effort as NeuronEffort


@pytest.mark.parametrize(
    ("ours", "scan", "verdict"),
    [(0.51, 0.50, "as in the paper"), (0.55, 0.50, "worse"), (0.30, 0.50, "not comparable")],
)
def test_a_width_is_compared_with_the_scans(ours: float, scan: float, verdict: str):
    row = beads._width("lateral", ours, scan, 8.0, "beads")
    assert row.verdict == verdict
    assert ("10.0% wider" in row.remark) == (verdict == "worse")


def test_the_depth_of_field_ends_where_beads_get_wide():
    def at(defocus: float, width: float | None) -> dict:
        return {"defocus_um": defocus, "lateral_fwhm_um": {"refocused": width, "scan": 0.5}}

    rows = [at(-10, None), at(-8, 0.7), at(0, 0.5), at(8, 0.6), at(10, 1.2)]
    row = beads._depth(rows, "beads")
    assert (row.ours, row.verdict) == ("16 µm (-8 … +8 µm)", "worse")
    assert row.remark == "Too wide at -10, +10 µm."
    assert beads._depth([at(-10, 0.5), at(10, 0.5)], "beads").verdict == "as in the paper"


@pytest.mark.parametrize(
    ("widths", "verdict"),
    [
        ((2.0, 0.6, 0.5), "better"),
        ((2.0, 1.1, 0.5), "worse"),  # wider than the paper's
        ((1.2, 0.9, 0.5), "worse"),  # narrower, but by a smaller factor
    ],
)
def test_a_surface_is_judged_by_width_and_factor(widths, verdict: str):
    facts = {
        "beads": 40,
        "median_fwhm_um": dict(zip(("baseline", "refocused", "scan"), widths, strict=True)),
        "fits_failed": {"baseline": 3, "refocused": 1, "scan": 0},
    }
    row = surfaces._row("beads-tilted", facts)
    assert row.verdict == verdict
    assert "1 fits failed after, 3 before" in row.remark


def test_one_distance_behind_the_input_is_worse():
    def at(dz: float, ssim: float) -> dict:
        return {"dz_um": dz, "ssim": ssim, "baseline": {"ssim": 0.8}, "mean": {"ssim": 0.9}}

    good = worm._row("ssim", [at(-2, 0.95), at(2, 0.85)], "worms")
    assert good.verdict == "as in the paper"
    assert "is ahead at +2 µm" in good.remark  # the mean of the scan
    bad = worm._row("ssim", [at(-2, 0.95), at(2, 0.79)], "worms")
    assert bad.verdict == "worse"
    assert "Not ahead of the input at +2 µm." in bad.remark


def test_exposures_are_those_around_the_trained_one_that_are_good_enough():
    def at(x: float, rescaled: float, as_is: float) -> dict:
        corr = {"baseline": 0.2, "rescaled": rescaled, "refocused": as_is}
        return {"name": f"{x:g} ×", "x": x, "corr": corr}

    rows = [at(0.05, 0.1, 0.1), at(0.1, 0.88, 0.3), at(1, 0.9, 0.9), at(3, 0.7, 0.6)]
    rows.append(at(10, 0.9, 0.5))  # good again behind a bad one: not counted
    effort = light.Effort(1, (0.05, 0.1, 1.0, 3.0, 10.0))
    row = light._row(rows, effort)
    assert row.ours == "from 0.1 to 1 times the trained exposure"
    assert row.verdict == "as in the paper"
    assert "from 1 to 1 times" in row.remark
    assert "not ahead of the input at 0.05 ×" in row.remark
    assert light._row(rows[2:], effort).verdict == "worse"


def recording(nearer: float, sharper: float) -> dict:
    return {"ssim_better": nearer, "sharper": sharper, "between_um": [2.0, 9.0],
            "rmse_um": {"axial": 0.3, "lateral": 0.1}}  # fmt: skip


def test_drift_is_judged_by_the_worst_recording():
    effort = drift.Effort(2, 36)
    good = [recording(1.0, 1.0), recording(0.97, 0.96)]
    assert drift._row(good, effort).verdict == "as in the paper"
    bad = drift._row([*good, recording(1.0, 0.3)], effort)
    assert bad.verdict == "worse"
    assert "Sharper (standard deviation) are 30%" in bad.remark
    assert "worse than hoped" in bad.remark


def worm_with(found: int, flat: int, k: int) -> dict:
    def way(count: int) -> dict:
        pair = {"recall": 0.8, "precision": 0.5}
        traces = {"rand_index": None, "median_correlation": 0.9, "correlation_above_0.8": 0.7}
        active = {"active": 3, "found_active": 3, "grouped": 2}
        return {"found": count, **active, "k": k, "sideways": pair, "in_3d": pair, **traces}

    return {"seed": 1, "neurons": 120, "truly_active": 60, "times_less_light": 41,
            "volume": way(found), "flat": way(flat)}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "k", "verdicts"),
    [(155, 3, ("as in the paper",) * 2), (200, 3, ("better", "as in the paper")),
     (120, 4, ("worse", "worse"))],
)  # fmt: skip
def test_neurons_are_judged_by_the_ratio_and_by_the_groups(found: int, k: int, verdicts):
    rows = {row.claim: row for row in neurons._rows([worm_with(found, 99, k)], "a worm")}
    assert (rows["neurons.count"].verdict, rows["neurons.groups"].verdict) == verdicts
    # Half of those found in 3D are not where they are said to be, and the page says so.
    assert "So 50% of those found in 3D are none" in rows["neurons.count"].remark
    assert "In a group are 2 of the 3" in rows["neurons.groups"].remark
    assert "41 times" in rows["dose.planes"].ours


@pytest.mark.parametrize(
    ("period", "verdict"), [(31.2, "as in the paper"), (7.8, "better"), (83.0, "worse")]
)
def test_waves_are_judged_by_the_period_and_the_lowest_is_told(period: float, verdict: str):
    rows = [
        {"period_um": um, "refocused": {"corr": corr}, "baseline": {"corr": 0.3}}
        for um, corr in ((2.0, 0.73), (period, 0.95))
    ]
    summary = {"followed_from_um": period, "corr_long_waves": 0.95}
    row = waves._row({"per_period": rows}, summary, waves.Effort(1, 64))
    assert row.verdict == verdict
    assert "Lowest at 2 µm: 0.73, the input 0.30." in row.remark


@pytest.mark.parametrize(
    ("moved", "verdict"), [(0.02, "as in the paper"), (0.031, "as in the paper"), (0.04, "worse")]
)
def test_a_third_of_the_steps_is_enough_or_said_not_to_be(moved: float, verdict: str):
    def run(steps: int, error: float) -> dict:
        return {"steps": steps, "mae": error, "mae_unrefocused": 0.06, "curve": [(steps, error)],
                "best_validation": (steps, error)}  # fmt: skip

    found = {"scratch": run(300, 0.03), "transfer": [run(100, moved) | {"from": "worm"}]}
    effort = transfer.STEP.full
    row = transfer._row(found, effort)
    assert row.verdict == verdict
    assert ("was not enough" in row.remark) == (verdict == "worse")
    assert ("% smaller" in row.remark) == (moved < 0.03)
    assert "from worm, the shipped one that `--init best` finds" in row.on
    assert transfer._section(found, effort).tables[0].rows[1][1] == "100"


@pytest.mark.parametrize(
    ("reach", "ours", "verdict"),
    [
        ((-18.0, 16.0), "-18 … +16 µm through the double helix, -8 … +10 µm without: +16 µm",
         "as in the paper"),
        (None, "nothing through the double helix, -8 … +10 µm without: -18 µm", "worse"),
    ],
)  # fmt: skip
def test_the_mask_is_judged_by_the_range_it_gains(reach: tuple | None, ours: str, verdict: str):
    flat = [{"defocus_um": 0.0, "recall": 0.9, "precision": 0.91, "corr": 0.92}]
    masks = {"none": (-8.0, 10.0), "double-helix": reach}
    facts = {
        "masks": {
            mask: {"range_um": ends, "from_above_um": (-20.0, 20.0), "flat": flat}
            for mask, ends in masks.items()
        },
        "criterion": "a rule",
        "gained_um": 16.0 if reach else -18.0,
        "effort": {"flat": 3, "train": 6, "reach_um": 20.0, "steps": (5, 4)},
    }
    row = helix._row(facts)
    assert (row.ours, row.verdict) == (ours, verdict)
    assert "-20 … +20 µm through the double helix" in row.remark
    assert ("did not teach" in row.remark) == (reach is None)
    section = helix._section(Comparison(facts, b"png"))
    assert section.tables[0].rows == [["+0", "0.90", "0.90", "0.91", "0.91", "0.92", "0.92"]]
    assert helix.STEP.quick is None


def test_the_quick_run_is_the_smaller_one():
    for step in (beads.STEP, outside.STEP, worm.STEP):
        assert step.quick is not None
        area = [effort.fields * effort.side_px**2 for effort in (step.quick, step.full)]
        assert area[0] < area[1] / 2
    assert neurons.STEP.quick == NeuronEffort(1, 256)
    assert np.isclose(neurons.STEP.full.rounds_hz * neurons.STEP.full.seconds, 126)


def _confocal(dz_um: float, ours: tuple[float, ...], same: tuple[float, ...]) -> dict:
    names = ("corr", "rmse", "ssim")
    return {"dz_um": dz_um, **dict(zip(names, ours, strict=True)),
            "same_depth": dict(zip(names, same, strict=True))}  # fmt: skip


def test_deepz_plus_is_judged_by_error_and_ssim_and_says_where_correlation_is_behind():
    near = _confocal(0, (0.8, 0.01, 0.9), (0.6, 0.07, 0.2))
    far = _confocal(8, (0.4, 0.04, 0.7), (0.6, 0.07, 0.2))
    row = crossmodal._row([near, far], 2)
    assert row.verdict == "as in the paper"
    assert row.ours == "RMSE 0.0250, wide field at the same depth 0.0700; SSIM 0.800, 0.200"
    assert row.remark.endswith("is nearer at +8 µm.")
    assert crossmodal._row([near], 2).remark == ""


@pytest.mark.parametrize("ours", [(0.8, 0.08, 0.9), (0.8, 0.01, 0.1)])
def test_deepz_plus_is_worse_when_one_of_both_is(ours: tuple[float, ...]):
    assert crossmodal._row([_confocal(0, ours, (0.6, 0.07, 0.2))], 1).verdict == "worse"
