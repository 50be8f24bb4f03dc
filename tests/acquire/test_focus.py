from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.focus import autofocus, looks
from deepz_live.acquire.simulated.stage import SimulatedZStage
from tests.acquire.conftest import Opener, small_profile

FLAT = {"kind": "beads-flat", "beads_per_100um2": 1.0}
CAMERA = {"width_px": 96, "height_px": 96, "exposure_ms": 20.0}
LIMITS = {"z_min_um": -45.0, "z_max_um": 45.0, "backlash_um": 0.7}


def no_time(opened: Opener, **sections: Any) -> Any:
    """A microscope whose waits take none of ours."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return opened(small_profile(**sections), clock=lambda: now[0], sleep=sleep)


def test_from_anywhere_within_20_um_it_ends_within_half_a_micrometre(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    commanded: list[float] = []
    move = SimulatedZStage.set_position_um

    def noted(self: SimulatedZStage, val: float) -> None:
        commanded.append(val)
        move(self, val)

    monkeypatch.setattr(SimulatedZStage, "set_position_um", noted)
    microscope = no_time(opened, camera=CAMERA, specimen=FLAT, stage=LIMITS)
    random = np.random.default_rng(7)
    errors = []
    for _ in range(100):
        microscope.move_xy(*random.uniform(-4000, 4000, 2))
        microscope.move_z(float(random.uniform(-20, 20)))
        autofocus(microscope, 40.0, keep_clear_um=20.0)
        # Height of the focal plane above the surface that the beads lie on.
        errors.append(abs(microscope.built_in.view.z.height_um()))
    assert np.count_nonzero(np.array(errors) <= 0.5) >= 95
    assert min(commanded) >= -45.0
    assert max(commanded) <= 45.0


@pytest.mark.parametrize("start", [-14.0, 14.0])
def test_a_focus_beyond_the_range_is_followed_but_never_past_the_limits(
    opened: Opener, start: float
) -> None:
    microscope = no_time(opened, camera=CAMERA, specimen=FLAT, stage=LIMITS)
    microscope.move_z(start)
    assert autofocus(microscope, 20.0, keep_clear_um=20.0) == pytest.approx(0.0, abs=0.5)
    # Now the focus itself is where the z-stack would leave the limits.
    near = {"z_min_um": -50.0, "z_max_um": 18.0, "z_start_um": -10.0}
    tight = no_time(opened, camera=CAMERA, specimen=FLAT, stage=near)
    assert -30.0 <= autofocus(tight, 20.0, keep_clear_um=20.0) <= -2.0


@pytest.mark.parametrize("lamp_on", [True, False])
def test_nothing_to_focus_on_is_said_whatever_the_size_of_the_frame(
    opened: Opener, lamp_on: bool
) -> None:
    camera = {"width_px": 24, "height_px": 24}
    for seed in range(5):
        microscope = no_time(
            opened,
            camera=camera | {"noise_seed": seed},
            specimen={"beads_per_100um2": 1e-9},
            stage={"z_start_um": 4.0},
        )
        microscope.built_in.view.lamp_on = lamp_on
        with pytest.raises(MicroscopeError, match=r"nothing to focus on .* check that the light"):
            autofocus(microscope, 40.0)
        assert microscope.z_um == 4.0


def test_the_cost_is_known_before(opened: Opener) -> None:
    microscope = no_time(opened, camera=CAMERA, specimen=FLAT)
    autofocus(microscope, 40.0)
    assert microscope.built_in.camera.snapped == looks(40.0, microscope.profile.optics)
