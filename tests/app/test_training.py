"""Training as the CLI and the window drive it: another process, watched and stopped."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import yaml

from deepz_live.app import training
from deepz_live.app.training import TrainingJob, find_stacks, training_order
from deepz_live.model.bundle import load_bundle
from deepz_live.session.errors import StackError
from deepz_live.train.errors import TrainingError
from tests.train.conftest import stacks  # noqa: F401  (fixture)

PRESET = {
    "width": 0.1, "minutes": 60, "batch": 4, "crop_px": 32, "learning_rate": 3e-3,
    "validate_every": 5, "validation_crops": 8, "z_range_um": 3.0, "align": False,
}  # fmt: skip


@pytest.fixture
def preset(tmp_path: Path) -> str:
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(PRESET), encoding="utf-8")
    return str(file)


def test_a_job_reports_stops_on_request_and_leaves_a_measured_bundle(
    stacks: Path,  # noqa: F811
    tmp_path: Path,
    preset: str,
) -> None:
    job = TrainingJob(stacks, tmp_path / "bundle", preset=preset)
    job.start()
    try:
        steps: list[int] = []
        while not job.join(0.05) and not steps:
            steps += [p.step for p in job.poll() if p.step]
        job.request_stop()
        assert job.join(120)
        job.poll()
        assert job.error is None
        assert load_bundle(tmp_path / "bundle").facts.quality
    finally:
        job.close()


def test_a_failure_in_the_process_arrives_as_its_sentence(
    stacks: Path,  # noqa: F811
    tmp_path: Path,
    preset: str,
) -> None:
    region = (slice(0, 500), slice(0, 500))
    job = TrainingJob(stacks, tmp_path / "bundle", preset=preset, region=region)
    job.start()
    try:
        assert job.join(120)
        job.poll()
        assert job.error is not None
        assert "leaves the field" in job.error
        assert not (tmp_path / "bundle").exists()
    finally:
        job.close()


def test_a_run_ends_when_the_window_that_started_it_was_killed(
    stacks: Path,  # noqa: F811
    tmp_path: Path,
    preset: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = TrainingJob(stacks, tmp_path / "bundle", preset=preset)

    class Killed:
        def is_alive(self) -> bool:
            return False

    monkeypatch.setattr(training.multiprocessing, "parent_process", Killed)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    try:
        with pytest.raises(SystemExit):
            training._run(job.order, job._messages, job._stop)
    finally:
        job.close()


def test_missing_stacks_unknown_presets_and_foreign_folders_are_refused_at_once(
    stacks: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.raises(TrainingError, match="does not exist"):
        training_order(tmp_path / "none", tmp_path / "out")
    with pytest.raises(TrainingError, match=r"known presets: .*quick"):
        training_order(stacks, tmp_path / "out", preset="fast")
    (tmp_path / "full").mkdir()
    with pytest.raises(TrainingError, match="is not a bundle"):
        training_order(stacks, tmp_path / "full")


def test_stacks_are_found_in_the_folders_below(stacks: Path) -> None:  # noqa: F811
    assert [p.name[:9] for p in find_stacks(stacks.parent)] == ["field_000", "field_001"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"fields": [], "opt', "is damaged"),
        ("[]", "is damaged"),
        ('{"fields": []}', "optics: "),
        ('{"fields": [], "optics": {"na": -1}}', r"optics\.na: "),
    ],
)
def test_a_record_that_cannot_be_used_is_said_with_its_name(
    stacks: Path,  # noqa: F811
    tmp_path: Path,
    content: str,
    sentence: str,
) -> None:
    (stacks / "calibration.json").write_text(content, encoding="utf-8")
    with pytest.raises((TrainingError, StackError), match=sentence) as refused:
        training_order(stacks, tmp_path / "out")
    assert "calibration.json" in str(refused.value)
    assert "move it away" in str(refused.value)


def test_stacks_have_any_suffix_of_a_tiff_and_are_not_hidden(tmp_path: Path) -> None:
    names = ["A.TIF", "b.Tiff", "._b.tif", "c.tif", "c.tif.part", ".trash/d.tif"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in find_stacks(tmp_path)] == ["A.TIF", "b.Tiff", "c.tif"]
