"""A user without a microscope drops last week's images on the window and refocuses them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from fakes import barred, record_session, shown_bar
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication

from deepz_live.app.desk import Desk
from deepz_live.gui.elsewhere.sampling import PLANES, TIMES

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def drop(window, path):
    """As the system does it: enter, then drop; returns whether the window took it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(300, 300), copy, data, LEFT, NO_KEYS)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), copy, data, LEFT, NO_KEYS))
    return enter.isAccepted()


def movie(path, raw, axes="TYX", pixel_um=0.325, count=6, **facts):
    pixels = np.stack([barred(raw, index) for index in range(count)])
    if pixel_um is not None:
        facts |= {"PhysicalSizeX": pixel_um, "PhysicalSizeY": pixel_um}
        facts |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": axes, **facts})
    return path


def elsewhere(window):
    return next(part for part in window.parts if "open_images" in part.actions)


def asked(qtbot, window):
    part = elsewhere(window)
    qtbot.waitUntil(lambda: part.dialog is not None, timeout=WAIT_MS)
    return part.dialog


def plays(qtbot, window, name):
    qtbot.waitUntil(
        lambda: window.live.live.source.info.origin.startswith(f"image {name}"), timeout=WAIT_MS
    )
    window.transport.play(False)


def refocused(qtbot, window):
    pane = next(pane for pane in window.grid.panes if pane.cut is not None)
    qtbot.waitUntil(lambda: pane.picture is not None, timeout=WAIT_MS)


@pytest.fixture
def window(opened):
    return opened(desk=Desk())


def test_a_dropped_series_is_asked_for_its_sampling_and_then_plays_refocused(
    qtbot, window, tmp_path, raw
):
    file = movie(tmp_path / "m.ome.tif", raw, TimeIncrement=50, TimeIncrementUnit="ms")
    before = window.live.live
    assert drop(window, file)
    dialog = asked(qtbot, window)
    assert not dialog.isModal()
    captured = before.status().captured
    qtbot.waitUntil(lambda: before.status().captured > captured + 3, timeout=WAIT_MS)
    assert dialog.pixel_um.value() == pytest.approx(0.325)
    assert dialog.interval_s.value() == pytest.approx(0.05)
    dialog.buttons.accepted.emit()
    plays(qtbot, window, "m.ome.tif")
    assert window.transport_bar.isVisible()
    refocused(qtbot, window)
    for frame in (4, 1):
        window.transport.seek(frame)
        qtbot.waitUntil(lambda n=frame: shown_bar(window.grid.raw.picture) == n, timeout=WAIT_MS)
    assert "0:00.05" in window.transport_bar.text
    assert elsewhere(window).dialog is None


def test_without_a_pixel_size_nothing_opens_until_one_is_entered(qtbot, window, tmp_path, raw):
    assert drop(window, movie(tmp_path / "m.ome.tif", raw, pixel_um=None))
    dialog = asked(qtbot, window)
    assert not dialog.can_open
    assert "does not say its pixel size" in dialog.note.text()
    dialog.pixel_um.setValue(0.325)
    assert dialog.can_open
    dialog.buttons.accepted.emit()
    plays(qtbot, window, "m.ome.tif")
    assert window.live.live.source.info.pixel_size_um == pytest.approx(0.325)


def test_other_pixels_are_warned_of_and_resampled_where_asked(qtbot, window, tmp_path, raw):
    drop(window, movie(tmp_path / "m.ome.tif", raw, pixel_um=0.65))
    dialog = asked(qtbot, window)
    assert "0.65 µm, but the model was trained at 0.325 µm" in dialog.note.text()
    assert dialog.resample.isEnabled()
    dialog.resample.setChecked(True)
    dialog.buttons.accepted.emit()
    plays(qtbot, window, "m.ome.tif")
    info = window.live.live.source.info
    assert info.shape == (2 * raw.shape[0], 2 * raw.shape[1])
    assert info.pixel_size_um == pytest.approx(0.325)
    assert "resampled from 0.65 to 0.325 µm" in window.status_line.text("source")
    assert "Pixel size" not in window.banner.text


def test_other_pixels_that_are_not_resampled_stay_warned_of(qtbot, window, tmp_path, raw):
    drop(window, movie(tmp_path / "m.ome.tif", raw, pixel_um=0.65))
    asked(qtbot, window).buttons.accepted.emit()
    plays(qtbot, window, "m.ome.tif")
    qtbot.waitUntil(lambda: "Pixel size 0.65 µm differs" in window.banner.text, timeout=WAIT_MS)


def test_a_z_stack_shows_one_plane_or_plays_as_times(qtbot, window, tmp_path, raw):
    file = movie(tmp_path / "s.ome.tif", raw, axes="ZYX", count=5)
    drop(window, file)
    dialog = asked(qtbot, window)
    assert dialog.images.currentText() == PLANES
    dialog.plane.setValue(4)
    dialog.buttons.accepted.emit()
    plays(qtbot, window, "s.ome.tif")
    assert len(window.live.live.source) == 1
    qtbot.waitUntil(lambda: shown_bar(window.grid.raw.picture) == 4, timeout=WAIT_MS)
    drop(window, file)
    dialog = asked(qtbot, window)
    dialog.images.setCurrentText(TIMES)
    assert not dialog.plane.isEnabled()
    dialog.buttons.accepted.emit()
    qtbot.waitUntil(lambda: len(window.live.live.source) == 5, timeout=WAIT_MS)


def test_a_dropped_session_plays_at_once(qtbot, window, tmp_path, raw):
    assert drop(window, record_session(tmp_path / "s", raw))
    qtbot.waitUntil(lambda: window.live.live.source.info.origin == "session s", timeout=WAIT_MS)
    assert elsewhere(window).dialog is None


def test_what_is_no_image_is_said_and_the_stream_goes_on(qtbot, window, tmp_path):
    before = window.live.live
    (tmp_path / "notes.txt").write_text("hello")
    assert drop(window, tmp_path / "notes.txt")
    qtbot.waitUntil(lambda: "give a TIFF or OME-TIFF" in window.banner.text, timeout=WAIT_MS)
    assert window.live.live is before


def test_cancelling_leaves_the_stream_alone(qtbot, window, tmp_path, raw):
    before = window.live.live
    drop(window, movie(tmp_path / "m.ome.tif", raw))
    asked(qtbot, window).buttons.rejected.emit()
    assert elsewhere(window).dialog is None
    assert window.live.live is before


def test_text_is_not_taken(window):
    data = QMimeData()
    data.setText("hello")
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(300, 300), copy, data, LEFT, NO_KEYS)
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()
