"""Page 1: which microscope; a profile, or a new one from a Micro-Manager ``.cfg``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog, QGroupBox, QPushButton, QVBoxLayout

from deepz_live.app.new_profile import ProfileDraft
from deepz_live.gui.devices.widgets import prepare
from deepz_live.gui.wizard.cfg_form import CfgForm
from deepz_live.gui.wizard.devices import DevicesDialog, run_hardware_wizard
from deepz_live.gui.wizard.room import Room
from deepz_live.gui.wizard.sheet import Sheet, button, chooser, note, row, say
from deepz_live.gui.wizard.steps import Step

if TYPE_CHECKING:
    from deepz_live.acquire.cfg import CfgContents


class MicroscopePage(Sheet):
    """Shows what is open; opens another."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "Which microscope?",
            "A profile names the microscope, its objective and the limits that no move ever "
            "leaves. Choose one, or make one from a Micro-Manager configuration.",
        )
        self._skip = False
        self.dialog: DevicesDialog | None = None
        self.facts = note("")
        self.content.addWidget(self._profile_box())
        self.cfg = CfgForm()
        self.cfg.hide()
        self.cfg.write.clicked.connect(self._ask_profile_file)
        self.content.addWidget(self.cfg)
        self.content.addWidget(self._stacks_box())
        self.content.addStretch(1)
        room.scope_changed.connect(self._show_scope)
        self._show_scope()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Go on with an open microscope, or with stacks that exist."""
        return self.room.scope is not None or self._skip

    def nextId(self) -> int:  # noqa: N802
        """Stacks that exist need no capture."""
        return int(Step.CHECK if self._skip else Step.SAMPLE)

    def initializePage(self) -> None:  # noqa: N802
        """What is open already is taken as it is."""
        self.room.look()

    def open_profile(self, path: Path) -> None:
        """Open the microscope of a profile."""
        self._skip = False
        self.banner.clear()
        say(self.facts, f"Opening {path.name} …")
        self.room.open(path, self._not_opened)

    def read_cfg(self, path: Path) -> None:
        """Ask what a ``.cfg`` leaves open."""
        self.banner.clear()
        self.room.ask(lambda: self.room.desk.read_cfg(path), self._show_cfg)

    def write_profile(self, path: Path) -> None:
        """Write the profile that the form describes, and open it."""
        draft = self.cfg.draft
        if draft is None:
            return
        self.banner.clear()
        self.room.ask(
            lambda: self._written(path, draft),
            lambda _: self._open_written(path),
        )

    def use_stacks(self, folder: Path) -> None:
        """Go to the check of stacks that exist."""
        self.room.use_stacks(folder)
        self._go_on(Step.CHECK)

    def continue_capture(self, folder: Path) -> None:
        """Go on with a capture that was interrupted."""
        self.room.go_on_with(folder)
        wizard = self.wizard()
        if wizard is not None:
            wizard.setCurrentId(Step.ACQUIRE)

    def make_cfg(self) -> None:
        """Micro-Manager's hardware configuration, then a profile for what it wrote."""
        self.room.ask(prepare, lambda _: run_hardware_wizard(self, self.read_cfg, self.room.show))

    def show_devices(self) -> None:
        """Presets, exposure, stages and properties of the open microscope."""
        self.devices.setEnabled(False)
        self.room.ask(prepare, lambda _: self._show_devices())

    def _show_devices(self) -> None:
        scope = self.room.scope
        self.devices.setEnabled(True)
        if scope is not None and scope.core is not None:
            if self.dialog is not None:
                self.dialog.close()
            self.dialog = DevicesDialog(scope, self)
            self.dialog.destroyed.connect(self._forget_dialog)
            self.dialog.show()

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _go_on(self, _step: Step) -> None:
        self._skip = True
        self.completeChanged.emit()
        wizard = self.wizard()
        if wizard is not None:
            wizard.next()
        self._skip = False

    def _written(self, path: Path, draft: ProfileDraft) -> None:
        self.room.desk.write_profile(path, draft)

    def _open_written(self, path: Path) -> None:
        self.cfg.hide()
        self.open_profile(path)

    def _show_cfg(self, facts: CfgContents) -> None:
        self.cfg.show_facts(facts)
        self.cfg.show()

    def _not_opened(self, error: Exception) -> None:
        self._show_scope()
        self.room.show(error)

    def _show_scope(self) -> None:
        scope = self.room.scope
        self.devices.setEnabled(scope is not None and scope.core is not None)
        self.resume.setEnabled(scope is not None)
        if scope is None:
            say(self.facts, "No microscope is open yet.", "caution")
        else:
            height, width = scope.shape
            low, high = scope.z_limits_um
            say(
                self.facts,
                f"<b>{scope.name}</b> is open. Camera {width} × {height} pixels of "
                f"{scope.pixel_size_um:.4g} µm, highest count {scope.full_counts}.<br>"
                f"Objective: {scope.optics}.<br>"
                f"The focus stays within {low:g} … {high:g} µm, the stage within "
                f"±{scope.xy_limit_um:g} µm.",
                "",
            )
        self.completeChanged.emit()

    def _profile_box(self) -> QGroupBox:
        self.profiles = chooser("Microscopes that ship with the program")
        for name, path in self.room.desk.profiles():
            self.profiles.addItem(name, path)
        self.open = button("Open", "camera", "Open the microscope of this profile")
        self.open.clicked.connect(lambda: self.open_profile(Path(self.profiles.currentData())))
        browse = button("Other profile…", "open", "A profile of your own")
        browse.clicked.connect(self._ask_profile)
        new = button("New from a .cfg…", "settings", "Make a profile for a Micro-Manager .cfg")
        new.clicked.connect(self._ask_cfg)
        hardware = button(
            "Make a .cfg…", "", "Micro-Manager's hardware configuration: which devices, which ports"
        )
        hardware.clicked.connect(self.make_cfg)
        self.devices = button(
            "Devices…", "", "Channels, exposure, stages and all properties of the open microscope"
        )
        self.devices.clicked.connect(self.show_devices)
        box = QGroupBox("Microscope")
        column = QVBoxLayout(box)
        column.addLayout(row("Profile", self.profiles, self.open, browse, 1))
        column.addWidget(self.facts)
        _explained(
            column,
            150,
            (
                (new, "A profile of your own, for a microscope that works in Micro-Manager."),
                (hardware, "Micro-Manager's hardware wizard: which devices are on which ports."),
                (
                    self.devices,
                    "Turn the open microscope by hand: channels, stages, all properties.",
                ),
            ),
        )
        return box

    def _stacks_box(self) -> QGroupBox:
        existing = button("Check and train on stacks…", "open", "A folder of z-stacks")
        existing.clicked.connect(self._ask_stacks)
        self.resume = button(
            "Continue a capture…", "replay", "Go on with a calibration that was interrupted"
        )
        self.resume.clicked.connect(self._ask_resume)
        box = QGroupBox("Captured already?")
        column = QVBoxLayout(box)
        _explained(
            column,
            190,
            (
                (existing, "z-stacks that are on disk already; no microscope is needed."),
                (
                    self.resume,
                    "A calibration that was interrupted: the missing fields are captured.",
                ),
            ),
        )
        return box

    def _ask_profile(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open profile", "", "Profiles (*.yaml *.yml)")
        if path:
            self.open_profile(Path(path))

    def _ask_cfg(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Micro-Manager configuration", "", "Micro-Manager (*.cfg)"
        )
        if path:
            self.read_cfg(Path(path))

    def _ask_profile_file(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Write the profile", "my-scope.yaml", "Profiles (*.yaml)"
        )
        if path:
            self.write_profile(Path(path))

    def _ask_stacks(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder of z-stacks", str(self.room.root()))
        if path:
            self.use_stacks(Path(path))

    def _ask_resume(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Folder of the interrupted capture", str(self.room.root())
        )
        if path:
            self.continue_capture(Path(path))


def _explained(
    column: QVBoxLayout, width_px: int, buttons: Iterable[tuple[QPushButton, str]]
) -> None:
    """Buttons below each other, each with what it is for beside it."""
    for push, text in buttons:
        push.setMinimumWidth(width_px)
        hint = note()
        hint.setText(text)
        column.addLayout(row(push, hint))
