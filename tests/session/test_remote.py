"""A recording behind a URL reads as it does in a folder."""

from __future__ import annotations

import fsspec
import numpy as np
import pytest

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.session.errors import SessionError
from deepz_live.session.remote import RemoteSession, read_recorded
from deepz_live.stream.frame import Frame, StreamInfo

INFO = StreamInfo((6, 8), "uint16", 0.325, 10.0, "red", 20.0, "test")


@pytest.fixture
def places(tmp_path):
    """The same recording in a folder and behind a URL."""
    folder = tmp_path / "first"
    with offline_recording(folder, INFO, settings={}) as recording:
        for index in range(3):
            recording.add(
                Frame(np.full((6, 8), 5 + index, np.uint16), index, index / 10, 0.5, 20.0, "red")
            )
    files = fsspec.filesystem("memory")
    files.put(str(folder), "/far/first", recursive=True)
    yield folder, "memory://far/first"
    files.rm("/far", recursive=True)


def test_frames_and_their_facts_are_the_same(places):
    near, far = (read_recorded(where) for where in places)
    assert isinstance(far, RemoteSession)
    assert (far.info, far.facts, len(far)) == (near.info, near.facts, 3)
    for i in range(3):
        one, other = near.frame(i), far.frame(i)
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert (one.index, one.time_s, one.z_um) == (other.index, other.time_s, other.z_um)
    assert far.frame(0).pixels.dtype == np.uint16


def test_a_url_of_a_folder_is_that_folder(places):
    folder, _ = places
    assert len(read_recorded(folder.as_uri())) == 3


def test_what_cannot_be_read_is_said(places):
    _, url = places
    far = read_recorded(url)
    with pytest.raises(SessionError, match="there is no frame 3"):
        far.frame(3)
    with pytest.raises(SessionError, match="memory://far/none cannot be read"):
        read_recorded("memory://far/none")
    with pytest.raises(SessionError, match="install fsspec and its package"):
        read_recorded("strange://far/first")
    files = fsspec.filesystem("memory")
    files.rm("/far/first/frames.ome.zarr", recursive=True)
    with pytest.raises(SessionError, match="Frame 0 of session memory://far/first cannot be read"):
        read_recorded(url).frame(0)


def test_a_recording_that_is_not_closed_is_not_read_from_afar(places):
    _, url = places
    files = fsspec.filesystem("memory")
    manifest = files.cat_file("/far/first/manifest.json")
    files.pipe_file(
        "/far/first/manifest.json", manifest.replace(b'"closed": true', b'"closed": false')
    )
    with pytest.raises(SessionError, match=r"not closed; .*copy it into"):
        read_recorded(url)
