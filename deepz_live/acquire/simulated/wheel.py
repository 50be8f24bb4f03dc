"""Filter wheel of the built-in microscope, as a Python device."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pymmcore_plus.experimental.unicore import StateDevice


class SimulatedFilterWheel(StateDevice):
    """One filter a channel. A turn takes ``switch_ms``, and no light passes meanwhile."""

    def __init__(
        self,
        channels: Sequence[str],
        start: str,
        switch_ms: float,
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__(dict(enumerate(channels)))
        self._channels, self._switch_s, self._sleep = tuple(channels), switch_ms / 1000, sleep
        self._place = self._channels.index(start)
        self.turning = False

    @property
    def channel(self) -> str:
        """The channel whose filter is in the light path, or was before the turn under way."""
        return self._channels[self._place]

    def get_state(self) -> int:
        return self._place

    def set_state(self, position: int) -> None:
        if position == self._place:
            return
        self.turning = True
        try:
            self._sleep(self._switch_s)
            self._place = position
        finally:
            self.turning = False
