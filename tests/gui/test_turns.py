"""Long work in steps: the window answers in between."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QTimer

from deepz_live.gui.turns import Turns

WAIT_MS = 5_000


@pytest.fixture
def turns(qapp):
    made = Turns()
    yield made
    made.stop()


def test_between_two_steps_the_window_looks_at_its_events(qtbot, turns):
    seen = []

    def steps():
        for number in range(3):
            seen.append(number)
            QTimer.singleShot(0, lambda: seen.append("answer"))
            yield

    turns.run(steps())
    assert seen == []
    qtbot.waitUntil(lambda: not turns.busy and seen.count("answer") == 3, timeout=WAIT_MS)
    assert seen == [0, "answer", 1, "answer", 2, "answer"]


def test_works_go_one_after_the_other(qtbot, turns):
    seen = []

    def steps(name):
        for number in range(2):
            seen.append((name, number))
            yield

    turns.run(steps("a"))
    turns.run(steps("b"))
    qtbot.waitUntil(lambda: not turns.busy, timeout=WAIT_MS)
    assert seen == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


def test_what_is_stopped_tidies_up_and_takes_no_more_steps(qtbot, turns):
    seen = []

    def steps():
        try:
            while True:
                seen.append("step")
                yield
        finally:
            seen.append("tidy")

    turns.run(steps())
    qtbot.waitUntil(lambda: "step" in seen, timeout=WAIT_MS)
    turns.stop()
    turns.run(iter([None]))
    count = len(seen)
    assert seen[-1] == "tidy"
    qtbot.waitUntil(lambda: not turns.busy, timeout=WAIT_MS)
    assert len(seen) == count


def test_a_step_that_fails_ends_its_work_and_no_other(qtbot, turns):
    seen = []

    def broken():
        yield
        raise ValueError("broken")

    def good():
        seen.append("good")
        yield

    with qtbot.captureExceptions() as errors:
        turns.run(broken())
        turns.run(good())
        qtbot.waitUntil(lambda: not turns.busy, timeout=WAIT_MS)
    assert [str(error[1]) for error in errors] == ["broken"]
    assert seen == ["good"]
