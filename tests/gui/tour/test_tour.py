"""Five steps, each at the widget it speaks of; nothing waits for them."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QRect, QSize, Qt

from deepz_live.gui.settings.file import load_settings
from deepz_live.gui.tour.steps import STEPS
from deepz_live.gui.tour.tour import beside


@pytest.fixture
def toured(opened, tmp_path):
    window = opened(settings=tmp_path / "settings.json")
    window.greet()
    return window, window.parts[-1].tour


def spot_of(window, widget):
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def test_each_of_five_steps_frames_a_widget_that_is_there_and_does_not_hide_it(qtbot, toured):
    window, tour = toured
    assert len(STEPS) == 5
    targets = []
    for number in range(5):
        assert tour.number == number
        assert f"{number + 1} of 5" in tour._count.text()
        target = tour.target
        assert target is not None
        assert target.isVisible()
        targets.append(target)
        spot = spot_of(window, target)
        assert tour.ring.geometry().contains(spot)
        assert window.rect().contains(tour.geometry())
        hidden = spot.intersected(tour.geometry())
        assert hidden.width() * hidden.height() < 0.2 * spot.width() * spot.height()
        tour.next.click()
    assert len(set(targets)) == 5
    assert targets[0] is window.grid.raw
    assert targets[1].cut is not None
    assert targets[2] is window.knob
    assert targets[3] is window.record_bar.button


def test_the_ring_is_seen_around_the_widget_and_goes_with_the_tour(qtbot, toured):
    window, tour = toured
    corner = tour.ring.geometry().topLeft() + QPoint(30, 2)
    from deepz_live.gui import theme

    def colour():
        return window.grab().toImage().pixelColor(corner).name()

    assert colour() == theme.KNOB
    tour.skip.click()
    assert colour() != theme.KNOB


def test_the_window_is_used_while_the_tour_stands(qtbot, toured):
    window, tour = toured
    tour.go(2)
    window.activateWindow()
    before = window.view.depth_um
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.view.depth_um == before + 0.5
    assert tour.isVisible()
    window.resize(1100, 700)
    assert window.rect().contains(tour.geometry())


@pytest.mark.parametrize("end", ["skip", "walk"])
def test_who_has_seen_it_is_not_shown_it_again(qtbot, toured, tmp_path, end):
    window, tour = toured
    if end == "skip":
        tour.skip.click()
    else:
        for _ in STEPS:
            tour.next.click()
    assert window.parts[-1].tour is None
    window.greet()
    assert window.parts[-1].tour is None
    window.close()
    assert load_settings(tmp_path / "settings.json")[0].tour_done


def test_the_menu_shows_it_again(qtbot, opened):
    window = opened()
    window.greet()
    assert window.parts[-1].tour is None  # nothing is remembered, so nobody is new
    window.actions_by_key["tour"].trigger()
    assert window.parts[-1].tour.number == 0


@pytest.mark.parametrize(
    "spot",
    [
        QRect(0, 0, 1000, 600),
        QRect(0, 0, 100, 600),
        QRect(900, 0, 100, 600),
        QRect(0, 500, 1000, 60),
        QRect(980, 580, 20, 20),
    ],
)
def test_the_card_stays_inside_the_window(spot):
    around = QRect(0, 0, 1000, 600)
    place = beside(spot, QRect(QPoint(0, 0), QSize(330, 140)), around)
    assert around.contains(QRect(place, QSize(330, 140)))
