"""The guard around the commands, and the JSON line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer

from deepz_live.cli.base import guarded, plain, print_json, quiet_output
from deepz_live.cli.demo import has_display
from deepz_live.config import ProfileError


def run(error: BaseException) -> int:
    @guarded
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        command()
    return ended.value.exit_code


def test_an_error_of_ours_is_one_sentence_and_exit_code_2(capsys):
    assert run(ProfileError("Profile x.yaml\n does not exist.")) == 2
    captured = capsys.readouterr()
    assert captured.err == "Error: Profile x.yaml does not exist.\n"
    assert captured.out == ""


def test_an_error_of_the_system_names_the_file(capsys):
    assert run(PermissionError(13, "Permission denied", "stacks/a.tif")) == 2
    assert capsys.readouterr().err == "Error: Permission denied (stacks/a.tif).\n"


def test_ctrl_c_ends_with_130_and_no_traceback(capsys):
    assert run(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_mistake_of_ours_keeps_its_traceback():
    @guarded
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command()


def test_json_knows_numpy_paths_and_nothing_infinite(capsys, tmp_path):
    print_json({"n": np.int64(3), "a": np.array([1.5, np.nan]), "path": tmp_path, "x": None})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"n": 3, "a": [1.5, None], "path": str(tmp_path), "x": None}


def test_booleans_stay_booleans():
    assert plain({"ok": True, "flags": (False, np.True_)}) == {"ok": True, "flags": [False, True]}


def test_what_libraries_print_does_not_reach_the_result(capsys):
    with quiet_output(True):
        print("a library talks")  # noqa: T201
    print_json({})
    captured = capsys.readouterr()
    assert captured.out == "{}\n"
    assert "a library talks" in captured.err


@pytest.mark.parametrize(
    "platform, environment, wanted",
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ""}, False),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_a_display_is_missed_only_where_one_can_be_missing(platform, environment, wanted):
    assert has_display(platform, environment) is wanted
