"""Several cameras that expose at once: Micro-Manager's Multi Camera over two demo cameras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import useq

from deepz_live.acquire.cameras import FrameNumbers
from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.free_sequence import run_sequence
from deepz_live.acquire.microscope import Microscope, open_microscope
from deepz_live.app.calibrate import CalibrationRun
from deepz_live.config import Profile, load_profile
from deepz_live.stream.source import SourceError
from tests.acquire.conftest import CONFIGS

NAMES = ("Left", "Right")
CFG = """
Device,Left,DemoCamera,DCam
Device,Right,DemoCamera,DCam
Device,Both,Utilities,Multi Camera
Device,Focus,DemoCamera,DStage
Property,Core,Initialize,1
Property,Both,Physical Camera 1,Left
Property,Both,Physical Camera 2,Right
Property,Left,PixelType,16bit
Property,Right,PixelType,16bit
Property,Left,OnCameraCCDXSize,64
Property,Left,OnCameraCCDYSize,64
Property,Right,OnCameraCCDXSize,64
Property,Right,OnCameraCCDYSize,64
Property,Right,Mode,Color Test Pattern
Property,Core,Camera,Both
Property,Core,Focus,Focus
"""


@pytest.fixture
def microscope(tmp_path: Path) -> Iterator[Microscope]:
    cfg = tmp_path / "two.cfg"
    cfg.write_text(CFG)
    facts = load_profile(CONFIGS / "micromanager-demo.yaml").model_dump()
    facts["micromanager"] = {"cfg": cfg}
    facts["optics"]["pixel_size_um"] = 0.5
    facts["channel"] = "Left"
    with open_microscope(Profile.model_validate(facts)) as one:
        yield one


def test_each_frame_carries_its_camera_and_the_count_is_of_all(microscope: Microscope):
    source = microscope.camera_source()
    assert source.info.channels == microscope.cameras == NAMES
    source.start()
    frames = [source.read(5.0) for _ in range(12)]
    source.stop()
    assert [frame.index for frame in frames] == list(range(12))
    assert source.lost == 0
    by_camera = {
        name: [f.pixels for f in frames if f.channel == name] for name in ("Left", "Right")
    }
    assert [len(found) for found in by_camera.values()] == [6, 6]
    # The demo camera's two modes differ by far more than frames of one mode among themselves.
    spread = {name: np.mean([f.std() for f in found]) for name, found in by_camera.items()}
    assert max(spread.values()) > 1.5 * min(spread.values())
    for name, found in by_camera.items():
        assert [f.std() for f in found] == pytest.approx([spread[name]] * 6, rel=0.2)


def test_a_calibration_wants_one_camera(microscope: Microscope, tmp_path: Path):
    with pytest.raises(MicroscopeError, match="2 cameras at once, Left and Right, and one is"):
        CalibrationRun(microscope, tmp_path / "stacks")


def test_gaps_in_a_cameras_numbers_are_lost_frames():
    numbers = FrameNumbers(["Camera"])
    assert [numbers.take({"DeepzFrame": text})[0] for text in ("0", "1", "5")] == [0, 1, 5]
    assert numbers.lost == 3
    with pytest.raises(SourceError, match="numbered a frame 4 after frame 5"):
        numbers.take({"DeepzFrame": "4"})


def test_a_gap_of_one_camera_of_two_is_known_whatever_the_order():
    numbers = FrameNumbers(["A", "B"])
    order = [("B", 0), ("A", 0), ("A", 1), ("B", 1), ("A", 2), ("A", 3), ("B", 4)]
    taken = [numbers.take({"Camera": name, "ImageNumber": str(n)}) for name, n in order]
    assert taken == [(0, "B"), (1, "A"), (2, "A"), (3, "B"), (4, "A"), (5, "A"), (8, "B")]
    assert numbers.lost == 2


def test_a_frame_of_an_unknown_camera_is_an_error():
    with pytest.raises(SourceError, match="camera 'C' in a stream of A, B"):
        FrameNumbers(["A", "B"]).take({"Camera": "C", "ImageNumber": "0"})


def test_a_sequence_wants_a_picture_of_each_camera(microscope: Microscope):
    seen: list[tuple[int, int]] = []
    microscope.core.mda.events.frameReady.connect(
        lambda _, event, __: seen.append((event.index["z"], event.index["cam"]))
    )
    run_sequence(microscope, useq.MDASequence(z_plan={"range": 2, "step": 1}))
    assert seen == [(z, camera) for z in range(3) for camera in range(2)]
