"""A folder that is no readable session is refused in one sentence; a torn end is not."""

from __future__ import annotations

import json

import pytest

from deepz_live.session.reader import SessionError, read_session
from deepz_live.session.shards import place_of


def change_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(SessionError, match="does not exist"):
        read_session(tmp_path / "none")
    with pytest.raises(SessionError, match=r"is not a session: it holds no manifest\.json"):
        read_session(tmp_path)


@pytest.mark.parametrize("content", ["", "{", '{"format": "something"}', "[]", "\x00\x00"])
def test_a_damaged_manifest_is_named(tmp_path, sessions, content):
    sessions.record(tmp_path / "s", range(2))
    (tmp_path / "s" / "manifest.json").write_text(content)
    with pytest.raises(SessionError, match=r"manifest .*manifest\.json cannot be read"):
        read_session(tmp_path / "s")


def test_another_format_version_is_refused_with_both_numbers(tmp_path, sessions):
    sessions.record(tmp_path / "s", range(2))
    change_manifest(tmp_path / "s", version=7)
    with pytest.raises(SessionError, match="format version 7, this program reads versions 1 and 2"):
        read_session(tmp_path / "s")


@pytest.mark.parametrize("tail", [b'{"index": 9, "tim', b"\x00\x00\x00", b'{"channel": "\xc3'])
def test_a_torn_last_line_is_left_out(tmp_path, sessions, tail):
    sessions.record(tmp_path / "s", range(5))
    change_manifest(tmp_path / "s", closed=False)
    with (tmp_path / "s" / "frames.jsonl").open("ab") as file:
        file.write(tail)
    assert len(read_session(tmp_path / "s")) == 5


def test_a_damaged_line_in_the_middle_is_an_error_that_counts_it(tmp_path, sessions):
    sessions.record(tmp_path / "s", range(5))
    path = tmp_path / "s" / "frames.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2][:10]
    path.write_text("\n".join(lines))
    with pytest.raises(SessionError, match=r"line 3 of frames\.jsonl is damaged"):
        read_session(tmp_path / "s")


def cut(folder, position, left):
    """End the file of frames ``left`` bytes into frame ``position``."""
    path, begin = place_of(folder / "frames.ome.zarr", position, read_session(folder).info)
    with path.open("r+b") as file:
        file.truncate(begin + left)


def test_a_session_of_the_first_format_is_read(tmp_path, sessions):
    """One file a frame, as recordings were made until format 2."""
    sessions.record(tmp_path / "s", range(5))
    change_manifest(tmp_path / "s", version=1, closed=False)
    chunks = tmp_path / "s" / "frames.ome.zarr" / "0"
    for path in chunks.glob("c.*"):
        path.unlink()
    for index in range(4):
        (chunks / f"c.{index}.0.0").write_bytes(sessions.frame(index).pixels.tobytes())
    session = read_session(tmp_path / "s")
    assert len(session) == 4
    for index in range(4):
        sessions.assert_same(session.frame(index), index)


def test_last_frames_whose_pixels_a_power_cut_took_are_left_out(tmp_path, sessions):
    sessions.record(tmp_path / "s", range(5))
    change_manifest(tmp_path / "s", closed=False)
    cut(tmp_path / "s", 3, 7)
    session = read_session(tmp_path / "s")
    assert len(session) == 3
    sessions.assert_same(session.frame(2), 2)


def test_a_missing_frame_of_a_closed_session_is_named_when_it_is_read(tmp_path, sessions):
    session = sessions.record(tmp_path / "s", range(5))
    cut(tmp_path / "s", 3, 0)
    with pytest.raises(SessionError, match="Frame 3 of session"):
        session.frame(3)


def test_a_frame_outside_the_session_is_refused(tmp_path, sessions):
    session = sessions.record(tmp_path / "s", range(5))
    for i in (-1, 5):
        with pytest.raises(SessionError, match=r"holds frames 0 … 4; there is no frame"):
            session.frame(i)


def test_an_unclosed_session_shows_its_gaps_by_its_frames(tmp_path, sessions):
    sessions.record(tmp_path / "s", [0, 1, 5])
    change_manifest(tmp_path / "s", closed=False, gaps=[])
    [gap] = read_session(tmp_path / "s").gaps
    assert (gap.first, gap.last, gap.cause) == (2, 4, "unknown")
