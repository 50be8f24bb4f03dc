from __future__ import annotations

import pytest
import useq

from deepz_live.acquire.errors import LimitError
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
