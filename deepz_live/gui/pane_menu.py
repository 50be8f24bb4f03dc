"""What a pane may show, as a menu."""

from __future__ import annotations

from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QMenu, QWidget

from deepz_live.gui.view_controller import ViewController
from deepz_live.refocus.cuts import Cut, PlaneCut, ProjectionCut, SectionCut

CHOICES: tuple[tuple[str, Cut | None], ...] = (
    ("Raw frame, as measured", None),
    ("Refocused plane", PlaneCut(0.0)),
    ("Maximum projection", ProjectionCut("max")),
    ("Mean projection", ProjectionCut("mean")),
    ("Maximum with depth in colour", ProjectionCut("depth")),
    ("xz section through the cross", SectionCut("xz", 0.0)),
    ("yz section through the cross", SectionCut("yz", 0.0)),
)


def pane_menu(parent: QWidget, view: ViewController, pane: int) -> QMenu:
    """Choices for a pane; the one that it shows is ticked."""
    menu = QMenu(parent)
    for text, cut in CHOICES:
        action = menu.addAction(text)
        if action is not None:
            action.setCheckable(True)
            action.setChecked(_alike(view.cuts[pane], cut))
            action.setData(cut)
    menu.addSeparator()
    add = menu.addAction("One pane more")
    remove = menu.addAction("Remove this pane")
    if add is not None and remove is not None:
        add.triggered.connect(lambda: view.add(PlaneCut(0.0)))
        remove.triggered.connect(lambda: view.remove(pane))
    menu.triggered.connect(lambda action: _choose(view, pane, action.text(), action.data()))
    return menu


def show_pane_menu(parent: QWidget, view: ViewController, pane: int, where: QPoint) -> None:
    """Beside the mouse; nothing waits for the answer."""
    menu = pane_menu(parent, view, pane)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(where)


def _choose(view: ViewController, pane: int, text: str, cut: Cut | None) -> None:
    if text not in dict(CHOICES):
        return
    if isinstance(cut, SectionCut):
        y, x = view.cross_at or (0.0, 0.0)
        cut = SectionCut(cut.axis, y if cut.axis == "xz" else x)
    view.set_cut(pane, cut)
    view.select(pane)


def _alike(shown: Cut | None, choice: Cut | None) -> bool:
    if isinstance(shown, SectionCut) and isinstance(choice, SectionCut):
        return shown.axis == choice.axis
    if isinstance(shown, ProjectionCut) and isinstance(choice, ProjectionCut):
        return shown.kind == choice.kind
    return type(shown) is type(choice)
