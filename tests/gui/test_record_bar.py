"""The operator sees how full the buffer is, and hears in time of a disk that falls behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deepz_live.app.live_numbers import LiveStatus
from deepz_live.gui.live_controller import lost_text
from deepz_live.gui.record_controller import RecordController

RECORDING = LiveStatus(
    camera_fps=100.0,
    refocus_fps=2.0,
    latency_ms=None,
    captured=900,
    refocused=0,
    skipped_for_view=0,
    lost=0,
    provider=None,
    reason="",
    finished=False,
    recording=True,
    recorded=800,
    dropped=0,
    queued=100_000_000,
    queue_capacity=1_000_000_000,
    bytes_written=400_000_000,
    free_bytes=84_000_000_000,
    elapsed_s=8.0,
    session=None,
)


class Bar:
    """Keeps what it is told to show."""

    text = role = ""

    def show_recording(self, on: bool) -> None: ...

    def show_numbers(self, text: str, role: str = "") -> None:
        self.text, self.role = text, role


def shown(**changes) -> tuple[str, str]:
    bar = Bar()
    RecordController(bar, None, Path(), lambda _: None).show(replace(RECORDING, **changes))
    return bar.text, bar.role


def test_the_fill_of_the_buffer_is_shown_and_no_cause_for_alarm():
    text, role = shown()
    assert text == "00:08  ·  800 frames  ·  400.0 MB  ·  84.0 GB free  ·  buffer 10 %"
    assert role == ""


def test_a_buffer_that_fills_is_told_with_the_time_that_is_left():
    text, role = shown(queued=620_000_000, buffer_full_in_s=75.0)
    assert text.endswith("buffer 62 %  ·  DISK IS SLOW, buffer full in 01:15")
    assert role == "caution"
    assert shown(queued=620_000_000)[0].endswith("DISK IS SLOW")


def test_frames_that_were_not_written_are_an_alarm():
    text, role = shown(queued=10**9, dropped=3)
    assert text.endswith("buffer 100 %  ·  3 NOT WRITTEN")
    assert role == "alarm"


def test_odd_frame_numbers_are_an_alarm():
    assert lost_text(RECORDING) == ("lost 0", "dim")
    odd = replace(RECORDING, lost=2, duplicated=1, out_of_order=3)
    assert lost_text(odd) == ("lost 2, twice 1, out of order 3", "alarm")
