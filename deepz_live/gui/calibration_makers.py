"""The real calibration run and training job, from what the dialogue says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deepz_live.gui.calibration_controller import Job, Run
from deepz_live.gui.calibration_dialog import CaptureChoice, TrainChoice

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope


def preset_names() -> tuple[str, ...]:
    """The shipped training presets, ``quick`` first."""
    from deepz_live.app.paths import configs_folder

    names = sorted(path.stem for path in (configs_folder() / "train").glob("*.yaml"))
    return tuple(sorted(names, key=lambda name: (name != "quick", name)))


def make_run(microscope: Microscope, out: Path, choice: CaptureChoice) -> Run:
    """A calibration with the dialogue's range, step and fields instead of the profile's."""
    from deepz_live.app.calibrate import CalibrationRun

    plan = microscope.profile.calibration.model_copy(
        update={"range_um": choice.range_um, "step_um": choice.step_um, "fields": choice.fields}
    )
    microscope.profile = microscope.profile.model_copy(update={"calibration": plan})
    return CalibrationRun(microscope, out, fields=choice.fields)


def make_job(stacks: Path, out: Path, choice: TrainChoice) -> Job:
    """A training process."""
    from deepz_live.app.training import TrainingJob

    return TrainingJob(
        stacks,
        out,
        preset=choice.preset,
        model="generator" if choice.model == "generator" else "planes",
        minutes=choice.minutes,
    )
