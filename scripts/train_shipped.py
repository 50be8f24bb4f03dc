"""Make a bundle that ships with the package, from nothing: capture, train, measure.

    uv run python scripts/train_shipped.py scripts/shipped/beads_20x075.yaml --work FOLDER

The recipe says which scenes of the built-in microscope are captured for training and for testing
(seeds never shared), and which runs follow each other, each from the weights of the one before.
With ``target`` every scene is captured a second time, as the target says, and the model learns
to make planes of that modality.
What is there already is not made again, so an interrupted run goes on. The bundle, with the quality
measured on the test scenes, ends in FOLDER/<recipe's name>.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from deepz_live.acquire.microscope import open_microscope
from deepz_live.acquire.request import default_request
from deepz_live.app.calibrate import CalibrationRun
from deepz_live.app.paths import configs_folder, find_profile
from deepz_live.app.quality import evaluate, record_quality
from deepz_live.app.report.scenes import StillClock
from deepz_live.app.training import find_stacks
from deepz_live.cli.capturing import with_progress
from deepz_live.cli.training import run_training
from deepz_live.config import PositiveInt, Settings, load_profile
from deepz_live.model.bundle import load_bundle
from deepz_live.train.preset import Preset, load_preset

TWIN = 1000


class Scenes(Settings):
    """Fields of the built-in microscope; ``settings`` as for ``--set``."""

    settings: dict[str, str | int | float]
    fields: PositiveInt

    @property
    def name(self) -> str:
        return "_".join(str(value) for value in self.settings.values())


class Run(Settings):
    """One training run: a preset, its minutes, and what else of it is set otherwise."""

    preset: str
    minutes: float
    changes: dict[str, Any] = Field(default_factory=dict)


class Recipe(Settings):
    """Content of a file in ``scripts/shipped``."""

    train: tuple[Scenes, ...]
    test: tuple[Scenes, ...]
    runs: Annotated[tuple[Run, ...], Field(min_length=1)]
    init: str | None = None
    """Shipped bundle that the first run starts from."""
    target: dict[str, str | int | float] | None = None
    """What is set otherwise for the second capture of every scene; None: there is none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    recipe = read_recipe(args.recipe)
    for part, scenes in (("train", recipe.train), ("test", recipe.test)):
        for scene in scenes:
            capture(scene, args.work / part / scene.name)
            if recipe.target is not None:
                capture(twin(scene, recipe.target), args.work / f"{part}-target" / scene.name)
    bundle = _train(recipe, args.work, args.recipe.stem)
    targets = find_stacks(args.work / "test-target") if recipe.target is not None else ()
    report = evaluate(
        load_bundle(bundle), find_stacks(args.work / "test"), targets=targets, report=print
    )
    record_quality(load_bundle(bundle), report)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file."""
    return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def capture(scenes: Scenes, out: Path) -> None:
    """Stacks of all fields of ``scenes`` in the new folder ``out``; nothing where it exists."""
    if out.exists():
        return
    # YAML prints a number as --set would read it.
    overrides = {key: str(value) for key, value in scenes.settings.items()}
    profile = load_profile(find_profile("simulated"), overrides)
    clock = StillClock()  # so that neurons change during a scan as fast as its exposures take
    with open_microscope(profile, clock=clock, sleep=clock.sleep) as microscope:
        request = default_request(profile, microscope, scenes.fields)
        with_progress(CalibrationRun(microscope, out, request))


def twin(scenes: Scenes, target: dict[str, str | int | float]) -> Scenes:
    """The same scenes as ``target`` shows them; their noise is of another seed."""
    seed = int(scenes.settings["camera.noise_seed"]) + TWIN
    settings = scenes.settings | {"camera.noise_seed": seed} | target
    return scenes.model_copy(update={"settings": settings})


def chosen_preset(run: Run, folder: Path) -> str:
    """Name of the run's preset, or path of a file in ``folder`` with the changes in it."""
    if not run.changes:
        return run.preset
    settings = load_preset(configs_folder() / "train" / f"{run.preset}.yaml").model_dump(
        mode="json"
    )
    for key, value in run.changes.items():
        settings[key] = settings[key] | value if isinstance(value, dict) else value
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.preset}-changed.yaml"
    file.write_text(yaml.safe_dump(Preset.model_validate(settings).model_dump(mode="json")))
    return str(file)


def _train(recipe: Recipe, work: Path, name: str) -> Path:
    init = Path(recipe.init) if recipe.init else None
    for number, run in enumerate(recipe.runs):
        out = work / f"run_{number}" / name
        if not (out / "rdf.yaml").is_file():
            run_training(
                work / "train",
                out,
                preset=chosen_preset(run, out.parent),
                model="planes",
                minutes=run.minutes,
                region=None,
                init=init,
                target=work / "train-target" if recipe.target is not None else None,
                resume=out.with_name(out.name + ".work").exists(),
            )
        init = out
    return out


if __name__ == "__main__":
    main()
