"""The house stands as it is drawn: import contracts hold, and viewing needs no torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "deepz_live"


def test_import_contracts_hold():
    from importlinter.cli import lint_imports

    before = Path.cwd()
    os.chdir(REPOSITORY)
    try:
        code = lint_imports(config_filename=str(REPOSITORY / "pyproject.toml"), no_cache=True)
    finally:
        os.chdir(before)
    assert code == 0, "an import points the wrong way; `lint-imports` says which"


@pytest.mark.parametrize(
    "module, banned",
    [
        ("deepz_live.cli", "numpy PyQt6 torch onnxruntime pymmcore_plus"),
        ("deepz_live.app.live", "PyQt6 torch"),
        ("deepz_live.gui.app", "torch zarr matplotlib imageio_ffmpeg PIL"),
    ],
)
def test_what_a_start_does_not_load(module: str, banned: str):
    code = f"import sys, {module}; print(*[n for n in {banned.split()} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [], f"importing {module} loads what it must not"


def test_files_stay_short():
    long = {
        str(path.relative_to(REPOSITORY)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}, "look for the second thing in it"
