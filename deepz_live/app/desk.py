"""What lies on the operator's desk: microscope, model, live session; and how they are exchanged.

All calls block and belong to one thread beside the GUI. A call that fails leaves, or brings
back, what was running.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from deepz_live.app.channel_models import models_of_replay
from deepz_live.app.live_opening import channel_engines, engines_of, live_on, stream_of
from deepz_live.app.openers import Openers, RealOpeners
from deepz_live.session.replay import ReplaySource

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.app.live import LiveSession
    from deepz_live.config import Profile
    from deepz_live.refocus.engine import Engine
    from deepz_live.session.series import SeriesChoice
    from deepz_live.stream.source import FrameSource

__all__ = ["Desk", "DeskError", "Openers", "RealOpeners"]


class DeskError(RuntimeError):
    """Something cannot be exchanged now: the sentence says why and what to do first."""


class Desk:
    """Exchanges parts of the running session.

    Parameters
    ----------
    openers
        How things are opened.
    microscope
        One that is open already; whoever opened it closes it.
    engine, engines
        Models likewise, and those of single channels; by default those of the first session.
    """

    def __init__(
        self,
        openers: Openers | None = None,
        *,
        microscope: Microscope | None = None,
        engine: Engine | None = None,
        engines: Mapping[str, Engine] | None = None,
    ) -> None:
        self._openers = openers or RealOpeners()
        self._live: LiveSession | None = None
        self._engine = engine
        self._own: dict[str, Engine] = dict(engines or {})
        """Models of single channels of this microscope; :attr:`_engine` is for all others."""
        self._microscope = microscope
        self._owned: list[Engine | Microscope] = []
        self._lent = False
        self._channel_models, self._replay_models = ExitStack(), ExitStack()

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
        self._live = live
        if self._engine is None:
            self._engine, self._own = live.engine, dict(live.engines)
        return live

    def open_both(self, profile: Path, bundle: Path) -> LiveSession:
        """A model and a microscope at once, for a start from nothing.

        Raises
        ------
        ProfileError, MicroscopeError, SourceError, BundleError, RefocusError, DeskError
            Nothing runs.
        """
        fresh = self._openers.engine(bundle)
        self._let_go(self._engine)
        self._engine = fresh
        self._owned.append(fresh)
        return self.open_profile(profile)

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
        self._own = {}
        return live

    def open_bundle(self, path: Path) -> LiveSession:
        """Refocus with another model; the stream is started again.

        Of several channels those with a model of their own keep it.

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
        if not live.channels:
            self._own.pop(live.source.info.channel, None)
        self._let_go(old)
        self._owned.append(fresh)
        return live

    def open_replay(self, folder: Path) -> LiveSession:
        """Play a recorded session through the same path, its channels with their own models.

        Raises
        ------
        SessionError, RefocusError, DeskError
            What was running still runs.
        """
        source = self._openers.replay(folder)
        self._refuse_while_recording("a replay is opened")
        with ExitStack() as models:  # closed again where something fails
            paths = models_of_replay(source, self._engine)
            own = models.enter_context(engines_of(paths, self._openers.engine))
            live = self._exchange(lambda: live_on(source, self._engine, None, engines=own))
            # Those of the microscope's channels stay: the live view goes on with them afterwards.
            self._replay_models.close()
            self._replay_models = models.pop_all()
        return live

    def open_images(
        self, path: Path, choice: SeriesChoice, *, resample: bool = False
    ) -> LiveSession:
        """Play an image file through the same path; ``resample`` to the model's pixel size.

        Raises
        ------
        StackError, DeskError
            What was running still runs.
        """
        to_um = None
        if resample and self._engine is not None:
            to_um = self._engine.bundle.facts.pixel_size_um
        source = self._openers.images(path, choice, to_um)
        self._refuse_while_recording("images are opened")
        return self._exchange(lambda: self._session(source, None))

    def open_channels(self, names: Sequence[str]) -> LiveSession:
        """Stream these channels in turn, each with its own model; of one name that channel alone.

        Raises
        ------
        MicroscopeError, SourceError, BundleError, RefocusError, DeskError
            The camera streams as before.
        """
        microscope, models = self.lend(), ExitStack()
        try:
            engines = models.enter_context(channel_engines(microscope, names, self._openers.engine))
            source = stream_of(microscope, names)
            live = live_on(source, self._engine, microscope, engines=engines)
            live.start()
        except Exception:
            models.close()
            self.take_back()
            raise
        self._channel_models.close()
        self._channel_models, self._live, self._lent = models, live, False
        self._own = engines
        return live

    def borrow(self, work: Callable[[Microscope], None], what: str) -> None:
        """Let ``work`` have the microscope with the stream stopped; then stream as it is set now.

        A replay goes on: it does not use the camera. ``what`` ends the sentence of a refusal
        ("… before the exposure is changed").

        Raises
        ------
        MicroscopeError, LimitError, DeskError
            From ``work``, or refused; the camera streams again.
        """
        self._refuse_while_lent(what)
        if self._microscope is None:
            raise DeskError("No microscope is open; open a profile first.")
        live = self._live
        if live is None or isinstance(live.source, ReplaySource):
            work(self._microscope)
            return
        self._refuse_while_recording(what)
        microscope = self.lend()
        try:
            work(microscope)
        finally:
            self._stream_again(microscope, live.channels)

    def stream_live(self) -> LiveSession:
        """Stream from the open microscope as it is set now, after its camera stopped or a replay.

        Raises
        ------
        MicroscopeError, SourceError, DeskError
            The camera does not start: nothing streams; or refused: what was running still runs.
        """
        self._refuse_while_lent("the live view begins")
        self._refuse_while_recording("the live view begins anew")
        live = self._live
        channels = () if live is None or isinstance(live.source, ReplaySource) else live.channels
        return self._stream_again(self.lend(), channels)

    def _stream_again(self, microscope: Microscope, channels: Sequence[str]) -> LiveSession:
        """As before, also where channels were taken in turn."""
        if len(channels) > 1 and len(microscope.cameras) == 1:
            return self.open_channels(channels)
        return self._begin_on(microscope)

    def lend(self) -> Microscope:
        """Stop the stream, so that somebody else can use the microscope; harmless when repeated.

        It streams again after :meth:`take_back`, or when something else is opened.

        Raises
        ------
        DeskError
            No microscope is open, or a recording is running.
        """
        if self._microscope is None:
            raise DeskError("No microscope is open; open a profile first.")
        self._refuse_while_recording("a calibration starts")
        if self._live is not None:
            self._live.stop()
        self._lent = True
        return self._microscope

    def take_back(self) -> None:
        """Stream from the microscope again after :meth:`lend`, as it is set now."""
        if self._lent and self._microscope is not None:
            self._begin_on(self._microscope)

    def close(self) -> None:
        """Stop the session and close what was opened here; harmless when called twice."""
        try:
            if self._live is not None:
                self._live.stop()
        finally:
            self._channel_models.close()
            self._replay_models.close()
            owned, self._owned = self._owned, []
            for thing in reversed(owned):
                thing.close()

    def _session(self, source: FrameSource, microscope: Microscope | None) -> LiveSession:
        known = microscope is self._microscope and not isinstance(source, ReplaySource)
        return live_on(source, self._engine, microscope, engines=self._own if known else None)

    def _same_source(self, engine: Engine) -> LiveSession:
        own = self._live.engines if self._live is not None else None
        return live_on(self._source(), engine, self._microscope, engines=own)

    def _source(self) -> FrameSource:
        if self._live is None:
            raise DeskError("Nothing is streaming; open a profile or a recorded session first.")
        if self._lent and self._microscope is not None:
            # Its channel and exposure may be others than before it was lent.
            return self._microscope.camera_source()
        return self._live.source

    def _exchange(self, make: Callable[[], LiveSession]) -> LiveSession:
        """Stop the old session, start the new; on failure the old source streams again."""
        fresh = make()
        old, self._lent = self._live, False
        if old is not None:
            old.stop()
        try:
            fresh.start()
        except Exception:
            if old is not None:
                self._live = self._session(old.source, self._microscope)
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
        self._own = {}
        return self._start_on(fresh)

    def _start_on(self, microscope: Microscope) -> LiveSession:
        self._microscope = microscope
        self._owned.append(microscope)
        return self._begin_on(microscope)

    def _begin_on(self, microscope: Microscope) -> LiveSession:
        self._lent = False
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

    def _refuse_while_lent(self, what: str) -> None:
        if self._lent:
            raise DeskError(f"The calibration has the microscope; close its window before {what}.")

    def _refuse_while_recording(self, what: str) -> None:
        if self._live is not None and self._live.recording:
            raise DeskError(f"A recording is running; stop it (R) before {what}.")
