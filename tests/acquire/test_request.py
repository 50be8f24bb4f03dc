from __future__ import annotations

from pathlib import Path

import pytest
import useq

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.plan import calibration_plan, load_plan, load_request, save_plan
from deepz_live.acquire.request import (
    CalibrationRequest,
    FieldRequest,
    default_request,
    field_size_um,
    grid_fields,
    overlapping,
    proposed_step_um,
    random_fields,
    with_roles,
)
from deepz_live.config import ChannelSetting, Optics, Profile
from tests.acquire.conftest import Opener, small_profile

TWO = ({"name": "TexasRed", "exposure_ms": 2.0}, {"name": "FITC", "exposure_ms": 5.0})


def test_grid_fields_go_right_and_down_edge_to_edge() -> None:
    fields = grid_fields((10.0, 20.0), 2, 2, (40.0, 30.0))
    assert [(f.x_um, f.y_um) for f in fields] == [(10, 20), (50, 20), (10, 50), (50, 50)]
    assert overlapping(fields, (40.0, 30.0)) == []
    assert overlapping(fields, (40.0, 31.0)) == [(0, 2), (1, 3)]


def test_random_fields_lie_in_their_area_apart_and_repeat_with_the_seed() -> None:
    fields = random_fields((100.0, -50.0), 6, (400.0, 300.0), (40.0, 40.0), seed=3)
    assert overlapping(fields, (40.0, 40.0)) == []
    assert all(abs(f.x_um - 100) <= 180 and abs(f.y_um + 50) <= 130 for f in fields)
    assert fields == random_fields((100.0, -50.0), 6, (400.0, 300.0), (40.0, 40.0), seed=3)
    with pytest.raises(MicroscopeError, match=r"of 9 fields of 40 x 40 µm fit"):
        random_fields((0.0, 0.0), 9, (100.0, 60.0), (40.0, 40.0))


def test_the_last_fields_are_kept_for_testing() -> None:
    fields = with_roles(grid_fields((0.0, 0.0), 1, 4, (10.0, 10.0)), validation=1, test=1)
    assert [field.role for field in fields] == ["train", "train", "validation", "test"]
    with pytest.raises(MicroscopeError, match="leave none to train"):
        with_roles(fields, validation=2, test=2)


@pytest.mark.parametrize(
    ("na", "index", "step"), [(0.75, 1.0, 0.5), (1.3, 1.515, 0.25), (0.3, 1.0, 3.2)]
)
def test_the_proposed_step_is_half_the_depth_of_field(na: float, index: float, step: float) -> None:
    optics = Optics(na=na, immersion_index=index, emission_nm=584)
    assert proposed_step_um(optics) == pytest.approx(step)
    assert step <= 0.584 * index / na**2 / 2 < step + 0.05


def two_channels() -> Profile:
    return small_profile(channels=TWO)


def test_a_plan_survives_its_file_with_roles_channels_and_models(
    tmp_path: Path, opened: Opener
) -> None:
    microscope = opened(two_channels())
    base = default_request(microscope.profile, microscope, 3)
    channels = (base.channels[0].model_copy(update={"bundle": Path("red")}), base.channels[1])
    request = base.model_copy(
        update={
            "fields": with_roles(base.fields, test=1),
            "channels": channels,
            "autofocus": "none",
            "range_um": 10.0,
        }
    )
    plan = calibration_plan(request, microscope)
    save_plan(plan, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == plan
    back = load_request(tmp_path / "plan.yaml")
    at_focus = tuple(field.model_copy(update={"z_um": 0.0}) for field in request.fields)
    assert back == request.model_copy(update={"fields": at_focus})
    events = list(useq.MDASequence.from_file(str(tmp_path / "plan.yaml")))
    assert len(events) == 3 * 2 * 21
    assert [event.exposure for event in events[:42:21]] == [2.0, 5.0]


def test_an_edited_plan_is_used_as_edited(tmp_path: Path, opened: Opener) -> None:
    microscope = opened(two_channels())
    save_plan(
        calibration_plan(default_request(microscope.profile, microscope), microscope),
        tmp_path / "plan.yaml",
    )
    text = (tmp_path / "plan.yaml").read_text(encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(text.replace("step: 0.5", "step: 2.0"), encoding="utf-8")
    assert load_request(tmp_path / "plan.yaml").planes == 21
    (tmp_path / "bad.yaml").write_text("z_plan: {range: 3}", encoding="utf-8")
    with pytest.raises(MicroscopeError, match=r"bad\.yaml is not a plan"):
        load_request(tmp_path / "bad.yaml")
    (tmp_path / "other.yaml").write_text("channels: [Cy5]", encoding="utf-8")
    with pytest.raises(MicroscopeError, match="is no calibration"):
        load_request(tmp_path / "other.yaml")


def one_field(x_um: float, y_um: float = 0.0, **more: object) -> CalibrationRequest:
    return CalibrationRequest.model_validate(
        {
            "fields": (FieldRequest(x_um=0.0, y_um=0.0), FieldRequest(x_um=x_um, y_um=y_um)),
            "channels": (ChannelSetting(name="TexasRed"),),
            "range_um": 4.0,
            **more,
        }
    )


def test_what_may_not_be_is_refused_before_anything_moves(opened: Opener) -> None:
    area = {"x_min_um": 200.0, "x_max_um": 300.0, "y_min_um": -10.0, "y_max_um": 10.0}
    microscope = opened(small_profile(stage={"keep_out": [area]}))
    width, _ = field_size_um(microscope)
    with pytest.raises(LimitError, match=r"Fields 1 and 2 overlap .*41\.6 x 41\.6"):
        calibration_plan(one_field(width - 1), microscope)
    with pytest.raises(LimitError, match="Field 2 lies in the keep-out area x 200"):
        calibration_plan(one_field(200 - width / 2 + 1), microscope)
    with pytest.raises(LimitError, match="xy_limit_um"):
        calibration_plan(one_field(6000.0), microscope)
    with pytest.raises(LimitError, match="-60"):
        calibration_plan(one_field(100.0, range_um=140.0), microscope)
    with pytest.raises(LimitError, match="4001 planes"):
        calibration_plan(one_field(100.0, step_um=0.001), microscope)
    with pytest.raises(MicroscopeError, match=r"no channel 'Cy5'.*TexasRed"):
        calibration_plan(one_field(100.0, channels=(ChannelSetting(name="Cy5"),)), microscope)
    assert microscope.xy_um == (0.0, 0.0)
    assert calibration_plan(one_field(200 - width / 2 - 1), microscope)


def test_a_plan_whose_way_leads_through_a_keep_out_is_refused(opened: Opener) -> None:
    clamp = {"x_min_um": 100.0, "x_max_um": 150.0, "y_min_um": -50.0, "y_max_um": 50.0}
    microscope = opened(small_profile(stage={"keep_out": [clamp]}))
    with pytest.raises(
        LimitError,
        match=r"from field 1 \(x = 0, y = 0 µm\) to field 2 \(x = 300, y = 0 µm\) may touch the "
        r"keep-out area x 100 … 150, y -50 … 50 µm; take the fields at either side",
    ):
        calibration_plan(one_field(300.0), microscope)
    corner = [(0.0, 0.0), (0.0, 100.0), (300.0, 100.0)]
    fields = tuple(FieldRequest(x_um=x, y_um=y) for x, y in corner)
    round_it = one_field(300.0).model_copy(update={"fields": fields})
    with pytest.raises(LimitError, match=r"from field 3 .* to where the stage stands"):
        calibration_plan(round_it, microscope)
    assert microscope.xy_um == (0.0, 0.0)
    assert calibration_plan(one_field(0.0, 300.0), microscope)


def test_channels_switch_light_path_and_exposure(opened: Opener) -> None:
    microscope = opened(two_channels())
    assert microscope.channels == ("TexasRed", "FITC")
    assert (microscope.channel, microscope.exposure_ms) == ("TexasRed", 2.0)
    microscope.set_channel("FITC")
    assert (microscope.channel, microscope.exposure_ms) == ("FITC", 5.0)
    assert microscope.built_in.view.wheel.channel == "FITC"
    assert (microscope.info.channel, microscope.snap().channel) == ("FITC", "FITC")
    microscope.core.setConfig("Channel", "TexasRed")
    assert microscope.channel == "TexasRed"
    with pytest.raises(MicroscopeError, match="no channel 'Cy5'"):
        microscope.set_channel("Cy5")
