"""``batch`` on the command line: what it leaves, what it says, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.stream.frame import Frame, StreamInfo


@pytest.fixture
def session(tmp_path: Path) -> Path:
    info = StreamInfo((16, 20), "uint16", 0.325, 10.0, "TexasRed", 20.0, "test")
    folder = tmp_path / "first"
    with offline_recording(folder, info, settings={}) as recording:
        for index in range(3):
            pixels = np.full((16, 20), 100 + index, np.uint16)
            recording.add(Frame(pixels, index, index / 10, 0.0, 20.0, "TexasRed"))
    return folder


def test_a_recording_becomes_a_store_and_again_nothing_is_left_to_do(
    run, bundle, session, tmp_path
):
    words = ["batch", session, "--model", bundle, "--out", tmp_path / "out", "--workers", "0"]
    words += ["--provider", "cpu", "--chunk-frames", "2", "--json"]
    done = run(*words)
    assert done.code == 0, done.err
    assert done.facts["inferred"] is True
    assert (done.facts["chunks_made"], done.facts["frames_made"]) == (2, 3)
    assert done.facts["per_frame"]["bytes_read"] == 16 * 20 * 2
    array = zarr.open_group(tmp_path / "out" / "first.ome.zarr", mode="r")["0"]
    # The network copies its input to every plane.
    np.testing.assert_allclose(array[:, :, 3, 4], [[100] * 5, [101] * 5, [102] * 5], rtol=1e-5)
    again = run(*words)
    assert again.facts["chunks_made"] == 0
    assert "2 of 2 chunks are there already" in again.err


def test_another_way_of_making_them_is_refused(run, bundle, session, tmp_path):
    words = ["batch", session, "--model", bundle, "--out", tmp_path / "out", "--workers", "0"]
    assert run(*words, "--provider", "CPU").code == 0
    refused = run(*words, "--provider", "CPU", "--dtype", "uint16")
    assert "begun with numbers float32, but uint16" in refused.sentence.replace("\n", " ")
    assert "--dtype 'int8' is not known" in run(*words, "--dtype", "int8").sentence
