"""Shipped profiles are found by name from anywhere; one's own by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepz_live.app import paths
from deepz_live.app.paths import configs_folder, find_profile
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
