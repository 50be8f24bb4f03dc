"""A bundle is only used when every byte is the sealed one."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
import yaml

from deepz_live.model.bundle import BundleError, load_bundle, seal, shipped_bundle, shipped_names


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_bundle().path, tmp_path / "bundle"))


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_bundles_are_whole_small_and_measured(name: str) -> None:
    bundle = load_bundle(Path(name))
    size = sum(file.stat().st_size for file in bundle.path.iterdir())
    assert size <= 8e6
    assert bundle.facts.z_range_um == (-10.0, 10.0)
    assert bundle.facts.quality
    assert "Measured quality" in (bundle.path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors", "rdf.yaml", "README.md"])
def test_a_changed_byte_is_noticed_in_every_file(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=name):
        load_bundle(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"lacks model\.onnx"):
        load_bundle(copy)


def test_a_name_that_leads_out_of_the_folder_is_refused(copy: Path) -> None:
    sums = copy / "SHA256SUMS"
    sums.write_text(sums.read_text() + "0" * 64 + "  ../elsewhere\n")
    with pytest.raises(BundleError, match="leads out of the folder"):
        load_bundle(copy)


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/weights.bin", "weights.bin"])
def test_weights_in_another_file_are_refused(copy: Path, location: str) -> None:
    model = onnx.load(copy / "model.onnx")
    tensor = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value=location)
    (copy / "model.onnx").write_bytes(model.SerializeToString())
    seal(copy)
    with pytest.raises(BundleError, match="weights in another file"):
        load_bundle(copy)


def test_shipped_bundles_are_known_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_bundle(Path("beads_20x075")).sha256 == shipped_bundle().sha256
    with pytest.raises(BundleError, match="beads_20x075"):
        load_bundle(Path("beans_20x075"))


def test_facts_of_another_version_say_which_key(copy: Path) -> None:
    file = copy / "rdf.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("margin_px", "margin"), "utf-8")
    seal(copy)
    with pytest.raises(BundleError, match="margin"):
        load_bundle(copy)


def test_a_folder_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not exist"):
        load_bundle(tmp_path / "nothing")


def test_the_identity_is_that_of_the_sealing(copy: Path) -> None:
    assert load_bundle(copy).sha256 == seal(copy) == shipped_bundle().sha256


def test_description_is_a_valid_bioimageio_model(copy: Path) -> None:
    from bioimageio.spec import InvalidDescr, ValidationContext, build_description

    document = yaml.safe_load((copy / "rdf.yaml").read_text(encoding="utf-8"))
    context = ValidationContext(root=copy, perform_io_checks=False)
    found = build_description(document, context=context)
    assert not isinstance(found, InvalidDescr), found.validation_summary.format()
