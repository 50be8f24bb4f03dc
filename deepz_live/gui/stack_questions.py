"""Questions about the newest virtual stack, and their answers in the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from deepz_live.gui.answers import Answers
from deepz_live.gui.parts import Shop
from deepz_live.refocus.questions import Snapshot

T = TypeVar("T")


class StackQuestions:
    """One feature's questions. Answers that come after :meth:`forget` are dropped, errors too."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._answers = Answers(shop)

    def forget(self) -> None:
        """What was asked until now is of no interest any more: another session, another click."""
        self._answers.forget()

    def ask(
        self,
        work: Callable[[Snapshot], T],
        done: Callable[[T], None],
        channel: str | None = None,
    ) -> bool:
        """Hand the answer to ``done``, an error to the banner; False where there is no model.

        Of several channels the next frame of ``channel`` is asked; None: whichever comes next.
        """
        live = self._shop.shown
        if live is None or live.engine is None:
            self._shop.say("This needs a model; open a bundle (Ctrl+B).")
            return False
        answered, failed = self._answers.awaited(done)
        self._shop.bridge.watch(live.ask(work, channel), answered, failed)
        return True
