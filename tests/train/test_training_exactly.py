"""Runs that must agree number for number: resumed, on two processes, and counted."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deepz_live.train import planes_objective
from deepz_live.train.budget import Budget
from deepz_live.train.checkpoint import Checkpoint, RunState
from deepz_live.train.devices import open_fabric
from deepz_live.train.errors import TrainingError
from deepz_live.train.feed import Feed
from deepz_live.train.learner import Learner
from deepz_live.train.loop import DivergedError, Watch, fit
from deepz_live.train.losses import structural_similarity
from deepz_live.train.order import TrainingOrder
from deepz_live.train.prepare import load_prepared, prepare
from deepz_live.train.prepared import read_manifest
from deepz_live.train.preset import Preset
from deepz_live.train.run import make_pairs
from deepz_live.train.start import make_objective

FACTS = {
    "width": 0.05, "steps": 6, "batch": 4, "crop_px": 32, "learning_rate": 1e-3,
    "warmup_steps": 2, "validate_every": 2, "validation_crops": 4, "z_range_um": 3.0,
    "align": False, "generator": {"adversarial": True, "updates": 6},
    "discriminator": {"width": 0.01}, "planes": {"linear_weight": 0.5, "adversarial_weight": 0.1},
}  # fmt: skip


class Recorded:
    """An objective whose losses are written down, step by step."""

    def __init__(self, objective, losses):
        self._objective, self.losses = objective, losses

    def __getattr__(self, name):
        return getattr(self._objective, name)

    def iterate(self, batch):
        self.losses.append(self._objective.iterate(batch))
        return self.losses[-1]


def run_of(order: TrainingOrder, losses: list, stop_after: int | None = None) -> RunState:
    """Train on what lies prepared in ``order.work``; resumes where ``order`` says so."""
    fabric = open_fabric(order.preset, torch.float32)
    prepared = load_prepared(order.work)
    objective = Recorded(make_objective(order, prepared), losses)
    objective.place(fabric)
    rank = (fabric.global_rank, fabric.world_size)
    checkpoint = Checkpoint(
        order.work,
        order.fingerprint(read_manifest(order.work).order),
        writes=fabric.is_global_zero,
    )
    pairs, run = make_pairs(order, prepared, objective.multiple), RunState()
    if order.resume:
        run, state = checkpoint.load(objective.learners)
        pairs.restore(state)
    size = order.preset.batch
    validation = [
        make_pairs(order, prepared, objective.multiple, validation=True).batch(size, *rank)
    ]
    with Feed(pairs, size, *rank) as feed:
        return fit(
            objective, feed, validation, Budget(order.preset), run, checkpoint, fabric=fabric,
            validate_every=2, preview=order.work / "preview.png",
            watch=Watch(stop=lambda: stop_after is not None and len(losses) >= stop_after),
        )  # fmt: skip


@pytest.fixture
def order(stacks: Path, tmp_path: Path) -> TrainingOrder:
    paths = tuple(sorted(stacks.iterdir()))
    made = TrainingOrder(paths, tmp_path / "bundle", Preset.model_validate(FACTS))
    prepare(paths, made.preset, made.work)
    return made


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_a_resumed_run_has_the_losses_of_an_uninterrupted_one(
    order: TrainingOrder, network: str
) -> None:
    order = replace(order, network=network)
    whole: list = []
    run_of(order, whole)
    first: list = []
    run_of(order, first, stop_after=3)
    torch.manual_seed(99)  # another process would have another state
    second: list = []
    run_of(replace(order, resume=True), second)
    assert first + second == whole


def test_a_step_takes_the_ssim_of_a_few_planes_and_validation_that_of_all(
    order: TrainingOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[int, bool]] = []

    def counting(images, truths):
        assert images.shape == truths.shape
        taken.append((images.shape[1], images.requires_grad))
        return structural_similarity(images, truths)

    monkeypatch.setattr(planes_objective, "structural_similarity", counting)
    planes = order.preset.planes.model_copy(update={"ssim_weight": 0.5, "ssim_planes": 2})
    preset = order.preset.model_copy(update={"steps": 2, "planes": planes})
    losses: list[dict[str, float]] = []
    run_of(replace(order, network="planes", preset=preset), losses)
    in_steps, in_validation = ([n for n, learnt in taken if learnt is of] for of in (True, False))
    assert in_steps == [2, 2]
    assert set(in_validation) == {13}  # 3 µm to both sides in steps of 0.5
    assert all(0 < one["dissimilarity"] < 2 for one in losses)


def test_an_iteration_updates_generator_and_discriminator_six_to_three(
    order: TrainingOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[str] = Counter()
    step = Learner.step

    def counting(self, loss):
        counted[type(self.network).__name__] += 1
        step(self, loss)

    monkeypatch.setattr(Learner, "step", counting)
    preset = order.preset.model_copy(update={"steps": 2})
    run_of(replace(order, network="generator", preset=preset), [])
    assert counted == {"Generator": 12, "Discriminator": 6}


def _process(rank: int, port: int, order: TrainingOrder, out: Path) -> None:
    """What ``torchrun`` does for each of two processes."""
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test",
    }  # fmt: skip
    torch.set_num_threads(1)
    losses: list = []
    run_of(order, losses)
    if rank == 0:
        out.write_text(json.dumps(losses), encoding="utf-8")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["planes", "generator"])
def test_two_processes_have_the_losses_of_one(
    order: TrainingOrder, network: str, tmp_path: Path
) -> None:
    preset = order.preset.model_copy(update={"steps": 3})
    order = replace(order, network=network, preset=preset)
    single: list = []
    run_of(order, single)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    out = tmp_path / "losses.json"
    processes = [spawn.Process(target=_process, args=(n, port, order, out)) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    double = json.loads(out.read_text(encoding="utf-8"))
    assert len(double) == len(single) == 3
    for one, two in zip(single, double, strict=True):
        # Scores of planes that are not known are not averaged alike; the losses are.
        assert two == pytest.approx(one, rel=2e-3, abs=1e-5)


class Scripted:
    """An objective whose validations are given; it does not learn."""

    multiple = 1

    def __init__(self, validations, network):
        self._validations = iter(validations)
        self.learners = {"network": Learner(network, torch.optim.Adam(network.parameters()), None)}

    def iterate(self, batch):
        with torch.no_grad():
            self.learners["network"].network.weight += 1
        return {"select": 0.5, "loss": 0.5}

    def validate(self, batch):
        return {"select": next(self._validations)}

    def preview(self, batch):
        return []


class Nothing:
    """Pairs without examples."""

    def batch(self, *_):
        return None

    def state(self):
        return {}


def scripted(validations: list[float], work: Path) -> tuple[Checkpoint, torch.nn.Linear]:
    network = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(network.weight)
    preset = Preset(steps=len(validations), width=1, batch=1, crop_px=32, learning_rate=1)
    checkpoint = Checkpoint(work, "")
    fabric = open_fabric(preset, torch.float32)
    try:
        with Feed(Nothing(), 1) as feed:
            fit(
                Scripted(validations, network), feed, [None], Budget(preset), RunState(),
                checkpoint, fabric=fabric, validate_every=1, watch=Watch(), preview=work / "p.png",
            )  # fmt: skip
    finally:
        checkpoint.load_best(network)
    return checkpoint, network


def test_the_network_with_the_smallest_validation_is_kept(tmp_path: Path) -> None:
    _, network = scripted([0.4, 0.2, 0.3, 0.25], tmp_path)
    assert network.weight.item() == 2  # of the second step


def test_a_validation_that_is_no_number_stops_and_leaves_the_best(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="the best before that, of step 2"):
        scripted([0.4, 0.2, float("nan"), 0.1], tmp_path)
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert float(best["weight"]) == 2


def test_validations_far_worse_than_the_best_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="diverged"):
        scripted([0.2, 3.0, 3.0, 3.0, 0.1], tmp_path)


def test_a_kill_while_the_state_is_written_leaves_the_former_one(tmp_path: Path) -> None:
    checkpoint, _ = scripted([0.3, 0.2], tmp_path)
    shutil.copy(tmp_path / "state.pt", tmp_path / "state.pt.part")
    (tmp_path / "state.pt.part").write_bytes(b"half")
    learner = Learner(torch.nn.Linear(1, 1), torch.optim.Adam([torch.zeros(1)]), None)
    with pytest.raises((TrainingError, ValueError)):
        Checkpoint(tmp_path, "other").load({"network": learner})
    good = torch.nn.Linear(1, 1)
    run, _ = checkpoint.load({"network": Learner(good, torch.optim.Adam(good.parameters()), None)})
    assert run.step == 2
