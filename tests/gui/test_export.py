"""Exports from the real window: what is seen goes into the file, and the window says so."""

from __future__ import annotations

import threading

import imageio_ffmpeg
import numpy as np
import pytest
from fakes import FakeCamera, FakeEngine, TwoChannels, record_session
from PIL import Image
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog

from deepz_live.app.export import ExportCancelledError
from deepz_live.app.export.movie import export_movie

WAIT_MS = 20_000


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What the operator chooses in the next file dialogue; its title is kept."""
    chosen = {"name": "out.file", "titles": []}

    def ask(_parent, title, proposed, kinds):
        chosen["titles"].append(title)
        return (str(tmp_path / chosen["name"]) if chosen["name"] else "", kinds)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return chosen


def exports(window):
    return next(part for part in window.parts if "export_movie" in part.actions)


def seen(qtbot, window):
    qtbot.waitUntil(lambda: exports(window)._results != (), timeout=WAIT_MS)


@pytest.mark.parametrize("key", ["export_stack", "export_zarr"])
def test_the_stack_is_of_the_frame_that_is_seen(qtbot, opened, raw, tmp_path, answers, key):
    window = opened()
    seen(qtbot, window)
    written = []
    exports(window).write_stack = lambda *args: written.append(args)
    before = exports(window)._results[-1].frame
    window.actions_by_key[key].trigger()
    qtbot.waitUntil(lambda: len(written) == 1, timeout=WAIT_MS)
    frame, engine, path = written[0]
    assert frame.index >= before.index
    assert frame.pixels.shape == raw.shape
    assert engine is window.live.live.engine
    assert path == tmp_path / "out.file"
    qtbot.waitUntil(lambda: "Wrote" in window.status_line._cursor.text(), timeout=WAIT_MS)


def test_the_drift_so_far_becomes_a_table(qtbot, opened, tmp_path, answers):
    window = opened()
    qtbot.waitUntil(lambda: len(window.live.live.drift_table(9)) > 2, timeout=WAIT_MS)
    window.actions_by_key["export_drift"].trigger()
    file = tmp_path / "out.file"
    qtbot.waitUntil(file.is_file, timeout=WAIT_MS)
    rows = np.genfromtxt(file, delimiter=",", names=True)
    assert rows.dtype.names == ("time_s", "dz_um", "dy_um", "dx_um", "confidence")
    assert len(rows) > 2
    assert answers["titles"] == ["Export drift table"]


def test_nothing_is_written_where_the_operator_cancels(qtbot, opened, tmp_path, answers):
    window = opened()
    qtbot.waitUntil(lambda: len(window.live.live.drift_table(9)) > 2, timeout=WAIT_MS)
    seen(qtbot, window)
    answers["name"] = ""
    written = []
    exports(window).write_stack = lambda *args: written.append(args)
    for key in ("export_stack", "export_drift", "export_view"):
        window.actions_by_key[key].trigger()
    assert answers["titles"] == ["Export virtual stack", "Export drift table", "Export view"]
    assert not window.bridge.busy
    assert written == []


def test_without_a_model_the_banner_says_what_is_missing(opened, raw, answers):
    window = opened(None, camera=FakeCamera(raw))
    for key in ("export_stack", "export_movie"):
        window.banner.clear()
        window.actions_by_key[key].trigger()
        assert "open a bundle" in window.banner.text
    assert answers["titles"] == []


def test_the_view_is_what_is_on_the_screen_and_says_what_was_inferred(
    qtbot, opened, tmp_path, answers
):
    window = opened()
    seen(qtbot, window)
    answers["name"] = "view.png"
    window.actions_by_key["export_view"].trigger()
    file = tmp_path / "view.png"
    qtbot.waitUntil(file.is_file, timeout=WAIT_MS)
    with Image.open(file) as picture:
        said, pixels = dict(picture.text), np.asarray(picture).astype(int)
    assert pixels.shape[:2] == (window.grid.height(), window.grid.width())
    assert said["Description"] == "Refocused planes are inferred by fake-bundle, not measured."
    assert "raw, measured" in said["Panes"]
    assert said["Pixel size"] == "0.325 µm"
    # A bead is as bright as in the pane, and the scale bar's ink lies in the raw pane's corner.
    raw_pane = window.grid.raw
    corner = raw_pane.canvas.mapTo(window.grid, raw_pane.canvas.rect().bottomLeft())
    bar = pixels[corner.y() - 16 : corner.y() - 4, corner.x() + 12 : corner.x() + 40]
    assert bar.max() > 150
    assert pixels.max() > 200


@pytest.fixture
def replayed(qtbot, opened, tmp_path, raw, volume, answers):
    """A window on a replay of twenty frames; its movies are made by a network of the test."""
    window = opened()
    window.open_replay(record_session(tmp_path / "s", raw))
    qtbot.waitUntil(window.transport_bar.isVisible, timeout=WAIT_MS)
    window.transport.play(False)
    seen(qtbot, window)
    answers["name"] = "movie.mp4"
    made = {}

    def write(series, _engine, path, movie, **options):
        made["movie"] = movie
        return export_movie(series, lambda: FakeEngine(volume), path, movie, **options)

    exports(window).write_movie = write
    window.made = made
    return window


def test_chosen_panes_from_a_to_b_become_a_movie_while_the_view_goes_on(qtbot, replayed, tmp_path):
    window = replayed
    window.transport.replay.span = (4, 9)
    window.actions_by_key["export_movie"].trigger()
    dialog = exports(window).dialog
    assert not dialog.isModal()
    assert dialog.stretch.currentText() == "from A to B: 5 … 10"
    titles = [pane.title for pane in window.grid.panes]
    assert [dialog.panes.item(n).text() for n in range(dialog.panes.count())] == titles
    for number in range(2, dialog.panes.count()):
        dialog.panes.item(number).setCheckState(Qt.CheckState.Unchecked)
    window.transport.play(True)
    before = window.live.live.status().captured
    dialog.buttons.accepted.emit()
    qtbot.waitUntil((tmp_path / "movie.mp4").is_file, timeout=WAIT_MS)
    movie = window.made["movie"]
    assert (movie.first, movie.last) == (4, 9)
    assert [panel.title for panel in movie.panels] == titles[:2]
    qtbot.waitUntil(lambda: "Wrote" in window.status_line._cursor.text(), timeout=WAIT_MS)
    assert not window.docks["export"].isVisible()
    qtbot.waitUntil(lambda: window.live.live.status().captured > before, timeout=WAIT_MS)


def test_panes_are_painted_in_the_movie_as_they_are_on_the_screen(qtbot, replayed):
    window = replayed
    window.grid.set_colour_map("viridis")
    qtbot.waitUntil(
        lambda: all(pane.picture is not None for pane in window.grid.panes), timeout=WAIT_MS
    )
    window.actions_by_key["export_movie"].trigger()
    exports(window).dialog.buttons.accepted.emit()
    qtbot.waitUntil(lambda: "movie" in window.made, timeout=WAIT_MS)
    panel = window.made["movie"].panels[window.grid.panes.index(window.grid.raw)]
    picture = panel.paint(window.display.layers(window.grid.raw))
    assert picture.shape[2] == 3
    assert (picture[..., 0] != picture[..., 1]).any()


def test_a_movie_shows_its_progress_and_can_be_stopped(qtbot, replayed, tmp_path):
    window, part = replayed, exports(replayed)
    going, stopped = threading.Event(), []

    def slow(_series, _engine, path, _movie, *, progress, stop, **_):
        progress(3, 20)
        going.set()
        while not stop():
            going.wait(0.01)
        stopped.append(True)
        raise ExportCancelledError(f"{path.name} was stopped; nothing was written.")

    part.write_movie = slow
    window.actions_by_key["export_movie"].trigger()
    part.dialog.buttons.accepted.emit()
    qtbot.waitUntil(lambda: part.panel.bar.value() == 3, timeout=WAIT_MS)
    assert window.docks["export"].isVisible()
    assert part.panel.bar.maximum() == 20
    qtbot.mouseClick(part.panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not part.jobs.running, timeout=WAIT_MS)
    assert stopped == [True]
    assert "nothing was written" in window.status_line._cursor.text()
    assert "stopped" not in window.banner.text


def test_closing_the_window_stops_a_movie(qtbot, replayed):
    window, part = replayed, exports(replayed)
    going = threading.Event()

    def slow(_series, _engine, path, _movie, *, progress, stop, **_):
        going.set()
        while not stop():
            threading.Event().wait(0.01)
        raise ExportCancelledError(f"{path.name} was stopped.")

    part.write_movie = slow
    window.actions_by_key["export_movie"].trigger()
    part.dialog.buttons.accepted.emit()
    qtbot.waitUntil(going.is_set, timeout=WAIT_MS)
    window.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("export")]


def test_the_recording_so_far_becomes_a_movie_while_it_goes_on(
    qtbot, opened, tmp_path, volume, answers
):
    window = opened()
    part, counts = exports(window), []

    def write(series, _engine, path, movie, **options):
        counts.append(len(series))
        return export_movie(series, lambda: FakeEngine(volume), path, movie, **options)

    part.write_movie = write
    answers["name"] = "so_far.mp4"
    seen(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 4, timeout=WAIT_MS)
    window.actions_by_key["export_movie"].trigger()
    part.dialog.buttons.accepted.emit()
    qtbot.waitUntil((tmp_path / "so_far.mp4").is_file, timeout=WAIT_MS)
    assert window.live.live.recording
    assert counts[0] >= 4
    assert window.live.live.status().dropped == 0


def test_a_live_view_that_was_never_recorded_says_what_to_do(qtbot, opened, answers):
    window = opened()
    seen(qtbot, window)
    window.actions_by_key["export_movie"].trigger()
    assert "record (R) some" in window.banner.text
    assert exports(window).dialog is None


@pytest.fixture
def overlaid(qtbot, opened, raw, volume, answers):
    """Two channels over each other; their movies are made by networks of the test."""
    window = opened(camera=TwoChannels(raw), engines={"FITC": FakeEngine(volume[:, ::-1])})
    window.made = []

    def write(series, engine, path, movie, engines, **options):
        window.made.append((movie, sorted(engines)))
        live = window.live.live
        assert engine.args == (live.engine.bundle,)
        for channel, other in engines.items():
            assert other.args == (live.engines.get(channel, live.engine).bundle,)
        special = {"FITC": lambda: FakeEngine(volume[:, ::-1])}
        return export_movie(
            series, lambda: FakeEngine(volume), path, movie, engines=special, **options
        )

    exports(window).write_movie = write
    return window


def overlay(qtbot, window):
    """Choose all channels, and wait until they are seen."""
    index = window.channel_bar.choice.count() - 1
    window.channel_bar.choice.setCurrentIndex(index)
    window.channel_bar.choice.activated.emit(index)
    qtbot.waitUntil(
        lambda: window.grid.raw.picture is not None and window.grid.raw.picture.ndim == 3,
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(lambda: len(exports(window)._results) == 2, timeout=WAIT_MS)


def exported(qtbot, window, path):
    """The movie's file, and its first picture (Y, X, 3)."""
    window.actions_by_key["export_movie"].trigger()
    exports(window).dialog.buttons.accepted.emit()
    qtbot.waitUntil(path.is_file, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not exports(window).jobs.running, timeout=WAIT_MS)
    frames = imageio_ffmpeg.read_frames(str(path))
    width, height = next(frames)["size"]
    return np.frombuffer(next(frames), np.uint8).reshape(height, width, 3).astype(int)


def test_overlaid_channels_become_a_movie_in_their_colours_live_and_replayed(
    qtbot, overlaid, tmp_path, answers
):
    window = overlaid
    overlay(qtbot, window)
    window.display.set_channel_colour("FITC", "cyan")
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 6, timeout=WAIT_MS)
    answers["name"] = "live.mp4"
    seen_live = exported(qtbot, window, tmp_path / "live.mp4")
    folder = window.live.live.status().session
    window.actions_by_key["record"].trigger()
    qtbot.waitUntil(lambda: not window.live.live.recording, timeout=WAIT_MS)
    before = window.shown
    window.open_replay(folder)
    qtbot.waitUntil(lambda: window.shown is not before, timeout=WAIT_MS)
    overlay(qtbot, window)
    answers["name"] = "replay.mp4"
    seen_replayed = exported(qtbot, window, tmp_path / "replay.mp4")
    for picture, (movie, _) in zip((seen_live, seen_replayed), window.made, strict=True):
        assert movie.overlay == (("TexasRed", "magenta"), ("FITC", "cyan"))
        assert movie.channel is None
        magenta = (picture[..., 0] > 120) & (picture[..., 1] < 70) & (picture[..., 2] > 120)
        cyan = (picture[..., 0] < 70) & (picture[..., 1] > 120) & (picture[..., 2] > 120)
        assert magenta.sum() > 50
        assert cyan.sum() > 50
    assert window.made[0][1] == ["FITC"]


def test_overlaid_channels_become_a_stack_each_with_their_own_model(
    qtbot, overlaid, tmp_path, answers
):
    window, written = overlaid, []
    overlay(qtbot, window)
    exports(window).write_stack = lambda *args: written.append(args)
    answers["name"] = "stack.ome.tif"
    window.actions_by_key["export_stack"].trigger()
    qtbot.waitUntil(lambda: len(written) == 2, timeout=WAIT_MS)
    live = window.live.live
    own = {"TexasRed": live.engine, "FITC": live.engines["FITC"]}
    for frame, engine, path in written:
        assert path == tmp_path / f"stack_{frame.channel}.ome.tif"
        assert engine is own[frame.channel]
    assert {frame.channel for frame, _, _ in written} == {"TexasRed", "FITC"}

    (tmp_path / "stack_FITC.ome.tif").write_text("of yesterday")
    window.actions_by_key["export_stack"].trigger()
    assert "stack_FITC.ome.tif is taken" in window.banner.text
    assert len(written) == 2


def test_one_of_several_channels_becomes_a_movie_of_that_channel(
    qtbot, overlaid, tmp_path, answers
):
    window = overlaid
    seen(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.live.live.status().recorded >= 6, timeout=WAIT_MS)
    answers["name"] = "one.mp4"
    picture = exported(qtbot, window, tmp_path / "one.mp4")
    movie, _ = window.made[0]
    assert (movie.channel, movie.overlay) == ("TexasRed", ())
    assert (np.ptp(picture, axis=2) < 40).all()  # grey
