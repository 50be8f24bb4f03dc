"""Frames of several channels are put together by time, each once, and the newest set wins."""

from __future__ import annotations

import numpy as np
import pytest

from deepz_live.stream.frame import Frame
from deepz_live.stream.pace import PaceMeter
from deepz_live.stream.pairing import PairedSlot, Pairing


def pairs(events, channels="AB", **options):
    pairing: Pairing[float] = Pairing(channels, **options)
    made = [pairing.add(channel, at, at) for channel, at in events]
    return [pair for pair in made if pair is not None], pairing


def frame(channel: str, index: int) -> Frame:
    return Frame(np.zeros((2, 2), np.uint16), index, 0.1 * index, 0.0, 20.0, channel)


def test_channels_in_turn_make_one_pair_a_round_in_the_order_of_the_channels():
    made, pairing = pairs([("B", 0.0), ("A", 0.1), ("B", 0.2), ("A", 0.3)])
    assert made == [(0.1, 0.0), (0.3, 0.2)]
    assert pairing.unpaired == 0


def test_after_a_lost_frame_the_nearest_is_taken_and_the_older_one_given_up():
    made, pairing = pairs([("A", 0.0), ("A", 0.2), ("B", 0.3), ("A", 0.4), ("B", 0.5)])
    assert made == [(0.2, 0.3), (0.4, 0.5)]
    assert pairing.unpaired == 1


def test_a_channel_that_fell_silent_is_not_paired_with_its_past():
    made, _ = pairs([("A", 0.0), ("B", 5.0), ("A", 5.1)], tolerance_s=1.0)
    assert made == [(5.1, 5.0)]


def test_three_channels_make_sets_of_three():
    made, _ = pairs([("A", 0.0), ("B", 0.1), ("C", 0.2), ("A", 0.3)], channels="ABC")
    assert made == [(0.0, 0.1, 0.2)]


def test_no_item_is_used_twice_whatever_the_order():
    rng = np.random.default_rng(0)
    events = [(str(rng.choice(["A", "B"])), 0.1 * i) for i in range(500)]
    made, pairing = pairs(events)
    used = [time for pair in made for time in pair]
    assert len(set(used)) == len(used)
    assert len(used) + pairing.unpaired == len(events)
    assert all(abs(a - b) <= 1.0 for a, b in made)


def test_an_unknown_channel_is_passed_over():
    made, pairing = pairs([("X", 0.0), ("A", 0.1), ("B", 0.2)])
    assert made == [(0.1, 0.2)]
    assert pairing.unpaired == 1


@pytest.mark.parametrize("channels", [(), ("A", "A")])
def test_channels_must_differ(channels):
    with pytest.raises(ValueError, match="different names"):
        Pairing(channels)


def test_a_slow_consumer_gets_whole_sets_and_the_newest_one():
    slot = PairedSlot(("A", "B"))
    slot.put(frame("A", 0))
    assert slot.get(0) is None  # half a set is none
    slot.put(frame("B", 1))
    first = slot.get(0)
    for index in range(2, 8):
        slot.put(frame("AB"[index % 2], index))
    got = [first, *(slot.get(0) for _ in range(3))]
    assert [(one.channel, one.index) for one in got] == [("A", 0), ("B", 1), ("A", 6), ("B", 7)]
    assert slot.get(0) is None
    assert slot.skipped == 4


def test_a_closed_slot_gives_what_it_has_and_then_nothing():
    slot = PairedSlot(("A", "B"))
    slot.put(frame("A", 0))
    slot.put(frame("B", 1))
    slot.close()
    slot.put(frame("A", 2))
    assert [slot.get().index, slot.get().index] == [0, 1]
    assert slot.get() is None
    assert slot.closed


def test_the_pace_names_what_most_of_the_time_goes_to():
    now = [0.0]
    meter = PaceMeter(("A", "B"), lambda: now[0])
    for index in range(20):
        now[0] += 0.1 if index else 60.0  # the first one warms everything up
        meter.add("AB"[index % 2], 0.02, 0.07, 0.01)
    pace = meter.snapshot()
    assert pace.frames_hz == pytest.approx(10)
    assert pace.mean_hz == pytest.approx(10)
    assert pace.cycle_hz == pytest.approx(5)
    assert (pace.exposure_s, pace.switching_s, pace.readout_s) == (0.02, 0.07, 0.01)
    assert pace.limited_by == "switching"
    assert pace.frames == (10, 10)
