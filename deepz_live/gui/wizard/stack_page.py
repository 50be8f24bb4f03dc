"""Page 4: range and step of the z-stacks, autofocus, and what it all costs."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QFormLayout, QGridLayout, QGroupBox, QVBoxLayout

from deepz_live.gui.record_controller import free_bytes
from deepz_live.gui.recorder import clock_text, size_text
from deepz_live.gui.wizard.desk import Autofocus, CaptureOrder, Cost, StackChoice
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, chooser, note, number, row, say

KINDS = (
    ("on the image: the sharpest plane", "image"),
    ("hardware autofocus device", "hardware"),
    ("none: around the present focus", "none"),
)


class StackPage(Sheet):
    """Says what the capture costs before anything moves or lights up."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Z-stack",
            "How far the model shall refocus, and in what steps it learns. Each field is captured "
            "plane by plane around its focus.",
        )
        self._filling = False
        self._free = 0
        self._cost: Cost | None = None
        self.range = number(1.0, 400.0, 40.0, "µm", "Full range around the focus")
        self.step = number(0.05, 10.0, 0.5, "µm", "Distance between planes")
        self.step.setSingleStep(0.05)
        self.autofocus = chooser("How the focus of each field is found before its planes are taken")
        self.search = number(1.0, 400.0, 20.0, "µm", "Full range in which the focus is looked for")
        self.proposal = note()
        self.use = button("Use the proposal", "", "Range and step that suit the objective")
        self.use.clicked.connect(self.use_proposal)
        self.cost = {name: note("") for name in ("planes", "time", "disk", "light")}
        self.state = note("alarm")
        self._lay_out()
        for box in (self.range, self.step, self.search):
            box.valueChanged.connect(lambda _: self._take())
        self.autofocus.currentIndexChanged.connect(lambda _: self._take())
        room.scope_changed.connect(self._show_kinds)
        room.order_changed.connect(self._show_order)

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """The stage may go there and the disk has room."""
        return self.room.scope is not None and not self._complaint()

    def entered(self) -> None:
        """The cost of what was chosen so far."""
        self._free = free_bytes(self.room.root())
        self._show_order()

    def use_proposal(self) -> None:
        """Step and range that suit the objective."""
        step, span, _ = self.room.desk.proposal()
        self.range.setValue(span)
        self.step.setValue(step)

    def save_plan(self, path: Path) -> None:
        """Write the plan as YAML."""
        order = self.room.order
        self.room.ask(lambda: self.room.desk.save_plan(path, order))

    def load_plan(self, path: Path) -> None:
        """Take fields, channels and stack from a plan."""

        def loaded(order: CaptureOrder) -> None:
            self.room.take(channels=order.channels, fields=order.fields, stack=order.stack)

        self.room.ask(lambda: self.room.desk.load_plan(path), loaded)

    def _take(self) -> None:
        if self._filling:
            return
        kind: Autofocus = self.autofocus.currentData() or "none"
        self.room.take(
            stack=StackChoice(self.range.value(), self.step.value(), kind, self.search.value())
        )

    def _show_kinds(self) -> None:
        scope = self.room.scope
        self._filling = True
        self.autofocus.clear()
        for text, kind in KINDS:
            if kind != "hardware" or (scope is not None and scope.has_hardware_autofocus):
                self.autofocus.addItem(text, kind)
        self._filling = False
        if scope is not None:
            step, span, depth = self.room.desk.proposal()
            say(
                self.proposal,
                f"The depth of field of {scope.optics} is {depth:.2g} µm: a step of {step:g} µm "
                f"sees every plane of it, and {span:g} µm is as far as a calibration usually goes.",
            )

    def _show_order(self) -> None:
        stack = self.room.order.stack
        self._filling = True
        self.range.setValue(stack.range_um)
        self.step.setValue(stack.step_um)
        self.search.setValue(stack.autofocus_range_um)
        self.autofocus.setCurrentIndex(max(0, self.autofocus.findData(stack.autofocus)))
        self.search.setEnabled(stack.autofocus == "image")
        self._filling = False
        if self.room.scope is not None and self.room.order.fields and self.room.order.channels:
            order = self.room.order
            self.room.ask(
                lambda: self.room.desk.cost(order), lambda cost: self._show_cost(order, cost)
            )
        self.completeChanged.emit()

    def _show_cost(self, order: CaptureOrder, cost: Cost) -> None:
        if order != self.room.order:
            return  # a newer answer is on its way
        self._cost = cost
        fields, channels = len(order.fields), len(order.channels)
        say(
            self.cost["planes"],
            f"{order.stack.planes} planes × {_many(fields, 'field')} × "
            f"{_many(channels, 'channel')} = {cost.frames} pictures",
            "",
        )
        say(self.cost["time"], f"about {clock_text(cost.seconds)}", "")
        full = 0 < self._free < cost.disk_bytes
        free = f" ({size_text(self._free)} free)" if self._free else ""
        say(self.cost["disk"], size_text(cost.disk_bytes) + free, "alarm" if full else "")
        say(
            self.cost["light"],
            f"{cost.exposure_s_per_field:.1f} s of exposure on every field, autofocus included",
            "",
        )
        say(self.state, self._complaint(), "alarm")
        self.completeChanged.emit()

    def _complaint(self) -> str:
        order = self.room.order
        if not order.fields or not order.channels:
            return "There is no field or no channel to capture; go back and choose one."
        if self._cost is not None and 0 < self._free < self._cost.disk_bytes:
            return (
                f"The disk of {self.room.root()} has too little room; free some, or take fewer "
                "fields or a larger step."
            )
        return self.room.desk.forbidden(order)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Range", self.range)
        form.addRow("Step", self.step)
        form.addRow("Autofocus", self.autofocus)
        form.addRow("Looks within", self.search)
        for box in (self.range, self.step, self.search):
            box.setFixedWidth(130)
        self.autofocus.setFixedWidth(280)
        choice = QGroupBox("Planes")
        column = QVBoxLayout(choice)
        column.addLayout(form)
        column.addWidget(self.proposal)
        column.addLayout(row(self.use, 1))
        cost = QGroupBox("What it costs")
        grid = QGridLayout(cost)
        grid.setColumnStretch(1, 1)
        for at, (name, text) in enumerate(
            (("planes", "Pictures"), ("time", "Time"), ("disk", "Disk"), ("light", "Light"))
        ):
            head = note()
            head.setText(text)
            grid.addWidget(head, at, 0)
            grid.addWidget(self.cost[name], at, 1)
        save = button("Save plan…", "", "As YAML, for another day or another program")
        load = button("Load plan…", "open", "A plan that was saved")
        save.clicked.connect(self._ask_save)
        load.clicked.connect(self._ask_load)
        self.content.addWidget(choice)
        self.content.addWidget(cost)
        self.content.addWidget(self.state)
        self.content.addLayout(row(save, load, 1))
        self.content.addStretch(1)

    def _ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the plan", "plan.yaml", "YAML (*.yaml)")
        if path:
            self.save_plan(Path(path))

    def _ask_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load a plan", "", "YAML (*.yaml *.yml)")
        if path:
            self.load_plan(Path(path))


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
