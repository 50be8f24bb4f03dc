"""What can be wrong with a batch run."""

from __future__ import annotations


class BatchError(ValueError):
    """A run is not possible or incomplete; the sentence says what was found, and what to do."""
