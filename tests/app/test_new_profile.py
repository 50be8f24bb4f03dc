"""A profile made for a ``.cfg`` is read back as it was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pymmcore_plus import find_micromanager

from deepz_live.acquire.cfg import read_cfg
from deepz_live.acquire.errors import MicroscopeError
from deepz_live.app.new_profile import ProfileDraft, write_profile
from deepz_live.config import ProfileError, load_profile


@pytest.fixture
def draft(tmp_path):
    cfg = tmp_path / "devices" / "mine.cfg"
    cfg.parent.mkdir()
    cfg.touch()
    return ProfileDraft(
        name="My scope: 1",
        cfg=cfg,
        camera=None,
        focus="Piezo",
        xy_stage=None,
        channel_group="Channel",
        channel="DAPI",
        na=1.4,
        magnification=63.0,
        immersion_index=1.515,
        sample_index=1.33,
        emission_nm=461.0,
        pixel_size_um=0.1,
        z_min_um=100.0,
        z_max_um=240.0,
        exposure_ms=50.0,
    )


def test_what_was_asked_is_in_the_profile(draft, tmp_path):
    path = tmp_path / "mine.yaml"
    write_profile(path, draft)
    profile = load_profile(path)
    assert profile.name == "My scope: 1"
    assert profile.resolve(profile.micromanager.cfg) == draft.cfg
    assert not profile.micromanager.cfg.is_absolute()  # both can be moved together
    assert (profile.micromanager.camera, profile.micromanager.focus) == (None, "Piezo")
    assert (profile.optics.na, profile.optics.immersion_index) == (1.4, 1.515)
    assert (profile.stage.z_min_um, profile.stage.z_max_um) == (100.0, 240.0)
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_limits_the_wrong_way_round_are_refused_and_nothing_is_written(draft, tmp_path):
    path = tmp_path / "mine.yaml"
    with pytest.raises(ProfileError, match="stage limits 240 … 100"):
        write_profile(path, replace(draft, z_min_um=240.0, z_max_um=100.0))
    assert not path.exists()


def test_a_folder_that_does_not_exist_is_named(draft, tmp_path):
    with pytest.raises(ProfileError, match="choose a folder that exists"):
        write_profile(tmp_path / "no" / "mine.yaml", draft)


def test_a_cfg_is_read_without_touching_a_device():
    found = read_cfg(Path(find_micromanager()) / "MMConfig_demo.cfg")
    assert found.cameras == ("Camera",)
    assert found.focuses == ("Z",)
    assert found.xy_stages == ("XY",)
    assert set(found.groups["Channel"]) == {"Cy5", "DAPI", "FITC", "Rhodamine"}
    assert found.pixel_sizes_um["Res20x"] == 0.5


def test_a_device_of_an_adapter_that_is_not_here_may_be_anything(tmp_path):
    cfg = tmp_path / "mine.cfg"
    cfg.write_text("Device,Eye,NotInstalledHere,Camera\n", encoding="utf-8")
    found = read_cfg(cfg)
    assert found.cameras == found.focuses == found.xy_stages == ("Eye",)


@pytest.mark.parametrize("text", ["", "Devices,for,ever,and,ever", "\x00\x01"])
def test_what_is_no_cfg_is_refused_with_a_cure(tmp_path, text):
    cfg = tmp_path / "mine.cfg"
    cfg.write_text(text, encoding="utf-8")
    with pytest.raises(MicroscopeError, match="hardware wizard"):
        read_cfg(cfg)
