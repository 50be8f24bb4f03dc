"""Plots in the colours of the window."""

from __future__ import annotations

import pyqtgraph as pg

from deepz_live.gui.theme.colours import colours


def dress_plot(plot: pg.PlotWidget) -> None:
    """Ground, axes and their words as the theme has them now."""
    c = colours()
    plot.setBackground(c.field)
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(c.line)
        axis.setTextPen(c.ink_dim)
