"""Bundles with networks small enough to be written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deepz_live.config import Optics
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import ONNX, Bundle, BundleFacts

Z_UM = (-2.0, -1.0, 0.0, 1.0, 2.0)


def write_network(path: Path, channels: int, planes: int) -> None:
    """Convolution, pooling by two and back, convolution: sides must be even, margin 6 px."""
    rng = np.random.default_rng(0)
    weights = {
        "w1": rng.normal(0, 0.2, (4, channels, 5, 5)),
        "w2": rng.normal(0, 0.2, (planes, 8, 3, 3)),
        "scales": np.array([1, 1, 2, 2]),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w1"], ["a"], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Resize", ["c", "", "scales"], ["d"], mode="nearest"),
        helper.make_node("Concat", ["b", "d"], ["e"], axis=1),
        helper.make_node("Conv", ["e", "w2"], ["planes"], pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", channels, "y", "x"])],
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, ["n", planes, "y", "x"])],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """``make_bundle("planes")`` or ``make_bundle("generator")``."""

    def make(network: str = "planes", **facts: object) -> Bundle:
        folder = tmp_path / network
        folder.mkdir()
        channels, planes = (2, 1) if network == "generator" else (1, len(Z_UM))
        write_network(folder / ONNX, channels, planes)
        known = {
            "network": network,
            "width": 0.1,
            "z_planes_um": Z_UM,
            "pixel_size_um": 0.325,
            "optics": Optics(),
            "channel": "TexasRed",
            "exposure_ms": 20.0,
            "normalization": Normalization(background_counts=100, scale_counts=500),
            "intensity_counts": (90, 2000),
            "multiple": 2,
            "margin_px": 6,
        }
        return Bundle(folder, BundleFacts.model_validate(known | facts), "0" * 64)

    return make
