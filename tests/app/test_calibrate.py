from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepz_live.acquire.errors import AcquisitionAbortedError, LimitError, MicroscopeError
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.acquire.request import default_request
from deepz_live.app.calibrate import CalibrationProgress, CalibrationRun
from deepz_live.config import Profile
from deepz_live.session.stack import read_stack

SMALL = {"width_px": 64, "height_px": 64, "exposure_ms": 1.0}
SHORT = {"range_um": 4.0, "step_um": 0.5, "autofocus_range_um": 6.0}
FLAT = {"kind": "beads-flat", "beads_per_100um2": 2.0}


def microscope_with(**sections: dict[str, Any]) -> Microscope:
    base: dict[str, Any] = {"camera": SMALL, "calibration": SHORT, "specimen": FLAT}
    stage = {"z_start_um": 2.0} | sections.pop("stage", {})
    return open_microscope(Profile(name="test", stage=stage, **(base | sections)))


def run_of(microscope: Microscope, out: Path, fields: int) -> CalibrationRun:
    request = default_request(microscope.profile, microscope, fields)
    return CalibrationRun(microscope, out, request)


def left_as_found(microscope: Microscope) -> bool:
    where = (microscope.z_um, microscope.xy_um)
    return where == (2.0, (0.0, 0.0)) and not microscope.core.getShutterOpen()


def test_each_field_becomes_a_stack_with_its_sampling(tmp_path: Path) -> None:
    with microscope_with() as microscope:
        files = run_of(microscope, tmp_path, 2).run()
        assert left_as_found(microscope)
    assert [file.name for file in files] == [f"field_00{n}_TexasRed.ome.tif" for n in (0, 1)]
    facts = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    for file, field in zip(files, facts["fields"], strict=True):
        stack = read_stack(file)
        assert stack.voxels.shape == (9, 64, 64)
        assert (stack.pixel_size_um, stack.z_step_um) == (pytest.approx(0.325), 0.5)
        assert field["focus_um"] == pytest.approx(0.0, abs=0.5)
        np.testing.assert_allclose(stack.z_um, field["focus_um"] + np.linspace(-2, 2, 9))
        spread = stack.voxels.astype(float).std(axis=(1, 2))
        assert abs(int(spread.argmax()) - 4) <= 1
    first, second = (read_stack(file).voxels[4].astype(float) for file in files)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < 0.5


def test_an_autofocus_device_searches_from_each_fields_own_height(tmp_path: Path) -> None:
    began: list[float] = []
    with microscope_with() as microscope:

        def search() -> None:
            began.append(microscope.z_um)
            microscope.core.setPosition(1.0)

        microscope.core.getAutoFocusDevice = lambda: "PFS"
        microscope.core.fullFocus = search
        request = default_request(microscope.profile, microscope, 3)
        heights = [place.model_copy(update={"z_um": 5.0}) for place in request.fields[1:]]
        fields = (request.fields[0], *heights)
        request = request.model_copy(update={"autofocus": "hardware", "fields": fields})
        CalibrationRun(microscope, tmp_path, request).run()
        assert left_as_found(microscope)
    assert began == [2.0, 5.0, 5.0]


def test_progress_counts_every_plane(tmp_path: Path) -> None:
    seen: list[CalibrationProgress] = []
    with microscope_with() as microscope:
        run = run_of(microscope, tmp_path, 1)
        run.progress.connect(seen.append)
        run.run()
    planes = [item.plane for item in seen if "z-stack" in item.message]
    assert planes == list(range(1, 10))
    assert seen[-1].message == "done"
    assert seen[-1].seconds_left == 0


def test_estimate_counts_light_and_disk(tmp_path: Path) -> None:
    with microscope_with() as microscope:
        cost = run_of(microscope, tmp_path, 2).estimate()
    assert cost.frames == 18
    assert cost.disk_bytes == 18 * 64 * 64 * 2
    assert cost.exposure_s_per_field == pytest.approx((9 + 4 + 7) * 0.001)


@pytest.mark.parametrize("when", ["autofocus", "z-stack"])
def test_an_abort_puts_everything_back_and_leaves_nothing_half_written(
    tmp_path: Path, when: str
) -> None:
    with microscope_with() as microscope:
        run = run_of(microscope, tmp_path, 2)
        run.progress.connect(
            lambda item: run.abort() if when in item.message and item.field == 1 else None
        )
        with pytest.raises(AcquisitionAbortedError):
            run.run()
        assert left_as_found(microscope)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calibration.json",
        "field_000_TexasRed.ome.tif",
    ]


def test_a_plan_beyond_the_limits_is_refused_before_any_move(tmp_path: Path) -> None:
    with microscope_with(stage={"z_min_um": -1, "z_max_um": 5}) as microscope:
        microscope.profile = microscope.profile.model_copy(
            update={
                "calibration": microscope.profile.calibration.model_copy(update={"range_um": 40.0})
            }
        )
        with pytest.raises(LimitError, match="-18 µm"):
            run_of(microscope, tmp_path / "out", 1)
        assert left_as_found(microscope)
    assert not (tmp_path / "out").exists()


def test_an_xy_stage_that_stays_takes_no_second_stack_of_the_first_field(tmp_path: Path) -> None:
    with microscope_with() as microscope:
        run = run_of(microscope, tmp_path, 2)
        microscope.built_in.view.xy.set_position_um = lambda *_: None
        with pytest.raises(MicroscopeError, match=r"stands at x = 0\.0, y = 0\.0 µm instead"):
            run.run()
        assert left_as_found(microscope)
    assert [file.name for file in tmp_path.glob("*.tif")] == ["field_000_TexasRed.ome.tif"]


def test_a_stage_that_stands_behind_a_keep_out_by_now_does_not_move(tmp_path: Path) -> None:
    clamp = {"x_min_um": 100.0, "x_max_um": 200.0, "y_min_um": -900.0, "y_max_um": 900.0}
    with microscope_with(stage={"keep_out": [clamp]}) as microscope:
        run = run_of(microscope, tmp_path / "out", 1)
        microscope.built_in.view.xy.set_position_um(300.0, 0.0)  # by its joystick
        with pytest.raises(LimitError, match=r"from where the stage stands .* to field 1"):
            run.run()
        assert microscope.xy_um == (300.0, 0.0)
    assert not (tmp_path / "out").exists()


def test_a_streaming_camera_is_not_interrupted(tmp_path: Path) -> None:
    with microscope_with() as microscope:
        source = microscope.camera_source()
        source.start()
        with pytest.raises(MicroscopeError, match="stop the live view"):
            run_of(microscope, tmp_path / "out", 1).run()
        source.stop()
