"""Colour channels: presets of a config group, or one light path that is left alone."""

from __future__ import annotations

from pymmcore_plus import CMMCorePlus

from deepz_live.acquire.errors import MicroscopeError
from deepz_live.acquire.simulated.build import CHANNEL_GROUP
from deepz_live.config import ChannelSetting, Profile


class Channels:
    """The channels of a core, and which of them is in the light path."""

    def __init__(self, core: CMMCorePlus, profile: Profile) -> None:
        self._core, self._last = core, profile.channel
        self._first = tuple(setting.name for setting in profile.all_channels)
        settings = profile.micromanager
        self.group = settings.channel_group if settings is not None else None
        if profile.microscope == "simulated":
            self.group = CHANNEL_GROUP

    @property
    def names(self) -> tuple[str, ...]:
        """Presets of the group, the profile's own first; without a group, its one channel."""
        if self.group is None:
            return (self._last,)
        presets = self._core.getAvailableConfigs(self.group)
        first = tuple(name for name in self._first if name in presets)
        return first + tuple(name for name in presets if name not in first)

    @property
    def current(self) -> str:
        """The channel that the core's state matches; the last one set where it matches none."""
        if self.group is not None:
            # From the cache: asking a filter wheel costs a serial round trip.
            self._last = self._core.getCurrentConfigFromCache(self.group) or self._last
        return self._last

    def require(self, name: str) -> None:
        """Raise :class:`MicroscopeError` where there is no such channel."""
        if name in self.names:
            return
        where = f"config group {self.group}" if self.group else "a profile without channel_group"
        raise MicroscopeError(
            f"There is no channel {name!r} in {where}, which has {', '.join(self.names)}; choose "
            "one of these."
        )

    def set(self, name: str) -> None:
        """Switch and wait for the devices. Raises :class:`MicroscopeError`."""
        self.require(name)
        if self.group is None:
            return
        set_preset(self._core, self.group, name)
        self._last = name


def set_preset(core: CMMCorePlus, group: str, name: str) -> None:
    """Set a channel of any group and wait for its devices. Raises :class:`MicroscopeError`."""
    try:
        core.setConfig(group, name)
        core.waitForConfig(group, name)
    except (RuntimeError, TimeoutError, ValueError, KeyError, OSError) as error:
        raise MicroscopeError(
            f"The channel {name} could not be set ({error}); check the devices of config "
            f"group {group}."
        ) from error


def exposure_of(name: str, profile: Profile) -> float:
    """Exposure of a channel in ms: its own in the profile, or the camera's."""
    own: list[ChannelSetting] = [item for item in profile.all_channels if item.name == name]
    return own[0].exposure_ms or profile.camera.exposure_ms if own else profile.camera.exposure_ms
