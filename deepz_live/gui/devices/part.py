"""Device widgets as panels: camera, stage, all properties, sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PyQt6.QtWidgets import QWidget

from deepz_live.app.live import LiveSession
from deepz_live.gui.actions import ActionSpec
from deepz_live.gui.devices import widgets
from deepz_live.gui.devices.holder import DeviceHolder
from deepz_live.gui.devices.orders import DeviceOrders
from deepz_live.gui.devices.patient_core import PatientCore
from deepz_live.gui.parts import DockSpec, Shop
from deepz_live.gui.turns import Turns
from deepz_live.refocus.view import RefocusResult

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope

KEYS = ("camera", "stage", "properties", "sequence")
WAITING = "Opening the device widgets …"


class DevicesPart:
    """Panels for the microscope that is open; made when they are first looked at.

    Their import would hold up every picture, so it is done before the first one; what must be done
    in the window's thread is done in turns. Another microscope, other widgets.
    """

    menu = "&Microscope"
    actions: Mapping[str, ActionSpec] = {}
    deeds: Mapping[str, Callable[[], None]] = {}

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._orders = DeviceOrders(shop)
        self._microscope: Microscope | None = None
        self._core: PatientCore | None = None
        self._turns = Turns()
        self.holders = {
            key: DeviceHolder() for key in ("camera", "stage", "properties", "sequence")
        }
        for holder in self.holders.values():
            holder.wanted.connect(self._fill_seen)
        self.docks = (
            DockSpec("camera", "Camera and channel", self.holders["camera"], "left"),
            DockSpec("stage", "Stage", self.holders["stage"], "left"),
            DockSpec("properties", "All device properties", self.holders["properties"], "floating"),
            DockSpec("sequence", "Sequence (MDA)", self.holders["sequence"], "floating"),
        )

    def prepare(self) -> None:
        """Import the widgets; from any thread."""
        widgets.prepare()

    def use(self, live: LiveSession | None) -> None:
        """Another session; where it brings another microscope, or none comes, the widgets go."""
        microscope = self._shop.desk.microscope if live is not None else None
        if microscope is self._microscope:
            return
        self._let_go()
        self._microscope = microscope
        if self._microscope is not None:
            for holder in self.holders.values():
                holder.empty(WAITING)
            self._fill_seen()

    def show(self, results: tuple[RefocusResult, ...]) -> None:
        """Nothing depends on the picture."""

    def slow_tick(self) -> None:
        """The devices report by themselves."""

    def _let_go(self) -> None:
        """No device speaks to widgets that are going."""
        self._turns.stop()
        if self._core is not None:
            self._core.close()
            self._core = None
        self._microscope = None
        for holder in self.holders.values():
            holder.empty("No microscope is open; open a profile first (Ctrl+O).")

    def run_sequence(self, sequence: Any, output: Any) -> None:
        """Run what the operator made up, with the stream stopped, within the limits."""

        def run() -> None:
            from deepz_live.acquire.free_sequence import run_sequence

            if self._microscope is not None:
                run_sequence(self._microscope, sequence, output)

        self._orders.paused("sequence", "a sequence is run", run, lambda: None)

    def _fill_seen(self) -> None:
        """Called when a panel comes to the eye."""
        if self._microscope is None or not self._unfilled():
            return
        self._shop.bridge.call(self.prepare, self._prepared, self._shop.fail)

    def _prepared(self, _: object) -> None:
        microscope = self._microscope
        if microscope is None:
            return
        if self._core is None:
            self._core = PatientCore(microscope.core, self._orders, gone=lambda: microscope.closed)
        if not self._turns.busy:
            self._turns.run(self._fill_all(self._core, microscope))

    def _fill_all(self, core: PatientCore, microscope: Microscope) -> Iterator[None]:
        """To make each of a panel's widgets, to put them there and to paint them are turns."""
        while left := self._unfilled():
            holder = self.holders[left[0]]
            try:
                for made in self._making(left[0], core, microscope):
                    panel = made
                    yield
                holder.fill(panel)
            except (RuntimeError, ValueError, OSError) as error:
                holder.refuse(f"These devices cannot be shown: {error}")
                self._shop.fail(error)
            yield

    def _unfilled(self) -> list[str]:
        seen = (key for key, holder in self.holders.items() if holder.isVisible())
        return [key for key in seen if not self.holders[key].filled]

    def _making(self, key: str, core: PatientCore, microscope: Microscope) -> Iterator[QWidget]:
        if key == "camera":
            yield from widgets.camera(core, microscope.channel_group)
        elif key == "stage":
            yield from widgets.stages(core)
        elif key == "properties":
            yield widgets.properties(core)
        else:
            yield widgets.sequence(core, self.run_sequence)
