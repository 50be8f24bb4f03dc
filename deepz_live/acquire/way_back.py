"""Putting things back, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deepz_live.acquire.errors import MicroscopeError


def failures(steps: Sequence[Callable[[], None]]) -> list[Exception]:
    """Take each step, even if another fails; what failed, whatever devices raise."""
    failed: list[Exception] = []
    for step in steps:
        try:
            step()
        except Exception as error:  # the other steps are still owed
            failed.append(error)
    return failed


def take_back(steps: Sequence[Callable[[], None]]) -> MicroscopeError | None:
    """Take each step, even if another fails; the first failure."""
    for first in failures(steps):
        return first if isinstance(first, MicroscopeError) else _told(first)
    return None


def _told(error: Exception) -> MicroscopeError:
    told = MicroscopeError(
        f"The microscope could not be put back as it was ({error}); look at its light and its "
        "stages before you go on."
    )
    told.__cause__ = error
    return told
