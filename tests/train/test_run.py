"""A whole training run, short: it learns, exports, stops, resumes and fails as it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file

from deepz_live.model.bundle import load_bundle
from deepz_live.model.planes import PlanesNet
from deepz_live.session.stack import write_stack
from deepz_live.train import export as rounding
from deepz_live.train import run as run_module
from deepz_live.train.errors import TrainingError
from deepz_live.train.preset import Preset
from deepz_live.train.progress import TrainingProgress
from deepz_live.train.run import TrainingOrder, _example, train
from tests.train.conftest import gaussian_beads, stack_of

PRESET = Preset(
    width=0.1, minutes=60, batch=4, crop_px=32, learning_rate=3e-3, warmup_steps=5,
    validate_every=10, validation_crops=8, z_range_um=3.0, align=False,
)  # fmt: skip


class StopAfter:
    """Stops a run after so many validations, whatever the clock says."""

    def __init__(self, validations: int) -> None:
        self._left = validations
        self.news: list[TrainingProgress] = []

    def report(self, progress: TrainingProgress) -> None:
        self.news.append(progress)
        self._left -= progress.step > 0

    def __call__(self) -> bool:
        return self._left <= 0


def order(stacks: Path, tmp_path: Path, **changes: object) -> TrainingOrder:
    facts = TrainingOrder(tuple(sorted(stacks.iterdir())), tmp_path / "bundle", PRESET)
    return replace(facts, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_training_lowers_the_validation_loss_and_leaves_a_bundle(
    stacks: Path, tmp_path: Path, network: str
) -> None:
    stop = StopAfter(6)
    train(order(stacks, tmp_path, network=network), report=stop.report, stop=stop)
    losses = [p.val_loss for p in stop.news if p.step]
    assert min(losses[3:]) < 0.8 * losses[0]
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.facts.network == network
    assert bundle.facts.z_range_um == (-3.0, 3.0)
    assert not (tmp_path / "bundle.part").exists()


def test_the_exported_network_takes_any_size_and_repeats_its_test_output(
    stacks: Path, tmp_path: Path
) -> None:
    stop = StopAfter(1)
    train(order(stacks, tmp_path), report=stop.report, stop=stop)
    bundle = load_bundle(tmp_path / "bundle")
    session = onnxruntime.InferenceSession(bundle.onnx_path)
    example = np.load(bundle.path / "test_input.npy")
    (found,) = session.run(None, {"image": example})
    np.testing.assert_allclose(found, np.load(bundle.path / "test_output.npy"), atol=1e-4)
    multiple, planes = bundle.facts.multiple, len(bundle.facts.z_planes_um)
    odd = np.zeros((3, 1, 3 * multiple, 5 * multiple), np.float32)
    assert session.run(None, {"image": odd})[0].shape == (3, planes, *odd.shape[2:])


def test_weights_are_numbers_of_bfloat16_and_gates_of_half_precision() -> None:
    network = PlanesNet((-0.5, 0.0, 0.5), 0.1)
    with torch.no_grad():
        network.gate.fill_(1.003)
    rounding._round(network)
    for name, value in network.state_dict().items():
        assert torch.equal(value, value.half().float()), name
        if name.endswith("weight"):
            assert torch.equal(value, value.bfloat16().float()), name
    assert float(network.gate.detach()[0, 0]) == pytest.approx(1.003, abs=1e-3)


def test_a_stopped_run_goes_on_where_it_was(stacks: Path, tmp_path: Path) -> None:
    first, second = StopAfter(2), StopAfter(1)
    train(order(stacks, tmp_path), report=first.report, stop=first)
    assert (tmp_path / "bundle.work").is_dir()
    train(order(stacks, tmp_path, resume=True), report=second.report, stop=second)
    steps = [p.step for p in second.news if p.step]
    assert steps[0] > max(p.step for p in first.news)


def test_resuming_with_other_settings_is_refused(stacks: Path, tmp_path: Path) -> None:
    stop = StopAfter(1)
    train(order(stacks, tmp_path), report=stop.report, stop=stop)
    other = PRESET.model_copy(update={"batch": 2})
    with pytest.raises(TrainingError, match="other stacks or settings"):
        train(order(stacks, tmp_path, preset=other, resume=True))


def test_resuming_is_refused_where_a_stack_holds_something_else_and_touches_nothing(
    stacks: Path, tmp_path: Path
) -> None:
    stop = StopAfter(1)
    train(order(stacks, tmp_path), report=stop.report, stop=stop)
    before = {path.name: path.read_bytes() for path in (tmp_path / "bundle.work").iterdir()}
    write_stack(stacks / "field_001_TexasRed.ome.tif", stack_of(gaussian_beads(7)))
    with pytest.raises(TrainingError, match="other stacks or settings"):
        train(order(stacks, tmp_path, resume=True))
    after = {path.name: path.read_bytes() for path in (tmp_path / "bundle.work").iterdir()}
    assert after == before


def test_a_run_goes_on_where_its_stacks_were_moved(stacks: Path, tmp_path: Path) -> None:
    first, second = StopAfter(1), StopAfter(1)
    train(order(stacks, tmp_path), report=first.report, stop=first)
    moved = stacks.rename(tmp_path / "moved")
    train(order(moved, tmp_path, resume=True), report=second.report, stop=second)
    assert max(p.step for p in second.news) > max(p.step for p in first.news)


def test_resuming_nothing_is_refused(stacks: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no interrupted run"):
        train(order(stacks, tmp_path, resume=True))


def test_a_run_can_start_from_a_bundle(stacks: Path, tmp_path: Path) -> None:
    long, short = StopAfter(8), StopAfter(1)
    train(order(stacks, tmp_path), report=long.report, stop=long)
    init = load_bundle(tmp_path / "bundle")
    again = order(stacks, tmp_path, out=tmp_path / "second", init=init)
    train(again, report=short.report, stop=short)
    scratch = next(p.val_loss for p in long.news if p.step)
    transferred = next(p.val_loss for p in short.news if p.step)
    assert transferred < scratch


def test_a_run_starts_from_the_bundle_that_knows_its_stacks_best(
    stacks: Path, tmp_path: Path
) -> None:
    learnt, hardly, wider = (tmp_path / name / "bundle" for name in ("learnt", "hardly", "wider"))
    wide = PRESET.model_copy(update={"width": 0.15})
    for out, validations, preset in ((learnt, 5, PRESET), (hardly, 1, PRESET), (wider, 1, wide)):
        stop = StopAfter(validations)
        train(order(stacks, tmp_path, out=out, preset=preset), report=stop.report, stop=stop)
    starts = tuple(map(load_bundle, (hardly, wider, learnt)))
    stop = StopAfter(1)
    train(order(stacks, tmp_path, starts=starts), report=stop.report, stop=stop)
    assert load_bundle(tmp_path / "bundle").facts.training["init"] == starts[2].identity()
    said = next(p.message for p in stop.news if p.message.startswith("Starting from"))
    assert "nothing" in said
    assert said.count("bundle") == 3  # of them one is chosen; the wider one was passed over

    stop = StopAfter(1)
    resumed = order(stacks, tmp_path, starts=starts, resume=True)
    train(resumed, report=stop.report, stop=stop)
    assert load_bundle(tmp_path / "bundle").facts.training["init"] == starts[2].identity()
    assert not any(p.message.startswith("Starting from") for p in stop.news)


def test_no_bundle_better_than_nothing_is_started_from(stacks: Path, tmp_path: Path) -> None:
    stop = StopAfter(1)
    train(order(stacks, tmp_path, out=tmp_path / "first"), report=stop.report, stop=stop)
    lost = load_bundle(tmp_path / "first")
    weights = load_file(lost.weights_path)
    noise = torch.Generator().manual_seed(3)
    wild = {k: torch.randn(v.shape, generator=noise).to(v.dtype) for k, v in weights.items()}
    save_file(wild, lost.weights_path)
    stop = StopAfter(1)
    train(order(stacks, tmp_path, starts=(lost,)), report=stop.report, stop=stop)
    assert load_bundle(tmp_path / "bundle").facts.training["init"] is None


def test_a_loss_that_is_no_number_stops_with_a_sentence(stacks: Path, tmp_path: Path) -> None:
    wild = PRESET.model_copy(update={"learning_rate": 1e18, "clip_norm": None})
    with pytest.raises(TrainingError, match="lower learning_rate"):
        train(order(stacks, tmp_path, preset=wild))
    assert not (tmp_path / "bundle").exists()


def test_margin_grows_with_the_network() -> None:
    assert run_module.receptive_margin(16, "planes") % 16 == 0
    assert run_module.receptive_margin(16, "generator") < run_module.receptive_margin(32, "planes")


@pytest.mark.parametrize("network", ["planes", "generator"])
def test_the_bundles_test_input_is_taken_where_the_light_is(network: str) -> None:
    inputs = np.zeros((3, 1, 100, 70), np.float32)
    inputs[2, 0, 40:50, 5:9] = 1.0
    example = _example(inputs, network)
    assert example.shape == (1, 2 if network == "generator" else 1, 32, 32)
    np.testing.assert_array_equal(example[0, 0], inputs[2, 0, 32:64, :32])
    if network == "generator":
        assert (example[0, 1] == np.float32(0.3)).all()
