"""What can be wrong with what was asked to be reproduced."""

from __future__ import annotations


class ReproductionError(ValueError):
    """A reproduction is not possible; the sentence says what was found, wanted, what to do."""
