"""Whatever moment the program is killed at, the frames it had written are there and play again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepz_live.session.reader import read_session
from deepz_live.session.replay import ReplaySource
from deepz_live.stream.hub import Hub

KILLS = 50
CHILD = Path(__file__).with_name("recorder_child.py")

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks recorders")


class Counting:
    """A sink that compares each frame with what was sent."""

    def __init__(self, assert_same) -> None:
        self._assert_same = assert_same
        self.count = 0
        self.wrong: list[int] = []

    def offer(self, frame) -> None:
        try:
            self._assert_same(frame, self.count)
        except AssertionError:
            self.wrong.append(frame.index)
        self.count += 1


@pytest.fixture
def recorder():
    """``recorder(folder)`` starts one; ``recorder.kill_after(n)`` returns how many it had told."""
    with subprocess.Popen(
        [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Recorder(process)
        process.stdin.close()


class Recorder:
    def __init__(self, process) -> None:
        self._process = process

    def kill_after(self, folder: Path, frames: float, die_at: int = 0) -> int:
        """Record into ``folder``, kill it once ``frames`` are written; returns what was told."""
        self._process.stdin.write(f"{die_at} {folder}\n")
        self._process.stdin.flush()
        told, pid, killed = 0, None, False
        for line in self._process.stdout:
            word = line.split()
            if word == ["dead"]:
                break
            if word[0] == "pid":
                pid = int(word[1])
            else:
                told = int(word[0])
            if pid is not None and told >= frames and not killed:
                killed = True
                os.kill(pid, signal.SIGKILL)
        return told


@pytest.mark.slow
def test_fifty_kills_at_random_moments_lose_no_written_frame(tmp_path, sessions, recorder):
    moments = random.Random(5)
    lengths = []
    for turn in range(KILLS):
        folder = tmp_path / str(turn)
        told = recorder.kill_after(folder, moments.randint(1, 600))
        lengths.append(assert_whole(folder, told, sessions))
    assert len(set(lengths)) > KILLS // 2  # the moments differed


@pytest.mark.slow
def test_a_kill_in_the_middle_of_any_write_tears_no_more_than_that(tmp_path, sessions, recorder):
    moments = random.Random(6)
    # The first writes make the folder; a recording is one from its manifest on.
    numbers = [*range(6, 26), *(moments.randint(26, 1500) for _ in range(20))]
    for number in numbers:
        told = recorder.kill_after(tmp_path / str(number), float("inf"), die_at=number)
        assert_whole(tmp_path / str(number), told, sessions)


def assert_whole(folder: Path, told: int, sessions) -> int:
    """All frames that were told of are in the session, which replays; returns how many it has."""
    session = read_session(folder)
    assert not session.manifest.closed
    assert len(session) >= told
    sink = Counting(sessions.assert_same)
    hub = Hub(ReplaySource(session, speed=None))
    hub.attach(sink)
    hub.start()
    assert hub.wait_finished(sessions.WAIT_S)
    hub.stop()
    assert hub.error is None
    assert (sink.count, sink.wrong) == (len(session), [])
    assert session.gaps == ()
    # Each frame's marker is written after it and before the next frame.
    assert [marker.index for marker in session.markers] == list(range(len(session.markers)))
    assert len(session.markers) >= told - 1
    assert [line["digest"] for line in session.results] == list(range(len(session.results)))
    return len(session)
