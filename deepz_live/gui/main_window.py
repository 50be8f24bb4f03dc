"""The window: puts the views together and ties them to their controllers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QChildEvent, QPoint, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QMainWindow,
    QSizePolicy,
    QStatusBar,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from deepz_live.app.desk import Desk, DeskError
from deepz_live.app.live import LiveSession
from deepz_live.gui import theme
from deepz_live.gui.actions import ACTIONS, TOOLBAR, fill_menus, make_actions
from deepz_live.gui.asking import Asking
from deepz_live.gui.banner import Banner
from deepz_live.gui.bridge import Bridge
from deepz_live.gui.channel_dialog import ChannelDialog
from deepz_live.gui.display import Display
from deepz_live.gui.knob import DepthKnob
from deepz_live.gui.layout.arrangement import Arrangement
from deepz_live.gui.layout.docks import add_docks, fill_panels
from deepz_live.gui.live_controller import LiveController
from deepz_live.gui.look_bar import LookBar
from deepz_live.gui.pane_menu import show_pane_menu
from deepz_live.gui.panes.grid import PaneGrid
from deepz_live.gui.parts import Closing, Preparing
from deepz_live.gui.record_controller import RecordController
from deepz_live.gui.recorder import RecordBar
from deepz_live.gui.replay.bar import TransportBar
from deepz_live.gui.replay.controller import TransportController, replay_of
from deepz_live.gui.see_out import see_out
from deepz_live.gui.settings.keeper import SettingsKeeper
from deepz_live.gui.status_line import StatusLine
from deepz_live.gui.tour.part import HelpPart
from deepz_live.gui.trouble.button import TroubleButton
from deepz_live.gui.trouble.part import TroublePart
from deepz_live.gui.view_controller import ViewController
from deepz_live.gui.window_parts import make_parts
from deepz_live.gui.wizard.real_desk import RealWizardDesk
from deepz_live.gui.wizard.wizard import CalibrationWizard
from deepz_live.refocus.cuts import PlaneCut

TICK_MS = 33
KNOB_KEY_UM = 0.5


class MainWindow(QMainWindow):
    """One live session at a time; it is handed in through the desk, never fetched.

    Parameters
    ----------
    desk
        Opens and exchanges microscope, model and session, beside the GUI thread.
    recordings
        Folder in which recordings are made.
    settings
        File of what the window remembers; with None it remembers nothing.
    clock
        Seconds, monotonic.
    """

    session_changed = pyqtSignal()
    first_failed = pyqtSignal(object)

    def __init__(
        self,
        desk: Desk,
        *,
        recordings: Path,
        title: str = "deepz-live",
        settings: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.resize(1600, 950)
        self.desk = desk
        self.bridge = Bridge(self)
        self._make_views()
        self.keeper = SettingsKeeper(settings, self.bridge, self.fail, self)
        self.asking = Asking(self, self.keeper)
        self.display = Display(self.grid, clock)
        root = self.keeper.folder("recordings", recordings)
        self.record = RecordController(self.record_bar, self.bridge, root, self.fail)
        self.transport = TransportController(self.transport_bar)
        self.view = ViewController(self.knob, self.grid, self.display.name_panes)
        self.live = LiveController(self, clock)
        self.parts = make_parts(self)
        self.live.follow(self.parts)
        specs, deeds = dict(ACTIONS), self._deeds()
        for part in self.parts:
            specs.update(part.actions)
            deeds.update(part.deeds)
        self.actions_by_key = make_actions(self, specs, deeds)
        self.docks = add_docks(self, (spec for part in self.parts for spec in part.docks))
        self._lay_out()
        for piece in theme.parts_of(self):
            theme.dress(piece)
        self.arrangement = Arrangement(
            self, self.docks, self.view, self.keeper, self.banner.show_warning
        )
        self._connect()
        self.arrangement.restore()
        for sentence in self.keeper.troubles:
            self.banner.show_warning(sentence)
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.live.tick)
        self._timer.start(TICK_MS)
        self.wizard: CalibrationWizard | None = None

    def greet(self) -> None:
        """Show the tour to whom it is new."""
        for part in self.parts:
            if isinstance(part, HelpPart):
                part.greet()

    def begin(self, factory: Callable[[], LiveSession]) -> None:
        """Make and start the first session beside the GUI, then show it."""
        self.exchange(lambda: self.desk.begin(factory), "Starting …")

    def open_profile(self, path: Path) -> None:
        """Stream from another microscope."""
        self.exchange(lambda: self.desk.open_profile(path), f"Opening {path.name} …")

    def open_bundle(self, path: Path) -> None:
        """Refocus with another model."""
        self.exchange(lambda: self.desk.open_bundle(path), f"Opening {path.name} …")

    def open_replay(self, folder: Path) -> None:
        """Play a recorded session."""
        self.exchange(lambda: self.desk.open_replay(folder), f"Opening {folder.name} …")

    @property
    def shown(self) -> LiveSession | None:
        """The session that is shown."""
        return self.live.live

    @property
    def recordings(self) -> Path:
        """Folder for recordings."""
        return self.record.root

    @property
    def window_itself(self) -> QMainWindow:
        """Where parts show what belongs to no panel."""
        return self

    def say(self, text: str) -> None:
        """A short note in the status line."""
        self.status_line.show_cursor(text)

    def ask_where(self, title: str, name: str, kinds: str) -> Path | None:
        """Where to write a file; None where the operator thought better of it."""
        return self.asking.where(title, self.record.root / name, kinds)

    def fail(self, error: Exception) -> None:
        """The sentence in the banner; whatever ran, runs."""
        self.banner.show_error(str(error) or type(error).__name__, error)

    def use(self, live: LiveSession | None) -> None:
        """Show another session."""
        self.transport.use(replay_of(live))
        self.live.use(live)
        self.session_changed.emit()

    def childEvent(self, event: QChildEvent | None) -> None:  # noqa: N802 - Qt's name
        """What comes later (a dialog, a menu) is dressed when it is shown."""
        super().childEvent(event)
        child = event.child() if event is not None and event.polished() else None
        if isinstance(child, QWidget):
            theme.dress(child)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """What is seen of the window itself are the lines between its panels."""
        if event is not None:
            painter = QPainter(self)
            painter.fillRect(event.rect(), QColor(theme.LINE))
            painter.end()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Stop all threads; what is being recorded is closed readable."""
        if not self._closed:
            self._closed = True
            self._timer.stop()
            self.arrangement.remember()
            self.keeper.flush()
            for part in self.parts:
                part.use(None)
                if isinstance(part, Closing):
                    part.close()
            if self.wizard is not None:
                self.wizard.stop()
                self.bridge.call(self.wizard.finish, lambda _: None, self.fail)
            self.bridge.call(self.desk.close, lambda _: None, self.fail)
            see_out(self.bridge, self.shown, self.banner)
        super().closeEvent(event)

    def exchange(self, work: Callable[[], LiveSession], message: str) -> None:
        """Make another session beside the GUI, then show it."""
        self.say(message)
        for part in self.parts:
            if isinstance(part, Preparing):
                self.bridge.call(part.prepare, lambda _: None, self.fail)
        self.bridge.call(work, self._arrived, self._broken)

    def _arrived(self, live: LiveSession) -> None:
        self.say("")
        if not self._closed:
            self.banner.clear()
            self.use(live)

    def _broken(self, error: Exception) -> None:
        self.say("")
        if not self._closed:
            if self.desk.live is not self.live.live:
                self.use(self.desk.live)
            self.fail(error)
            if self.desk.live is None:
                self.first_failed.emit(error)

    def _make_views(self) -> None:
        self.banner = Banner()
        self.knob = DepthKnob()
        self.grid = PaneGrid()
        self.transport_bar = TransportBar()
        self.record_bar = RecordBar()
        self.look_bar = LookBar()
        self.channel_bar = self.look_bar.channels
        self.status_line = StatusLine()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.grid, 1)
        column.addWidget(self.knob)
        column.addWidget(self.transport_bar)
        centre = QWidget()
        centre.setLayout(column)
        centre.setAutoFillBackground(True)  # so that the window itself is seen between the panels
        self.setCentralWidget(centre)
        self.toolbar = self._toolbar()
        self.addToolBar(self.toolbar)
        bar = self.menuBar()
        if bar is not None:
            menus = fill_menus(bar, self.actions_by_key, ((p.menu, p.actions) for p in self.parts))
            fill_panels(menus["&View"], self.docks)
        status = QStatusBar()
        status.setSizeGripEnabled(False)
        status.addWidget(self.status_line, 1)
        for part in self.parts:
            if isinstance(part, TroublePart):
                status.addPermanentWidget(TroubleButton(part.panel, self.docks["trouble"]))
        self.setStatusBar(status)

    def _toolbar(self) -> QToolBar:
        bar = QToolBar("Main")
        bar.setObjectName("main")  # by which Qt remembers its place
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for key in TOOLBAR:
            if key:
                bar.addAction(self.actions_by_key[key])
            else:
                bar.addSeparator()
        bar.addSeparator()
        bar.addWidget(self.record_bar)
        stretch = QWidget()
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(stretch)
        bar.addWidget(self.look_bar)
        return bar

    def _connect(self) -> None:
        self.knob.turned.connect(self.view.turn)
        self.grid.wheel_turned.connect(self.view.nudge)
        self.grid.clicked.connect(self.view.select)
        self.grid.hovered.connect(self.live.point)
        self.grid.menu_wanted.connect(self._show_menu)
        self.channel_bar.channel_wanted.connect(self.live.show_channel)
        self.record_bar.pressed.connect(self.record.toggle)
        self.look_bar.look_wanted.connect(lambda changes: self.display.set_look(**changes))
        self.look_bar.colours_wanted.connect(self.grid.set_colour_map)
        self.look_bar.spacing_wanted.connect(self.view.space)
        self.banner.dismissed.connect(self.live.dismiss)
        self.banner.again_wanted.connect(self.actions_by_key["stream_live"].trigger)

    def _show_menu(self, pane: int, where: QPoint) -> None:
        show_pane_menu(self, self.view, pane, where)

    def _deeds(self) -> dict[str, Callable[[], None]]:
        view = self.view
        return {
            "open_profile": self._ask_profile,
            "open_bundle": self._ask_bundle,
            "open_replay": self._ask_replay,
            "recordings": self._ask_recordings,
            "calibrate": self._calibrate,
            "quit": lambda: (self.close(), None)[1],
            "record": lambda: self.record.toggle(),
            "stream_live": lambda: self.exchange(self.desk.stream_live, "Starting the camera …"),
            "channels": self._ask_channels,
            "fit": self.grid.fit,
            "zoom_in": lambda: self.grid.zoom(0.8),
            "zoom_out": lambda: self.grid.zoom(1.25),
            "deeper": lambda: self._turn_by(KNOB_KEY_UM),
            "shallower": lambda: self._turn_by(-KNOB_KEY_UM),
            "next_pane": lambda: view.select((view.selected + 1) % len(view.cuts)),
            "add_pane": lambda: view.add(PlaneCut(view.depth_um or 0.0)),
            "remove_pane": lambda: view.remove(view.selected),
            "undo": view.undo,
            "redo": view.redo,
            "screenshot": self._ask_screenshot,
        }

    def _turn_by(self, um: float) -> None:
        if self.view.depth_um is not None:
            self.view.turn(self.view.depth_um + um)

    def _calibrate(self) -> None:
        if self.wizard is None:
            self.wizard = self._make_wizard()
        self.wizard.open()

    def _make_wizard(self) -> CalibrationWizard:
        wizard = CalibrationWizard(
            RealWizardDesk(self.desk), self.bridge, lambda: self.record.root, self.open_bundle, self
        )
        wizard.room.given_back.connect(self._follow_desk)
        return wizard

    def _follow_desk(self) -> None:
        """Show what streams now: the wizard had the camera, or opened another microscope."""
        if self.desk.live is not self.live.live and not self._closed:
            self.use(self.desk.live)

    def _ask_channels(self) -> None:
        microscope = self.desk.microscope
        if microscope is None:
            self.fail(DeskError("No microscope is open; open a profile first."))
            return
        names = microscope.channels
        if len(names) < 2:
            sentence = (
                f"This microscope has but one channel, {', '.join(names)}; name the group of its "
                "presets as micromanager.channel_group in the profile, to have several."
            )
            self.fail(DeskError(sentence))
            return
        live = self.live.live
        ticked = live.channels if live is not None and live.channels else names
        dialog = ChannelDialog(names, ticked, self)
        dialog.chosen.connect(self.stream_channels)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def stream_channels(self, names: tuple[str, ...]) -> None:
        """Take these channels in turn."""
        self.exchange(lambda: self.desk.open_channels(names), "Switching channels …")

    def _ask_profile(self) -> None:
        path = self.asking.profile()
        if path is not None:
            self.open_profile(path)

    def _ask_bundle(self) -> None:
        path = self.asking.bundle()
        if path is not None:
            self.open_bundle(path)

    def _ask_replay(self) -> None:
        path = self.asking.folder("Open session for replay", "session", self.record.root)
        if path is not None:
            self.open_replay(path)

    def _ask_recordings(self) -> None:
        path = self.asking.folder("Folder for recordings", "recordings", self.record.root)
        if path is not None:
            self.record.root = path

    def _ask_screenshot(self) -> None:
        path = self.ask_where("Save picture", "window.png", "PNG (*.png)")
        if path is not None and not self.grab().save(str(path), "PNG"):
            self.fail(OSError(f"Could not write {path}; choose another folder."))
