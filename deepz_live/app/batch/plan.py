"""Recordings, a model and wishes made into jobs: what is written where, in which chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Literal

import numpy as np

from deepz_live.app.batch.errors import BatchError
from deepz_live.app.refocus_file import parse_distances
from deepz_live.model.bundle import Bundle, shipped_names
from deepz_live.refocus.check import check_recorded, same_pixel_size
from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.planes import check_range
from deepz_live.session.places import place_at
from deepz_live.session.remote import Recorded, read_recorded
from deepz_live.session.virtual import VirtualFacts, VirtualStore, begin_store, open_store

Note = Callable[[str], None]

CHUNK_BYTES = 128 * 2**20
MOST_FRAMES = 256
NOT_CHOSEN = ""
"""In place of a provider: the fastest, which a worker will tell."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What to make of each frame, and how.

    Attributes
    ----------
    planes
        ``"a:b:step"`` in µm, both ends included, or one distance; None: all planes of the model.
    dtype
        Numbers in the store; ``"uint16"`` rounds counts and cuts them at 0 and 65535.
    provider
        Where networks run; None: the fastest on the first worker.
    threads
        Of the CPU, each engine: part of what makes the result the same bit by bit.
    chunk_frames
        Frames a file; None: as many as make 128 MiB.
    """

    planes: str | None = None
    dtype: Literal["float32", "uint16"] = "float32"
    provider: str | None = None
    threads: int = 1
    chunk_frames: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and its store; small, so that it travels with each chunk.

    Attributes
    ----------
    session, store
        Folders or URLs, as every worker sees them.
    models
        Folder of each bundle, or the name of a shipped one, by its SHA-256.
    facts
        Of the store.
    """

    session: str
    store: str
    models: dict[str, str]
    facts: VirtualFacts


@dataclass(frozen=True, slots=True)
class Models:
    """The bundle of all frames, but for those of the channels in ``own``."""

    main: Bundle
    own: Mapping[str, Bundle]

    def of(self, channel: str) -> Bundle:
        """The bundle for a frame of ``channel``."""
        return self.own.get(channel, self.main)

    def used(self, channels: Iterable[str]) -> dict[str, Bundle]:
        """Those that frames of ``channels`` go through, by SHA-256, and the main one."""
        return {one.sha256: one for one in (self.main, *map(self.of, channels))}


def plan(
    sessions: Sequence[str], models: Models, out: str, choices: Choices, note: Note
) -> list[Job]:
    """A job for each session; nothing is written yet.

    A store that was begun before keeps its facts. A new one has provider ``NOT_CHOSEN`` where
    none was asked for.

    Raises
    ------
    BatchError
        Two sessions of one name, no frames, another pixel size, a model for a channel that no
        session has; a store begun with other models, provider, planes, numbers, chunks or session.
    SessionError, RefocusError
        A session or store cannot be read; planes beyond the model.
    """
    names = [place_at(session).name for session in sessions]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BatchError(
            f"Two sessions have the name {min(twice)!r}, after which their stores are called; "
            "rename one, or run them with different --out."
        )
    planes_um = _planes(models, choices)
    jobs, channels = [], set[str]()
    for session, name in zip(sessions, names, strict=True):
        recorded = read_recorded(session)
        by_channel = _places(recorded)
        channels |= by_channel.keys()
        used = models.used(by_channel)
        for bundle in used.values():
            _check(session, recorded, bundle)
        facts = _facts(name, recorded, models, planes_um, choices)
        store = place_at(out).inside(f"{name}.ome.zarr")
        begun = open_store(str(store))
        if begun is not None:
            facts = _same(begun, facts, choices)
        _warn(session, recorded, models, by_channel, note)
        found = {digest: model_of(bundle) for digest, bundle in used.items()}
        jobs.append(Job(str(place_at(session)), str(store), found, facts))
    _known(models, channels)
    return jobs


def opened(job: Job, provider: str) -> tuple[Job, VirtualStore]:
    """The job with its provider, and its store, begun where it was not.

    Raises
    ------
    SessionError
        The store cannot be written.
    """
    if job.facts.provider == NOT_CHOSEN:
        job = replace(job, facts=job.facts.model_copy(update={"provider": provider}))
    store = open_store(job.store)
    if store is None:
        frames = read_recorded(job.session).facts
        software = f"deepz-live {version('deepz-live')}"
        store = begin_store(job.store, job.facts, frames, software)
    store.tidy()
    return job, store


def model_of(bundle: Bundle) -> str:
    """How a worker finds the bundle: a shipped one by name, as packages lie elsewhere there."""
    return bundle.name if bundle.name in shipped_names() else str(bundle.path)


def _check(where: str, recorded: Recorded, bundle: Bundle) -> None:
    info, wanted = recorded.info, bundle.facts.pixel_size_um
    if not len(recorded):
        raise BatchError(f"Session {where} holds no frame; record it again.")
    if not same_pixel_size(info.pixel_size_um, wanted):
        raise BatchError(
            f"Session {where} has pixels of {info.pixel_size_um:.4g} µm, but bundle {bundle.name} "
            f"was trained at {wanted:.4g} µm; use a bundle for this magnification and binning."
        )


def _planes(models: Models, choices: Choices) -> tuple[float, ...]:
    """Those asked for, or all of the main model; each model must reach them."""
    planes_um = models.main.facts.z_planes_um
    if choices.planes is not None:
        planes_um = parse_distances(choices.planes)
    for bundle in models.used(models.own).values():
        try:
            check_range(planes_um, bundle.facts.z_planes_um)
        except RefocusError as error:
            raise RefocusError(f"Bundle {bundle.name}, --planes: {error}") from error
    return planes_um


def _known(models: Models, there: set[str]) -> None:
    """Refuse a model for a channel that none of the sessions has: a typing mistake costs hours."""
    for channel in models.own:
        if channel not in there:
            raise BatchError(
                f"No session has a channel {channel!r} (there are {', '.join(sorted(there))}), for "
                "which --channel-model gives a bundle; give the name of one that is there."
            )


def _places(recorded: Recorded) -> dict[str, list[int]]:
    """Which frames are of which channel."""
    found: dict[str, list[int]] = {}
    for place, facts in enumerate(recorded.facts):
        found.setdefault(facts.channel, []).append(place)
    return found


def _warn(
    where: str, recorded: Recorded, models: Models, by_channel: dict[str, list[int]], note: Note
) -> None:
    for channel, places in by_channel.items():
        for warning in check_recorded(models.of(channel), recorded, places):
            note(f"Warning: {where}: {warning}")
    shared = sorted(channel for channel in by_channel if channel not in models.own)
    if len(shared) > 1:
        note(
            f"Warning: {where}: frames of {', '.join(shared)} all go through "
            f"{models.main.name}; --channel-model gives a channel its own."
        )


def _facts(
    name: str, recorded: Recorded, models: Models, planes_um: tuple[float, ...], choices: Choices
) -> VirtualFacts:
    times = [facts.time_s for facts in recorded.facts]
    span_s = times[-1] - times[0]
    height, width = recorded.info.shape
    frame_bytes = len(planes_um) * height * width * np.dtype(choices.dtype).itemsize
    fitting = max(1, min(MOST_FRAMES, CHUNK_BYTES // frame_bytes, len(times)))
    return VirtualFacts(
        source=name,
        started_utc=recorded.manifest.started_utc,
        frames=len(times),
        shape=(height, width),
        pixel_size_um=recorded.info.pixel_size_um,
        interval_s=span_s / (len(times) - 1) if len(times) > 1 and span_s > 0 else 0.0,
        planes_um=planes_um,
        dtype=choices.dtype,
        chunk_frames=choices.chunk_frames or fitting,
        bundle=models.main.identity(),
        channel_bundles={channel: bundle.identity() for channel, bundle in models.own.items()},
        provider=choices.provider or NOT_CHOSEN,
        threads=choices.threads,
    )


_WORDS = {
    "source": "session",
    "started_utc": "a session begun at",
    "frames": "frames",
    "shape": "frames of (Y, X)",
    "planes_um": "planes at µm",
    "dtype": "numbers",
    "chunk_frames": "frames a chunk",
    "bundle": "bundle",
    "channel_bundles": "bundles of single channels",
    "provider": "provider",
    "threads": "threads an engine",
}


def _same(begun: VirtualStore, wanted: VirtualFacts, choices: Choices) -> VirtualFacts:
    """The facts of a store that goes on; refuses where others are wanted."""
    free = {"provider"} if choices.provider is None else set()
    if choices.chunk_frames is None:
        free.add("chunk_frames")
    for key, word in _WORDS.items():
        found, asked = getattr(begun.facts, key), getattr(wanted, key)
        same = found.lower() == asked.lower() if key == "provider" else found == asked
        if key in free or same:
            continue
        raise BatchError(
            f"Store {begun.place} was begun with {word} {_said(found)}, but {_said(asked)} is "
            "asked for now; ask for the same to go on with it, or give another --out."
        )
    return begun.facts


def _said(value: Any) -> str:
    if isinstance(value, dict) and "sha256" not in value:
        return ", ".join(f"{key}: {_said(own)}" for key, own in sorted(value.items())) or "none"
    if isinstance(value, dict):
        return f"{value['name']} {value['sha256'][:12]}"
    if isinstance(value, tuple):
        ends = ", ".join(f"{item:g}" for item in value[:3])
        return f"{ends}{f' … {value[-1]:g} ({len(value)})' if len(value) > 3 else ''}"
    return str(value)
