"""``analyze`` from the command line: JSON alone on standard output, one sentence where refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.neurons.results import read_results
from deepz_live.session.reader import read_session
from deepz_live.session.table import read_table
from deepz_live.stream.frame import Frame, StreamInfo

SHAPE = (96, 112)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Blobs in two channels in turn, 12 rounds; the second channel's glow in two rhythms."""
    rng = np.random.default_rng(2)
    places = [(y, x) for y in range(16, 96, 20) for x in range(16, 112, 20)]
    spots = np.zeros((2, *SHAPE))
    for number, place in enumerate(places):
        spots[(number % 2, *place)] = 1
    spots = ndimage.gaussian_filter(spots, (0, 2, 2)) * 2000 * 25
    info = StreamInfo(SHAPE, "uint16", 0.325, 7.0, "TexasRed", 20.0, "made", ("TexasRed", "FITC"))
    folder = tmp_path / "session"
    with offline_recording(folder, info, settings={}) as recording:
        for index in range(24):
            glow = np.array([1.0, 1.0])
            if index % 2:
                glow = 0.6 + 0.4 * np.sin([index / 2, index / 2 + 3])
            counts = rng.poisson(100 + np.tensordot(glow, spots, axes=1)).astype(np.uint16)
            channel = info.channels[index % 2]
            recording.add(Frame(counts, index, index / 7, 0.0, 20.0, channel))
    return folder


def test_neurons_and_their_groups_come_as_one_json_object(run, bundle, session, tmp_path):
    out = tmp_path / "out"
    done = run("analyze", "neurons", session, "--model", bundle, "--out", out, "--clusters", 2,
               "--threshold", 0.05, "--json")  # fmt: skip
    assert done.code == 0, done.err
    assert done.facts["raw_frames"]["found"] == 20
    assert done.facts["raw_frames"]["members"] == [10, 10]
    assert done.facts["planes_um"] == [-4.0, 4.0, 0.5]
    names = {"neurons.csv", "traces.csv", "motion.csv", "neurons.png", "neurons.json"}
    assert names <= {path.name for path in out.iterdir()}


def test_neurons_are_read_from_what_a_batch_left_as_from_refocusing_now(
    run, bundle, session, tmp_path
):
    done = run("batch", session, "--model", bundle, "--out", tmp_path / "stacks", "--workers", 0,
               "--planes", "-4:4:0.5", "--provider", "CPU", "--json")  # fmt: skip
    assert done.code == 0, done.err
    (store,) = (tmp_path / "stacks").glob("*.ome.zarr")
    words = ["--model", bundle, "--clusters", 2, "--threshold", 0.05, "--json"]
    direct = run("analyze", "neurons", session, "--out", tmp_path / "direct", *words)
    read = run("analyze", "neurons", session, "--stacks", store, "--out", tmp_path / "read", *words)
    assert (direct.code, read.code) == (0, 0), read.err
    assert read.facts["stacks"] == f"read from {store}"
    assert direct.facts["stacks"] == "refocused"
    assert read.facts["neurons"]["found"] == direct.facts["neurons"]["found"] > 10
    own, other = (read_results(tmp_path / name) for name in ("read", "direct"))
    np.testing.assert_allclose(own.positions_um, other.positions_um, atol=0.1)
    np.testing.assert_allclose(own.relative, other.relative, atol=0.02)
    np.testing.assert_array_equal(own.cluster, other.cluster)


def test_tables_come_as_parquet_too_with_all_their_digits(run, bundle, session, tmp_path):
    from arro3.io import read_parquet

    out = tmp_path / "out"
    done = run("analyze", "neurons", session, "--model", bundle, "--out", out, "--parquet",
               "--threshold", 0.05, "--json")  # fmt: skip
    assert done.code == 0, done.err
    names = ("neurons", "traces", "neurons_2d", "traces_2d", "motion")
    for name in names:
        text, table = read_table(out / f"{name}.csv"), read_parquet(out / f"{name}.parquet")
        whole = table.read_all()
        assert whole.column_names == list(text)
        for column, values in text.items():
            own = whole[column].to_numpy()
            np.testing.assert_allclose(own.astype(float), values, atol=0.006)
            if column.startswith("neuron_"):
                assert (own != values).all()
    assert read_parquet(out / "neurons.parquet").read_all()["active"].to_numpy().dtype == bool


def test_drift_leaves_a_session_that_reads_back(run, bundle, session, tmp_path):
    out = tmp_path / "out"
    done = run("analyze", "drift", session, "--model", bundle, "--out", out, "--plane-um", 0,
               "--json")  # fmt: skip
    assert done.code == 0, done.err
    assert done.facts["frames"] == 12
    assert len(read_session(out / "compensated")) == 12
    again = run("analyze", "drift", session, "--model", bundle, "--out", out)
    assert "not an empty folder" in again.sentence


def test_dose_says_how_much_more_light_a_scan_would_take(run, bundle, session, tmp_path):
    done = run("analyze", "dose", session, "--model", bundle, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert [row["channel"] for row in done.facts["channels"]] == ["TexasRed", "FITC"]
    assert done.facts["channels"][0]["times_less_light"] == 5
    assert "5 times as much" in done.err


def test_surface_writes_the_frame_along_it(run, bundle, session, tmp_path):
    out = tmp_path / "out"
    words = ["--model", bundle, "--surface", "tilt:2,0", "--out", out, "--json"]
    done = run("analyze", "surface", session, *words)
    assert done.code == 0, done.err
    assert done.facts["surface"].startswith("tilt:2,0")
    assert (out / "refocused.ome.tif").is_file()


@pytest.mark.parametrize(
    "words, text",
    [
        (["neurons", "nowhere", "--out", "o"], "nowhere does not exist"),
        (["neurons", "SESSION", "--structure", "DAPI", "--out", "o"], "no channel 'DAPI'"),
        (["neurons", "SESSION", "--sigma", "0", "--out", "o"], "sigma = 0"),
        (["drift", "SESSION", "--channel", "DAPI", "--out", "o"], "channel 'DAPI'"),
        (["beads", "nowhere.tif", "--out", "o"], "nowhere.tif does not exist"),
        (["beads", "SESSION", "--out", "o"], "give the model that makes stacks"),
        (["surface", "SESSION", "--surface", "hill:3", "--out", "o"], "Surface 'hill:3'"),
        (["surface", "SESSION", "--out", "o"], "no mechanical stack"),
        (["dose", "SESSION", "--mw-cm2", "-2", "--out", "o"], "make no dose"),
    ],
)
def test_what_cannot_be_analysed_is_said_in_one_sentence(
    run, bundle, session, tmp_path, monkeypatch, words, text
):
    monkeypatch.chdir(tmp_path)
    typed = [str(session) if word == "SESSION" else word for word in words]
    model = [] if words[0] == "beads" else ["--model", bundle]
    done = run("analyze", *typed, *model)
    lines = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert (done.code, len(lines)) == (2, 1), done.err
    assert text in lines[0]


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "neurons", "SESSION"],
        ["analyze", "beads", "SESSION"],
        ["analyze", "drift", "SESSION"],
        ["analyze", "surface", "SESSION", "--surface", "tilt:2,0"],
        ["analyze", "dose", "SESSION"],
        ["report", "BUNDLE", "SESSION"],
    ],
)
def test_a_file_at_the_place_of_the_results_is_said_before_any_work(
    run, bundle, session, tmp_path, words
):
    (tmp_path / "file").write_text("mine")
    typed = [{"SESSION": session, "BUNDLE": bundle}.get(word, word) for word in words]
    model = [] if words[0] == "report" else ["--model", bundle]
    if words[0] == "report":
        typed[2] = tmp_path / "stack.tif"
        typed[2].touch()
    done = run(*typed, *model, "--out", tmp_path / "file" / "out")
    assert f"because {tmp_path / 'file'} is a file" in done.sentence
