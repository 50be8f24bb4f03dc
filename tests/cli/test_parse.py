"""Text from the command line becomes the values it says, or one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepz_live.cli import parse
from deepz_live.cli.base import UsageError


def test_a_region_is_rows_then_columns():
    assert parse.region("0:512,256:1024") == (slice(0, 512), slice(256, 1024))


def test_no_region_is_the_whole_field():
    assert parse.region(None) is None


@pytest.mark.parametrize("text", ["0:5", "5:5,0:9", "9:5,0:9", "0:9,:9", "-4:5,0:9", "a:b,c:d"])
def test_a_region_that_makes_no_sense_is_named(text):
    with pytest.raises(UsageError, match="--region"):
        parse.region(text)


def test_settings_keep_equal_signs_in_their_value():
    assert parse.overrides(["specimen.path=a=b.tif", "camera.exposure_ms = 5"]) == {
        "specimen.path": "a=b.tif",
        "camera.exposure_ms": "5",
    }


@pytest.mark.parametrize("text", ["specimen.seed", "=3"])
def test_a_setting_without_key_or_value_is_named(text):
    with pytest.raises(UsageError, match="key=value"):
        parse.overrides([text])


def test_speed_max_means_as_fast_as_frames_come():
    assert parse.speed("max") is None
    assert parse.speed("0.5") == 0.5


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf"])
def test_a_speed_that_makes_no_sense_is_named(text):
    with pytest.raises(UsageError, match="--speed"):
        parse.speed(text)


def test_models_of_channels_are_paths_that_may_hold_equal_signs():
    found = parse.channel_models(["FITC = models/a=b", "TexasRed=worm_20x075"])
    assert found == {"FITC": Path("models/a=b"), "TexasRed": Path("worm_20x075")}


@pytest.mark.parametrize("given", [["FITC"], ["=b"], ["FITC="], ["FITC=a", "FITC=b"]])
def test_a_model_without_channel_or_given_twice_is_named(given):
    with pytest.raises(UsageError, match="channel=bundle"):
        parse.channel_models(given)
