"""Two models on the same frames: where they agree, where not, and that neither is the truth."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from deepz_live.app.compare import compare_models
from deepz_live.image.normalization import Normalization
from deepz_live.refocus.errors import RefocusError
from deepz_live.session.frame_series import FrameFacts
from deepz_live.stream.frame import Frame, StreamInfo

Z_UM = (-2.0, 0.0, 2.0)
SHAPE = (64, 72)


class Series:
    markers = ()

    def __init__(self, count, pixel_um=0.5):
        self.info = StreamInfo(SHAPE, "uint16", pixel_um, 10.0, "a", 20.0, "a series")
        self.facts = [FrameFacts(i, i / 10, 0.0, 20.0, "a", i) for i in range(count)]

    def __len__(self):
        return len(self.facts)

    def frame(self, i):
        pixels = np.random.default_rng(i).poisson(100, SHAPE).astype(np.uint16)
        return Frame(pixels, i, i / 10, 0.0, 20.0, "a")

    def close(self):
        pass


class Engine:
    """All planes are the frame; the one at +2 µm is ``wrong`` times noise of its own."""

    provider, reason = "fake", "test"

    def __init__(self, name, wrong=0.0):
        normalization = Normalization(background_counts=0.0, scale_counts=1000.0)
        facts = SimpleNamespace(
            z_planes_um=Z_UM, pixel_size_um=0.5, output_normalization=normalization
        )
        self.bundle = SimpleNamespace(
            facts=facts, name=name, sha256=name.encode().hex().ljust(64, "0"),
            identity=lambda: {"name": name},
        )  # fmt: skip
        self._wrong = wrong

    def volume(self, pixels):
        volume = np.stack([pixels.astype(np.float32)] * 3)
        volume[2] += self._wrong * np.random.default_rng(9).normal(0, 50, SHAPE).astype(np.float32)
        return volume

    def close(self):
        pass


def test_numbers_say_at_which_depth_two_models_differ(tmp_path):
    told = []
    found = compare_models(
        Series(3),
        (Engine("one"), Engine("two", 1.0)),
        (0.0, 2.0),
        out=tmp_path,
        progress=lambda *now: told.append(now),
    )
    same, other = found["agreement"]
    assert (same["corr"], same["ssim"]) == pytest.approx((1.0, 1.0))
    assert other["corr"] < 0.6
    assert other["sharper"] > 2
    assert json.loads((tmp_path / "compare.json").read_text(encoding="utf-8")) == found
    with (tmp_path / "compare.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 3 * 2
    assert told[-1] == (3, 3)


def test_the_picture_shows_both_under_the_same_scale(tmp_path):
    compare_models(Series(1), (Engine("one"), Engine("two", 1.0)), (0.0, 2.0), out=tmp_path)
    with Image.open(tmp_path / "compare.png") as image:
        sheet = np.asarray(image).astype(int)
    half = (sheet.shape[0] - 40) // 2
    rows, columns = slice(60, half - 60), sheet.shape[1] // 3
    above, below = sheet[rows], sheet[half : half + half][rows]
    spread = [
        [part[:, n * columns + 30 : (n + 1) * columns - 30].std() for n in (1, 2)]
        for part in (above, below)
    ]
    assert spread[0][0] == pytest.approx(spread[1][0], rel=0.1)
    assert spread[1][1] > 1.5 * spread[0][1]
    assert not (tmp_path / "compare.mp4").exists()  # of a single frame


def test_a_movie_comes_with_several_frames(tmp_path):
    compare_models(Series(2), (Engine("one"), Engine("two")), (0.0,), out=tmp_path)
    assert (tmp_path / "compare.mp4").stat().st_size > 0


@pytest.mark.parametrize(
    ("series", "depths", "sentence"),
    [
        (Series(2), (5.0,), "outside the range"),
        (Series(2), (), "no depth was given"),
        (Series(0), (0.0,), "no frame is there"),
        (Series(2, 0.2), (0.0,), r"0\.2 µm, but the model one was trained at 0\.5 µm"),
    ],
)
def test_what_cannot_be_compared_leaves_nothing(tmp_path, series, depths, sentence):
    with pytest.raises(RefocusError, match=sentence):
        compare_models(series, (Engine("one"), Engine("two")), depths, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
