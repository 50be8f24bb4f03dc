"""What can be wrong with a recording in which neurons are looked for."""

from __future__ import annotations


class NeuronsError(ValueError):
    """Neurons cannot be found or grouped; the message says what was found and what to do."""
