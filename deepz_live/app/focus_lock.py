"""The focus lock: the measured drift moves the stage, so that the sample stays in focus.

::

    refocus worker ──offer──> latest slot ──> focus-lock thread ──move_z──> microscope

The newest sample wins; one that came while a move was under way is too old to be used.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from deepz_live.app.focus_rule import FocusLockSettings, FocusRule, LockAction
from deepz_live.refocus.drift import DriftSample
from deepz_live.stream.frame import Frame
from deepz_live.stream.slots import LatestSlot

if TYPE_CHECKING:
    from deepz_live.config import Profile

__all__ = ["FocusLock", "FocusLockError", "FocusLockSettings", "LockAction", "LockStatus"]

_POLL_S = 0.2
_MOVES_KEPT = 16
_SLACK_S = 0.5
"""A move ends by the stage's own time-outs, one for each half of it, and a little later."""
_UNLOCK_WAITS_S = 2.0
"""Long for a move of the lock, and short for a window that lets it go."""

_NOT_LOCKED = LockAction("hold", text="not locked")

LockState = Literal["off", "locked", "stopped"]


class FocusLockError(RuntimeError):
    """The lock cannot be ended in order; the sentence says why."""


class FocusStage(Protocol):
    """What the lock needs of a microscope."""

    profile: Profile
    clock: Callable[[], float]

    @property
    def z_um(self) -> float:
        """Where the focus stage says it is."""

    def move_z(self, z_um: float) -> None:
        """Move, wait, verify; refuses to leave the limits."""


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Snapshot: ``text`` is the sentence to show; ``error_um`` how far the stage is too low."""

    state: LockState = "off"
    text: str = ""
    error_um: float | None = None
    moves: int = 0
    travel_um: float = 0.0


class FocusLock:
    """Holds the focus on the sample while it is switched on.

    It obeys the profile's limits through ``move_z`` and knows them beforehand, so that it stops
    with a sentence instead of being refused. Whatever makes it stop, the stage stays where it is.
    Who was told that it let go, or is aside, finds no move of its own under way any more. The lock
    of the stage is taken before the guard, never after.
    """

    def __init__(self, microscope: FocusStage, settings: FocusLockSettings | None = None) -> None:
        self.settings = settings or FocusLockSettings()
        self._microscope = microscope
        stage = microscope.profile.stage
        self._rule = FocusRule(self.settings, (stage.z_min_um, stage.z_max_um))
        self._samples: LatestSlot[tuple[int, DriftSample, float]] = LatestSlot()
        self._guard = threading.Lock()
        # Held during a move. Its own thread may let go in mid-move, and must not wait for itself.
        self._stage = threading.RLock()
        self._status = LockStatus()
        self._generation = 0
        self._used = False
        self._moves: deque[tuple[float, float]] = deque(maxlen=_MOVES_KEPT)
        self._moving_since_s: float | None = None
        self._aside_since_s: float | None = None
        self._thread: threading.Thread | None = None
        self.on_event: list[Callable[..., None]] = []
        """Called as ``listener(kind, **facts)`` for a recording: lock, unlock, stop, each move."""

    @property
    def status(self) -> LockStatus:
        """How it stands; callable from any thread."""
        return self._status

    @property
    def locked(self) -> bool:
        """True while it holds the focus."""
        return self._status.state == "locked"

    @property
    def used(self) -> bool:
        """True once it was switched on."""
        return self._used

    def start(self) -> None:
        """Start the thread that moves the stage; nothing moves before :meth:`lock`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="focus-lock", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread, which ends the holding; harmless when called twice.

        Raises
        ------
        FocusLockError
            The stage did not finish its move within ``timeout_s``.
        """
        self._samples.close()
        if self._thread is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise FocusLockError(
                f"The focus stage did not finish its move within {timeout_s:g} s; check it and its "
                "controller."
            )

    def lock(self) -> None:
        """Hold the focus where it is now."""
        self._used = True
        self._set("locked", "waiting for the first drift sample")
        self._tell("focus lock", on=True, settings=self.settings.model_dump())

    def unlock(self) -> None:
        """Let the focus go; the stage stays, at the end of a move that is under way."""
        if self.locked:
            self._set("off", "")
            self._tell("focus lock", on=False)
        self._at_rest(_UNLOCK_WAITS_S)

    def restart(self) -> None:
        """Drift is measured against a new reference: hold what that one shows, from now on."""
        with self._guard:
            self._generation += 1
            self._rule.restart()

    def offer(self, sample: DriftSample, frame: Frame) -> None:
        """Take a drift sample and the frame it was measured in; never waits."""
        if self.locked:
            self._samples.put((self._generation, sample, frame.z_um))

    def moved_during(self, frame: Frame) -> bool:
        """True where the lock moved the stage while ``frame`` was exposed, or just before.

        Where the stage was in such a frame is not known well enough to measure drift in it.
        """
        reach_s = frame.exposure_ms / 1000
        first, last = frame.time_s - reach_s, frame.time_s + reach_s
        with self._guard:
            began = [t for t in (self._moving_since_s, self._aside_since_s) if t is not None]
            return any(last >= begin for begin in began) or any(
                last >= begin and first <= end for begin, end in self._moves
            )

    def set_aside(self, on: bool) -> None:
        """While ``on``, somebody else moves the stage: the lock does not, and measures no drift.

        Waits for a move of the lock that is under way.

        Raises
        ------
        FocusLockError
            That move does not end; the lock is not aside then.
        """
        now = self._microscope.clock()
        with self._guard:
            if on and self._aside_since_s is None:
                self._aside_since_s = now
            elif not on and self._aside_since_s is not None:
                self._moves.append((self._aside_since_s, now + self.settings.settle_s))
                self._aside_since_s = None
        patience_s = 2 * self._microscope.profile.stage.timeout_s + _SLACK_S
        if on and not self._at_rest(patience_s):
            self.set_aside(False)
            raise FocusLockError(
                f"The focus stage has not finished a move of the focus lock for {patience_s:g} s; "
                "check it and its controller."
            )

    def step(self, sample: DriftSample, z_um: float) -> LockAction:
        """Decide upon one sample and do it; blocks until the stage has arrived."""
        with self._guard:
            generation = self._generation
            if not self._holds(generation):
                return _NOT_LOCKED
            action = self._rule.update(sample, z_um)
        if action.kind == "stopped":
            self._stop_with(action.text, action.error_um)
        elif action.z_um is not None:
            return self._move(action.z_um, action, generation)
        else:
            self._note(action)
        return action

    def _loop(self) -> None:
        while True:
            item = self._samples.get(_POLL_S)
            if item is None:
                if self._samples.closed:
                    return
                continue
            generation, sample, z_um = item
            if self.locked and generation == self._generation:
                self.step(sample, z_um)

    def _holds(self, generation: int) -> bool:
        """Whether what was decided in ``generation`` may move the stage; asked with the guard."""
        held = self._status.state == "locked" and self._aside_since_s is None
        return held and generation == self._generation

    def _at_rest(self, patience_s: float) -> bool:
        """Wait for a move of another thread; whether none is under way."""
        free = self._stage.acquire(timeout=patience_s)
        if free:
            self._stage.release()
        return free

    def _move(self, z_um: float, action: LockAction, generation: int) -> LockAction:
        clock, failed = self._microscope.clock, None
        begin = clock()
        with self._stage:
            with self._guard:
                if not self._holds(generation):
                    return _NOT_LOCKED  # let go since it was decided
                self._moving_since_s = begin
            try:
                before = self._microscope.z_um
                self._microscope.move_z(z_um)
            except Exception as error:  # whatever a stage raises: the lock ends, and says it
                failed = error
            finally:
                self._arrived(begin, clock(), z_um)
        if failed is not None:
            self._stop_with(f"Focus lock stopped: {failed}", action.error_um)
            return action
        self._note(action, travel_um=abs(z_um - before))
        self._tell(
            "stage", z_um=z_um, from_z_um=before, began_s=begin, why="focus lock",
            error_um=action.error_um,
        )  # fmt: skip
        return action

    def _arrived(self, begin: float, end: float, z_um: float) -> None:
        with self._guard:
            self._moving_since_s = None
            self._moves.append((begin, end + self.settings.settle_s))
            self._rule.moved(z_um, end)

    def _note(self, action: LockAction, travel_um: float | None = None) -> None:
        with self._guard:
            old = self._status
            if old.state != "locked":
                return
            moves, travelled = old.moves, old.travel_um
            if travel_um is not None:
                moves, travelled = moves + 1, travelled + travel_um
            error_um = old.error_um if action.error_um is None else action.error_um
            self._status = LockStatus("locked", action.text, error_um, moves, travelled)

    def _stop_with(self, sentence: str, error_um: float | None) -> None:
        self._set("stopped", sentence, error_um)
        self._tell("focus lock", on=False, message=sentence)

    def _set(self, state: LockState, text: str, error_um: float | None = None) -> None:
        with self._guard:
            old = self._status
            self._status = LockStatus(state, text, error_um, old.moves, old.travel_um)
            self._generation += 1
            self._rule.restart()

    def _tell(self, kind: str, **facts: Any) -> None:
        for listener in self.on_event:
            listener(kind, **facts)
