"""What can go wrong with exports."""

from __future__ import annotations


class ExportError(RuntimeError):
    """There is nothing to write yet, or it cannot be written there."""


class ExportCancelledError(ExportError):
    """Somebody stopped it; nothing was written."""
