"""What is looked at: knob, plane spacing, compensation → one request to the live session."""

from __future__ import annotations

from typing import Protocol

from deepz_live.app.depths import RULER_UM, SPACING_UM, plane_distances
from deepz_live.refocus.view import ViewRequest

WHEEL_UM = 0.2


class Knob(Protocol):
    """What the controller needs of the knob."""

    def set_range(self, range_um: tuple[float, float]) -> None:
        """What can be dialled."""

    def set_value(self, depth_um: float) -> None:
        """Show a depth."""

    def set_marks(self, distances_um: tuple[float, ...]) -> None:
        """Show where the fixed planes lie."""


class Viewed(Protocol):
    """The part of a live session that is asked."""

    def set_view(self, request: ViewRequest) -> None:
        """Look at other planes."""

    def view(self) -> ViewRequest | None:
        """What is looked at."""


class ViewController:
    """Keeps the request inside the model's range, so that it is never refused."""

    def __init__(self, knob: Knob) -> None:
        self._knob = knob
        self._live: Viewed | None = None
        self._range_um: tuple[float, float] | None = None
        self._free_um = 0.0
        self._spacing_um = SPACING_UM
        self._compensate = False
        self._show()

    @property
    def range_um(self) -> tuple[float, float] | None:
        """The model's range, or None without a model."""
        return self._range_um

    @property
    def free_um(self) -> float:
        """Depth of the free plane."""
        return self._free_um

    @property
    def compensate(self) -> bool:
        """Whether the view is held on the sample."""
        return self._compensate

    @property
    def distances_um(self) -> tuple[float, ...]:
        """Depths of the fixed planes, inside the range; evenly spread where the spacing fails."""
        if self._range_um is None:
            return plane_distances(self._spacing_um, RULER_UM)
        return plane_distances(self._spacing_um, self._range_um)

    def request(self) -> ViewRequest:
        """All of it as the worker wants it."""
        return ViewRequest(
            distances_um=self.distances_um, free_um=self._free_um, compensate=self._compensate
        )

    def use(self, live: Viewed | None, z_planes_um: tuple[float, ...]) -> None:
        """Another session, with the model's planes (none without a model)."""
        self._live = live
        self._range_um = (min(z_planes_um), max(z_planes_um)) if z_planes_um else None
        self._compensate = False
        self._free_um = self._inside(self._free_um)
        self._show()
        self._ask()

    def turn(self, depth_um: float) -> None:
        """The knob was turned to a depth."""
        self._free_um = self._inside(depth_um)
        self._show()
        self._ask()

    def nudge(self, notches: int) -> None:
        """The wheel was turned over the free pane."""
        self.turn(round(self._free_um + notches * WHEEL_UM, 3))

    def space(self, spacing_um: float) -> None:
        """Another distance between the fixed planes."""
        self._spacing_um = spacing_um
        self._show()
        self._ask()

    def hold_still(self, on: bool) -> None:
        """Compensate the drift in the view, or not."""
        self._compensate = on
        self._ask()

    def _inside(self, depth_um: float) -> float:
        low, high = self._dial()
        return min(max(depth_um, low), high)

    def _dial(self) -> tuple[float, float]:
        if self._range_um is None:
            return 0.0, 0.0
        return max(self._range_um[0], RULER_UM[0]), min(self._range_um[1], RULER_UM[1])

    def _show(self) -> None:
        self._knob.set_range(self._dial())
        self._knob.set_value(self._free_um)
        self._knob.set_marks(self.distances_um if self._range_um else ())

    def _ask(self) -> None:
        if self._live is not None and self._range_um is not None:
            self._live.set_view(self.request())
