"""The newest item wins in a slot; a waiting queue loses nothing."""

from __future__ import annotations

import threading

import pytest

from deepz_live.stream.fifo import BlockingFifo
from deepz_live.stream.slots import LatestSlot

WAIT_S = 5.0


def test_newest_wins_and_the_overwritten_are_counted():
    slot: LatestSlot[int] = LatestSlot()
    for item in range(5):
        slot.put(item)
    assert slot.get(0.0) == 4
    assert slot.skipped == 4
    assert slot.get(0.0) is None


def test_get_waits_for_an_item_of_another_thread():
    slot: LatestSlot[int] = LatestSlot()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(slot.get(WAIT_S)))
    reader.start()
    slot.put(7)
    reader.join(WAIT_S)
    assert got == [7]


def test_closing_a_slot_wakes_its_reader_with_nothing():
    slot: LatestSlot[int] = LatestSlot()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(slot.get()))
    reader.start()
    slot.close()
    reader.join(WAIT_S)
    assert got == [None]


def test_an_item_put_before_the_close_is_still_handed_out_and_a_later_one_is_not():
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.put(2)
    assert slot.get() == 1
    assert slot.get() is None


def test_a_full_queue_refuses_when_nobody_makes_room_in_time():
    fifo: BlockingFifo[int] = BlockingFifo(2)
    assert fifo.put(0)
    assert fifo.put(1)
    assert not fifo.put(2, timeout_s=0.0)
    assert [fifo.get(0.0), fifo.get(0.0), fifo.get(0.0)] == [0, 1, None]


def test_a_producer_waits_for_room_and_every_item_arrives_in_order():
    fifo: BlockingFifo[int] = BlockingFifo(1)
    producer = threading.Thread(target=lambda: [fifo.put(i) for i in range(200)])
    producer.start()
    assert [fifo.get(WAIT_S) for _ in range(200)] == list(range(200))
    producer.join(WAIT_S)


def test_closing_a_queue_frees_the_producer_and_keeps_what_was_put():
    fifo: BlockingFifo[int] = BlockingFifo(1)
    fifo.put(0)
    taken: list[bool] = []
    producer = threading.Thread(target=lambda: taken.append(fifo.put(1)))
    producer.start()
    fifo.close()
    producer.join(WAIT_S)
    assert taken == [False]
    assert fifo.get() == 0
    assert fifo.get() is None


def test_a_queue_without_room_for_one_item_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        BlockingFifo(0)
