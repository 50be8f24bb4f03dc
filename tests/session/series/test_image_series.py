"""Image files play like recordings, or say in a sentence why not and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from deepz_live.session.errors import StackError
from deepz_live.session.importing import MissingSamplingError
from deepz_live.session.replay import ReplaySource
from deepz_live.session.series import SeriesChoice, look_at, open_frames, open_series

MOVIE = np.random.default_rng(0).integers(0, 65536, (6, 20, 30), dtype=np.uint16)
UM = {"PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325}
UM |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}


def ome(path: Path, pixels: np.ndarray, axes: str, **facts) -> Path:
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": axes, **UM, **facts})
    return path


def frames(series) -> np.ndarray:
    found = np.stack([series.frame(i).pixels for i in range(len(series))])
    series.close()
    return found


def zarr_movie(path: Path) -> Path:
    group = zarr.open_group(path, mode="w")
    group.create_array("0", data=MOVIE, chunks=(4, 20, 30))
    axes = [{"name": "t", "type": "time", "unit": "millisecond"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    move = {"type": "scale", "scale": [40, 0.325, 0.325]}
    datasets = [{"path": "0", "coordinateTransformations": [move]}]
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": datasets}],
    }
    return path


def plain(path: Path, pixels: np.ndarray = MOVIE, **options) -> Path:
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return path


WRITERS = {
    "ome": lambda at: ome(at / "m.ome.tif", MOVIE, "TYX", TimeIncrement=40, TimeIncrementUnit="ms"),
    "imagej": lambda at: plain(
        at / "m.tif",
        imagej=True,
        resolution=(1 / 0.325, 1 / 0.325),
        metadata={"axes": "TYX", "unit": "um", "finterval": 0.04},
    ),
    "zarr": lambda at: zarr_movie(at / "m.zarr"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_time_series_brings_frames_times_and_pixel_size(tmp_path: Path, kind: str) -> None:
    series = open_series(WRITERS[kind](tmp_path))
    np.testing.assert_array_equal(frames(series), MOVIE)
    assert series.info.pixel_size_um == pytest.approx(0.325)
    assert series.info.frame_rate_hz == pytest.approx(25.0)
    assert series.info.dtype == "uint16"
    np.testing.assert_allclose([f.time_s for f in series.facts], np.arange(6) * 0.04)


@pytest.mark.parametrize(
    ("interval", "unit", "seconds"),
    [
        (0.5, "hr", 1800.0),
        (0.5, "h", 1800.0),
        (0.5, "hour", 1800.0),
        (0.5, "hours", 1800.0),
        (5.0, "min", 300.0),
        (5.0, "minutes", 300.0),
        (20.0, "msec", 0.02),
        (20.0, "ms", 0.02),
        (500.0, "usec", 0.0005),
        (2.0, "sec", 2.0),
        (2.0, "fortnight", None),
        (None, "hr", 0.25),
    ],
)
def test_imagej_times_are_in_their_unit_and_fps_is_no_time_of_an_unknown_one(
    tmp_path: Path, interval, unit, seconds
) -> None:
    facts = {"axes": "TYX", "fps": 4.0, "tunit": unit}
    facts |= {} if interval is None else {"finterval": interval}
    file = plain(tmp_path / "m.tif", imagej=True, metadata=facts)
    assert look_at(file).interval_s == (seconds and pytest.approx(seconds))


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"rowsperstrip": 5}])
def test_pages_without_names_are_times(tmp_path: Path, options) -> None:
    choice = SeriesChoice(pixel_size_um=0.5, interval_s=2.0)
    series = open_series(plain(tmp_path / "m.tif", metadata=None, **options), choice)
    np.testing.assert_array_equal(frames(series), MOVIE)
    assert series.info.pixel_size_um == 0.5
    assert series.facts[-1].time_s == 10.0


def test_a_single_image_is_a_series_of_one(tmp_path: Path) -> None:
    series = open_series(ome(tmp_path / "i.ome.tif", MOVIE[0], "YX"))
    assert len(series) == 1
    np.testing.assert_array_equal(frames(series)[0], MOVIE[0])


def test_times_of_single_planes_count_where_they_are_uneven(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.3, 0.4, 0.9, 1.0]
    facts = {"Plane": {"DeltaT": times, "DeltaTUnit": ["s"] * 6}}
    series = open_series(ome(tmp_path / "m.ome.tif", MOVIE, "TYX", **facts))
    assert [f.time_s for f in series.facts] == times


def test_unknown_times_are_played_at_an_assumed_pace_and_called_unknown(tmp_path: Path) -> None:
    series = open_series(ome(tmp_path / "m.ome.tif", MOVIE, "TYX"))
    assert not series.times_known
    assert series.info.frame_rate_hz == 0
    assert series.facts[1].time_s == pytest.approx(0.1)


def test_one_channel_and_one_plane_are_taken_out_of_five_axes(tmp_path: Path) -> None:
    whole = np.arange(3 * 4 * 2 * 20 * 30, dtype=np.uint16).reshape(3, 4, 2, 20, 30)
    facts = {"Channel": {"Name": ["DAPI", "GFP"]}}
    facts["Plane"] = {"ExposureTime": [5.0, 20.0] * 12, "ExposureTimeUnit": ["ms"] * 24}
    file = ome(tmp_path / "m.ome.tif", whole, "TZCYX", **facts)
    series = open_series(file, SeriesChoice(channel="GFP", plane=2))
    np.testing.assert_array_equal(frames(series), whole[:, 2, 1])
    assert (series.info.channel, series.info.exposure_ms) == ("GFP", 20.0)
    with pytest.raises(StackError, match=r"0 \(DAPI\), 1 \(GFP\); choose one"):
        open_series(file, SeriesChoice(plane=2))


def test_a_z_stack_is_no_time_series_unless_somebody_says_so(tmp_path: Path) -> None:
    file = ome(tmp_path / "s.ome.tif", MOVIE, "ZYX")
    with pytest.raises(StackError, match=r"z-stack of 6 planes.*--plane N.*--planes-are-times"):
        open_series(file)
    np.testing.assert_array_equal(frames(open_series(file, SeriesChoice(plane=3)))[0], MOVIE[3])
    np.testing.assert_array_equal(
        frames(open_series(file, SeriesChoice(planes_are_times=True))), MOVIE
    )
    with pytest.raises(StackError, match="planes 0 … 5; there is no plane 6"):
        open_series(file, SeriesChoice(plane=6))


def test_no_pixel_size_and_none_given_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(MissingSamplingError, match="--pixel-size-um"):
        open_series(plain(tmp_path / "m.tif"))


def test_colours_are_refused_with_what_to_do(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((20, 30, 3), np.uint8), photometric="rgb")
    with pytest.raises(StackError, match=r"colour image.*split its colours"):
        open_series(tmp_path / "rgb.tif", SeriesChoice(pixel_size_um=0.3))


def test_values_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    bad = MOVIE.astype(np.float32)
    bad[5, 0, :3] = np.nan
    with pytest.raises(StackError, match=r"Image 5 .* holds 3 values"):
        open_series(ome(tmp_path / "m.ome.tif", bad, "TYX"))


@pytest.mark.parametrize("dtype", ["int16", "float64", "uint32"])
def test_types_that_no_camera_has_become_float32(tmp_path: Path, dtype: str) -> None:
    pixels = (MOVIE // 4).astype(dtype)
    # OME knows no 64-bit integers; these three are written by other programs.
    series = open_series(ome(tmp_path / "m.ome.tif", pixels, "TYX"))
    assert series.info.dtype == "float32"
    np.testing.assert_array_equal(frames(series), pixels.astype(np.float32))


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}])
def test_a_file_that_ends_early_is_refused_before_it_plays(tmp_path: Path, options) -> None:
    file = plain(tmp_path / "m.tif", metadata=None, **options)
    file.write_bytes(file.read_bytes()[:-900])
    with pytest.raises(StackError, match=r"cut off or damaged.*copy it again"):
        open_series(file, SeriesChoice(pixel_size_um=0.3))


@pytest.mark.parametrize("name", ["gone.tif", "notes.txt", "folder"])
def test_what_is_no_image_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StackError, match="give"):
        open_series(tmp_path / name)


def test_a_session_folder_opens_as_what_it_is(tmp_path: Path, sessions) -> None:
    sessions.record(tmp_path / "s", range(3))
    assert len(open_frames(tmp_path / "s")) == 3


def test_a_replay_plays_it_and_closes_the_file(tmp_path: Path) -> None:
    source = ReplaySource(open_series(WRITERS["ome"](tmp_path)), speed=None)
    source.start()
    found = []
    while not source.finished:
        found.append(source.read(1.0).pixels)
    source.stop()
    np.testing.assert_array_equal(np.stack(found), MOVIE)
    (tmp_path / "m.ome.tif").unlink()  # refused on Windows while it is open
