"""The one exception of this room."""

from __future__ import annotations


class RefocusError(RuntimeError):
    """Refocusing is not possible: the sentence says what failed, found, wanted, cure."""
