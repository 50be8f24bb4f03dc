"""Frames that say who they are, for the tests of sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepz_live.session.reader import Session, read_session
from deepz_live.session.writer import SessionWriter
from deepz_live.stream.frame import Frame, StreamInfo

WAIT_S = 20.0
SHAPE = (12, 17)
INFO = StreamInfo(SHAPE, "uint16", 0.325, 50.0, "red", 20.0, "test")


def frame(index: int, shape: tuple[int, int] = SHAPE) -> Frame:
    """A frame whose every pixel depends on its index."""
    return Frame(
        pixels=pixels_of(index, shape),
        index=index,
        time_s=100.0 + index * 0.02,
        z_um=index * 0.5,
        exposure_ms=20.0,
        channel="red",
    )


def pixels_of(index: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 65536, shape, dtype=np.uint16)


@contextmanager
def recording(folder: Path, **options) -> Iterator[SessionWriter]:
    """A writer that is stopped whatever happens."""
    facts = {"settings": {}, "bundle": None} | options
    writer = SessionWriter(folder, facts.pop("info", INFO), **facts)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop(WAIT_S)


def record(folder: Path, indices: Iterable[int]) -> Session:
    with recording(folder) as writer:
        for index in indices:
            writer.offer(frame(index))
    return read_session(folder)


def assert_same(found: Frame, index: int) -> None:
    """``found`` is the frame ``index`` in every respect."""
    wanted = frame(index)
    np.testing.assert_array_equal(found.pixels, wanted.pixels)
    assert found.pixels.dtype == wanted.pixels.dtype
    assert (found.index, found.time_s, found.z_um) == (index, wanted.time_s, wanted.z_um)
    assert (found.exposure_ms, found.channel) == (wanted.exposure_ms, wanted.channel)


@pytest.fixture(scope="session")
def sessions() -> SimpleNamespace:
    """The helpers of this file, for tests of recording and replay."""
    return SimpleNamespace(
        WAIT_S=WAIT_S,
        SHAPE=SHAPE,
        INFO=INFO,
        frame=frame,
        recording=recording,
        record=record,
        assert_same=assert_same,
    )
