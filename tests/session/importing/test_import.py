"""Stacks of other programs come in with their sampling, or say in a sentence what is missing."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Self

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image
from zarr.codecs import GzipCodec, ZstdCodec

from deepz_live.session.errors import StackError
from deepz_live.session.importing import MissingSamplingError, import_stack
from deepz_live.session.series import SeriesChoice, open_series

VOXELS = np.random.default_rng(0).integers(0, 65536, (7, 20, 30), dtype=np.uint16)
TWO = np.stack([VOXELS, VOXELS[::-1]])


def ome_zarr(path: Path, *, version: str, unit: str = "micrometer", scale: float = 1.0) -> Path:
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    group.create_array("s0", data=TWO, chunks=(1, 4, 20, 30))
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": unit} for name in "zyx"]
    move = {"type": "scale", "scale": [1, 0.5 * scale, 0.2 * scale, 0.2 * scale]}
    datasets = [{"path": "s0", "coordinateTransformations": [move]}]
    facts = {
        "multiscales": [{"axes": axes, "datasets": datasets, "version": version}],
        "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]},
    }
    group.attrs.update(facts if version == "0.4" else {"ome": facts})
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(("unit", "scale"), [("micrometer", 1.0), ("nanometer", 1e3)])
def test_ome_zarr_brings_its_sampling_and_channels(
    tmp_path: Path, version: str, unit: str, scale: float
) -> None:
    stack = import_stack(
        ome_zarr(tmp_path / "a.zarr", version=version, unit=unit, scale=scale), channel="GFP"
    )
    np.testing.assert_array_equal(stack.voxels, TWO[1])
    assert stack.pixel_size_um == pytest.approx(0.2)
    assert stack.z_step_um == pytest.approx(0.5)
    assert stack.channel == "GFP"


def test_a_file_of_several_channels_lists_them(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"0 \(DAPI\), 1 \(GFP\); choose one"):
        import_stack(ome_zarr(tmp_path / "a.zarr", version="0.5"))


def test_a_plain_zarr_array_is_a_stack_once_its_sampling_is_given(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "plain.zarr", VOXELS)
    with pytest.raises(MissingSamplingError, match="--pixel-size-um and --z-step-um") as caught:
        import_stack(tmp_path / "plain.zarr")
    assert caught.value.missing == ("pixel_size_um", "z_step_um")
    stack = import_stack(tmp_path / "plain.zarr", pixel_size_um=0.1, z_step_um=0.3)
    np.testing.assert_array_equal(stack.voxels, VOXELS)
    assert (stack.pixel_size_um, stack.z_step_um) == (0.1, 0.3)


def test_a_zarr_group_without_an_image_is_refused(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "g.zarr", mode="w").attrs["note"] = "nothing here"
    with pytest.raises(StackError, match="without an OME-Zarr image"):
        import_stack(tmp_path / "g.zarr")


def test_an_imagej_tiff_that_knows_its_pixels_asks_for_the_step_only(tmp_path: Path) -> None:
    path = tmp_path / "ij.tif"
    facts = {"axes": "ZYX", "unit": "um"}
    tifffile.imwrite(path, VOXELS, imagej=True, resolution=(5.0, 5.0), metadata=facts)
    with pytest.raises(MissingSamplingError, match=r"its z step; .* with --z-step-um\.") as caught:
        import_stack(path)
    assert caught.value.missing == ("z_step_um",)
    assert import_stack(path, z_step_um=0.4).pixel_size_um == pytest.approx(0.2)


@pytest.mark.parametrize("codec", [ZstdCodec(), GzipCodec()])
def test_a_damaged_chunk_of_a_zarr_array_is_one_sentence(tmp_path: Path, codec) -> None:
    path = tmp_path / "a.zarr"
    array = zarr.create_array(path, shape=VOXELS.shape, chunks=(1, 20, 30), dtype="u2",
                              compressors=[codec])  # fmt: skip
    array[:] = VOXELS
    chunk = path / "c" / "3" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:200])
    with pytest.raises(StackError, match=r"a\.zarr could not be read .*; copy it again"):
        import_stack(path, pixel_size_um=0.3, z_step_um=0.5)
    with pytest.raises(StackError, match="copy it again"):
        open_series(path, SeriesChoice(pixel_size_um=0.3))


def test_a_damaged_strip_of_a_tiff_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VOXELS, compression="zlib", metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as tiff:
        begin = tiff.pages[3].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[begin + 2 : begin + 60] = b"x" * 58
    path.write_bytes(content)
    with pytest.raises(StackError, match="cut off or damaged"):
        import_stack(path, pixel_size_um=0.3, z_step_um=0.5)
    with pytest.raises(StackError, match="cut off or damaged"):
        open_series(path, SeriesChoice(pixel_size_um=0.3, planes_are_times=True))


def test_a_file_larger_than_memory_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (7, 10**8, 10**9)  # 1.4 EB: no address space holds that
    zarr.create_array(tmp_path / "a.zarr", shape=shape, chunks=shape, dtype="u2")
    with pytest.raises(StackError, match=r"a\.zarr does not fit into the memory .*; crop it"):
        import_stack(tmp_path / "a.zarr", pixel_size_um=0.3, z_step_um=0.5)

    def no_room(_series: tifffile.TiffPageSeries) -> None:
        raise MemoryError

    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", no_room)
    tifffile.imwrite(tmp_path / "a.tif", VOXELS)
    with pytest.raises(StackError, match=r"a\.tif does not fit into the memory .*; crop it"):
        import_stack(tmp_path / "a.tif", pixel_size_um=0.3, z_step_um=0.5)


@pytest.mark.skipif(find_spec("imagecodecs") is not None, reason="imagecodecs reads this file")
def test_a_compression_without_its_package_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "lzw.tif"
    images = [Image.fromarray(plane) for plane in VOXELS]
    images[0].save(path, save_all=True, append_images=images[1:], compression="tiff_lzw")
    with pytest.raises(StackError, match=r"uncompressed or .*pip install imagecodecs") as caught:
        import_stack(path, pixel_size_um=0.3, z_step_um=0.5)
    assert "damaged" not in str(caught.value)
    with pytest.raises(StackError, match="pip install imagecodecs"):
        open_series(path, SeriesChoice(pixel_size_um=0.3))


@pytest.mark.parametrize(
    ("name", "package"), [("a.nd2", "nd2"), ("a.czi", "czifile"), ("a.lif", "readlif")]
)
def test_a_missing_reader_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    (tmp_path / name).write_bytes(b"?")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StackError, match=f"pip install {package}`"):
        import_stack(tmp_path / name)


class Opened(SimpleNamespace):
    """An open file of a reader."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def module(monkeypatch: pytest.MonkeyPatch, name: str, **content: object) -> None:
    made = ModuleType(name)
    vars(made).update(content)
    monkeypatch.setitem(sys.modules, name, made)


def test_nd2_comes_in_with_its_sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channels = [SimpleNamespace(channel=SimpleNamespace(name=name)) for name in ("DAPI", "GFP")]
    file = Opened(
        sizes={"Z": 7, "C": 2, "Y": 20, "X": 30},
        voxel_size=lambda: SimpleNamespace(x=0.2, y=0.2, z=0.5),
        metadata=SimpleNamespace(channels=channels),
        asarray=lambda: TWO.swapaxes(0, 1),
    )
    module(monkeypatch, "nd2", ND2File=lambda _: file)
    (tmp_path / "a.nd2").write_bytes(b"?")
    stack = import_stack(tmp_path / "a.nd2", channel="GFP")
    np.testing.assert_array_equal(stack.voxels, TWO[1])
    assert (stack.pixel_size_um, stack.z_step_um) == (0.2, 0.5)


def test_czi_comes_in_with_its_sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distances = "".join(
        f'<Distance Id="{axis}"><Value>{value}</Value></Distance>'
        for axis, value in (("X", 2e-7), ("Y", 2e-7), ("Z", 5e-7))
    )
    xml = f"<Metadata><Scaling><Items>{distances}</Items></Scaling></Metadata>"
    file = Opened(
        axes="BCZYX0", asarray=lambda: VOXELS[None, None, ..., None], metadata=lambda: xml
    )
    module(monkeypatch, "czifile", CziFile=lambda _: file)
    (tmp_path / "a.czi").write_bytes(b"?")
    stack = import_stack(tmp_path / "a.czi")
    np.testing.assert_array_equal(stack.voxels, VOXELS)
    assert stack.pixel_size_um == pytest.approx(0.2)
    assert stack.z_step_um == pytest.approx(0.5)


def test_lif_comes_in_with_its_sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = SimpleNamespace(
        name="stack", channels=2, dims=SimpleNamespace(z=7), scale=(5.0, 5.0, 2.0, None),
        get_frame=lambda z, t, c: TWO[c, z],
    )  # fmt: skip
    overview = SimpleNamespace(name="overview", dims=SimpleNamespace(z=1))
    file = SimpleNamespace(get_iter_image=lambda: iter([overview, image]))
    module(monkeypatch, "readlif")
    module(monkeypatch, "readlif.reader", LifFile=lambda _: file)
    (tmp_path / "a.lif").write_bytes(b"?")
    stack = import_stack(tmp_path / "a.lif", channel=1)
    np.testing.assert_array_equal(stack.voxels, TWO[1])
    assert (stack.pixel_size_um, stack.z_step_um) == (0.2, 0.5)


def test_what_is_not_there_or_unknown_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"?")
    with pytest.raises(StackError, match="does not exist"):
        import_stack(tmp_path / "none.tif")
    with pytest.raises(StackError, match=r"unknown format; give one of \.tif"):
        import_stack(tmp_path / "a.jpg")
    with pytest.raises(StackError, match="a folder without a Zarr image"):
        import_stack(tmp_path)
