"""The command line run in this process, and a bundle small enough to be written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from deepz_live.cli import app
from deepz_live.image.normalization import Normalization
from tests.bundles import facts_of, write_sealed

Z_UM = (-4.0, -2.0, 0.0, 2.0, 4.0)


class Outcome(SimpleNamespace):
    """``code``, ``out`` and ``err`` of a run."""

    @property
    def facts(self) -> dict:
        """The last line of standard output, which is all there is of it."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line of a refusal."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        assert len(lines) == 1, lines
        assert lines[0].startswith("Error: ")
        return lines[0]


@pytest.fixture
def run():
    """``run("doctor", "--json")`` → :class:`Outcome`; a traceback of ours is raised."""

    def call(*words: object) -> Outcome:
        result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        return Outcome(code=result.exit_code, out=result.stdout, err=result.stderr)

    return call


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A sealed bundle whose network returns its input at every distance."""
    return write_bundle(tmp_path / "bundle")


def write_bundle(folder: Path, gain: float = 1.0) -> Path:
    """A sealed bundle whose network returns ``gain`` times its input at every distance."""
    facts = facts_of(
        Z_UM,
        normalization=Normalization(background_counts=100, scale_counts=1000),
        intensity_counts=(90, 20000),
        margin_px=1,
    )
    write_sealed(folder, facts, lambda path: write_identity(path, len(Z_UM), gain))
    return folder


def write_identity(path: Path, planes: int, gain: float = 1.0) -> None:
    """A 1 × 1 convolution that copies the image ``planes`` times."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.full((planes, 1, 1, 1), gain, np.float32), "w")
    shape = [["n", count, "y", "x"] for count in (1, planes)]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w"], ["planes"])],
        "identity",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape[0])],
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, shape[1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
