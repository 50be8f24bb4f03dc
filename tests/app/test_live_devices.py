"""A real core under a live session: settings changed while it streams, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.desk import Desk, DeskError
from deepz_live.app.live import LiveSession
from deepz_live.app.live_opening import live_on
from deepz_live.app.paths import find_profile
from deepz_live.config import load_profile
from deepz_live.session.reader import read_session
from tests.app.live_fakes import WAIT_S, Camera, Engine, frame

ROOT = Path(__file__).resolve().parents[2]
TINY = {"camera.width_px": "64", "camera.height_px": "64"}
LEAVES = """
import sys, threading
from pathlib import Path
from deepz_live.acquire.microscope import open_microscope
from deepz_live.app.live import LiveSession
from deepz_live.app.paths import find_profile
from deepz_live.config import load_profile

microscope = open_microscope(load_profile(find_profile(sys.argv[1]), {}))
for turn in range(2):
    live = LiveSession(microscope.camera_source(), None, record_to=Path(sys.argv[2]) / str(turn))
    live.start()
    while live.status().recorded < 5:
        threading.Event().wait(0.001)
    if turn == 0:
        live.stop()
if sys.argv[3] == "raises":
    raise SystemExit(3)
"""


def wait_for(live: LiveSession, what) -> None:
    """Until ``what()`` is true or the stream has ended."""
    while not what() and not live._hub.wait_finished(0.01):
        pass


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("simulated", r"frame of \(32, 48\) uint16 in a stream of \(64, 64\)"),
        ("micromanager-demo", r"are \(32, 48\) now and were \(512, 512\)"),
    ],
)
def test_a_region_changed_while_live_is_told_with_both_sizes(tmp_path, profile, told):
    overrides = TINY if profile == "simulated" else {}
    with open_microscope(load_profile(find_profile(profile), overrides)) as microscope:
        live = live_on(microscope.camera_source(), None, microscope, record_to=tmp_path / "s")
        live.start()
        wait_for(live, lambda: live.status().recorded >= 5)
        microscope.core.setROI(0, 0, 48, 32)
        assert live._hub.wait_finished(WAIT_S)
        live.stop()
        with pytest.raises(type(live.error), match=told):
            raise live.error
        again = live_on(microscope.camera_source(), None, microscope)
        again.start()
        wait_for(again, lambda: again.latest_frame() is not None)
        again.stop()
        assert again.latest_frame().pixels.shape == (32, 48)
    session = read_session(tmp_path / "s")
    assert session.manifest.end == "error"
    assert len(session) >= 5
    assert [facts.index for facts in session.facts] == list(range(len(session)))
    assert session.frame(len(session) - 1).pixels.shape == session.info.shape


def test_binning_changed_while_live_ends_the_recording_whole_and_the_next_knows_its_pixels(
    tmp_path,
):
    with open_microscope(load_profile(find_profile("simulated"), TINY)) as microscope:
        live = live_on(microscope.camera_source(), None, microscope, record_to=tmp_path / "0")
        live.start()
        wait_for(live, lambda: live.status().recorded >= 5)
        microscope.core.setProperty("Camera", "Binning", 2)
        assert live._hub.wait_finished(WAIT_S)
        live.stop()
        with pytest.raises(type(live.error), match=r"\(32, 32\) uint16 in a stream of \(64, 64\)"):
            raise live.error
        again = live_on(microscope.camera_source(), None, microscope, record_to=tmp_path / "1")
        again.start()
        wait_for(again, lambda: again.status().recorded >= 2)
        again.stop()
        assert again.error is None
    first, second = (read_session(tmp_path / name) for name in "01")
    assert first.manifest.end == "error"
    assert [facts.index for facts in first.facts] == list(range(len(first)))
    assert first.frame(len(first) - 1).pixels.shape == (64, 64)
    assert second.frame(0).pixels.shape == (32, 32)
    assert second.info.pixel_size_um == pytest.approx(2 * first.info.pixel_size_um)


def test_binning_that_the_camera_refuses_while_live_changes_nothing(tmp_path):
    with open_microscope(load_profile(find_profile("micromanager-demo"), {})) as microscope:
        live = live_on(microscope.camera_source(), None, microscope, record_to=tmp_path / "s")
        live.start()
        wait_for(live, lambda: live.status().recorded >= 3)
        with pytest.raises(RuntimeError, match="Binning"):
            microscope.core.setProperty("Camera", "Binning", "2")
        before = live.status().recorded
        wait_for(live, lambda: live.status().recorded >= before + 3)
        assert live.error is None
        live.stop()
    session = read_session(tmp_path / "s")
    assert [facts.index for facts in session.facts] == list(range(len(session)))


class Bundles:
    """Opens bundles that are not there."""

    def __init__(self) -> None:
        self.opened: list[Engine] = []

    def engine(self, bundle: Path) -> Engine:
        self.opened.append(Engine())
        return self.opened[-1]


def test_a_bundle_swapped_while_live_goes_on_with_the_same_camera(tmp_path):
    openers, first = Bundles(), Engine()
    desk = Desk(openers)
    camera = Camera(map(frame, range(10**6)))
    live = desk.begin(lambda: live_on(camera, first, None))
    try:
        wait_for(live, lambda: live.latest_result() is not None)
        seen = [live]
        for _ in range(5):
            fresh = desk.open_bundle(tmp_path / "bundle")
            wait_for(fresh, lambda now=fresh: now.latest_result() is not None)
            assert fresh.latest_result() is not None
            assert fresh.engine is openers.opened[-1]
            seen.append(fresh)
        assert all(old.finished for old in seen[:-1])
        assert [engine.closed for engine in openers.opened] == [True] * 4 + [False]
        assert not first.closed  # whoever opened it closes it
    finally:
        desk.close()
    assert openers.opened[-1].closed


def test_a_bundle_is_not_swapped_under_a_recording(tmp_path):
    openers = Bundles()
    desk = Desk(openers)
    live = desk.begin(lambda: live_on(Camera(map(frame, range(10**6))), Engine(), None))
    try:
        live.start_recording(tmp_path / "s")
        wait_for(live, lambda: live.status().recorded >= 5)
        with pytest.raises(DeskError, match="stop it"):
            desk.open_bundle(tmp_path / "bundle")
        assert openers.opened[-1].closed
        assert desk.live is live
        before = live.status().recorded
        wait_for(live, lambda: live.status().recorded > before)
        assert live.error is None
    finally:
        desk.close()
    session = read_session(tmp_path / "s")
    indices = [facts.index for facts in session.facts]
    assert indices == list(range(indices[0], indices[0] + len(indices)))


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["micromanager-demo", "simulated"])
@pytest.mark.parametrize("end", ["returns", "raises"])
def test_a_program_that_ends_in_mid_stream_ends_in_order(tmp_path, profile, end):
    for turn in range(3):
        folder = tmp_path / str(turn)
        command = [sys.executable, "-c", LEAVES, profile, str(folder), end]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
        assert (done.returncode, done.stderr) == (3 if end == "raises" else 0, "")
        for recording in folder.iterdir():
            session = read_session(recording)
            assert session.manifest.closed
            assert session.manifest.end == "stopped"
            assert len(session) >= 5
