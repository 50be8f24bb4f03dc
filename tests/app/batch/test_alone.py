"""What is in the store is what the engine makes of each frame; what is missing is made again."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr

from deepz_live.app.batch.errors import BatchError
from deepz_live.app.batch.maker import Maker
from deepz_live.app.batch.plan import Choices, Models, opened, plan
from deepz_live.app.batch.run import Workforce, run_batch
from deepz_live.refocus.engine import open_engine, planes_at
from deepz_live.session.reader import read_session
from deepz_live.session.shards import place_of
from deepz_live.session.virtual import open_store
from tests.app.batch.conftest import write_bundle

ALONE = Workforce(workers=0)


def run(session, bundle, out, before=None, notes=None, own=None, **choices) -> dict:
    chosen = {"provider": "CPU", "chunk_frames": 2} | choices
    note = (lambda _: None) if notes is None else notes.append
    return run_batch(
        [str(session)],
        bundle,
        out=str(out),
        channel_bundles=own,
        choices=Choices(**chosen),
        workforce=ALONE,
        before=before,
        note=note,
    )


def expected(session, bundle, planes_um=None) -> np.ndarray:
    """``(T, Z, Y, X)``, straight from the engine."""
    recorded = read_session(session)
    with closing(open_engine(bundle, provider="CPU", threads=1)) as engine:
        stacks = [engine.volume(recorded.frame(t).pixels) for t in range(len(recorded))]
    if planes_um is None:
        return np.stack(stacks)
    return np.stack([planes_at(stack, bundle.facts.z_planes_um, planes_um) for stack in stacks])


def test_the_store_holds_the_engines_planes_of_every_frame(session, bundle, tmp_path):
    facts = run(session, bundle, tmp_path)
    assert (facts["frames_made"], facts["chunks_made"], facts["chunks"]) == (11, 6, 6)
    assert facts["provider"] == "CPU"
    group = zarr.open_group(tmp_path / "first.ome.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][...], expected(session, bundle))
    assert group["0"].chunks == (1, 1, 64, 64)  # a plane is read without the others


def test_frames_of_each_channel_go_through_its_own_model(two_channels, bundle, tmp_path):
    other = write_bundle(tmp_path / "other", seed=1)
    facts = run(two_channels, bundle, tmp_path, own={"FITC": other}, chunk_frames=3)
    assert (facts["frames_made"], facts["chunks"]) == (8, 3)
    made = zarr.open_group(tmp_path / "worm.ome.zarr", mode="r")
    first, second = (expected(two_channels, one) for one in (bundle, other))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(made["0"][::2], first[::2])
    np.testing.assert_array_equal(made["0"][1::2], second[1::2])
    assert made.attrs["deepz-live/batch"]["channel_bundles"] == {
        "FITC": {"name": "other", "sha256": other.sha256}
    }
    said = made.attrs["deepz-live/inferred"]["bundle"]
    assert said == f"tiny {bundle.sha256[:12]}; FITC: other {other.sha256[:12]}"


def test_jobs_of_other_models_leave_each_other_their_engines(
    session, two_channels, bundle, tmp_path
):
    """Two threads of one worker may be at one each."""
    other = write_bundle(tmp_path / "other", seed=1)
    choices = Choices(provider="CPU", chunk_frames=8)
    models = Models(bundle, {"FITC": other})
    sessions = [str(two_channels), str(session)]
    jobs = plan(sessions, models, str(tmp_path / "out"), choices, lambda _: None)
    for job in jobs:
        opened(job, "CPU")
    with closing(Maker()) as maker:
        made = []

        def meanwhile(_chunk: int, frame: int) -> None:
            if frame == 3:
                made.append(maker.make(1, jobs[1], 0))

        made.append(maker.make(0, jobs[0], 0, meanwhile))
    assert [(one.job, one.frames) for one in made] == [(1, 8), (0, 8)]


def test_what_the_store_says_of_itself(session, bundle, tmp_path):
    run(session, bundle, tmp_path)
    attributes = zarr.open_group(tmp_path / "first.ome.zarr", mode="r").attrs
    inferred = attributes["deepz-live/inferred"]
    assert inferred["inferred"] == "true"
    assert "not measured" in inferred["description"]
    assert inferred["distances_um"] == "-4 -2 0 2 4"
    batch = attributes["deepz-live/batch"]
    assert batch["bundle"] == {"name": "tiny", "sha256": bundle.sha256}
    assert (batch["provider"], batch["threads"], batch["frames"]) == ("CPU", 1, 11)
    [image] = attributes["ome"]["multiscales"]
    assert [axis["name"] for axis in image["axes"]] == ["t", "z", "y", "x"]
    scale, begin = image["datasets"][0]["coordinateTransformations"]
    assert scale["scale"] == pytest.approx([0.1, 2.0, 0.325, 0.325], rel=0.1)
    assert begin["translation"] == [0, -4.0, 0, 0]
    lines = (tmp_path / "first.ome.zarr" / "frames.jsonl").read_text().splitlines()
    recorded = read_session(session)
    assert [json.loads(line)["time_s"] for line in lines] == [
        facts.time_s for facts in recorded.facts
    ]


def test_only_asked_planes_as_rounded_counts(session, bundle, tmp_path):
    run(session, bundle, tmp_path, planes="-1:1:1", dtype="uint16")
    array = zarr.open_group(tmp_path / "first.ome.zarr", mode="r")["0"]
    wanted = expected(session, bundle, (-1.0, 0.0, 1.0))
    assert array.dtype == np.uint16
    assert wanted.min() < 0  # of a random network: cut, not wrapped around
    # Interpolated before or after the way back to counts: the last bit may round the other way.
    np.testing.assert_allclose(array[...], np.clip(np.rint(wanted), 0, 65535), atol=1)


def test_the_fastest_provider_is_found_once_and_kept(session, bundle, tmp_path, monkeypatch):
    # The real way times all back ends, which takes seconds; tests/refocus has it.
    monkeypatch.setattr("deepz_live.app.batch.alone.fastest_provider", lambda _: "CPU")
    notes: list[str] = []
    run(session, bundle, tmp_path, provider=None, notes=notes)
    assert "The fastest provider is CPU" in notes
    shutil.rmtree(tmp_path / "first.ome.zarr" / "0")
    notes.clear()
    assert run(session, bundle, tmp_path, provider=None, notes=notes)["chunks_made"] == 6
    assert not any("fastest" in note for note in notes)


def test_a_chunk_that_is_missing_is_made_again_and_no_other(session, bundle, tmp_path):
    run(session, bundle, tmp_path)
    store = tmp_path / "first.ome.zarr" / "0"
    whole = zarr.open_array(store, mode="r")[...]
    (store / "c.3.0.0.0").unlink()
    (store / "c.3.0.0.0.0123.part").write_bytes(b"half")
    told: list[tuple[int, int]] = []
    facts = run(session, bundle, tmp_path, before=lambda *where: told.append(where))
    assert (facts["chunks_there"], facts["chunks_made"]) == (5, 1)
    assert told == [(3, 6), (3, 7)]
    np.testing.assert_array_equal(zarr.open_array(store, mode="r")[...], whole)
    assert not list(store.glob("*.part"))
    assert run(session, bundle, tmp_path)["chunks_made"] == 0


def test_a_damaged_frame_costs_its_chunk_and_is_told(session, bundle, tmp_path):
    hurt = shutil.copytree(session, tmp_path / "hurt")
    recorded = read_session(hurt)
    path, begin = place_of(hurt / "frames.ome.zarr", 10, recorded.info)
    whole = path.read_bytes()
    path.write_bytes(whole[: begin + 5])
    with pytest.raises(BatchError, match=r"1 of 6 chunks could not be made .*Frame 10 .*again"):
        run(hurt, bundle, tmp_path)
    store = open_store(tmp_path / "hurt.ome.zarr")
    assert store.missing() == [5]
    path.write_bytes(whole)
    assert run(hurt, bundle, tmp_path)["chunks_made"] == 1


def test_a_recording_behind_a_url_is_read_and_written_there(session, bundle, tmp_path):
    files = fsspec.filesystem("memory")
    files.put(str(session), "/bucket/first", recursive=True)
    try:
        run("memory://bucket/first", bundle, "memory://bucket/out")
        run(session, bundle, tmp_path)
        far = zarr.open_array("memory://bucket/out/first.ome.zarr/0", mode="r")[...]
        near = zarr.open_array(tmp_path / "first.ome.zarr" / "0", mode="r")[...]
        np.testing.assert_array_equal(far, near)
        assert run("memory://bucket/first", bundle, "memory://bucket/out")["chunks_made"] == 0
    finally:
        files.rm("/bucket", recursive=True)


def test_a_full_disk_ends_the_run_with_what_is_there_kept(session, bundle, tmp_path, monkeypatch):
    from deepz_live.session import places

    writes = places.write_all

    def full(file, content) -> None:
        if "c.2." in file.name:
            raise OSError(28, "No space left on device")
        writes(file, content)

    monkeypatch.setattr(places, "write_all", full)
    with pytest.raises(BatchError, match=r"Chunk 2 .*No space left on device.*goes on"):
        run(session, bundle, tmp_path)
    monkeypatch.undo()
    names = {path.name for path in Path(tmp_path / "first.ome.zarr" / "0").iterdir()}
    assert names == {"zarr.json", "c.0.0.0.0", "c.1.0.0.0"}
    assert run(session, bundle, tmp_path)["chunks_made"] == 4
