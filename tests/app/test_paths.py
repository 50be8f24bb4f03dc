"""Shipped profiles are found by name from anywhere; one's own by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepz_live.app import paths
from deepz_live.app.paths import FolderError, check_out, configs_folder, find_profile
from deepz_live.config import ProfileError, load_profile


@pytest.mark.parametrize("text", ["simulated", "simulated.yaml", "configs/simulated.yaml"])
def test_a_shipped_profile_is_found_from_anywhere(text: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_profile(text).samefile(configs_folder() / "simulated.yaml")


def test_ones_own_profile_comes_first(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("simulated.yaml").write_text("name: mine\n")
    assert load_profile(find_profile("simulated.yaml")).name == "mine"


@pytest.mark.parametrize("text", ["nowhere", "my/simulated.yaml", "/nowhere/simulated.yaml"])
def test_a_path_that_leads_nowhere_is_not_replaced_by_a_shipped_one(text: str):
    with pytest.raises(ProfileError, match=r"does not exist; give .*simulated"):
        find_profile(text)


def test_an_incomplete_installation_says_so(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "deepz_live")
    with pytest.raises(ProfileError, match="install deepz-live again"):
        configs_folder()


def test_a_place_for_results_is_checked_and_not_made(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "new" / "out", Path("new")):
        check_out(folder)
    assert list(tmp_path.iterdir()) == []
    Path("file").touch()
    for folder in (Path("file"), tmp_path / "file" / "out"):
        with pytest.raises(FolderError, match=r"file is a file; give another --out"):
            check_out(folder)


def test_a_folder_that_may_not_be_written_to_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(paths.os, "access", lambda *_: False)
    with pytest.raises(FolderError, match="may not be written to"):
        check_out(tmp_path / "out")
