"""One image refocused offline, and what is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from deepz_live.app.refocus_file import parse_distances, refocus_file
from deepz_live.config import Optics
from deepz_live.image.dpm import SurfaceError
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle, BundleFacts
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import surface_from

Z_UM = tuple(np.arange(-4.0, 4.1, 1.0))
FACTS = BundleFacts(
    network="planes",
    width=0.1,
    z_planes_um=Z_UM,
    pixel_size_um=0.325,
    optics=Optics(),
    channel="TexasRed",
    exposure_ms=20.0,
    normalization=Normalization(background_counts=0, scale_counts=1000),
    intensity_counts=(0, 1000),
    multiple=1,
    margin_px=0,
)
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
    refocus_file(image, BUNDLE, out=out, engine=Engine(), **options)
    return tifffile.imread(out)


def test_planes_are_written_at_the_distances_asked_for(image):
    planes = refocus(image, z="-3:3:1.5")
    assert planes.shape == (5, 20, 30)
    np.testing.assert_allclose(planes[:, 4, 5], [-3, -1.5, 0, 1.5, 3], atol=1e-6)


def test_a_surface_is_followed(image):
    plane = refocus(image, surface="tilt:5,0").squeeze()
    wanted = (29 - 14.5) * 0.325 * np.tan(np.deg2rad(5))
    assert plane[3, 29] == pytest.approx(wanted, abs=1e-4)


def test_auto_says_where_a_frame_shows_nothing_to_rest_a_surface_on(image):
    with pytest.raises(SurfaceError, match="shows anything to focus on"):
        refocus(image, surface="auto")
    assert [p.name for p in image.parent.iterdir()] == [image.name]


def test_a_surface_too_steep_for_the_model_is_written_with_a_warning(image):
    said = []
    refocus(image, surface="sine:3.5,2", note=said.append)
    (sentence,) = said
    assert "too steep at row" in sentence


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
