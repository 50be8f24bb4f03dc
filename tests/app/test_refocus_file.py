"""One image refocused offline, and what is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from deepz_live.app.refocus_file import Refocusing, parse_distances, refocus_file
from deepz_live.image.dpm import SurfaceError
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import surface_from
from deepz_live.session.errors import StackError
from deepz_live.session.series import SeriesChoice, open_series
from tests.bundles import facts_of

Z_UM = tuple(np.arange(-4.0, 4.1, 1.0))
FACTS = facts_of(Z_UM)
BUNDLE = Bundle(Path("fake"), FACTS, "c" * 64)


class Engine:
    """Every plane holds its own height."""

    provider, reason = "fake", "test"
    bundle = SimpleNamespace(facts=FACTS)

    def volume(self, pixels):
        return np.asarray(Z_UM, np.float32)[:, None, None] * np.ones(pixels.shape, np.float32)

    def surface(self, pixels, dpm):
        return surface_from(self.volume(pixels), Z_UM, dpm)

    def close(self) -> None:
        pass


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return save(tmp_path / "image.ome.tif", 0.325)


def save(path: Path, pixel_um: float) -> Path:
    facts = {"axes": "YX", "PhysicalSizeX": pixel_um, "PhysicalSizeY": pixel_um}
    facts |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}
    tifffile.imwrite(
        path, np.arange(600, dtype=np.uint16).reshape(20, 30), metadata=facts, ome=True
    )
    return path


def refocus(image: Path, **options) -> np.ndarray:
    out = image.parent / "out.ome.tif"
    refocus_file(image, BUNDLE, out=out, what=Refocusing(**options), engine=Engine())
    return tifffile.imread(out)


def test_planes_are_written_at_the_distances_asked_for(image):
    planes = refocus(image, z="-3:3:1.5")
    assert planes.shape == (5, 20, 30)
    np.testing.assert_allclose(planes[:, 4, 5], [-3, -1.5, 0, 1.5, 3], atol=1e-6)


def test_a_surface_is_followed(image):
    plane = refocus(image, surface="tilt:5,0").squeeze()
    wanted = (29 - 14.5) * 0.325 * np.tan(np.deg2rad(5))
    assert plane[3, 29] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("inside", [False, True])
def test_the_image_itself_is_never_written_over(image, inside):
    folder = image.parent
    before = image.read_bytes()
    source, out = (folder, image) if inside else (image, folder / "." / image.name)
    with pytest.raises(StackError, match="the recording itself"):
        refocus_file(source, BUNDLE, out=out, what=Refocusing(z="0"), engine=Engine())
    assert image.read_bytes() == before


def test_auto_says_where_a_frame_shows_nothing_to_rest_a_surface_on(image):
    with pytest.raises(SurfaceError, match="shows anything to focus on"):
        refocus(image, surface="auto")
    assert [p.name for p in image.parent.iterdir()] == [image.name]


def test_a_surface_too_steep_for_the_model_is_written_with_a_warning(image, tmp_path):
    said: list[str] = []
    what = Refocusing(surface="sine:3.5,2")
    refocus_file(
        image, BUNDLE, out=tmp_path / "o.ome.tif", what=what, engine=Engine(), tell=said.append
    )
    assert any("too steep at row" in sentence for sentence in said)


@pytest.mark.parametrize("options", [{}, {"z": "0", "surface": "uniform:1"}])
def test_exactly_one_of_z_and_surface_is_wanted(image, options):
    with pytest.raises(RefocusError, match="give one of them"):
        refocus(image, **options)


@pytest.mark.parametrize("options", [{"z": "-3:6:1"}, {"surface": "uniform:6"}])
def test_beyond_the_range_is_refused_with_both_values_and_nothing_written(image, options):
    with pytest.raises(RefocusError, match=r"\+6 µm is outside the range -4 … \+4 µm"):
        refocus(image, **options)
    assert [p.name for p in image.parent.iterdir()] == [image.name]


def test_another_pixel_size_is_refused_with_both_values(tmp_path):
    with pytest.raises(RefocusError, match=r"0\.65 µm, but the model was trained on 0\.325 µm"):
        refocus(save(tmp_path / "coarse.ome.tif", 0.65), z="0")


def test_unknown_surface_is_refused(image):
    with pytest.raises(SurfaceError, match="use one of uniform"):
        refocus(image, surface="plane:3")


@pytest.mark.parametrize(
    ("text", "distances"),
    [("3", (3.0,)), ("-1:1:0.5", (-1, -0.5, 0, 0.5, 1)), ("2:-2:-2", (2, 0, -2)),
     ("0:1:0.3", (0, 0.3, 0.6, 0.9)), ("1:1:1", (1.0,))],
)  # fmt: skip
def test_distances_include_both_ends(text, distances):
    assert parse_distances(text) == pytest.approx(distances)


@pytest.mark.parametrize("text", ["", "a", "1:2", "0:1:0", "0:1:-1", "0:1:nan", "0:10:1e-6"])
def test_distances_that_make_no_list_are_refused(text):
    with pytest.raises(RefocusError, match=r"--z"):
        parse_distances(text)


def movie(path: Path, pixel_um: float = 0.325, axes: str = "TYX") -> Path:
    facts = {"axes": axes, "PhysicalSizeX": pixel_um, "PhysicalSizeXUnit": "µm"}
    facts |= {"PhysicalSizeY": pixel_um, "PhysicalSizeYUnit": "µm"}
    pixels = np.arange(3 * 600, dtype=np.uint16).reshape(3, 20, 30)
    if axes == "TYX":
        facts |= {"TimeIncrement": 0.5, "TimeIncrementUnit": "s"}
    tifffile.imwrite(path, pixels, metadata=facts, ome=True)
    return path


@pytest.mark.parametrize("name", ["out.ome.tif", "out.zarr"])
def test_a_time_series_becomes_a_series_of_stacks_with_its_times(tmp_path, name):
    out = tmp_path / name
    told = []
    refocus_file(
        movie(tmp_path / "m.ome.tif"),
        BUNDLE,
        out=out,
        what=Refocusing(z="-2:2:2"),
        engine=Engine(),
        tell=told.append,
    )
    for plane, height in enumerate((-2, 0, 2)):
        series = open_series(out, SeriesChoice(plane=plane))
        assert [series.frame(i).pixels[7, 9] for i in range(3)] == pytest.approx([height] * 3)
        assert [facts.time_s for facts in series.facts] == [0.0, 0.5, 1.0]
        series.close()
    assert told[-1] == "Refocused 3 of 3 frames"


def test_a_z_stack_is_refused_with_what_to_do(tmp_path):
    file = movie(tmp_path / "s.ome.tif", axes="ZYX")
    with pytest.raises(StackError, match=r"z-stack of 3 planes.*--planes-are-times"):
        refocus(file, z="0")
    refocus_file(
        file,
        BUNDLE,
        out=tmp_path / "out.ome.tif",
        what=Refocusing(z="1"),
        choice=SeriesChoice(plane=1),
        engine=Engine(),
    )
    assert tifffile.imread(tmp_path / "out.ome.tif").shape == (20, 30)


def test_resampled_frames_say_so_in_the_file(tmp_path):
    told = []
    out = tmp_path / "out.ome.tif"
    refocus_file(
        movie(tmp_path / "m.ome.tif", 0.1625),
        BUNDLE,
        out=out,
        what=Refocusing(z="1", resample=True),
        engine=Engine(),
        tell=told.append,
    )
    with tifffile.TiffFile(out) as tiff:
        assert tiff.series[0].shape[-2:] == (10, 15)
        assert "resampled" in tiff.ome_metadata
        assert "from 0.1625 to 0.325 µm" in tiff.ome_metadata
    assert "resampled from 0.1625 to 0.325 µm" in told[0]


def test_an_unknown_pixel_size_is_assumed_aloud_and_written_down(tmp_path):
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((20, 30), np.uint16))
    told = []
    out = tmp_path / "out.ome.tif"
    what = Refocusing(z="0")
    refocus_file(
        tmp_path / "plain.tif", BUNDLE, out=out, what=what, engine=Engine(), tell=told.append
    )
    assert "0.325 µm is assumed; give the right one with --pixel-size-um" in told[0]
    with tifffile.TiffFile(out) as tiff:
        assert "assumed to be the model's" in tiff.ome_metadata


def test_frames_unlike_the_training_are_refocused_with_a_warning(tmp_path):
    pixels = np.full((3, 20, 30), 500, np.uint16)
    pixels[1] = 9000
    facts = {"axes": "TYX", "PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325}
    tifffile.imwrite(tmp_path / "m.ome.tif", pixels, ome=True, metadata=facts)
    told = []
    refocus_file(
        tmp_path / "m.ome.tif",
        BUNDLE,
        out=tmp_path / "out.ome.tif",
        what=Refocusing(z="0"),
        engine=Engine(),
        tell=told.append,
    )
    assert told[0].startswith("Warning: The frame is 9.0 times as bright as the training images")
