"""Which of several bundles a run starts from: the one that knows the new stacks best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from deepz_live.model.bundle import Bundle
from deepz_live.train.errors import TrainingError
from deepz_live.train.loop import validated
from deepz_live.train.objective import Objective
from deepz_live.train.order import TrainingOrder
from deepz_live.train.start import start_from


def choose_start(
    objective: Objective,
    order: TrainingOrder,
    validation: Sequence[Any],
    note: Callable[[str], None] = lambda _: None,
) -> Bundle | None:
    """Leave the network of ``objective`` with the weights that validate best before any step.

    Tried are the network as it is (nothing learnt: its planes are the input) and the weights of
    each bundle of ``order.starts``, under the normalisation of the new stacks. Bundles of another
    network, width or number of levels are passed over.

    Parameters
    ----------
    validation
        The batches that the run itself will validate on.

    Returns
    -------
    The bundle; None where none is better than nothing.
    """
    network = objective.learners["network"].network
    best, chosen = deepcopy(network.state_dict()), None
    smallest = validated(objective, validation)["select"]
    said = [f"nothing {smallest:.4g}"]
    for bundle in order.starts:
        try:
            start_from(network, bundle, order.network, order.preset.width)
        except TrainingError:
            continue
        loss = validated(objective, validation)["select"]
        said.append(f"{bundle.name} {loss:.4g}")
        if loss < smallest:
            smallest, chosen = loss, bundle
            best = deepcopy(network.state_dict())
    network.load_state_dict(best)
    begin = f"Starting from {chosen.name}" if chosen is not None else "Starting from nothing"
    note(f"{begin}; error before training: {', '.join(said)}")
    return chosen
