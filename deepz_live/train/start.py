"""The network of a run with its objective, from scratch or from a bundle's weights."""

from __future__ import annotations

from safetensors.torch import load_file
from torch import nn

from deepz_live.model.bundle import Bundle
from deepz_live.model.generator import Generator
from deepz_live.model.planes import PlanesNet
from deepz_live.train.errors import TrainingError
from deepz_live.train.generator_objective import GeneratorObjective
from deepz_live.train.objective import Objective
from deepz_live.train.order import TrainingOrder
from deepz_live.train.planes_objective import PlanesObjective
from deepz_live.train.prepared import Prepared
from deepz_live.train.teacher import Teacher


def make_objective(order: TrainingOrder, prepared: Prepared) -> Objective:
    """The objective that ``order`` asks for, on the CPU yet.

    Raises
    ------
    TrainingError
        A bundle to start or learn from does not fit, or a preset asks for what its network lacks.
    """
    preset, distances = order.preset, prepared.grid.distances_um
    teacher = Teacher(order.teacher, prepared) if order.teacher else None
    if order.network == "generator":
        if teacher is not None:
            raise TrainingError(
                "A teacher teaches the planes model; train it with --model planes, or leave "
                "--teacher out."
            )
        generator = Generator(preset.width)
        _start(generator, order)
        return GeneratorObjective(generator, preset)
    planes = PlanesNet(distances, preset.width, preset.planes.levels)
    _start(planes, order)
    return PlanesObjective(planes, distances, preset, teacher)


def _start(network: nn.Module, order: TrainingOrder) -> None:
    if order.init is not None:
        start_from(network, order.init, order.network, order.preset.width)


def start_from(network: nn.Module, init: Bundle, name: str, width: float) -> None:
    """Put the weights of a bundle into ``network``; raises as :func:`make_objective`."""
    facts = init.facts
    if (facts.network, facts.width) != (name, width):
        raise TrainingError(
            f"Bundle {init.name} holds a {facts.network} network of width {facts.width:g}, but "
            f"{name} of width {width:g} is to be trained; use the same network and preset width."
        )
    found, wanted = load_file(init.weights_path), network.state_dict()
    fitting = {k: v.float() for k, v in found.items() if k in wanted and v.shape == wanted[k].shape}
    # Another z grid means another number of planes: then head and gate start afresh.
    if any(key not in fitting for key in wanted if key.startswith("body.")):
        raise TrainingError(
            f"Bundle {init.name} holds a network of another number of levels; use the preset it "
            "was trained with."
        )
    network.load_state_dict({**wanted, **fitting})
