"""The live path in the window: ``demo``, ``live``, ``replay`` and the bare window."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepz_live.cli.base import say
from deepz_live.cli.headless import bundle_for, channel_bundles, open_bundle, refuse_used_folder

if TYPE_CHECKING:
    from deepz_live.app.desk import Desk
    from deepz_live.app.live import LiveSession
    from deepz_live.config import Profile

DEMO_PROFILE = "simulated"
DEMO_CHANGES = {"stage.drift.kind": "walk"}
"""The sample of the demo wanders, so that the drift plot has something to show."""

Summary = dict[str, Any]


def first_window() -> None:
    """The window at once; the built-in microscope and the shipped model open beside it."""
    from deepz_live.app.desk import Desk
    from deepz_live.gui.app import WindowError, run_window
    from deepz_live.gui.settings.file import default_settings_path

    desk = Desk()
    with interruptible() as prepare:

        def begin(window: Any) -> None:
            prepare(window)
            window.exchange(lambda: _open_built_in(desk), "Opening the built-in microscope …")

        try:
            run_window(
                None,
                title="deepz-live · built-in microscope",
                desk=desk,
                settings=default_settings_path(),
                prepare=begin,
            )
        except WindowError:
            return  # closed before anything ran: nothing to complain about


def _open_built_in(desk: Desk) -> LiveSession:
    from deepz_live.app.paths import find_profile
    from deepz_live.model.bundle import shipped_path

    return desk.open_both(find_profile(DEMO_PROFILE), shipped_path())


def demo_window(*, out: Path | None, seconds: float | None, offscreen: bool) -> Summary:
    """The built-in microscope with the shipped model; ``out`` gets recording and screenshot."""
    from deepz_live.app.paths import find_profile
    from deepz_live.config import load_profile

    profile = load_profile(find_profile(DEMO_PROFILE), dict(DEMO_CHANGES))
    record = out / "session" if out is not None else None
    screenshot = out / "window.png" if out is not None and seconds is not None else None
    return _live(profile, None, record, seconds=seconds, screenshot=screenshot, offscreen=offscreen)


def live_window(
    profile: str,
    overrides: dict[str, str],
    model: Path | None,
    record: Path | None,
    seconds: float | None,
    *,
    focus_lock: bool = False,
    channels: tuple[str, ...] = (),
) -> Summary:
    """A microscope in the window."""
    from deepz_live.app.paths import find_profile
    from deepz_live.config import load_profile

    settings = load_profile(find_profile(profile), overrides)
    return _live(settings, model, record, seconds=seconds, focus_lock=focus_lock, channels=channels)


def replay_window(
    folder: Path, model: Path | None, speed: float | None, given: Mapping[str, Path]
) -> Summary:
    """A recording in the window; ``given`` are bundles of single channels."""
    from deepz_live.app.depths import opening_view
    from deepz_live.app.live import LiveSession
    from deepz_live.app.live_opening import engines_of
    from deepz_live.gui.app import run_window
    from deepz_live.gui.settings.file import default_settings_path
    from deepz_live.refocus.engine import open_engine
    from deepz_live.session.reader import read_session
    from deepz_live.session.replay import ReplaySource

    recording = read_session(folder)
    bundle = bundle_for(recording, model)
    paths = channel_bundles(recording, bundle, given)
    with (
        closing(open_engine(bundle)) as engine,
        engines_of(paths, lambda own: open_engine(open_bundle(own))) as engines,
        interruptible() as prepare,
    ):

        def make() -> LiveSession:
            source = ReplaySource(recording, speed=speed, hold_at_end=speed is not None)
            return LiveSession(
                source,
                engine,
                engines=engines,
                request=opening_view(engine, *engines.values()),
                every_frame=speed is None,
            )

        session = run_window(
            make,
            title=f"deepz-live · {folder.name}",
            settings=default_settings_path(),
            prepare=prepare,
        )
    return {**session.summary(), "session": str(folder)}


def _live(
    profile: Profile,
    model: Path | None,
    record: Path | None,
    *,
    seconds: float | None = None,
    screenshot: Path | None = None,
    offscreen: bool = False,
    focus_lock: bool = False,
    channels: tuple[str, ...] = (),
) -> Summary:
    from deepz_live.acquire.microscope import open_microscope
    from deepz_live.app.desk import Desk
    from deepz_live.app.live_opening import channel_engines, live_on, stream_of
    from deepz_live.gui.app import run_window
    from deepz_live.gui.settings.file import default_settings_path
    from deepz_live.refocus.engine import open_engine

    refuse_used_folder(record)
    bundle = open_bundle(model)
    with (
        open_microscope(profile) as microscope,
        closing(open_engine(bundle)) as engine,
        channel_engines(microscope, channels, lambda own: open_engine(open_bundle(own))) as engines,
        interruptible() as prepare,
    ):

        def make() -> LiveSession:
            source = stream_of(microscope, channels)
            session = live_on(source, engine, microscope, engines=engines, record_to=record)
            session.set_reference()
            session.set_focus_lock(focus_lock)
            return session

        session = run_window(
            make,
            title=f"deepz-live · {profile.name}",
            seconds=seconds,
            screenshot=screenshot,
            offscreen=offscreen,
            desk=Desk(microscope=microscope, engine=engine, engines=engines),
            # A run with an end is nobody's habit.
            settings=default_settings_path() if seconds is None else None,
            prepare=prepare,
        )
    if seconds is not None and session.error is not None:
        raise session.error
    return session.summary()


@contextmanager
def interruptible() -> Iterator[Callable[[Any], None]]:
    """Ctrl-C closes the window the way its own button does, so that everything is stopped."""
    before = signal.getsignal(signal.SIGINT)

    def prepare(window: Any) -> None:
        def close(*_: object) -> None:
            say("Stopped.")
            window.close()

        signal.signal(signal.SIGINT, close)

    try:
        yield prepare
    finally:
        signal.signal(signal.SIGINT, before)
