"""The same calibration on Micro-Manager's own demo devices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import ome_types
import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.calibrate import CalibrationRun, read_record
from deepz_live.config import Profile, load_profile
from deepz_live.session.stack import read_stack
from tests.acquire.conftest import CONFIGS

SEQUENCED = {"device": "Z", "name": "UseSequences", "value": "Yes"}


def demo(*properties: dict[str, str]) -> Profile:
    profile = load_profile(CONFIGS / "micromanager-demo.yaml")
    channels = [{"name": "Rhodamine"}, {"name": "DAPI", "exposure_ms": 5}]
    facts = profile.model_dump()
    facts["channels"] = channels
    facts["micromanager"]["properties"] += properties
    facts["calibration"] |= {"range_um": 6.0, "step_um": 1.0, "fields": 2}
    return Profile.model_validate(facts)


@pytest.mark.parametrize("hardware", [False, True])
def test_fields_and_channels_become_stacks_and_all_is_as_before(
    tmp_path: Path, hardware: bool
) -> None:
    with open_microscope(demo(*[SEQUENCED] * hardware)) as microscope:
        core = microscope.core
        assert core.isStageSequenceable("Z") == hardware
        microscope.move_z(4.0)
        files = CalibrationRun(microscope, tmp_path).run()
        assert microscope.z_um == pytest.approx(4.0)
        assert microscope.xy_um == pytest.approx((0.0, 0.0), abs=0.02)
        assert (microscope.channel, microscope.exposure_ms) == ("Rhodamine", 10.0)
        assert not core.getShutterOpen()
    assert [file.name for file in files] == [
        f"field_00{field}_{channel}.ome.tif"
        for field in (0, 1)
        for channel in ("Rhodamine", "DAPI")
    ]
    for file, entry in zip(files, read_record(tmp_path).fields, strict=True):
        stack = read_stack(file)
        np.testing.assert_allclose(stack.z_um, np.arange(1.0, 8.0), atol=0.01)
        assert stack.voxels.dtype == np.uint16
        assert stack.voxels.std() > 0
        assert (stack.channel, stack.exposure_ms) == (entry.channel, entry.exposure_ms)
        ome = ome_types.from_tiff(file)
        facts = dict(ome.structured_annotations[0].value.items())
        known = "as commanded" if hardware else "read back from the stage"
        assert facts["z positions"] == known
        times = [plane.delta_t for plane in ome.images[0].pixels.planes]
        assert times == sorted(times)
        assert times[0] >= 0
