"""Settings: read back as written, and never in the way when they cannot be read."""

from __future__ import annotations

import json

import pytest
from PyQt6.QtWidgets import QWidget

from deepz_live.gui.bridge import Bridge
from deepz_live.gui.settings.file import (
    SettingsError,
    default_settings_path,
    load_settings,
    save_settings,
)
from deepz_live.gui.settings.keeper import SettingsKeeper
from deepz_live.gui.settings.model import Settings


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "some" / "folder" / "settings.json"
    settings = Settings(
        theme="light",
        tour_done=True,
        layout="AAA=",
        preset="recording",
        folders={"profile": tmp_path},
        view={"cuts": [{"depth_um": 2.5}]},
    )
    save_settings(path, settings)
    assert load_settings(path) == (settings, ())
    assert [one.name for one in path.parent.iterdir()] == ["settings.json"]


def test_the_first_start_has_no_settings_and_nothing_to_complain_about(tmp_path):
    assert load_settings(tmp_path / "settings.json") == (Settings(), ())


def test_a_key_that_is_not_known_or_not_usable_is_told_and_the_others_are_used(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps({"version": 1, "theme": "pink", "tour_done": True, "colour": 3}),
        encoding="utf-8",
    )
    settings, troubles = load_settings(path)
    assert settings == Settings(tour_done=True)
    assert len(troubles) == 2
    assert "'theme' is 'pink'" in troubles[0]
    assert "'colour' is not known" in troubles[1]


def test_settings_of_a_later_version_are_used_as_far_as_they_are_known(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 7, "theme": "light"}), encoding="utf-8")
    settings, troubles = load_settings(path)
    assert settings == Settings(theme="light")
    assert "version 7 instead of 1" in troubles[0]


@pytest.mark.parametrize("content", [b"{ half of", b"\xff\xfe\x00", b"[1, 2]", b"", b"[" * 100_000])
def test_a_file_that_is_no_settings_warns_and_does_not_block(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings, troubles = load_settings(path)
    assert settings == Settings()
    assert len(troubles) == 1
    save_settings(path, settings)
    assert load_settings(path) == (Settings(), ())


def test_a_damaged_file_is_kept_for_whoever_wrote_it(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("theme: light", encoding="utf-8")
    _, (sentence,) = load_settings(path)
    kept = path.with_name("settings.json.unreadable")
    assert kept.name in sentence
    assert kept.read_text(encoding="utf-8") == "theme: light"


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="could not be written to"):
        save_settings(tmp_path / "file" / "settings.json", Settings())


def test_the_users_own_settings_have_a_place_of_the_systems_choice():
    path = default_settings_path()
    assert path.name == "settings.json"
    assert path.parent.name == "deepz-live"


@pytest.fixture
def bridge(qtbot):
    bridge = Bridge()
    yield bridge
    bridge.wait(5.0)


def test_changes_are_written_beside_the_window(qtbot, tmp_path, bridge):
    path = tmp_path / "settings.json"
    holder = QWidget()
    qtbot.addWidget(holder)
    keeper = SettingsKeeper(path, bridge, pytest.fail, holder)
    keeper.change(theme="light")
    keeper.remember_folder("profile", tmp_path)
    assert not path.exists()
    keeper.flush()
    qtbot.waitUntil(lambda: not bridge.busy)
    again = SettingsKeeper(path, bridge, pytest.fail, holder)
    assert again.now.theme == "light"
    assert again.folder("profile") == tmp_path
    assert again.folder("bundle", tmp_path / "x") == tmp_path / "x"


def test_without_a_path_nothing_is_remembered(qtbot, tmp_path, bridge):
    holder = QWidget()
    qtbot.addWidget(holder)
    keeper = SettingsKeeper(None, bridge, pytest.fail, holder)
    keeper.change(theme="light")
    keeper.flush()
    assert keeper.now.theme == "light"
    assert not bridge.busy
