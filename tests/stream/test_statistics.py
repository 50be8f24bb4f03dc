"""Rates and latencies on a clock that the test sets."""

from __future__ import annotations

import pytest

from deepz_live.stream.statistics import LatencyMeter, RateMeter


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_rate_of_a_steady_stream_is_its_rate():
    clock = Clock()
    meter = RateMeter(clock, window_s=2.0)
    for number in range(101):
        clock.now_s = number * 0.02
        meter.tick()
    assert meter.rate_hz() == pytest.approx(50.0)
    assert meter.count == 101


def test_rate_sees_only_its_window():
    clock = Clock()
    meter = RateMeter(clock, window_s=2.0)
    for number in range(1000):
        clock.now_s = number * 0.001
        meter.tick()
    for number in range(41):
        clock.now_s = 10.0 + number * 0.1
        meter.tick()
    assert meter.rate_hz() == pytest.approx(10.0)


def test_rate_falls_when_the_stream_stops_and_ends_at_zero():
    clock = Clock()
    meter = RateMeter(clock, window_s=2.0)
    for number in range(21):
        clock.now_s = number * 0.1
        meter.tick()
    clock.now_s = 2.1
    assert meter.rate_hz() == pytest.approx(10.0)
    clock.now_s = 3.0
    assert 0 < meter.rate_hz() < 10.0
    clock.now_s = 9.0
    assert meter.rate_hz() == 0.0


def test_rate_before_the_second_event_is_zero():
    meter = RateMeter(Clock())
    assert meter.rate_hz() == 0.0
    meter.tick()
    assert meter.rate_hz() == 0.0


def test_percentiles_are_of_the_last_latencies_in_milliseconds():
    meter = LatencyMeter(size=101)
    assert meter.percentile_ms(50) is None
    for _ in range(300):
        meter.add(99.0)
    for number in range(101):
        meter.add(number / 1000.0)
    assert meter.percentile_ms(50) == pytest.approx(50.0)
    assert meter.percentile_ms(95) == pytest.approx(95.0)
