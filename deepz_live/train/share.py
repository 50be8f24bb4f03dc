"""Which examples of a batch are whose, where several processes train together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from deepz_live.train.errors import TrainingError

Example = TypeVar("Example")


def own_share(drawn: Sequence[Example], rank: int, world: int) -> Sequence[Example]:
    """Of the examples drawn for a batch those of process ``rank`` out of ``world``.

    Raises
    ------
    TrainingError
        There is none for it.
    """
    own = drawn[rank::world]
    if not own:
        raise TrainingError(
            f"A batch of {len(drawn)} leaves process {rank} of {world} without an example; "
            "raise `batch` in the preset or use fewer processes."
        )
    return own


def is_first_process() -> bool:
    """Whether this is the process that writes: the only one, or the first of ``torchrun``'s."""
    return os.environ.get("RANK", "0") == "0"
