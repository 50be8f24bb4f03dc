"""DPMs of the surfaces that are looked at, worked out once and not for every frame."""

from __future__ import annotations

from deepz_live.image.dpm import Dpm, Surface

REMEMBERED = 4


class Dpms:
    """The last few DPMs; for one thread. Do not write to what it returns."""

    def __init__(self) -> None:
        self._known: dict[tuple[Surface, tuple[int, int], float], Dpm] = {}

    def of(self, surface: Surface, shape: tuple[int, int], pixel_size_um: float) -> Dpm:
        """``(Y, X)`` float32 µm, as :meth:`Surface.dpm`; raises as that."""
        key = (surface, shape, pixel_size_um)
        dpm = self._known.pop(key, None)
        if dpm is None:
            dpm = surface.dpm(shape, pixel_size_um)
        self._known[key] = dpm  # the newest stands last
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return dpm
