"""What the pages of the wizard share: the desk, the choices so far, and one way to ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from deepz_live.gui.record_controller import Caller
from deepz_live.gui.wizard.desk import (
    CaptureOrder,
    ChannelChoice,
    FieldChoice,
    Run,
    ScopeFacts,
    StackChoice,
    WizardDesk,
)

T = TypeVar("T")
EMPTY = CaptureOrder((), (), StackChoice(40.0, 0.5, "image"))


class Room(QObject):
    """The state of one wizard; pages read and write it, and know nothing of each other.

    ``failed`` carries a sentence to the page that is shown. ``scope_changed`` says that another
    microscope is open; ``order_changed`` that something else is to be captured;
    ``given_back`` that the live view streams again.
    """

    failed = pyqtSignal(str)
    scope_changed = pyqtSignal()
    order_changed = pyqtSignal()
    stacks_changed = pyqtSignal()
    given_back = pyqtSignal()

    def __init__(
        self,
        desk: WizardDesk,
        bridge: Caller,
        root: Callable[[], Path],
        now: Callable[[], datetime] = datetime.now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.desk, self.root, self._now = desk, root, now
        self._bridge = bridge
        self.scope: ScopeFacts | None = None
        self.order = EMPTY
        self.stacks: Path | None = None
        self.next_run: Callable[[], Run] | None = None
        """The capture to make on the next start, where it is not simply the order's."""
        self.closed = False
        """The program ends: what is still answered is shown nowhere."""

    def ask(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] = lambda _: None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have ``work`` done beside the GUI; a failure is shown unless ``failed`` takes it."""

        def answered(value: T) -> None:
            if not self.closed:
                done(value)

        def broken(error: Exception) -> None:
            if not self.closed:
                (failed or self.show)(error)

        self._bridge.call(work, answered, broken)

    def show(self, error: Exception) -> None:
        """A failure on the page that is open."""
        self.failed.emit(str(error) or type(error).__name__)

    def look(self) -> None:
        """Ask which microscope is open."""
        self.ask(self._looked, self.use)

    def look_again(self) -> None:
        """The window may have opened another microscope since: then take its proposal."""

        def looked(found: tuple[ScopeFacts | None, CaptureOrder]) -> None:
            if _identity(found[0]) != _identity(self.scope):
                self.use(found)

        self.ask(self._looked, looked)

    def open(self, path: Path, failed: Callable[[Exception], None]) -> None:
        """Open another microscope."""

        def work() -> tuple[ScopeFacts | None, CaptureOrder]:
            self.desk.open_profile(path)
            return self._looked()

        self.ask(work, self.use, failed)

    def use(self, found: tuple[ScopeFacts | None, CaptureOrder]) -> None:
        """Another microscope, and what its profile proposes."""
        self.scope, self.order = found
        self.scope_changed.emit()
        self.order_changed.emit()

    def give_back(self) -> None:
        """The live view may have the camera again."""
        self.ask(self.desk.give_back, lambda _: self.given_back.emit())

    def take(
        self,
        *,
        channels: tuple[ChannelChoice, ...] | None = None,
        fields: tuple[FieldChoice, ...] | None = None,
        stack: StackChoice | None = None,
    ) -> None:
        """Change part of what is to be captured."""
        old = self.order
        self.order = CaptureOrder(
            old.channels if channels is None else channels,
            old.fields if fields is None else fields,
            stack or old.stack,
        )
        if self.order != old:
            self.next_run = None
            self.order_changed.emit()

    def use_stacks(self, folder: Path) -> None:
        """Check and train on the stacks in ``folder``."""
        self.stacks = folder
        self.stacks_changed.emit()

    def go_on_with(self, folder: Path) -> None:
        """The next start goes on with the capture in ``folder``, unless the order changes."""
        self.stacks = folder
        self.next_run = lambda: self.desk.continue_run(folder)

    def new_folder(self) -> Path:
        """A folder for the next capture that does not exist yet."""
        name = f"calibration_{self._now():%Y-%m-%d_%H%M%S}"
        folder, count = self.root() / name, 1
        while folder.exists():
            count += 1
            folder = self.root() / f"{name}_{count}"
        return folder

    def new_bundle(self, stacks: Path, channel: str) -> Path:
        """A folder for the next model, beside the stacks it learns from."""
        kept = "".join(letter if letter.isalnum() else "-" for letter in channel)
        name = f"model_{kept}_{self._now():%H%M%S}" if kept else f"model_{self._now():%H%M%S}"
        folder, count = stacks / name, 1
        while folder.exists():
            count += 1
            folder = stacks / f"{name}_{count}"
        return folder

    def _looked(self) -> tuple[ScopeFacts | None, CaptureOrder]:
        scope = self.desk.scope()
        return scope, self.desk.order() if scope is not None else EMPTY


def _identity(scope: ScopeFacts | None) -> object:
    return None if scope is None else (scope.name, id(scope.core))
