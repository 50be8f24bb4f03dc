"""What stands beside the package runs with it: benchmarks and scripts still find what they use."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

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
