"""A live session on a microscope or on a recording, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deepz_live.app.depths import opening_view
from deepz_live.app.focus_lock import FocusLock
from deepz_live.app.live import LiveSession
from deepz_live.config import ChannelSetting, Profile
from deepz_live.session.replay import ReplaySource

if TYPE_CHECKING:
    from deepz_live.acquire.microscope import Microscope
    from deepz_live.refocus.engine import Engine
    from deepz_live.stream.source import FrameSource


def live_on(
    source: FrameSource,
    engine: Engine | None,
    microscope: Microscope | None,
    *,
    engines: Mapping[str, Engine] | None = None,
    record_to: Path | None = None,
) -> LiveSession:
    """A session of ``source``; with the stage of ``microscope`` unless it is a replay.

    ``engines`` are those of single channels, ``engine`` serves all others. A stream of but one
    channel has the engine of that channel.
    """
    info, known = source.info, engines or {}
    own = {name: one for name, one in known.items() if name in info.channels}
    if not info.channels:
        engine = known.get(info.channel, engine)
    request = opening_view(engine, *own.values())
    if microscope is None or isinstance(source, ReplaySource):
        return LiveSession(source, engine, engines=own, record_to=record_to, request=request)
    return LiveSession(
        source,
        engine,
        engines=own,
        record_to=record_to,
        request=request,
        truth=microscope.truth,
        settings=microscope.profile.model_dump(mode="json"),
        focus_lock=FocusLock(microscope),
    )


def stream_of(microscope: Microscope, channels: Sequence[str] = ()) -> FrameSource:
    """The camera's stream (of all cameras that expose at once), or several channels in turn.

    Raises
    ------
    MicroscopeError
        A channel that the microscope does not have.
    """
    from deepz_live.acquire.channel_source import ChannelSource

    if len(channels) > 1:
        return ChannelSource(microscope, channel_settings(microscope.profile, channels))
    if channels:
        microscope.set_channel(channels[0])
    return microscope.camera_source()


def channel_settings(profile: Profile, names: Sequence[str]) -> tuple[ChannelSetting, ...]:
    """The profile's settings of these channels; of one it does not know, its name alone."""
    known = {setting.name: setting for setting in profile.all_channels}
    return tuple(known.get(name, ChannelSetting(name=name)) for name in names)


def bundle_path(profile: Profile, setting: ChannelSetting) -> Path | None:
    """Where the profile has a channel's own bundle; a bare name is that of one which ships."""
    if setting.bundle is None:
        return None
    beside = profile.resolve(setting.bundle)
    return beside if beside.exists() else setting.bundle


def channel_engines(
    microscope: Microscope, names: Sequence[str], opener: Callable[[Path], Engine]
) -> AbstractContextManager[dict[str, Engine]]:
    """Engines of the channels whose bundle the profile names, each bundle opened once.

    ``names`` are the channels of :func:`stream_of`; cameras that expose at once name themselves.
    """
    profile, names = microscope.profile, names or microscope.info.channels
    settings = channel_settings(profile, names)
    paths = {setting.name: bundle_path(profile, setting) for setting in settings}
    return engines_of({name: path for name, path in paths.items() if path is not None}, opener)


@contextmanager
def engines_of(
    paths: Mapping[str, Path], opener: Callable[[Path], Engine]
) -> Iterator[dict[str, Engine]]:
    """Engines of channels by the paths of their bundles, each bundle opened once."""
    opened: dict[Path, Engine] = {}
    with ExitStack() as stack:
        for path in dict.fromkeys(paths.values()):
            opened[path] = stack.enter_context(closing(opener(path)))
        yield {name: opened[path] for name, path in paths.items()}
