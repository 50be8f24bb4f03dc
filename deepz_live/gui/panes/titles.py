"""What panes are called. Whatever the network made says that it was inferred."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontMetrics

from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut, SurfaceCut

RAW_TITLE = "raw, measured"
PROJECTIONS = {"max": "max", "mean": "mean", "depth": "depth"}


def title_of(
    cut: Cut | None, range_um: tuple[float, float] | None, pixel_size_um: float = 0.0
) -> str:
    """Title of a pane; ``range_um`` is the model's."""
    if cut is None:
        return RAW_TITLE
    return f"{_name(cut, range_um, pixel_size_um)} · inferred"


def _name(cut: Cut, range_um: tuple[float, float] | None, pixel_size_um: float) -> str:
    if isinstance(cut, PlaneCut):
        return f"{signed(cut.depth_um)} µm"
    if isinstance(cut, SurfaceCut):
        offset = f" {signed(cut.offset_um)} µm" if cut.offset_um else ""
        return f"{type(cut.surface).__name__.lower()} surface{offset}"
    if isinstance(cut, ProjectionCut):
        name = PROJECTIONS[cut.kind]
        if range_um is None:
            return f"{name} over all depths"
        return f"{name} {range_text(range_um)}"
    along = "y" if cut.axis == "xz" else "x"
    place = f"{cut.at_px * pixel_size_um:.0f} µm" if pixel_size_um else f"{cut.at_px:.0f} px"
    return f"{cut.axis} at {along} = {place}"


def range_text(range_um: tuple[float, float]) -> str:
    """Lowest and highest depth; whole micrometres without a digit behind them."""
    low, high = (signed(end, 0 if float(end).is_integer() else 1) for end in range_um)
    return f"{low} … {high} µm"


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign (a real minus); zero has none."""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{rounded:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def fitted(title: str, room_px: int, metrics: QFontMetrics) -> str:
    """The title in ``room_px``, shorter in a narrow pane: pictures in a row begin at one height.

    Where that does not do it has two lines, so that “inferred” stays whole.
    """
    for whole in (title, _shorter(title)):
        if metrics.horizontalAdvance(whole) <= room_px:
            return whole
    mark = " · " if " · " in title else ", "
    lines = title.rsplit(mark, 1)
    return "\n".join(
        metrics.elidedText(line, Qt.TextElideMode.ElideRight, max(0, room_px)) for line in lines
    )


def _shorter(title: str) -> str:
    """A projection without its range, which is the model's; a section without its little words."""
    name, mark, rest = title.partition(" · ")
    first = name.split(" ")[0]
    if first in PROJECTIONS.values():
        return f"{first}{mark}{rest}"
    return title.replace(" at ", " ").replace(" = ", " ")
