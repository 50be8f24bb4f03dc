"""A short recording of the built-in microscope, and a network small enough for a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepz_live.app.analyze.rehearsal import record
from deepz_live.config import Profile
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle, load_bundle
from tests.bundles import facts_of, write_sealed

Z_UM = (-4.0, -2.0, 0.0, 2.0, 4.0)
FRAMES, SIDE_PX = 11, 64


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    """Eleven frames of beads that drift."""
    folder = tmp_path_factory.mktemp("recordings") / "first"
    data = Profile(name="small").model_dump()
    data["camera"] |= {"width_px": SIDE_PX, "height_px": SIDE_PX}
    data["stage"]["drift"] |= {"kind": "walk", "axial_um": 2.0, "period_s": 2.0}
    profile = Profile.model_validate(data)
    record(profile, folder, channels=("TexasRed",), rounds_hz=10, seconds=FRAMES / 10)
    return folder


@pytest.fixture(scope="module")
def two_channels(tmp_path_factory) -> Path:
    """Four rounds of a worm in two channels."""
    folder = tmp_path_factory.mktemp("recordings") / "worm"
    data = Profile(name="small").model_dump()
    data["specimen"] |= {"kind": "worm"}
    data["camera"] |= {"width_px": SIDE_PX, "height_px": SIDE_PX}
    profile = Profile.model_validate(data)
    record(profile, folder, channels=("TexasRed", "FITC"), rounds_hz=4, seconds=1.0)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    return write_bundle(tmp_path_factory.mktemp("models") / "tiny", seed=0)


def write_bundle(folder: Path, seed: int) -> Bundle:
    """Two layers with random weights, sealed."""
    facts = facts_of(
        Z_UM,
        normalization=Normalization(background_counts=100, scale_counts=1000),
        intensity_counts=(90, 20000),
        margin_px=2,
    )
    write_sealed(folder, facts, lambda path: write_network(path, np.random.default_rng(seed)))
    return load_bundle(folder)


def write_network(path: Path, rng: np.random.Generator) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)

    def image(name: str, channels: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, "y", "x"])

    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "w1"], ["a"], pads=[1, 1, 1, 1]),
            helper.make_node("LeakyRelu", ["a"], ["b"]),
            helper.make_node("Conv", ["b", "w2"], ["planes"], pads=[1, 1, 1, 1]),
        ],
        "tiny",
        [image("image", 1)],
        [image("planes", len(Z_UM))],
        [weights("w1", 8, 1, 3, 3), weights("w2", len(Z_UM), 8, 3, 3)],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
