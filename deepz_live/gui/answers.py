"""Answers that come later, in the GUI thread; those that nobody waits for any more are dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deepz_live.gui.parts import Shop

T = TypeVar("T")


class Answers:
    """What one feature waits for. What comes after :meth:`forget` is dropped, errors too."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._asked = 0

    def forget(self) -> None:
        """What was asked until now is of no interest any more: another session, another click."""
        self._asked += 1

    def awaited(
        self, done: Callable[[T], None]
    ) -> tuple[Callable[[T], None], Callable[[Exception], None]]:
        """For the bridge: hands the answer to ``done`` and an error to the banner."""
        asked = self._asked

        def answered(answer: T) -> None:
            if asked == self._asked:
                done(answer)

        def failed(error: Exception) -> None:
            if asked == self._asked:
                self._shop.fail(error)

        return answered, failed
