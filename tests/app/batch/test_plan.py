"""What cannot go together is refused with a sentence before anything is computed."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from deepz_live.app.analyze.offline import offline_recording
from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.plan import CHUNK_BYTES, Choices, Models, opened, plan
from deepz_live.app.batch.run import Workforce, run_batch
from deepz_live.refocus.engine import RefocusError
from deepz_live.session.errors import SessionError
from deepz_live.stream.frame import Frame, StreamInfo
from tests.app.batch.conftest import Z_UM, write_bundle

BEGUN = {"provider": "CPU", "chunk_frames": 4}


def planned(session, bundle, out, own=None, notes=None, **choices):
    note = (lambda _: None) if notes is None else notes.append
    return plan([str(session)], Models(bundle, own or {}), str(out), Choices(**choices), note)


@pytest.fixture
def begun(session, bundle, tmp_path):
    [job] = planned(session, bundle, tmp_path, **BEGUN)
    opened(job, "CPU")
    return tmp_path


def test_a_store_goes_on_with_its_own_chunks_and_provider(begun, session, bundle):
    [job] = planned(session, bundle, begun)
    assert (job.facts.chunk_frames, job.facts.provider) == (4, "CPU")


@pytest.mark.parametrize(
    "other, sentence",
    [
        ({"provider": "CUDA"}, "provider CPU, but CUDA"),
        ({"threads": 2}, "threads an engine 1, but 2"),
        ({"planes": "0:2:1"}, r"planes at µm -4, -2, 0 … 4 \(5\), but 0, 1, 2 "),
        ({"dtype": "uint16"}, "numbers float32, but uint16"),
        ({"chunk_frames": 3}, "frames a chunk 4, but 3"),
    ],
)
def test_a_store_is_not_continued_in_another_way(begun, session, bundle, other, sentence):
    with pytest.raises(BatchError, match=f"begun with {sentence}.*another --out"):
        planned(session, bundle, begun, **(BEGUN | other))


def test_a_store_is_not_continued_with_another_bundle(begun, session, bundle):
    other = write_bundle(begun / "other", seed=1)
    with pytest.raises(BatchError, match=f"begun with bundle tiny .*but other {other.sha256[:12]}"):
        planned(session, other, begun, **BEGUN)


def test_other_things_at_the_place_of_a_store_are_left_alone(session, bundle, tmp_path):
    (tmp_path / "first.ome.zarr").mkdir()
    kept = tmp_path / "first.ome.zarr" / "mine.txt"
    kept.write_text("mine")
    [job] = planned(session, bundle, tmp_path)
    with pytest.raises(SessionError, match=r"something else \(mine.txt\)"):
        opened(job, "CPU")
    assert kept.read_text() == "mine"


def test_sessions_that_no_run_is_possible_on(session, bundle, tmp_path):
    with pytest.raises(BatchError, match="Two sessions have the name 'first'"):
        plan([str(session)] * 2, Models(bundle, {}), str(tmp_path), Choices(), lambda _: None)
    info = StreamInfo((64, 64), "uint16", 0.65, 10.0, "A", 20.0, "test")
    with offline_recording(tmp_path / "empty", info, settings={}):
        pass
    with pytest.raises(BatchError, match="holds no frame"):
        planned(tmp_path / "empty", bundle, tmp_path)
    with pytest.raises(SessionError, match="is not a session"):
        planned(tmp_path, bundle, tmp_path)
    with pytest.raises(RefocusError, match=r"Bundle tiny, --planes: .*\+5 µm is outside the range"):
        planned(session, bundle, tmp_path, planes="0:5:1")


def test_another_magnification_is_refused(session, bundle, tmp_path):
    other = shutil.copytree(session, tmp_path / "other")
    manifest = other / "manifest.json"
    text = manifest.read_text().replace('"pixel_size_um": 0.325', '"pixel_size_um": 0.65', 1)
    manifest.write_text(text)
    with pytest.raises(BatchError, match=r"pixels of 0\.65 µm, but bundle tiny"):
        planned(other, bundle, tmp_path)


def test_chunks_of_a_sensible_size_by_themselves(session, bundle, tmp_path):
    [job] = planned(session, bundle, tmp_path)
    assert job.facts.chunk_frames == 11  # all of a short recording
    assert job.facts.frame_bytes == len(Z_UM) * 64 * 64 * 4
    assert job.facts.frame_bytes * job.facts.chunk_frames < CHUNK_BYTES


def test_a_cluster_and_own_workers_are_not_both_asked_for(session, bundle, tmp_path):
    with pytest.raises(BatchError, match="give one of the two"):
        run_batch(
            [str(session)], bundle, out=str(tmp_path), workforce=Workforce("tcp://x:1", workers=2)
        )
    assert list(tmp_path.iterdir()) == []


def test_frames_unlike_the_training_are_planned_with_a_warning(bundle, tmp_path):
    info = StreamInfo((64, 64), "uint16", 0.325, 10.0, "TexasRed", 20.0, "test")
    with offline_recording(tmp_path / "dark", info, settings={}) as recording:
        for index in range(3):
            pixels = np.full((64, 64), 101 if index else 9000, np.uint16)
            recording.add(Frame(pixels, index, index / 10, 0.0, 20.0, "TexasRed"))
    said = []
    planned(tmp_path / "dark", bundle, tmp_path, notes=said)
    (sentence,) = said
    assert sentence.startswith(f"Warning: {tmp_path / 'dark'}: The frame's brightest pixels reach")


def test_each_channel_is_looked_at_with_its_own_model(bundle, two_channels, tmp_path):
    said = []
    [job] = planned(two_channels, bundle, tmp_path, notes=said)
    assert list(job.models) == [bundle.sha256]
    assert "frames of FITC, TexasRed all go through tiny" in " ".join(said)
    own, said = {"FITC": write_bundle(tmp_path / "other", seed=1)}, []
    [job] = planned(two_channels, bundle, tmp_path, own, said)
    assert list(job.models) == [bundle.sha256, own["FITC"].sha256]
    assert not any("all go through" in sentence for sentence in said)


def test_models_of_channels_that_do_not_fit_are_refused(bundle, two_channels, tmp_path):
    own = {"DAPI": bundle}
    with pytest.raises(BatchError, match=r"No session has a channel 'DAPI' .*FITC"):
        planned(two_channels, bundle, tmp_path, own)
    opened(*planned(two_channels, bundle, tmp_path, **BEGUN), "CPU")
    own = {"FITC": write_bundle(tmp_path / "other", seed=1)}
    with pytest.raises(BatchError, match="bundles of single channels none, but FITC: other"):
        planned(two_channels, bundle, tmp_path, own, **BEGUN)
