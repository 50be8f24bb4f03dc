"""What can be wrong with a recording that is to be analysed."""

from __future__ import annotations


class AnalysisError(ValueError):
    """An analysis is not possible; the sentence says what was found, wanted, and what to do."""
