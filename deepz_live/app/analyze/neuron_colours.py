"""Colours of groups of neurons, the same in figures and in the window."""

from __future__ import annotations

# Okabe and Ito's palette, those that show on black and on white.
COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2")
QUIET = "#B0B0B0"


def colour(cluster: int) -> str:
    """Of a group, 1 …; grey for 0."""
    return COLOURS[(cluster - 1) % len(COLOURS)] if cluster > 0 else QUIET
