"""Putting things back, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deepz_live.acquire.errors import MicroscopeError


def take_back(steps: Sequence[Callable[[], None]]) -> MicroscopeError | None:
    """Each step, even if another fails; the first failure."""
    failed: list[MicroscopeError] = []
    for step in steps:
        try:
            step()
        except MicroscopeError as error:
            failed.append(error)
        except Exception as error:  # whatever a device raises: the other steps are still owed
            failed.append(_told(error))
    return failed[0] if failed else None


def _told(error: Exception) -> MicroscopeError:
    told = MicroscopeError(
        f"The microscope could not be put back as it was ({error}); look at its light and its "
        "stages before you go on."
    )
    told.__cause__ = error
    return told
