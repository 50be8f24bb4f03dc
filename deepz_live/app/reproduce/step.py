"""One experiment of the reproduction: what it is called, how much it does, what it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from deepz_live.app.reproduce.lab import Lab
from deepz_live.app.reproduce.outcome import Outcome

P = TypeVar("P")


@dataclass(frozen=True)
class Step(Generic[P]):
    """An experiment.

    Attributes
    ----------
    key
        Its name, in the cache and on the page.
    figures
        What it is asked for by, e.g. ``fig1``.
    bundles
        The models it uses.
    full, quick
        Parameters, a frozen dataclass; ``quick`` None: not part of a quick run.
    measure
        Does it. Raises the package's own errors.
    claims
        Keys of :data:`claims.CLAIMS` that its rows answer.
    """

    key: str
    figures: tuple[str, ...]
    bundles: tuple[str, ...]
    full: P
    quick: P | None
    measure: Callable[[Lab, P], Outcome]
    claims: tuple[str, ...]

    def parameters(self, quick: bool) -> P | None:
        """Those of a quick or of the full run; None: this run leaves it out."""
        return self.quick if quick else self.full
