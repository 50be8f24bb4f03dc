"""What stands beside the package runs with it: benchmarks and scripts still find what they use."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from deepz_live.train.preset import load_preset

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "bench").glob("*.py"), *(ROOT / "scripts").glob("*.py")])
RECIPES = sorted((ROOT / "scripts" / "shipped").glob("*.yaml"))


@pytest.fixture
def load(monkeypatch):
    """``load(path)`` imports a file that belongs to no package."""

    def imported(path: Path):
        monkeypatch.syspath_prepend(path.parent)
        spec = importlib.util.spec_from_file_location(f"beside_the_package_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return imported


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_script_finds_all_that_it_imports(load, path):
    assert callable(load(path).main)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_never_tests_on_what_it_trains_on(load, path):
    recipe = load(ROOT / "scripts" / "train_shipped.py").read_recipe(path)
    seeds = [
        {scenes.settings["specimen.seed"] for scenes in part}
        for part in (recipe.train, recipe.test)
    ]
    assert not seeds[0] & seeds[1]


def test_a_recipes_scenes_are_captured_once(load, tmp_path):
    script = load(ROOT / "scripts" / "train_shipped.py")
    settings = {
        "camera.width_px": 64,
        "camera.height_px": 64,
        "camera.exposure_ms": 1.0,
        "calibration.range_um": 4.0,
        "calibration.autofocus": "false",
    }
    scenes = script.Scenes(settings=settings, fields=1)
    script.capture(scenes, tmp_path / "stacks")
    (stack,) = (tmp_path / "stacks").glob("*.ome.tif")
    written = stack.stat().st_mtime_ns
    script.capture(scenes, tmp_path / "stacks")
    assert stack.stat().st_mtime_ns == written


def test_a_twin_is_the_same_scene_with_other_noise(load):
    script = load(ROOT / "scripts" / "train_shipped.py")
    settings = {"specimen.seed": 3, "camera.noise_seed": 3, "optics.mode": "widefield"}
    scenes = script.Scenes(settings=settings, fields=2)
    twin = script.twin(scenes, {"optics.mode": "confocal"})
    assert twin.fields == 2
    changed = {"camera.noise_seed": 1003, "optics.mode": "confocal"}
    assert twin.settings == settings | changed


def test_a_runs_changes_are_those_of_its_preset_and_no_others(load, tmp_path):
    script = load(ROOT / "scripts" / "train_shipped.py")
    assert script.chosen_preset(script.Run(preset="quick", minutes=1), tmp_path) == "quick"
    changes = {"learning_rate": 0.5, "planes": {"linear_weight": 7.0}}
    run = script.Run(preset="quick", minutes=1, changes=changes)
    changed = load_preset(Path(script.chosen_preset(run, tmp_path)))
    quick = load_preset(ROOT / "configs" / "train" / "quick.yaml")
    assert (changed.learning_rate, changed.planes.linear_weight) == (0.5, 7.0)
    planes = changed.planes.model_copy(update={"linear_weight": quick.planes.linear_weight})
    back = changed.model_copy(update={"learning_rate": quick.learning_rate, "planes": planes})
    assert back == quick


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipes_runs_have_presets(load, path, tmp_path):
    script = load(ROOT / "scripts" / "train_shipped.py")
    for run in script.read_recipe(path).runs:
        name = script.chosen_preset(run, tmp_path)
        file = Path(name) if run.changes else ROOT / "configs" / "train" / f"{name}.yaml"
        assert load_preset(file).model == "planes"
