"""A thread that lets the others of its process go first."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from deepz_live.stream.step_back import NICENESS, step_back


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a thread's niceness")
def test_only_this_thread_and_those_it_starts_step_back():
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    seen = {}

    def note(name):
        seen[name] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def work():
        assert step_back()
        note("itself")
        child = threading.Thread(target=note, args=("its child",))
        child.start()
        child.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    after = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert after == before
    lower = min(before + NICENESS, 19)
    assert seen == {"itself": lower, "its child": lower}


def test_a_system_that_does_not_allow_it_is_no_error(monkeypatch):
    def refuse(*_):
        raise PermissionError("not allowed")

    monkeypatch.setattr(os, "setpriority", refuse, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert step_back() is False
