"""Every call of the core that moves a stage, on both kinds of core, against the profile's limits.

The calls are those of Micro-Manager's own interface, which other widgets use past this program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymmcore_plus import CMMCorePlus, Configuration

from deepz_live.acquire.errors import LimitError
from deepz_live.acquire.guard import GuardedCore
from deepz_live.acquire.hardware import release
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.config import Profile, load_profile
from tests.acquire.conftest import CONFIGS, small_profile

LIMITS = {"z_min_um": -20.0, "z_max_um": 10.0, "xy_limit_um": 300.0}
KEEP_OUT = {"x_min_um": 100.0, "x_max_um": 150.0, "y_min_um": -50.0, "y_max_um": 50.0}
Call = Callable[[GuardedCore], object]


def profile_of(kind: str) -> Profile:
    profile = small_profile()
    if kind == "demo":
        profile = load_profile(CONFIGS / "micromanager-demo.yaml")
    stage = type(profile.stage).model_validate({**LIMITS, "keep_out": [KEEP_OUT]})
    return profile.model_copy(update={"stage": stage})


@pytest.fixture(scope="module", params=["built-in", "demo"])
def microscope(request: pytest.FixtureRequest) -> Iterator[Microscope]:
    with open_microscope(profile_of(request.param)) as opened:
        yield opened


REFUSED: dict[str, Call] = {
    "absolute": lambda core: core.setPosition(10.5),
    "absolute, named": lambda core: core.setPosition(core.getFocusDevice(), -20.5),
    "z": lambda core: core.setZPosition(11),
    "not a number": lambda core: core.setPosition(float("nan")),
    "relative": lambda core: core.setRelativePosition(6.0),
    "relative, named": lambda core: core.setRelativePosition(core.getFocusDevice(), -26.0),
    "xyz": lambda core: core.setRelativeXYZPosition(dz=6.0),
    "z sequence": lambda core: core.loadStageSequence(core.getFocusDevice(), [0.0, 5.0, 11.0]),
    "linear sequence": lambda core: core.setStageLinearSequence(core.getFocusDevice(), 1.0, 6),
    "xy": lambda core: core.setXYPosition(301.0, 0.0),
    "xy, named": lambda core: core.setXYPosition(core.getXYStageDevice(), 0.0, -301.0),
    "xy, keep-out": lambda core: core.setXYPosition(120.0, 0.0),
    "xy relative": lambda core: core.setRelativeXYPosition(0.0, 330.0),
    "xy relative, keep-out": lambda core: core.setRelativeXYPosition(120.0, 20.0),
    "xy, across the keep-out": lambda core: core.setXYPosition(200.0, -20.0),
    "xy, named, past its corner": lambda core: core.setXYPosition(
        core.getXYStageDevice(), 200.0, 60.0
    ),
    "xy relative, across the keep-out": lambda core: core.setRelativeXYPosition(190.0, 0.0),
    "xyz sideways": lambda core: core.setRelativeXYZPosition(dx=400.0),
    "xy sequence": lambda core: core.loadXYStageSequence(
        core.getXYStageDevice(), [0.0, 120.0], [0.0, 0.0]
    ),
    "xy sequence, across the keep-out": lambda core: core.loadXYStageSequence(
        core.getXYStageDevice(), [0.0, 200.0], [0.0, 0.0]
    ),
    "xy sequence, across it on the way to its beginning": lambda core: core.loadXYStageSequence(
        core.getXYStageDevice(), [0.0, 0.0, 200.0], [0.0, 60.0, 60.0]
    ),
    "property": lambda core: core.setProperty(core.getFocusDevice(), "Position", "11"),
    "property sequence": lambda core: core.loadPropertySequence(
        core.getFocusDevice(), "Position", ["0", "11"]
    ),
    "system state": lambda core: core.setSystemState(
        Configuration.create([(core.getFocusDevice(), "Position", "11")]),
    ),
    "origin": lambda core: core.setOrigin(),
    "origin, named": lambda core: core.setOrigin(core.getFocusDevice()),
    "adapter origin": lambda core: core.setAdapterOrigin(3.0),
    "x origin": lambda core: core.setOriginX(),
    "y origin": lambda core: core.setOriginY(core.getXYStageDevice()),
    "xy origin": lambda core: core.setOriginXY(),
    "xy adapter origin": lambda core: core.setAdapterOriginXY(1.0, 2.0),
    "home z": lambda core: core.home(core.getFocusDevice()),
    "home xy": lambda core: core.home(core.getXYStageDevice()),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_no_call_leaves_the_limits(microscope: Microscope, name: str) -> None:
    microscope.move_z(5.0)
    microscope.move_xy(10.0, -20.0)
    with pytest.raises(LimitError):
        REFUSED[name](microscope.core)
    microscope.core.waitForSystem()
    assert microscope.z_um == pytest.approx(5.0)
    assert microscope.xy_um == pytest.approx((10.0, -20.0), abs=0.02)


def test_calls_within_the_limits_move(microscope: Microscope) -> None:
    core = microscope.core
    core.setPosition(-20.0)
    core.setRelativePosition(3.0)
    core.setXYPosition(-100.0, 40.0)
    core.setRelativeXYPosition(10.0, 10.0)
    core.waitForSystem()
    assert microscope.z_um == pytest.approx(-17.0)
    assert microscope.xy_um == pytest.approx((-90.0, 50.0), abs=0.02)


def test_round_the_keep_out_one_axis_at_a_time(microscope: Microscope) -> None:
    corners = [(10.0, -20.0), (10.0, 60.0), (200.0, 60.0), (200.0, -20.0)]
    for place in [*corners, *reversed(corners)]:
        microscope.move_xy(*place)
        assert microscope.xy_um == pytest.approx(place, abs=0.02)


def test_from_within_a_keep_out_no_way_leads_out() -> None:
    with open_microscope(profile_of("built-in")) as microscope:
        microscope.built_in.view.xy.set_position_um(120.0, 0.0)  # by its joystick
        with pytest.raises(LimitError, match=r"stands at x = 120, y = 0 µm in .* out by hand"):
            microscope.move_xy(200.0, 0.0)
        assert microscope.xy_um == (120.0, 0.0)


def test_a_preset_that_moves_the_focus_away_is_refused() -> None:
    with open_microscope(profile_of("demo")) as microscope:
        core = microscope.core
        core.defineConfig("Place", "far", core.getFocusDevice(), "Position", "50")
        core.defineConfig("Place", "near", core.getFocusDevice(), "Position", "2")
        with pytest.raises(LimitError, match="50 µm"):
            core.setConfig("Place", "far")
        assert microscope.z_um == 0.0
        core.setConfig("Place", "near")
        core.waitForSystem()
        assert microscope.z_um == pytest.approx(2.0)


def test_limits_set_later_hold_at_once() -> None:
    with open_microscope(profile_of("built-in")) as microscope:
        narrow = microscope.profile.stage.model_copy(update={"z_max_um": 2.0})
        microscope.profile = microscope.profile.model_copy(update={"stage": narrow})
        with pytest.raises(LimitError, match=r"-20 … 2"):
            microscope.core.setPosition(3.0)


FOUND_UM = [40.0]
"""Beside the class: some builds of the core let no attribute of a class be changed."""


class Searching(CMMCorePlus):
    """A core whose autofocus device goes to the last place of ``FOUND_UM``."""

    def fullFocus(self) -> None:  # noqa: N802
        CMMCorePlus.setPosition(self, FOUND_UM[-1])


class Sequencing(CMMCorePlus):
    """A core whose xy stage takes sequences and never starts one."""

    def loadXYStageSequence(self, *_: Any) -> None:  # noqa: N802
        """Taken."""

    def startXYStageSequence(self, *_: Any) -> None:  # noqa: N802
        raise AssertionError("the stage went")


class GuardedSequencing(GuardedCore, Sequencing):
    """The guard before such a stage."""


def test_an_xy_sequence_does_not_start_across_a_keep_out() -> None:
    core = GuardedSequencing()
    core.loadSystemConfiguration()
    core.guard(profile_of("demo").stage)
    try:
        core.loadXYStageSequence(core.getXYStageDevice(), [200.0, 210.0], [0.0, 0.0])
        with pytest.raises(LimitError, match="may touch the keep-out area x 100"):
            core.startXYStageSequence(core.getXYStageDevice())
    finally:
        release(core)


class GuardedSearching(GuardedCore, Searching):
    """The guard before such a device."""


def test_an_autofocus_device_that_leaves_the_limits_is_brought_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core = GuardedSearching()
    core.loadSystemConfiguration()
    core.guard(profile_of("demo").stage)
    core.setPosition(4.0)
    try:
        with pytest.raises(LimitError, match="40 µm"):
            core.fullFocus()
        core.waitForSystem()
        assert core.getPosition() == pytest.approx(4.0)
        monkeypatch.setattr(f"{__name__}.FOUND_UM", [6.0])
        core.fullFocus()
        core.waitForSystem()
        assert core.getPosition() == pytest.approx(6.0)
    finally:
        release(core)
