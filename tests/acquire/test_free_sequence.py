from __future__ import annotations

import pytest
import useq

from deepz_live.acquire.errors import LimitError, MicroscopeError
from deepz_live.acquire.free_sequence import run_sequence
from tests.acquire.conftest import Opener, small_profile


@pytest.mark.parametrize(
    "places",
    [
        [(0.0, 0.0, 0.0), (300.0, 0.0, 0.0)],
        [(0.0, 100.0, 0.0), (300.0, 100.0, 0.0)],  # there, but not back
    ],
)
def test_a_sequence_across_a_keep_out_is_refused_before_any_move(
    opened: Opener, places: list[tuple[float, float, float]]
) -> None:
    clamp = {"x_min_um": 100.0, "x_max_um": 150.0, "y_min_um": -50.0, "y_max_um": 50.0}
    microscope = opened(small_profile(stage={"keep_out": [clamp]}))
    taken: list[int] = []
    microscope.core.mda.events.frameReady.connect(lambda: taken.append(1), check_nargs=False)
    with pytest.raises(LimitError, match="may touch the keep-out area"):
        run_sequence(microscope, useq.MDASequence(stage_positions=places))
    assert taken == []
    assert microscope.xy_um == (0.0, 0.0)


def test_the_xy_stage_goes_back_even_where_shutter_and_focus_do_not(opened: Opener) -> None:
    microscope = opened()
    view = microscope.built_in.view

    def failing(*_: object) -> None:
        raise RuntimeError("it does not answer")

    def fail(*_: object) -> None:
        view.z.set_position_um = view.shutter.set_open = failing

    def mend() -> None:
        del view.z.set_position_um, view.shutter.set_open

    microscope.core.mda.events.sequenceFinished.connect(fail, check_nargs=False)
    places = [(0.0, 0.0, 0.0), (300.0, 0.0, 5.0)]
    with pytest.raises(MicroscopeError, match="shutter did not close"):
        run_sequence(microscope, useq.MDASequence(stage_positions=places))
    assert microscope.xy_um == (0.0, 0.0)
    mend()
