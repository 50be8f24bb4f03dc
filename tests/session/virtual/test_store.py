"""Stores of virtual stacks: what is there, what is missing, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

from deepz_live.session import places
from deepz_live.session.errors import SessionError
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.virtual import VirtualFacts, begin_store, open_store

FRAMES = [FrameFacts(7 + i, 0.1 * i, 0.0, 20.0, "red", i) for i in range(5)]


def facts(**other) -> VirtualFacts:
    own = {
        "source": "first",
        "started_utc": "2026-01-01T00:00:00+00:00",
        "frames": 5,
        "shape": (9, 7),
        "pixel_size_um": 0.3,
        "interval_s": 0.1,
        "planes_um": (-1.0, 0.0, 1.0),
        "dtype": "float32",
        "chunk_frames": 2,
        "bundle": {"name": "b", "sha256": "0" * 64},
        "provider": "CPU",
        "threads": 1,
    }
    return VirtualFacts(**(own | other))


def block(chunk: int, frames: int = 2, dtype="float32") -> np.ndarray:
    return np.random.default_rng(chunk).integers(0, 999, (frames, 3, 9, 7)).astype(dtype)


@pytest.fixture(params=["folder", "url"])
def where(request, tmp_path):
    """A folder, and a place behind a URL."""
    if request.param == "folder":
        yield str(tmp_path / "a.ome.zarr")
        return
    files = fsspec.filesystem("memory")
    yield "memory://virtual/a.ome.zarr"
    files.rm("/virtual", recursive=True)


def test_chunks_come_in_any_order_and_read_back_frame_by_frame(where):
    store = begin_store(where, facts(), FRAMES, "test")
    assert store.missing() == [0, 1, 2]
    store.write(2, block(2, frames=1))
    store.write(0, block(0))
    again = open_store(where)
    assert again.facts == facts()
    assert again.missing() == [1]
    np.testing.assert_array_equal(again.stack(1), block(0)[1])
    np.testing.assert_array_equal(again.stack(4), block(2, frames=1)[0])
    with pytest.raises(SessionError, match=r"Frame 2 .*not refocused yet .*c.1.0.0.0"):
        again.stack(2)
    with pytest.raises(SessionError, match="there is no frame 5"):
        again.stack(5)


def test_what_is_missing_is_not_darkness_and_darkness_is_not_missing(tmp_path):
    store = begin_store(tmp_path / "a", facts(), FRAMES, "test")
    store.write(1, np.zeros((2, 3, 9, 7), np.float32))
    array = zarr.open_group(tmp_path / "a", mode="r")["0"]
    assert np.isnan(array[0]).all()
    assert (array[2] == 0).all()
    assert store.missing() == [0, 2]


def test_frames_keep_their_facts_under_their_place_in_the_store(tmp_path):
    store = begin_store(tmp_path / "a", facts(), FRAMES, "test")
    lines = store.place.read("frames.jsonl").splitlines()
    assert len(lines) == 5
    assert lines[3].startswith(b'{"index": 10, "time_s": 0.3')
    assert lines[3].endswith(b'"position": 3}')


def test_a_block_of_another_shape_or_type_is_refused(tmp_path):
    store = begin_store(tmp_path / "a", facts(), FRAMES, "test")
    with pytest.raises(SessionError, match=r"Chunk 2 .*\(1, 3, 9, 7\) float32, but \(2, 3, 9, 7\)"):
        store.write(2, block(2))
    with pytest.raises(SessionError, match="uint16 came"):
        store.write(0, block(0, dtype="uint16"))
    assert store.missing() == [0, 1, 2]


def test_a_damaged_chunk_is_named(tmp_path):
    store = begin_store(tmp_path / "a", facts(), FRAMES, "test")
    store.write(0, block(0))
    path = tmp_path / "a" / "0" / "c.0.0.0.0"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SessionError, match=r"Frame 0 .*remove its file c\.0\.0\.0\.0"):
        open_store(tmp_path / "a").stack(0)


def test_other_zarr_groups_are_no_stores(tmp_path):
    zarr.open_group(tmp_path / "other", mode="w")
    with pytest.raises(SessionError, match="no store of `deepz-live batch`"):
        open_store(tmp_path / "other")
    assert open_store(tmp_path / "nothing") is None


class Killed(BaseException):
    """In place of kill -9, which nothing tidies up after."""


def begin_and_die(monkeypatch, store: Path, write: int) -> None:
    """Begin a store, and end in the middle of that write."""
    left = [write]

    def half(file, content) -> None:
        if not left[0]:
            file.write(content[: len(content) // 2])
            raise Killed
        left[0] -= 1
        file.write(content)

    with monkeypatch.context() as short:
        short.setattr(places, "write_all", half)
        with pytest.raises(Killed):
            begin_store(store, facts(), FRAMES, "test")


def content_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


WRITES = 3


@pytest.mark.parametrize("write", range(WRITES))
def test_a_beginning_that_was_killed_is_begun_anew(monkeypatch, tmp_path, write):
    begin_store(tmp_path / "whole", facts(), FRAMES, "test")
    whole = content_of(tmp_path / "whole")
    assert len(whole) == WRITES
    begin_and_die(monkeypatch, tmp_path / "a", write)
    assert any(name.endswith(".part") for name in content_of(tmp_path / "a"))
    assert open_store(tmp_path / "a") is None
    assert begin_store(tmp_path / "a", facts(), FRAMES, "test").missing() == [0, 1, 2]
    assert content_of(tmp_path / "a") == whole


def test_a_group_that_says_nothing_beside_the_same_frames_is_begun_anew(tmp_path):
    """It was once written on the way, before the facts."""
    begin_store(tmp_path / "a", facts(), FRAMES, "test")
    whole = content_of(tmp_path / "a")
    (tmp_path / "a" / "zarr.json").unlink()
    zarr.open_group(tmp_path / "a", mode="a")
    assert open_store(tmp_path / "a") is None
    begin_store(tmp_path / "a", facts(), FRAMES, "test")
    assert content_of(tmp_path / "a") == whole


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("frames.jsonl", b"{}\n"),
        ("notes.txt", b"mine"),
        ("frames.jsonl.part", b""),
        (f"notes.txt.{'0' * 32}.part", b"mine"),
        ("0/c.0.0.0.0", b"chunk"),
        ("0/zarr.json", b"{}"),
        (f"zarr.json.{'0' * 32}.part", b"{}"),
    ],
)
def test_what_is_not_its_own_beginning_is_refused_and_stays(tmp_path, name, content):
    path = tmp_path / "a" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(SessionError, match="holds something else"):
        begin_store(tmp_path / "a", facts(), FRAMES, "test")
    assert content_of(tmp_path / "a") == {name: content}


@pytest.mark.parametrize("name", ["0/c.0.0.0.0", "notes.txt", "zarr.json"])
def test_what_lies_beside_its_own_frames_is_refused_and_stays(monkeypatch, tmp_path, name):
    begin_and_die(monkeypatch, tmp_path / "a", 1)
    (tmp_path / "a" / name).write_bytes(b'{"attributes": {"mine": 1}}')
    before = content_of(tmp_path / "a")
    with pytest.raises(SessionError, match=f"holds something else .{name}"):
        begin_store(tmp_path / "a", facts(), FRAMES, "test")
    assert content_of(tmp_path / "a") == before
