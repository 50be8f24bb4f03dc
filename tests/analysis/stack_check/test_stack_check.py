"""Each fault of a scan is found and named, and a good scan passes."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.analysis.stack_check import check_stack
from tests.analysis.stack_check.scans import (
    PIXEL_UM,
    Z_UM,
    about,
    check,
    counts,
    electrons,
    faults,
)

KINDS = ("beads-volume", "beads-flat")


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_stack_is_green_throughout(kind: str) -> None:
    found = check(electrons(kind))
    assert faults(found) == {}
    assert [f.about for f in found.findings] == [
        "focus", "saturation", "signal", "bleaching", "drift", "steps", "asymmetry",
    ]  # fmt: skip
    assert abs(found.focus_offset_um) < 4
    assert abs(found.bleaching) < 0.06
    assert found.drift_um < 1.0


@pytest.mark.parametrize("where", [17.0])
def test_a_focus_at_the_edge_is_red_and_the_cure_says_where_to_go(where: float) -> None:
    z_um = tuple(z - where for z in Z_UM)
    found = check(electrons("beads-flat", z_um), z_um)
    assert faults(found)["focus"] == "red"
    assert found.focus_offset_um == pytest.approx(where, abs=1.0)
    assert about(found, "focus").cure == f"move the middle of the stack by {where:+.0f} µm"


def test_a_focus_off_centre_is_amber() -> None:
    z_um = tuple(z - 12 for z in Z_UM)
    assert faults(check(electrons("beads-flat", z_um), z_um)) == {"focus": "amber"}


def test_clipped_beads_are_red_whatever_the_camera_is_known_of() -> None:
    bright = counts(4 * electrons("beads-flat"), bit_depth=12)
    for bits in (12, None):
        found = check_stack(bright, np.array(Z_UM), pixel_size_um=PIXEL_UM, bits=bits)
        assert about(found, "saturation").level == "red"
        assert found.saturated > 0.2


def test_a_hot_pixel_is_not_saturation() -> None:
    voxels = counts(electrons("beads-flat"))
    voxels[:, 5, 7] = 65535
    found = check_stack(voxels, np.array(Z_UM), pixel_size_um=PIXEL_UM, bits=16)
    assert found.saturated == 0


@pytest.mark.parametrize(("light", "level"), [(0.02, "amber"), (0.003, "red")])
def test_a_dark_stack_is_flagged(light: float, level: str) -> None:
    found = check(light * electrons("beads-flat"))
    assert about(found, "signal").level == level
    assert "dark" in about(found, "signal").text
    assert about(found, "signal").cure == "lengthen the exposure or give more light"


def test_no_sample_at_all_is_red() -> None:
    found = check(np.full((21, 64, 64), 30.0, np.float32), np.arange(21) * 0.5)
    assert {"focus", "signal"} <= {a for a, level in faults(found).items() if level == "red"}
    assert found.focus_um is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [0.32, 0.16])
def test_bleaching_is_measured(kind: str, lost: float) -> None:
    fading = (1 - lost) ** np.linspace(0, 1, len(Z_UM), dtype=np.float32)
    sample = electrons(kind) - 20
    found = check(20 + sample * fading[:, None, None])
    assert found.bleaching == pytest.approx(lost, abs=0.07)
    assert faults(found)["bleaching"] == ("red" if lost > 0.25 else "amber")


@pytest.mark.parametrize("kind", ["beads-volume", "beads-flat"])
def test_lateral_drift_is_measured(kind: str) -> None:
    found = check(electrons(kind, drift_um=3.0))
    assert found.drift_um == pytest.approx(3.0, abs=0.7)
    assert faults(found) == {"drift": "red"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plane", [34, 47])
def test_a_step_that_the_stage_did_not_make_is_found(kind: str, plane: int) -> None:
    planes = [*range(plane - 1), plane - 2, *range(plane - 1, len(Z_UM) - 1)]
    found = check(electrons(kind)[planes])
    assert found.missed_steps == (plane,)
    assert faults(found) == {"steps": "red"}


def test_a_stage_that_hangs_for_some_planes_is_found() -> None:
    planes = [*range(34), 33, 33, 33, *range(37, len(Z_UM))]
    assert check(electrons("beads-flat")[planes]).missed_steps == (35, 36, 37)


def test_a_change_much_smaller_than_beside_it_is_amber_not_missed() -> None:
    # What cells that change by themselves look like: nothing there is the same picture twice.
    mean = electrons("beads-flat").copy()
    mean[44] = 0.8 * mean[43] + 0.2 * mean[44]
    found = check(mean)
    assert found.missed_steps == ()
    assert faults(found) == {"steps": "amber"}


def test_uneven_recorded_positions_are_a_missed_step() -> None:
    z_um = np.array(Z_UM)
    z_um[30] = z_um[29]
    found = check(electrons("beads-flat"), z_um)
    assert 31 in found.missed_steps


def test_images_that_do_not_defocus_are_amber_and_say_so() -> None:
    rows, columns = np.indices((128, 128))
    wave = 3000 + 2000 * np.sin(columns / 9 + rows / 30)
    lamp = 1 + 0.5 * np.cos(np.linspace(-2, 2, 41))
    found = check((wave * lamp[:, None, None]).astype(np.float32), np.arange(41) * 0.5)
    assert faults(found) == {"asymmetry": "amber"}
    assert "no focus asymmetry" in about(found, "asymmetry").text


def test_blur_alike_above_and_below_is_amber() -> None:
    scan = electrons("beads-flat")
    found = check(np.concatenate([scan[:41], scan[:40][::-1]]))
    assert faults(found) == {"asymmetry": "amber"}
    assert "no focus asymmetry" in about(found, "asymmetry").text


def test_a_stack_too_small_to_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be checked; give"):
        check_stack(np.zeros((3, 64, 64), np.uint16), np.arange(3.0), pixel_size_um=0.3)
    with pytest.raises(ValueError, match="9 planes and 8 positions"):
        check_stack(np.zeros((9, 64, 64), np.uint16), np.arange(8.0), pixel_size_um=0.3)
