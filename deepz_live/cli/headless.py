"""The live path without a window and without Qt: ``live --headless`` and ``replay --headless``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepz_live.cli.base import UsageError, say, terminal

if TYPE_CHECKING:
    from deepz_live.app.live import LiveSession
    from deepz_live.model.bundle import Bundle
    from deepz_live.refocus.engine import Engine
    from deepz_live.session.reader import Session

LOOK_EVERY_S = 0.25

Clock = Callable[[], float]


def run_live(
    profile: str,
    overrides: dict[str, str],
    model: Path | None,
    record: Path | None,
    seconds: float | None,
    *,
    focus_lock: bool = False,
    channels: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Stream, refocus and record until the time is up or Ctrl-C; returns the summary."""
    from deepz_live.acquire.microscope import open_microscope
    from deepz_live.app.live_opening import channel_engines, live_on, stream_of
    from deepz_live.app.paths import find_profile
    from deepz_live.config import load_profile
    from deepz_live.refocus.engine import open_engine

    settings = load_profile(find_profile(profile), overrides)
    bundle = open_bundle(model)
    refuse_used_folder(record)
    with (
        open_microscope(settings) as microscope,
        closing(open_engine(bundle)) as engine,
        channel_engines(microscope, channels, lambda own: open_engine(open_bundle(own))) as engines,
    ):
        source = stream_of(microscope, channels)
        session = live_on(source, engine, microscope, engines=engines, record_to=record)
        session.set_focus_lock(focus_lock)
        return run(session, seconds)


def run_replay(
    folder: Path, model: Path | None, speed: float | None, given: Mapping[str, Path]
) -> dict[str, Any]:
    """Refocus a recording again; at ``speed`` None every frame. Returns the summary.

    ``given`` are bundles of single channels.
    """
    from deepz_live.app.depths import opening_view
    from deepz_live.app.live import LiveSession
    from deepz_live.app.live_facts import recorded_digests, recorded_provider
    from deepz_live.app.live_opening import engines_of
    from deepz_live.refocus.engine import open_engine
    from deepz_live.session.reader import read_session
    from deepz_live.session.replay import ReplaySource

    recording = read_session(folder)
    bundle = bundle_for(recording, model)
    paths = channel_bundles(recording, bundle, given)
    prefer = {path: recorded_provider(recording, name) for name, path in paths.items()}

    def own(path: Path) -> Engine:
        return open_engine(open_bundle(path), prefer=prefer[path])

    with (
        closing(open_engine(bundle, prefer=recorded_provider(recording))) as engine,
        engines_of(paths, own) as engines,
    ):
        session = LiveSession(
            ReplaySource(recording, speed=speed),
            engine,
            engines=engines,
            request=opening_view(engine, *engines.values()),
            every_frame=speed is None,
            expected_digests=recorded_digests(recording, engine, engines),
        )
        return {**run(session, None), "session": str(folder)}


def run(
    session: LiveSession, seconds: float | None, *, clock: Clock = time.monotonic
) -> dict[str, Any]:
    """Start ``session``, watch it until its end, ``seconds`` or Ctrl-C, and stop it.

    Raises what broke the session, after everything recorded so far is safely on disk.
    """
    for warning in session.warnings:
        say(f"Warning: {warning}")
    session.set_reference()
    try:
        session.start()
        _watch(session, seconds, clock)
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        _end(session)
    if session.error is not None:
        raise session.error
    return session.summary()


def _watch(session: LiveSession, seconds: float | None, clock: Clock) -> None:
    begin, told, lost, warned = clock(), "", False, set(session.warnings)
    with terminal().status("starting …") as line:
        while session.broken is None:
            told = _tell_of_lock(session, told)
            warned = _tell_of_trouble(session, warned)
            lost = _tell_of_losses(session, lost)
            left = LOOK_EVERY_S if seconds is None else seconds - (clock() - begin)
            if left <= 0 or session.wait_finished(min(left, LOOK_EVERY_S)):
                return
            line.update(_line(session, clock() - begin))


def _end(session: LiveSession) -> None:
    """Stop, and say where that takes a while: a slow disk is waited for."""
    from deepz_live.app.live_numbers import LONG_BYTES

    left = session.status().queued
    if left >= LONG_BYTES:
        say(f"Writing the last {left / 1e6:.0f} MB to the disk …")
    session.stop()


def _tell_of_losses(session: LiveSession, told: bool) -> bool:
    """What went wrong and does not end the session, once; it is the session's error at the end."""
    if not told and session.error is not None and session.broken is None:
        say(f"Warning: {session.error}")
        return True
    return told


def _tell_of_lock(session: LiveSession, told: str) -> str:
    """The sentence with which the focus lock gave up, once; the stream goes on without it."""
    focus = session.status().focus
    if focus is None or focus.state != "stopped" or focus.text == told:
        return told
    say(f"Warning: {focus.text}")
    return focus.text


def _tell_of_trouble(session: LiveSession, warned: set[str]) -> set[str]:
    """Say what is about to go wrong, once each time it begins; returns what goes on."""
    now = session.warnings
    for sentence in now:
        if sentence not in warned:
            say(f"Warning: {sentence}")
    return set(now)


def _line(session: LiveSession, elapsed_s: float) -> str:
    status = session.status()
    text = (
        f"{elapsed_s:6.1f} s  camera {status.camera_fps:.1f} fps  "
        f"refocused {status.refocus_fps:.1f} fps  lost {status.lost}"
    )
    if status.channels is not None:
        text += f"  {status.channels.cycle_hz:.2f} rounds/s, limit: {status.channels.limited_by}"
    if status.focus is not None and status.focus.error_um is not None:
        text += f"  focus {status.focus.error_um:+.2f} µm"
    if status.recording:
        text += f"  recorded {status.recorded} frames, {status.bytes_written / 1e6:.0f} MB"
    return text


def open_bundle(model: Path | None) -> Bundle:
    """The bundle at ``model``, or the shipped one."""
    from deepz_live.model.bundle import load_bundle, shipped_bundle

    return shipped_bundle() if model is None else load_bundle(model)


def bundle_for(recording: Session, model: Path | None) -> Bundle:
    """The bundle to replay with: ``model``, or the shipped one if the recording used none other."""
    bundle = open_bundle(model)
    recorded = recording.manifest.bundle
    if model is None and recorded is not None and recorded.get("sha256") != bundle.sha256:
        raise UsageError(
            f"This session was recorded with bundle {recorded.get('name')!r}, not with the shipped "
            f"{bundle.name!r}; give it with --model, or --model {bundle.path} to use that one."
        )
    return bundle


def channel_bundles(recording: Session, main: Bundle, given: Mapping[str, Path]) -> dict[str, Path]:
    """Bundles of single channels: those ``given``, and those that the recording used beside it."""
    from deepz_live.app.channel_models import find_models
    from deepz_live.app.live_facts import recorded_models

    known = recording.info.channels
    for name in given:
        if name not in known:
            has = f"has {', '.join(known)}" if known else "does not have several in turn"
            raise UsageError(
                f"--channel-model {name}: this session {has}; name one of its channels, or give "
                "the model of all others with --model."
            )
    used: dict[str, Path] = dict(given)
    for name, path in find_models(recording, main).items():
        if name in given:
            continue
        if path is None:
            bundle = recorded_models(recording)[name].get("name")
            raise UsageError(
                f"Channel {name!r} of this session was recorded with bundle {bundle!r}, which is "
                f"neither where it was nor shipped; give it with --channel-model {name}=BUNDLE, "
                f"or --channel-model {name}={main.path} to use that one."
            )
        used[name] = path
    return used


def refuse_used_folder(folder: Path | None, so: str = "nothing is recorded into it") -> None:
    """What is captured never mixes with what is there: say so before a device opens."""
    if folder is None or not folder.exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise UsageError(f"{folder} is not an empty folder, so {so}; give a new one.")
