"""Threads that outlive everything are stopped when the program ends."""

from __future__ import annotations

from deepz_live.app import at_exit


class Stubborn:
    def __init__(self, error: Exception | None) -> None:
        self.stopped = 0
        self._error = error

    def stop(self, timeout_s: float) -> None:
        self.stopped += 1
        if self._error is not None:
            raise self._error


def test_what_does_not_stop_is_told_in_a_sentence(monkeypatch, capsys):
    registered = []
    monkeypatch.setattr(at_exit.atexit, "register", registered.append)
    good, bad = Stubborn(None), Stubborn(OSError("The disk takes nothing."))
    for thing in (good, bad):
        at_exit.stop_at_exit(thing)
    for end in registered:
        end()
    assert (good.stopped, bad.stopped) == (1, 1)
    assert capsys.readouterr().err == "Error: The disk takes nothing.\n"
