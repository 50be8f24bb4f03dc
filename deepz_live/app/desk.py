"""What lies on the operator's desk: microscope, model, live session; and how they are exchanged.

All calls block and belong to one thread beside the GUI. A call that fails leaves, or brings
back, what was running.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deepz_live.app.depths import opening_view
from deepz_live.app.live import LiveSession

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.config import Profile
    from deepz_live.refocus.engine import Engine
    from deepz_live.stream.source import FrameSource


class DeskError(RuntimeError):
    """Something cannot be exchanged now: the sentence says why and what to do first."""


class Openers(Protocol):
    """How things are opened; a test hands in others."""

    def profile(self, path: Path) -> Profile:
        """Read a profile."""

    def microscope(self, profile: Profile) -> Microscope:
        """Open a microscope."""

    def engine(self, bundle: Path) -> Engine:
        """Open a bundle and start its network."""

    def replay(self, folder: Path) -> FrameSource:
        """Open a recorded session as a source."""


class RealOpeners:
    """The rooms below; imported when needed, since they are heavy."""

    def profile(self, path: Path) -> Profile:
        """Read a profile."""
        from deepz_live.config import load_profile

        return load_profile(path)

    def microscope(self, profile: Profile) -> Microscope:
        """Open a microscope."""
        from deepz_live.acquire.microscope import open_microscope

        return open_microscope(profile)

    def engine(self, bundle: Path) -> Engine:
        """Open a bundle and start its network."""
        from deepz_live.model.bundle import load_bundle
        from deepz_live.refocus.engine import open_engine

        return open_engine(load_bundle(bundle))

    def replay(self, folder: Path) -> FrameSource:
        """Open a recorded session as a source."""
        from deepz_live.session.reader import read_session
        from deepz_live.session.replay import ReplaySource

        return ReplaySource(read_session(folder), speed=1.0, hold_at_end=True)


class Desk:
    """Exchanges parts of the running session.

    Parameters
    ----------
    openers
        How things are opened.
    microscope
        One that is open already; whoever opened it closes it.
    """

    def __init__(
        self, openers: Openers | None = None, *, microscope: Microscope | None = None
    ) -> None:
        self._openers = openers or RealOpeners()
        self._live: LiveSession | None = None
        self._engine: Engine | None = None
        self._microscope = microscope
        self._owned: list[Engine | Microscope] = []

    @property
    def live(self) -> LiveSession | None:
        """What runs now."""
        return self._live

    @property
    def microscope(self) -> Microscope | None:
        """The open microscope, also while a replay is shown."""
        return self._microscope

    def begin(self, factory: Callable[[], LiveSession]) -> LiveSession:
        """Make and start the first session. What the factory opened stays its own."""
        live = factory()
        live.start()
        self._live, self._engine = live, live.engine
        return live

    def open_profile(self, path: Path) -> LiveSession:
        """Stream from another microscope.

        Raises
        ------
        ProfileError, MicroscopeError, SourceError, DeskError
            What was running still runs.
        """
        profile = self._openers.profile(path)
        self._refuse_while_recording("another profile is opened")
        old = self._microscope
        hardware = profile.microscope != "simulated"
        if hardware and old is not None and old.profile.microscope != "simulated":
            return self._reopen_hardware(profile, old)
        fresh = self._openers.microscope(profile)
        try:
            live = self._exchange(lambda: self._session(fresh.camera_source(), fresh))
        except Exception:
            fresh.close()
            raise
        self._own_microscope(fresh)
        return live

    def open_bundle(self, path: Path) -> LiveSession:
        """Refocus with another model; the stream is started again.

        Raises
        ------
        BundleError, RefocusError, DeskError
            What was running still runs.
        """
        fresh = self._openers.engine(path)
        old = self._engine
        try:
            self._refuse_while_recording("another model is opened")
            live = self._exchange(lambda: self._same_source(fresh))
        except Exception:
            fresh.close()
            raise
        self._engine = fresh
        self._let_go(old)
        self._owned.append(fresh)
        return live

    def open_replay(self, folder: Path) -> LiveSession:
        """Play a recorded session through the same path.

        Raises
        ------
        SessionError, DeskError
            What was running still runs.
        """
        source = self._openers.replay(folder)
        self._refuse_while_recording("a replay is opened")
        return self._exchange(lambda: self._session(source, None))

    def pause_for(self, work: Callable[[], None]) -> LiveSession:
        """Give the camera to ``work`` (a calibration), then stream again, whatever happened."""
        self._refuse_while_recording("a calibration starts")
        source = self._source()
        if self._live is not None:
            self._live.stop()
        try:
            work()
        finally:
            self._live = self._session(source, self._microscope)
            self._live.start()
        return self._live

    def close(self) -> None:
        """Stop the session and close what was opened here; harmless when called twice."""
        try:
            if self._live is not None:
                self._live.stop()
        finally:
            owned, self._owned = self._owned, []
            for thing in reversed(owned):
                thing.close()

    def _session(self, source: FrameSource, microscope: Microscope | None) -> LiveSession:
        truth = microscope.truth if microscope is not None else None
        return LiveSession(source, self._engine, request=opening_view(self._engine), truth=truth)

    def _same_source(self, engine: Engine) -> LiveSession:
        truth = self._microscope.truth if self._microscope is not None else None
        return LiveSession(self._source(), engine, request=opening_view(engine), truth=truth)

    def _source(self) -> FrameSource:
        if self._live is None:
            raise DeskError("Nothing is streaming; open a profile or a recorded session first.")
        return self._live.source

    def _exchange(self, make: Callable[[], LiveSession]) -> LiveSession:
        """Stop the old session, start the new; on failure the old source streams again."""
        fresh = make()
        old = self._live
        if old is not None:
            old.stop()
        try:
            fresh.start()
        except Exception:
            if old is not None:
                self._live = LiveSession(
                    old.source, self._engine, request=opening_view(self._engine)
                )
                self._live.start()
            raise
        self._live = fresh
        return fresh

    def _reopen_hardware(self, profile: Profile, old: Microscope) -> LiveSession:
        """The same devices cannot be open twice: close first, and open again on failure."""
        if self._live is not None:
            self._live.stop()
        self._let_go(old)
        old.close()
        try:
            fresh = self._openers.microscope(profile)
        except Exception:
            self._start_on(self._openers.microscope(old.profile))
            raise
        return self._start_on(fresh)

    def _start_on(self, microscope: Microscope) -> LiveSession:
        self._microscope = microscope
        self._owned.append(microscope)
        self._live = self._session(microscope.camera_source(), microscope)
        self._live.start()
        return self._live

    def _own_microscope(self, fresh: Microscope) -> None:
        old, self._microscope = self._microscope, fresh
        self._let_go(old)
        self._owned.append(fresh)

    def _let_go(self, thing: Engine | Microscope | None) -> None:
        """Close what was opened here; what others opened they close themselves."""
        if thing is not None and thing in self._owned:
            self._owned.remove(thing)
            thing.close()

    def _refuse_while_recording(self, what: str) -> None:
        if self._live is not None and self._live.recording:
            raise DeskError(f"A recording is running; stop it (R) before {what}.")
