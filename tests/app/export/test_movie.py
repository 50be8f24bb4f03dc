"""A movie shows the chosen panes of a stretch, and says in each picture what was inferred."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest

from deepz_live.app.export import ExportCancelledError, ExportError
from deepz_live.app.export.frames import refocused_frames, refocused_sets
from deepz_live.app.export.movie import Movie, Panel, _sets, _upright, export_movie
from deepz_live.app.export.sheet import Cell, Sheet
from deepz_live.refocus.cuts import PlaneCut, ProjectionCut, SectionCut
from deepz_live.session.errors import SessionError, StackError
from deepz_live.session.frame_series import FrameFacts
from deepz_live.session.lettering import text_size, write_text
from deepz_live.stream.frame import Frame, StreamInfo

Z_UM = (-2.0, -1.0, 0.0, 1.0, 2.0)
SHAPE = (60, 80)
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
RAW = Panel(None, "raw, measured")
PLANE = Panel(PlaneCut(1.0), "+1.0 µm · inferred")


class Series:
    """A bright bar whose row is the frame's number times four; two channels in turn."""

    info = StreamInfo(SHAPE, "uint16", 0.5, 20.0, "a", 20.0, "a series", ())
    markers = ()

    def __init__(self, count=12, broken=None):
        names = ("a", "b")
        self.facts = [FrameFacts(i, 7 + i / 20, 0.0, 20.0, names[i % 2], i) for i in range(count)]
        self.broken = broken
        self.closed = 0

    def __len__(self):
        return len(self.facts)

    def frame(self, i):
        if i == self.broken:
            raise SessionError("Frame is damaged; copy it again.")
        pixels = np.full(SHAPE, 100, np.uint16)
        pixels[4 * i : 4 * i + 4] = 1000
        return Frame(pixels, i, self.facts[i].time_s, 0.0, 20.0, self.facts[i].channel)

    def close(self):
        self.closed += 1


class Engine:
    """Every plane is the frame, brighter by its height."""

    provider, reason = "fake", "test"

    def __init__(self):
        facts = SimpleNamespace(z_planes_um=Z_UM, pixel_size_um=0.5)
        self.bundle = SimpleNamespace(facts=facts, name="beads", sha256="ab" * 32)
        self.closed = False

    def volume(self, pixels):
        heights = np.asarray(Z_UM, np.float32)[:, None, None]
        return pixels.astype(np.float32) + 10 * heights

    def close(self):
        self.closed = True


def pictures(path: Path) -> np.ndarray:
    """``(T, Y, X, 3)`` as a player shows them."""
    words = metadata(path)
    width, height = (int(n) for n in re.search(r", (\d+)x(\d+)", words).groups())
    raw = subprocess.run(
        [FFMPEG, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def metadata(path: Path) -> str:
    return subprocess.run(
        [FFMPEG, "-i", str(path)], capture_output=True, text=True, check=False, encoding="utf-8"
    ).stderr


def made(tmp_path: Path, movie: Movie, series: Series | None = None, **options) -> np.ndarray:
    export_movie(series or Series(), Engine, tmp_path / "m.mp4", movie, **options)
    return pictures(tmp_path / "m.mp4")


def test_every_frame_of_the_stretch_is_in_it_with_its_own_picture(tmp_path: Path) -> None:
    told = []
    engine = Engine()
    movie = Movie((RAW, PLANE), first=3, last=8)
    path = export_movie(
        Series(), lambda: engine, tmp_path / "m.mp4", movie, progress=lambda *now: told.append(now)
    )
    found = pictures(path)
    assert len(found) == 6
    assert told == [(done, 6) for done in range(1, 7)]
    assert engine.closed
    sheet = Sheet([Cell("raw", SHAPE)] * 2, pixel_size_um=0.5, columns=3, foot="x")
    larger, top = 4, 8 + text_size("µ|g", 15)[0] + 6
    for number, picture in enumerate(found, start=3):
        rows = picture[top : top + SHAPE[0] * larger, 100, 0].astype(int)
        assert int(np.argmax(rows > 128)) // larger == 4 * number
    assert sheet.size[0] == found.shape[1]


def test_time_and_what_was_inferred_are_burnt_in_and_in_the_metadata(tmp_path: Path) -> None:
    found = made(tmp_path, Movie((RAW, PLANE)))
    # Of two pictures, the line of the foot stays and that of the time changes.
    lines = found[:, -40:].astype(int).max(axis=(2, 3))
    assert (lines[0, 22:] > 150).any()
    changed = np.abs(found[0, -40:].astype(int) - found[5, -40:]).max(axis=(1, 2))
    assert changed[:18].max() > 100
    assert changed[-12:].max() < 40
    said = metadata(tmp_path / "m.mp4")
    for part in ("inferred by beads, not measured", "ababababab", "+1.0 µm · inferred", "a series"):
        assert part in said


def test_a_movie_of_raw_frames_alone_claims_nothing_inferred(tmp_path: Path) -> None:
    made(tmp_path, Movie((RAW,)))
    assert "inferred" not in metadata(tmp_path / "m.mp4")


def test_one_channel_of_two_in_turn(tmp_path: Path) -> None:
    assert len(made(tmp_path, Movie((RAW,), channel="b"))) == 6


OVER = (("a", "magenta"), ("b", "green"))


class Cross(Series):
    """Channel a has a bright bar across, channel b one upright; a frame of each is lost."""

    def __init__(self, count=12):
        super().__init__(count)
        self.facts = [facts for facts in self.facts if facts.index not in (4, 7)]

    def frame(self, i):
        facts = self.facts[i]
        pixels = np.full(SHAPE, 100, np.uint16)
        pixels[(slice(20, 30),) if facts.channel == "a" else (slice(None), slice(40, 50))] = 1000
        return Frame(pixels, facts.index, facts.time_s, 0.0, 20.0, facts.channel)


def test_two_channels_are_shown_over_each_other_in_their_colours(tmp_path: Path) -> None:
    found = made(tmp_path, Movie((RAW, PLANE), overlay=OVER), Cross())
    assert len(found) == 5  # of six of each channel, one had no partner left
    larger, top, left = 4, 8 + text_size("µ|g", 15)[0] + 6, 8
    for number in range(2):
        corner = left + number * (SHAPE[1] * larger + 8)
        seen = found[2, top : top + SHAPE[0] * larger, corner : corner + SHAPE[1] * larger]

        def at(row, column, seen=seen):
            return seen[larger * row, larger * column].astype(int)

        assert (at(25, 10)[[0, 2]] > 200).all()
        assert at(25, 10)[1] < 60  # magenta
        assert at(10, 45)[1] > 200
        assert (at(10, 45)[[0, 2]] < 60).all()  # green
        assert (at(25, 45) > 200).all()  # both
        assert (at(10, 10) < 60).all()  # neither


def test_an_overlay_says_its_channels_and_every_model_that_inferred(tmp_path: Path) -> None:
    opened = []

    def starts(name):
        def start():
            engine = Engine()
            engine.bundle.name = name
            opened.append(engine)
            return engine

        return start

    path = tmp_path / "m.mp4"
    movie = Movie((PLANE,), overlay=OVER)
    export_movie(Cross(), starts("beads"), path, movie, engines={"b": starts("worm")})
    said = metadata(path)
    assert "inferred by beads and worm, not measured" in said
    assert "a magenta, b green" in said
    assert [engine.bundle.name for engine in opened] == ["beads", "worm"]
    assert all(engine.closed for engine in opened)


def test_of_an_overlay_the_frames_of_one_moment_are_nearest_in_time() -> None:
    series = Cross()
    sets = _sets(series, Movie((PLANE,), overlay=OVER))
    times = [[series.facts[number].time_s for number in numbers] for numbers in sets]
    assert max(abs(a - b) for a, b in times) < 0.11
    taken = [number for numbers in sets for number in numbers]
    assert len(taken) == len(set(taken))


def test_drift_of_an_overlay_is_measured_in_its_first_channel() -> None:
    sets = [(0, 1), (2, 3)]
    engine = Engine()
    for moment in refocused_sets(
        Series(), sets, lambda _: engine, (), compensate=True, drift_channel="a"
    ):
        first, second = moment
        assert first.drift is not None
        assert second.drift is None
        assert (second.shift.dy_px, second.shift.dx_px) == (first.shift.dy_px, first.shift.dx_px)


def test_channels_that_are_never_together_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"frames of all channels \(a, c\)"):
        made(tmp_path, Movie((RAW,), overlay=(("a", "magenta"), ("c", "green"))))


def test_a_section_is_as_deep_as_its_planes_are_apart(tmp_path: Path) -> None:
    """Five planes a µm apart, of half a µm a pixel: ten rows, each plane two."""
    painted = [
        _upright(SectionCut(axis, 30), np.arange(5, dtype=np.uint8).reshape(shape), 2.0)
        for axis, shape in (("xz", (5, 1)), ("yz", (1, 5)))
    ]
    assert [picture.shape for picture in painted] == [(10, 1), (1, 10)]
    assert painted[0].ravel().tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    found = made(tmp_path, Movie((Panel(SectionCut("xz", 30), "xz · inferred"),)))
    alone = made(tmp_path, Movie((RAW,)))
    assert alone.shape[1] - found.shape[1] == (SHAPE[0] - 10) * 4


def test_sections_are_as_deep_as_the_sample_and_projections_are_painted(tmp_path: Path) -> None:
    panels = (
        Panel(SectionCut("xz", 30), "xz · inferred"),
        Panel(SectionCut("yz", 30), "yz · inferred"),
        Panel(ProjectionCut("depth"), "depth · inferred"),
        Panel(ProjectionCut("max"), "maximum", lambda _: np.full((*SHAPE, 3), 77, np.uint8)),
    )
    found = made(tmp_path, Movie(panels, columns=4))
    row = found[0, 60].astype(int)
    assert (np.abs(row - 77).max(axis=1) < 6).sum() > 200


def test_stopping_leaves_no_file(tmp_path: Path) -> None:
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    engine, series = Engine(), Series()
    with pytest.raises(ExportCancelledError, match="nothing was written"):
        export_movie(series, lambda: engine, tmp_path / "m.mp4", Movie((PLANE,)), stop=stop)
    assert list(tmp_path.iterdir()) == []
    assert engine.closed
    assert series.closed


def test_a_damaged_frame_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="damaged"):
        made(tmp_path, Movie((PLANE,)), Series(broken=4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("movie", "name", "error", "sentence"),
    [
        (Movie((RAW,), first=50), "m.mp4", ExportError, "no frame lies in that stretch"),
        (Movie(()), "m.mp4", ExportError, "no pane was chosen"),
        (Movie((RAW,)), "m.avi", StackError, r"\.mp4 is wanted"),
        (Movie((RAW,)), "gone/m.mp4", StackError, "does not exist; choose another"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(tmp_path: Path, movie, name, error, sentence) -> None:
    with pytest.raises(error, match=sentence):
        export_movie(Series(), Engine, tmp_path / name, movie)
    assert list(tmp_path.iterdir()) == []


def test_the_pace_is_the_recordings_unless_another_is_asked_for(tmp_path: Path) -> None:
    made(tmp_path, Movie((RAW,)))
    assert " 20 fps" in metadata(tmp_path / "m.mp4")
    made(tmp_path, Movie((RAW,), frame_rate_hz=5.0))
    assert " 5 fps" in metadata(tmp_path / "m.mp4")


def test_letters_know_the_signs_of_the_field_and_stay_inside() -> None:
    for sign in "µ−·°×Δ":
        picture = np.zeros((40, 40, 3), np.uint8)
        write_text(picture, sign, (5, 5), 20)
        missing = np.zeros((40, 40, 3), np.uint8)
        write_text(missing, "\uffff", (5, 5), 20)
        assert picture.any()
        assert not np.array_equal(picture, missing)
    edge = np.zeros((20, 20, 3), np.uint8)
    write_text(edge, "long text beyond the edge", (15, 10), 16)
    assert edge.any()


def test_compensation_follows_a_movement_of_the_whole_scene() -> None:
    rng = np.random.default_rng(3)
    scene = rng.poisson(50, (160, 160)).astype(np.float32)
    for y, x in rng.integers(10, 150, (40, 2)):
        scene[y - 1 : y + 2, x - 1 : x + 2] += 900

    class Moving(Series):
        def frame(self, i):
            pixels = np.roll(scene, 2 * i, axis=1)[20:140, 20:140].astype(np.uint16)
            return replace(super().frame(0), pixels=pixels, index=i, time_s=float(i))

    engine = Engine()
    items = list(refocused_frames(Moving(), range(4), engine, (PlaneCut(0.0),), compensate=True))
    assert [item.shift.dx_px for item in items] == pytest.approx([0, 2, 4, 6], abs=0.3)
    inner = np.s_[20:100, 20:100]
    np.testing.assert_allclose(items[3].images[0][inner], items[0].images[0][inner], atol=300)
