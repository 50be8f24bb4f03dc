"""What can go wrong with files, each said in one sentence for the operator."""

from __future__ import annotations

from pathlib import Path


class StackError(ValueError):
    """An image file that cannot be read or written as asked."""


def too_large(path: Path, error: MemoryError) -> StackError:
    """The error for a file whose images do not fit into memory."""
    detail = f" ({error})" if str(error) else ""
    return StackError(
        f"{path} does not fit into the memory of this computer{detail}; crop it, or save the "
        "channel or the planes that you need as a file of its own."
    )


class SessionError(RuntimeError):
    """A recording that cannot be written, read or replayed."""
