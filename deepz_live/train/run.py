"""From calibration stacks to a bundle."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deepz_live.model.bundle import BundleFacts
from deepz_live.train.budget import Budget
from deepz_live.train.checkpoint import Checkpoint, RunState
from deepz_live.train.choose_start import choose_start
from deepz_live.train.devices import open_fabric
from deepz_live.train.errors import TrainingError
from deepz_live.train.export import export_bundle
from deepz_live.train.feed import Feed
from deepz_live.train.image_pairs import ImagePairs
from deepz_live.train.loop import DivergedError, Watch, fit
from deepz_live.train.objective import Objective
from deepz_live.train.order import TrainingOrder
from deepz_live.train.pairs import Pairs
from deepz_live.train.prepare import load_prepared, prepare
from deepz_live.train.prepared import Box, Order, Prepared, read_manifest
from deepz_live.train.preset import NetworkName
from deepz_live.train.progress import TrainingProgress
from deepz_live.train.start import make_objective

if TYPE_CHECKING:
    from lightning_fabric import Fabric

EXAMPLE_PX = 32
PREVIEW = "preview.png"
VALIDATION_SEED = 1

__all__ = ["NetworkName", "TrainingOrder", "make_pairs", "receptive_margin", "train"]


def train(
    order: TrainingOrder,
    *,
    report: Callable[[TrainingProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    precision: torch.dtype | None = None,
) -> list[tuple[Path, Box]]:
    """Prepare, train, export; the bundle appears at ``order.out`` when all is done.

    A stop keeps the best weights so far as the bundle, and the checkpoint in ``order.work`` for
    ``resume``; after a full run ``work`` is deleted. Under ``torchrun`` every process calls this
    with the same order; the first one prepares, validates aloud and writes.

    Parameters
    ----------
    precision
        See :func:`open_fabric`.

    Returns
    -------
    The parts of the stacks that it validated on, to measure the bundle with; nothing on processes
    that write no bundle.

    Raises
    ------
    TrainingError
        With a sentence; nothing half-written keeps the bundle's name. After a divergence the
        bundle holds the best weights before it.
    """
    fabric = open_fabric(order.preset, precision)
    prepared = _prepared(order, fabric, report)
    objective = make_objective(order, prepared)
    objective.place(fabric)
    settings = order.fingerprint(read_manifest(order.work).order)
    checkpoint = Checkpoint(order.work, settings, writes=fabric.is_global_zero)
    watch = Watch(report, stop)
    run, example, failure = _fit(order, prepared, objective, fabric, checkpoint, watch)
    if not fabric.is_global_zero:
        return []
    if not checkpoint.has_best:
        raise failure or TrainingError(
            "Training was stopped before its first validation; no model was kept."
        )
    report(TrainingProgress.note("Writing the bundle"))
    network = objective.learners["network"].network
    checkpoint.load_best(network)
    facts = _facts(order, prepared, objective.multiple, run, fabric)
    export_bundle(network, facts, example, order.out)
    if failure is not None:
        raise failure
    held_out = _held_out(order, prepared)
    del prepared  # it holds the memory-mapped files that are deleted next
    if not stop():
        shutil.rmtree(order.work, ignore_errors=True)
    return held_out


def _prepared(
    order: TrainingOrder, fabric: Fabric, report: Callable[[TrainingProgress], None]
) -> Prepared:
    """Prepared by the first process, read by the others from the folder that they share."""
    if not fabric.is_global_zero:
        fabric.barrier()
        return load_prepared(order.work)

    def admit(content: Order) -> None:
        # What an interrupted run was prepared from stays as it is where another one is asked for.
        if order.resume:
            Checkpoint(order.work, order.fingerprint(content)).check()
        else:
            shutil.rmtree(order.work, ignore_errors=True)

    prepared = prepare(
        order.stacks, order.preset, order.work, box=order.box, targets=order.targets,
        through_mask=order.optics.phase_mask != "none",
        report=lambda text: report(TrainingProgress.note(text)), admit=admit,
    )  # fmt: skip
    fabric.barrier()
    return prepared


def _fit(
    order: TrainingOrder,
    prepared: Prepared,
    objective: Objective,
    fabric: Fabric,
    checkpoint: Checkpoint,
    watch: Watch,
) -> tuple[RunState, np.ndarray, DivergedError | None]:
    """Train; returns how far it got, an example of the network's input, and what went wrong."""
    preset, world = order.preset, (fabric.global_rank, fabric.world_size)
    if preset.batch % fabric.world_size:
        raise TrainingError(
            f"A batch of {preset.batch} cannot be shared evenly by {fabric.world_size} processes; "
            "change `batch` in the preset or their number."
        )
    validator = make_pairs(order, prepared, objective.multiple, validation=True)
    count = max(1, preset.validation_crops // preset.batch)
    validation = [validator.batch(preset.batch, *world) for _ in range(count)]
    pairs = make_pairs(order, prepared, objective.multiple)
    run = RunState()
    if order.resume:
        run, state = checkpoint.load(objective.learners)
        pairs.restore(state)
    else:
        run.start = _start(order, objective, validation, watch)
    failure = None
    with Feed(pairs, preset.batch, *world) as feed:
        try:
            fit(
                objective, feed, validation, Budget(preset), run, checkpoint, fabric=fabric,
                validate_every=preset.validate_every, watch=watch, preview=order.work / PREVIEW,
            )  # fmt: skip
        except DivergedError as error:
            failure = error
    return run, _example(validation[0].inputs, order.network), failure


def _start(
    order: TrainingOrder, objective: Objective, validation: Sequence[Any], watch: Watch
) -> dict[str, str] | None:
    """What the network begins with, as the bundle will tell."""
    chosen = order.init
    if order.starts:
        chosen = choose_start(
            objective, order, validation, lambda text: watch.report(TrainingProgress.note(text))
        )
    return chosen.identity() if chosen is not None else None


def make_pairs(
    order: TrainingOrder, prepared: Prepared, multiple: int, *, validation: bool = False
) -> Pairs | ImagePairs:
    """The examples of the network that ``order`` trains, for training or validation."""
    preset = order.preset
    rng = np.random.default_rng(VALIDATION_SEED if validation else preset.seed)
    if order.network == "generator":
        return ImagePairs(prepared, preset.crop_px, rng, multiple=multiple, validation=validation)
    return Pairs(
        prepared, preset.crop_px, rng, multiple=multiple, mix=preset.mix, validation=validation
    )


def _held_out(order: TrainingOrder, prepared: Prepared) -> list[tuple[Path, Box]]:
    """Validation regions in pixels of the whole stacks."""
    return [
        (path, (slice(y0 + r.y, y0 + r.y + r.side), slice(x0 + r.x, x0 + r.x + r.side)))
        for path, field in zip(order.stacks, prepared.fields, strict=True)
        for y0, x0 in [field.origin]
        for r in field.validation
    ]


def _example(inputs: np.ndarray, network: NetworkName) -> np.ndarray:
    """The square of ``inputs`` ``(N, 1, Y, X)`` with the most light: noise alone tests little."""
    rows, columns = (side // EXAMPLE_PX for side in inputs.shape[2:])
    squares = inputs[:, 0, : rows * EXAMPLE_PX, : columns * EXAMPLE_PX].reshape(
        len(inputs), rows, EXAMPLE_PX, columns, EXAMPLE_PX
    )
    light = squares.sum(axis=(2, 4))
    number, row, column = np.unravel_index(np.argmax(light), light.shape)
    image = np.ascontiguousarray(squares[number, row, :, column])[None, None]
    if network == "generator":
        return np.concatenate([image, np.full_like(image, 0.3)], axis=1)
    return image


def _facts(
    order: TrainingOrder, prepared: Prepared, multiple: int, run: RunState, fabric: Fabric
) -> BundleFacts:
    training: dict[str, Any] = {
        "stacks": [path.name for path in order.stacks],
        "targets": [path.name for path in order.targets] or None,
        "region": None if order.box is None else [[s.start, s.stop] for s in order.box],
        "preset": order.preset.model_dump(mode="json"),
        "init": run.start,
        "teacher": order.teacher.identity() if order.teacher else None,
        "steps": run.step,
        "minutes": round(run.seconds / 60, 1),
        "best_step": run.best_step,
        "best_validation_loss": run.best_val,
        "device": fabric.device.type,
        "processes": fabric.world_size,
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
        target_normalization=prepared.target_normalization,
        intensity_counts=prepared.intensity_counts,
        multiple=multiple,
        margin_px=receptive_margin(multiple, order.network),
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
