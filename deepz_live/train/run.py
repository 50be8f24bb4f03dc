"""From calibration stacks to a bundle."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file

from deepz_live.config import Optics
from deepz_live.model.bundle import Bundle, BundleFacts
from deepz_live.model.generator import Generator
from deepz_live.model.planes import PlanesNet
from deepz_live.train.checkpoint import BEST, RunState, load_best, load_state
from deepz_live.train.errors import TrainingError
from deepz_live.train.export import export_bundle
from deepz_live.train.loop import fit
from deepz_live.train.objective import GeneratorObjective, Objective, PlanesObjective
from deepz_live.train.pairs import Pairs
from deepz_live.train.prepare import Box, Prepared, prepare
from deepz_live.train.preset import Preset
from deepz_live.train.progress import TrainingProgress

NetworkName = Literal["planes", "generator"]
EXAMPLE_PX = 32


@dataclass(frozen=True)
class TrainingOrder:
    """All that a training run needs; plain data, so that it crosses to another process."""

    stacks: tuple[Path, ...]
    out: Path
    preset: Preset
    network: NetworkName = "planes"
    optics: Optics = Optics()
    box: Box | None = None
    init: Bundle | None = None
    resume: bool = False

    @property
    def work(self) -> Path:
        """Folder for aligned stacks and checkpoints, beside the bundle."""
        return self.out.with_name(self.out.name + ".work")

    def fingerprint(self) -> str:
        """Same for a run that may be resumed: data, settings and network agree."""
        facts = (self.stacks, self.preset.model_copy(update={"minutes": 1.0}), self.network,
                 self.box, self.init.sha256 if self.init else None)  # fmt: skip
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def train(
    order: TrainingOrder,
    *,
    report: Callable[[TrainingProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[tuple[Path, Box]]:
    """Prepare, train, export; the bundle appears at ``order.out`` when all is done.

    Returns the parts of the stacks that it validated on, to measure the bundle with.

    A stop keeps the best weights so far as the bundle, and the checkpoint in ``order.work`` for
    ``resume``; after a full run ``work`` is deleted.

    Raises
    ------
    TrainingError
        With a sentence; nothing half-written keeps the bundle's name.
    """
    preset, work = order.preset, order.work
    if not order.resume:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    prepared = prepare(
        order.stacks, preset, work, box=order.box,
        report=lambda text: report(TrainingProgress.note(text)),
    )  # fmt: skip
    torch.manual_seed(preset.seed)
    rng = np.random.default_rng(preset.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    objective = _objective(order, prepared, rng)
    objective.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        objective.network.parameters(), lr=preset.learning_rate, weight_decay=1e-4
    )
    settings = order.fingerprint()
    run = load_state(work, settings, objective.network, optimiser) if order.resume else RunState()
    crop, multiple = preset.crop_px, objective.multiple
    validator = Pairs(prepared, crop, np.random.default_rng(1), multiple=multiple, validation=True)
    count = max(1, preset.validation_crops // preset.batch)
    validation = [validator.batch(preset.batch) for _ in range(count)]
    pairs = Pairs(prepared, crop, rng, multiple=multiple, mix=preset.mix)
    run = fit(
        objective, optimiser, pairs, validation, preset, run, work, settings,
        report=report, stop=stop,
    )  # fmt: skip
    if not (work / BEST).is_file():
        raise TrainingError("Training was stopped before its first validation; no model was kept.")
    report(TrainingProgress.note("Writing the bundle"))
    load_best(work, objective.network)
    facts = _facts(order, prepared, objective, run, device)
    export_bundle(objective.network, facts, _example(validation[0].inputs, order), order.out)
    held_out = _held_out(order, prepared)
    del pairs, validator, prepared  # they hold the memory-mapped files that are deleted next
    if not stop():
        shutil.rmtree(work, ignore_errors=True)
    return held_out


def _held_out(order: TrainingOrder, prepared: Prepared) -> list[tuple[Path, Box]]:
    """Validation regions in pixels of the whole stacks."""
    y0, x0 = (s.start for s in order.box) if order.box else (0, 0)
    return [
        (path, (slice(y0 + r.y, y0 + r.y + r.side), slice(x0 + r.x, x0 + r.x + r.side)))
        for path, field in zip(order.stacks, prepared.fields, strict=True)
        for r in field.validation
    ]


def _objective(order: TrainingOrder, prepared: Prepared, rng: np.random.Generator) -> Objective:
    distances, width = prepared.grid.distances_um, order.preset.width
    objective: Objective
    if order.network == "generator":
        objective = GeneratorObjective(Generator(width), distances, rng)
    else:
        objective = PlanesObjective(
            PlanesNet(distances, width, order.preset.levels), order.preset.linear_weight
        )
    if order.init is not None:
        _start_from(objective.network, order.init, order.network, width)
    return objective


def _start_from(network: torch.nn.Module, init: Bundle, name: str, width: float) -> None:
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


def _example(inputs: np.ndarray, order: TrainingOrder) -> np.ndarray:
    image = inputs[:1, :, :EXAMPLE_PX, :EXAMPLE_PX]
    if order.network == "generator":
        return np.concatenate([image, np.full_like(image, 0.3)], axis=1)
    return np.ascontiguousarray(image)


def _facts(
    order: TrainingOrder,
    prepared: Prepared,
    objective: Objective,
    run: RunState,
    device: torch.device,
) -> BundleFacts:
    training: dict[str, Any] = {
        "stacks": [path.name for path in order.stacks],
        "region": None if order.box is None else [[s.start, s.stop] for s in order.box],
        "preset": order.preset.model_dump(mode="json"),
        "init": order.init.identity() if order.init else None,
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "best_step": run.best_step,
        "best_validation_loss": run.best_val,
        "device": device.type,
    }
    return BundleFacts(
        network=order.network,
        width=order.preset.width,
        z_planes_um=prepared.grid.distances_um,
        pixel_size_um=prepared.pixel_size_um,
        optics=order.optics,
        channel=prepared.channel,
        exposure_ms=prepared.exposure_ms,
        normalization=prepared.normalization,
        intensity_counts=prepared.intensity_counts,
        multiple=objective.multiple,
        margin_px=receptive_margin(objective.multiple, order.network),
        training=training,
    )


def receptive_margin(multiple: int, network: NetworkName) -> int:
    """Pixels on each side that a result depends on, rounded up to the network's multiple.

    Per level two 3x3 convolutions on the way down and two on the way up, one at the head, each
    as wide as the level's pixel.
    """
    stem = 2 if network == "planes" else 1
    levels = (multiple // stem).bit_length()
    down = sum(2 * stem * 2**level + stem * 2**level for level in range(levels))
    up = sum(2 * stem * 2**level for level in range(levels - 1))
    blocks: int = -(-(down + up + stem) // multiple)
    return blocks * multiple
