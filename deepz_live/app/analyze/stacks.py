"""Virtual stacks of a recording's frames: refocused now, or read from what ``batch`` made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons import laid_back
from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.virtual import virtual_stack
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.session.reader import Session
from deepz_live.session.virtual import VirtualStore, open_store

Image = NDArray[np.float32]


class Stacks(Protocol):
    """Where virtual stacks come from."""

    def stack(self, place: int, pixels: Image, matrix: NDArray[np.float64]) -> Image:
        """``(Z, Y, X)`` float32 counts of the session's frame ``place``, on the first one's pixels.

        ``pixels`` ``(Y, X)`` are that frame's, laid back with ``matrix`` already. Raises
        RefocusError or SessionError.
        """


@dataclass(frozen=True, slots=True)
class Refocused:
    """Made by ``engine`` at ``planes_um``, of frames that were laid back."""

    engine: Engine
    planes_um: tuple[float, ...]

    def stack(self, place: int, pixels: Image, matrix: NDArray[np.float64]) -> Image:  # noqa: ARG002
        """See :class:`Stacks`."""
        return virtual_stack(self.engine, pixels, self.planes_um)


@dataclass(frozen=True, slots=True)
class Stored:
    """Read one at a time from ``store``, planes ``chosen`` of it, and laid back then.

    Of frames that lie still these are the same numbers; of others, the network saw them where
    they were.
    """

    store: VirtualStore
    chosen: tuple[int, ...]

    def stack(self, place: int, pixels: Image, matrix: NDArray[np.float64]) -> Image:  # noqa: ARG002
        """See :class:`Stacks`."""
        planes = self.store.stack(place)
        return np.stack([laid_back(planes[i], matrix) for i in self.chosen])


def refocused_stacks(
    stack: ExitStack,
    bundles: tuple[Bundle, Bundle],
    planes_um: tuple[float, ...],
    provider: str | None,
) -> tuple[Refocused, Refocused]:
    """Engines of structure and activity, one where both have the same model; closed by ``stack``.

    Raises RefocusError where a model does not run.
    """
    engine = stack.enter_context(closing(open_engine(bundles[0], provider=provider)))
    second = engine
    if bundles[1] is not bundles[0]:
        second = stack.enter_context(closing(open_engine(bundles[1], provider=provider)))
    return Refocused(engine, planes_um), Refocused(second, planes_um)


def stored_stacks(
    where: Path | str,
    session: Session,
    bundles: Mapping[str, Bundle],
    planes_um: tuple[float, ...],
) -> Stored:
    """The store that ``batch`` made of ``session`` with ``bundles``, one a channel.

    Raises
    ------
    AnalysisError
        It is of another recording or another model, or lacks a plane.
    SessionError
        It cannot be read.
    """
    store = open_store(where)
    if store is None:
        raise AnalysisError(
            f"{where} is no store of virtual stacks; give the .ome.zarr that `deepz-live batch` "
            "made of this recording."
        )
    facts = store.facts
    own = (session.manifest.started_utc, len(session), session.info.shape)
    if (facts.started_utc, facts.frames, facts.shape) != own:
        raise AnalysisError(
            f"{where} was made of {facts.source} ({facts.frames} frames of {facts.shape}, begun "
            f"{facts.started_utc}), not of {session.folder} ({own[1]} of {own[2]}, {own[0]}); give "
            "that recording's store."
        )
    for channel, bundle in bundles.items():
        made_with = facts.bundle_of(channel)
        if made_with["sha256"] != bundle.sha256:
            raise AnalysisError(
                f"{where} holds {channel} made with bundle {made_with['name']}, but {bundle.name} "
                "is asked for; give that one, or let `deepz-live batch` make another store."
            )
    chosen = [np.flatnonzero(np.isclose(facts.planes_um, z, atol=1e-4)) for z in planes_um]
    missing = [z for z, found in zip(planes_um, chosen, strict=True) if not len(found)]
    if missing:
        raise AnalysisError(
            f"{where} holds planes {facts.planes_um[0]:g} … {facts.planes_um[-1]:g} µm "
            f"({len(facts.planes_um)}), but not {missing[0]:g} µm; let `deepz-live batch` make "
            f"{planes_um[0]:g}:{planes_um[-1]:g}:{planes_um[1] - planes_um[0]:g}."
        )
    return Stored(store, tuple(int(found[0]) for found in chosen))
