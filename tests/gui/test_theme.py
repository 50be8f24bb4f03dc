"""Two themes, changed while the window lives; each readable."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor, QIcon
from PyQt6.QtWidgets import QLabel, QPushButton

from deepz_live.gui import theme
from deepz_live.gui.theme.colours import DARK, LIGHT, THEMES


@pytest.fixture
def wear(qapp):
    yield lambda name: theme.apply_theme(qapp, name)
    theme.apply_theme(qapp, "dark")


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    c = np.array(QColor(colour).getRgbF()[:3])
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "name, ink", list(product(THEMES, ("ink", "ink_dim", "alarm", "caution", "good", "knob")))
)
def test_ink_can_be_read_on_every_ground(name, ink):
    """4.5 is what WCAG 2.1 asks of text."""
    colours = THEMES[name]
    grounds = (colours.window, colours.panel, colours.field)
    assert min(contrast(getattr(colours, ink), ground) for ground in grounds) >= 4.5


def test_nothing_in_the_dark_theme_lights_up_a_dark_room():
    brightest = max(luminance(colour) for colour in dataclasses.astuple(DARK))
    assert brightest < 0.55


def test_the_colours_are_those_of_the_theme_that_is_worn(wear):
    wear("light")
    assert (LIGHT.ink, LIGHT.knob) == (theme.INK, theme.KNOB)
    wear("dark")
    assert (DARK.ink, DARK.knob) == (theme.INK, theme.KNOB)


def test_a_colour_that_does_not_exist_is_a_mistake():
    with pytest.raises(AttributeError, match="MAUVE"):
        _ = theme.MAUVE
    with pytest.raises(FileNotFoundError):
        theme.icon("no-such-icon")


def pixels(pixmap):
    image = pixmap.toImage().convertToFormat(pixmap.toImage().Format.Format_RGBA8888)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4).copy()


def inked(icon, mode=QIcon.Mode.Normal, side=32):
    """The colour of the icon's solid pixels."""
    seen = pixels(icon.pixmap(QSize(side, side), mode))
    solid = seen[seen[..., 3] == 255][:, :3]
    return QColor(*np.median(solid, axis=0).astype(int).tolist()).name()


def test_an_icon_made_once_follows_the_theme(wear):
    wear("dark")
    plain, red = theme.icon("model"), theme.icon("record", "alarm")
    assert (inked(plain), inked(red)) == (DARK.ink, DARK.alarm)
    assert inked(plain, QIcon.Mode.Disabled) == DARK.ink_off
    wear("light")
    assert (inked(plain), inked(red)) == (LIGHT.ink, LIGHT.alarm)


def test_an_icon_is_drawn_as_sharp_as_it_is_asked_for():
    small, large = (pixels(theme.icon("model").pixmap(QSize(n, n))) for n in (16, 64))
    assert small.shape[:2] == (16, 16)
    assert large.shape[:2] == (64, 64)
    assert (large[..., 3] > 0).any()


def test_widgets_on_the_screen_change_at_once(qtbot, wear):
    label = QLabel("0.5 µm")
    qtbot.addWidget(label)
    label.setAutoFillBackground(True)
    theme.set_role(label, "knob")
    label.show()
    seen = {}
    for name in ("dark", "light"):
        wear(name)
        seen[name] = pixels(label.grab())[..., :3].reshape(-1, 3)
    assert QColor(*seen["dark"][0].tolist()).name() == DARK.window
    assert QColor(*seen["light"][0].tolist()).name() == LIGHT.window
    assert (seen["light"].min(axis=0) < seen["light"][0] - 100).any()


def test_what_is_dressed_by_hand_is_dressed_again(qtbot, wear):
    button = QPushButton()
    qtbot.addWidget(button)
    worn = []
    theme.follow(button, lambda: worn.append(theme.INK))
    wear("dark")
    assert worn == [DARK.ink]
    wear("light")
    wear("light")
    assert worn == [DARK.ink, LIGHT.ink]
