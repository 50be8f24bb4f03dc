"""What can go wrong with files, each said in one sentence for the operator."""

from __future__ import annotations


class StackError(ValueError):
    """An image file that cannot be read or written as asked."""


class SessionError(RuntimeError):
    """A recording that cannot be written, read or replayed."""
