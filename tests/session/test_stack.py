"""Stacks come back as they were written, with sampling in µm, or fail in one sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import tifffile

from deepz_live.session import tiff_output
from deepz_live.session.stack import (
    Stack,
    StackError,
    read_image,
    read_stack,
    write_stack,
)

VOXELS = np.random.default_rng(0).integers(0, 65536, (7, 20, 30), dtype=np.uint16)


def stack(**changes) -> Stack:
    facts = {
        "voxels": VOXELS,
        "pixel_size_um": 0.325,
        "z_step_um": 0.5,
        "channel": "TexasRed",
        "exposure_ms": 20.0,
        "z_um": np.arange(7) * 0.5 + 10.0,
        "source": "here",
    }
    return Stack(**(facts | changes))


def test_a_written_stack_reads_back_the_same(tmp_path):
    path = tmp_path / "a.ome.tif"
    write_stack(path, stack())
    back = read_stack(path)
    np.testing.assert_array_equal(back.voxels, VOXELS)
    assert back.voxels.dtype == np.uint16
    assert (back.pixel_size_um, back.z_step_um) == (0.325, 0.5)
    assert (back.channel, back.exposure_ms) == ("TexasRed", 20.0)
    np.testing.assert_allclose(back.z_um, stack().z_um)
    assert list(tmp_path.iterdir()) == [path]


def test_planes_are_put_in_ascending_order_of_z(tmp_path):
    path = tmp_path / "down.ome.tif"
    write_stack(path, stack(voxels=VOXELS[::-1], z_um=stack().z_um[::-1]))
    back = read_stack(path)
    np.testing.assert_array_equal(back.voxels, VOXELS)
    assert (np.diff(back.z_um) > 0).all()


@pytest.mark.parametrize(
    ("unit", "size", "um"), [("nm", 65.0, 0.065), ("µm", 0.2, 0.2), ("mm", 2e-4, 0.2)]
)
def test_ome_sizes_are_read_in_their_unit(tmp_path, unit, size, um):
    path = tmp_path / "units.ome.tif"
    metadata = {"axes": "ZYX"}
    for axis in "XYZ":
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit}
    tifffile.imwrite(path, VOXELS, metadata=metadata)
    back = read_stack(path)
    assert back.pixel_size_um == pytest.approx(um)
    assert back.z_step_um == pytest.approx(um)
    assert back.z_um[7 // 2] == 0.0


@pytest.mark.parametrize(("unit", "um"), [("micron", 1), ("um", 1), ("\\u00B5m", 1), ("mm", 1e3)])
def test_imagej_sizes_are_read_in_their_unit(tmp_path, unit, um):
    path = tmp_path / "ij.tif"
    facts = {"axes": "ZYX", "spacing": 0.4, "unit": unit}
    tifffile.imwrite(path, VOXELS, imagej=True, resolution=(4.0, 4.0), metadata=facts)
    back = read_stack(path)
    assert back.pixel_size_um == pytest.approx(0.25 * um)
    assert back.z_step_um == pytest.approx(0.4 * um)


def test_given_sampling_overrides_the_file(tmp_path):
    path = tmp_path / "a.ome.tif"
    write_stack(path, stack())
    back = read_stack(path, pixel_size_um=0.1, z_step_um=2.0)
    assert (back.pixel_size_um, back.z_step_um) == (0.1, 2.0)
    assert np.diff(back.z_um) == pytest.approx(2.0)


@pytest.mark.parametrize("scatter_um", [0.0, 0.6])
def test_a_stack_taken_downwards_is_put_upright_whatever_step_is_given(tmp_path, scatter_um):
    path = tmp_path / "down.ome.tif"
    z_um = stack().z_um[5::-1].copy()
    z_um[3] += scatter_um
    write_stack(path, stack(voxels=VOXELS[5::-1], z_um=z_um))
    back = read_stack(path, z_step_um=0.75)
    np.testing.assert_array_equal(back.voxels, VOXELS[:6])
    assert back.z_um == pytest.approx((np.arange(6) - 3) * 0.75)


def test_positions_that_only_scatter_turn_no_stack_round(tmp_path):
    path = tmp_path / "still.ome.tif"
    write_stack(path, stack(z_um=10.0 + np.array([0.02, -0.01, 0.03, 0.0, -0.02, 0.01, 0.01])))
    np.testing.assert_array_equal(read_stack(path).voxels, VOXELS)


def test_a_plain_multi_page_tiff_is_a_stack_once_its_sampling_is_given(tmp_path):
    path = tmp_path / "plain.tif"
    with tifffile.TiffWriter(path) as writer:
        for plane in VOXELS:
            writer.write(plane, contiguous=False, metadata=None)
    back = read_stack(path, 0.1, 0.2)
    np.testing.assert_array_equal(back.voxels, VOXELS)


@pytest.mark.parametrize(("axes", "shape"), [("ZCYX", (3, 2, 8, 9)), ("CZYX", (2, 3, 8, 9))])
def test_a_channel_is_chosen_by_number_or_name(tmp_path, axes, shape):
    path = tmp_path / "two.ome.tif"
    data = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    facts = {"axes": axes, "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(path, data, ome=True, photometric="minisblack", metadata=facts)
    for channel in (1, "1", "GFP"):
        back = read_stack(path, 0.1, 0.2, channel=channel)
        np.testing.assert_array_equal(back.voxels, data.take(1, axes.index("C")))
        assert back.channel == "GFP"
    with pytest.raises(StackError, match=r"0 \(DAPI\), 1 \(GFP\); choose one"):
        read_stack(path, 0.1, 0.2)
    with pytest.raises(StackError, match="'Cy5' is not one of them"):
        read_stack(path, 0.1, 0.2, channel="Cy5")


def test_each_channel_has_its_own_exposure_and_positions(tmp_path):
    path = tmp_path / "two.ome.tif"
    ups = 10.0 + np.arange(7) * 0.5
    planes = {
        "PositionZ": np.stack([ups, ups + 2.0], axis=1).ravel().tolist(),
        "PositionZUnit": ["µm"] * 14,
        "ExposureTime": [50.0, 200.0] * 7,
        "ExposureTimeUnit": ["ms"] * 14,
    }
    facts = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "Plane": planes}
    tifffile.imwrite(path, np.stack([VOXELS, VOXELS], axis=1), ome=True, metadata=facts)
    for channel, exposure_ms, z_um in (("DAPI", 50.0, ups), (1, 200.0, ups + 2.0)):
        back = read_stack(path, 0.1, channel=channel)
        assert back.exposure_ms == exposure_ms
        np.testing.assert_allclose(back.z_um, z_um)


def test_missing_sampling_says_how_to_give_it(tmp_path):
    path = tmp_path / "bare.tif"
    tifffile.imwrite(path, VOXELS, metadata={"axes": "ZYX"})
    with pytest.raises(StackError, match=r"pixel size.*--set specimen\.pixel_size_um=") as refused:
        read_stack(path)
    assert "deepz-live import bare.tif --pixel-size-um" in str(refused.value)
    with pytest.raises(StackError, match=r"z step.*--set specimen\.z_step_um=") as refused:
        read_stack(path, pixel_size_um=0.1)
    assert "a command that has --z-step-um takes it" in str(refused.value)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_sampling_must_be_a_positive_number(tmp_path, value):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VOXELS, metadata={"axes": "ZYX"})
    with pytest.raises(StackError, match="positive number"):
        read_stack(path, value, 0.5)


def test_a_missing_file_a_folder_and_a_text_are_told_apart(tmp_path):
    text = tmp_path / "notes.tif"
    text.write_text("not an image")
    with pytest.raises(StackError, match="does not exist"):
        read_stack(tmp_path / "none.tif")
    with pytest.raises(StackError, match="is a folder"):
        read_stack(tmp_path)
    with pytest.raises(StackError, match="is not a TIFF file"):
        read_stack(text)


def test_an_image_is_no_stack_and_a_stack_no_image(tmp_path):
    image, planes = tmp_path / "image.tif", tmp_path / "stack.tif"
    tifffile.imwrite(image, VOXELS[0])
    tifffile.imwrite(planes, VOXELS, metadata={"axes": "ZYX"})
    with pytest.raises(StackError, match=r"a z-stack .* is wanted"):
        read_stack(image, 0.1, 0.1)
    with pytest.raises(StackError, match="a single grey image"):
        read_image(planes)


def test_a_time_series_is_not_mistaken_for_a_stack(tmp_path):
    path = tmp_path / "time.tif"
    tifffile.imwrite(path, VOXELS, metadata={"axes": "TYX"})
    with pytest.raises(StackError, match="axes TYX"):
        read_stack(path, 0.1, 0.1)


def test_values_that_are_no_numbers_are_refused(tmp_path):
    path = tmp_path / "nan.tif"
    voxels = VOXELS.astype(np.float32)
    voxels[2, 3, 4] = np.nan
    tifffile.imwrite(path, voxels, metadata={"axes": "ZYX"})
    with pytest.raises(StackError, match="1 values that are not finite"):
        read_stack(path, 0.1, 0.1)


@pytest.mark.parametrize("kind", ["ome", "pages"])
@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.97])
def test_a_cut_file_is_refused_wherever_it_was_cut(tmp_path, kind, keep):
    path = tmp_path / "cut.tif"
    if kind == "ome":
        write_stack(path, stack())
    else:
        with tifffile.TiffWriter(path) as writer:
            for plane in VOXELS:
                writer.write(plane, contiguous=False, metadata=None)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(StackError, match="cut off or damaged"):
        read_stack(path, 0.1, 0.1)


def test_oblong_pixels_are_refused(tmp_path):
    path = tmp_path / "oblong.ome.tif"
    facts = {"axes": "ZYX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.2}
    tifffile.imwrite(path, VOXELS, metadata=facts)
    with pytest.raises(StackError, match="not square"):
        read_stack(path)


def test_an_image_reads_back_with_its_pixel_size(tmp_path):
    path = tmp_path / "one.ome.tif"
    facts = {"axes": "YX", "PhysicalSizeX": 325.0, "PhysicalSizeXUnit": "nm"}
    tifffile.imwrite(path, VOXELS[0], metadata=facts)
    pixels, pixel_size_um = read_image(path)
    np.testing.assert_array_equal(pixels, VOXELS[0])
    assert pixel_size_um == pytest.approx(0.325)


def test_an_image_without_a_pixel_size_says_none(tmp_path):
    path = tmp_path / "one.tif"
    tifffile.imwrite(path, VOXELS[0])
    assert read_image(path)[1] is None


def test_a_disk_that_fills_leaves_the_older_file_and_no_half_one(tmp_path, monkeypatch):
    path = tmp_path / "a.ome.tif"
    write_stack(path, stack())
    before = path.read_bytes()

    def fills(part: Path, *_args, **_kwargs):
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tiff_output.tifffile, "imwrite", fills)
    with pytest.raises(StackError, match="No space left on device; choose a folder"):
        write_stack(path, stack(voxels=VOXELS[::-1]))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "shape", "channel"),
    [
        ("celegans_embryo_wf_DAPI.tif", (104, 712, 672), None),
        ("neubias_dna_confocal_widefield_pair.tif", (45, 130, 133), 1),
        ("bead_pyotf_wl520nm_z300nm_x130nm_na0.85_air.tif", (25, 256, 256), None),
        ("bead_imphys_180nm_oil_51planes.tif", (51, 31, 31), None),
    ],
)
def test_real_recordings_open_once_their_sampling_is_given(data_dir, name, shape, channel):
    path = data_dir / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    back = read_stack(path, 0.1, 0.2, channel=channel)
    assert back.voxels.shape == shape
    assert back.voxels.dtype == np.uint16
    assert back.voxels.max() > back.voxels.min()
