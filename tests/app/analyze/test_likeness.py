"""Frames that no model of the kind has seen are refocused and measured, but not without a word."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.analyze.sources import read_frame, read_planes
from deepz_live.app.analyze.virtual import check
from deepz_live.model.bundle import Bundle
from deepz_live.session.reader import Session, read_session
from deepz_live.stream.frame import Frame, StreamInfo
from tests.bundles import facts_of

SHAPE = (32, 40)
Z_UM = (-2.0, 0.0, 2.0)
BUNDLE = Bundle(Path("fake"), facts_of(Z_UM), "c" * 64)
FAINT, BRIGHT = "brightest pixels reach 0 % of the training", "20.0 times as bright"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A usual frame, a bright one and one of nothing in channel A; B has its shutter closed."""
    info = StreamInfo(SHAPE, "uint16", 0.325, 10.0, "A", 20.0, "made", ("A", "B"))
    with offline_recording(tmp_path / "session", info, settings={}) as recording:
        for index, level in enumerate((900, 1, 20000, 1, 1, 1)):
            pixels = np.full(SHAPE, level, np.uint16)
            recording.add(Frame(pixels, index, index / 10, 0.0, 20.0, "AB"[index % 2]))
    return read_session(tmp_path / "session")


def test_a_channels_first_and_middle_frame_are_compared_with_the_training(session: Session):
    (other, strange) = check(session, BUNDLE, "A")
    assert other == "Channel 'A' is not the model's 'TexasRed'."
    assert BRIGHT in strange
    assert FAINT in check(session, BUNDLE, "B")[-1]


def test_one_frame_that_is_measured_is_named_with_what_is_strange(session: Session):
    said: list[str] = []
    read_frame(session.folder, BUNDLE, 2, note=said.append)
    assert said[-1].startswith("Warning: session, frame 2: The frame is 20.0 times")
    read_frame(session.folder, BUNDLE, 0, note=said.append)
    assert said[2:] == ["Warning: session, frame 0: Channel 'A' is not the model's 'TexasRed'."]


def test_a_recording_read_as_a_stack_is_compared_too(session: Session):
    engine = SimpleNamespace(bundle=BUNDLE, volume=lambda pixels: np.stack([pixels] * 3))
    said: list[str] = []
    read_planes(session.folder, engine, frame=1, note=said.append)
    assert FAINT in said[-1]


def test_so_is_an_image(tmp_path: Path):
    file = tmp_path / "faint.ome.tif"
    sizes = {"PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325, "axes": "YX"}
    tifffile.imwrite(file, np.ones(SHAPE, np.uint16), ome=True, metadata=sizes)
    said: list[str] = []
    read_frame(file, BUNDLE, note=said.append)
    (sentence,) = said
    assert sentence.startswith("Warning: faint.ome.tif: ")
    assert FAINT in sentence


def test_a_pixel_size_that_an_image_does_not_say_is_assumed_aloud(tmp_path: Path):
    tifffile.imwrite(tmp_path / "plain.tif", np.full(SHAPE, 900, np.uint16))
    said: list[str] = []
    read_frame(tmp_path / "plain.tif", BUNDLE, note=said.append)
    (sentence,) = said
    assert "does not say its pixel size, and the model's 0.325 µm is assumed" in sentence
