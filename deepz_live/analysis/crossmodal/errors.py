"""What can be wrong with two stacks that shall lie on top of each other."""

from __future__ import annotations


class CrossmodalError(ValueError):
    """Two stacks could not be registered; the message says what was found and what to do."""
