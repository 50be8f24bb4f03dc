"""``run``: what it hands over to uv, and what it says where it cannot help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has run.cmd")


@pytest.fixture
def bare(tmp_path: Path):
    """Runs the script among stand-ins: ``uv`` tells what it was asked, nobody is root."""
    stubs = tmp_path / "bin"
    stubs.mkdir()

    def stub(name: str, text: str) -> None:
        path = stubs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    stub("uv", '[ "$1" = --version ] || echo "uv $* in $PWD links=$UV_FIND_LINKS"')
    stub("python3", "exit 0")  # new enough, and nothing is missing
    stub("id", "echo 1000")
    stub("apt-get", "echo apt-get must not run; exit 1")

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {key: os.environ[key] for key in ("HOME", "PATH") if key in os.environ}
        kept["PATH"] = f"{stubs}{os.pathsep}{kept['PATH']}"
        return subprocess.run(
            ["bash", str(REPOSITORY / "run"), *words],
            cwd=tmp_path,
            env=kept | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    run.stub = stub
    return run


@pytest.mark.parametrize("words", [(), ("fly",), ("--help",)])
def test_an_unknown_word_shows_the_usage(bare, words):
    done = bare(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: bash run demo" in done.stderr


def test_demo_is_nothing_but_uv_run(bare, tmp_path):
    done = bare("demo", "--seconds", "3")
    assert done.returncode == 0, done.stderr
    wanted = f"uv run --project {REPOSITORY} deepz-live demo --seconds 3 in {tmp_path} links=\n"
    assert done.stdout == wanted, "relative paths stay those of whoever typed them"


def test_tests_run_from_the_repository(bare):
    told = bare("test", "-x", "tests/cli").stdout
    assert told.startswith("uv run pytest --numprocesses auto ")
    assert told.endswith(f" -x tests/cli in {REPOSITORY} links=\n")


def test_local_wheels_of_pip_are_those_of_uv(bare):
    assert bare("test", PIP_FIND_LINKS="/a /b").stdout.endswith("links=/a,/b\n")
    assert bare("test", PIP_FIND_LINKS="/a", UV_FIND_LINKS="/c").stdout.endswith("links=/c\n")


def test_the_exit_code_is_that_of_uv(bare):
    bare.stub("uv", '[ "$1" = --version ] || exit 7')
    assert bare("test").returncode == 7


def test_who_is_not_root_is_told_what_to_install(bare):
    bare.stub("python3", '[ "$1" = - ] && echo libegl1 libxcb-cursor0; exit 0')
    done = bare("test")
    if sys.platform == "linux":
        assert "sudo apt-get install -y libegl1 libxcb-cursor0" in done.stderr
    assert done.returncode == 0


def test_root_gets_missing_libraries_installed(bare):
    bare.stub("python3", '[ "$1" = - ] && echo libegl1; exit 0')
    bare.stub("id", "echo 0")
    bare.stub("apt-get", 'echo "apt-get $*"')
    done = bare("test")
    if sys.platform == "linux":
        assert "apt-get update" in done.stderr
        assert "install -y -qq --no-install-recommends libegl1" in done.stderr
    assert done.returncode == 0


def test_without_uv_pip_installs_it(bare, tmp_path):
    bare.stub("uv", "exit 1")  # a shim that leads nowhere counts as no uv
    bare.stub("own-uv", 'echo "own uv $*"')
    bare.stub(
        "python3",
        'case "$*" in\n'
        '*"pip install"*) touch "$HOME/installed" ;;\n'
        '*find_uv_bin*) [ -e "$HOME/installed" ] && command -v own-uv ;;\n'
        "esac",
    )
    done = bare("test", HOME=str(tmp_path))
    assert done.stdout.startswith("own uv run pytest --numprocesses auto")
    assert "installing uv with pip" in done.stderr
