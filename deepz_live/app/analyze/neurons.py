"""Neurons and their activity in a recording of one focal plane (paper Fig. 3 and Methods)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons import (
    STILL,
    Activity,
    Masks,
    Motion,
    Reader,
    Search,
    activity,
    find_neurons,
    laid_back,
)
from deepz_live.analysis.neurons.similarity import SIGMA
from deepz_live.app.analyze.median import MOST, TimeMedian
from deepz_live.app.analyze.neuron_files import Finding, write_findings
from deepz_live.app.analyze.rounds import Rounds, rounds_of
from deepz_live.app.analyze.virtual import REACH_UM, STEP_UM, check, distances, virtual_stack
from deepz_live.image.normalization import Normalization
from deepz_live.model.bundle import Bundle
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.session.reader import Session, read_session

Note = Callable[[str], None]
Image = NDArray[np.float32]
TELL_EVERY = 20


@dataclass(frozen=True, slots=True)
class Choices:
    """How a recording is analysed; None: found from the recording.

    Attributes
    ----------
    structure, activity
        Channels; None: the first and the second.
    reach_um, step_um
        Planes of the virtual stacks.
    search
        How neurons are looked for.
    threshold
        Least standard deviation of ΔF / F₀ of an active neuron.
    sigma, k
        Of Eq. 14; number of groups.
    most
        Of longer recordings so many frames make the median over time.
    """

    structure: str | None = None
    activity: str | None = None
    reach_um: float = REACH_UM
    step_um: float = STEP_UM
    search: Search = Search()
    threshold: float | None = None
    sigma: float = SIGMA
    k: int | None = None
    most: int = MOST


@dataclass(frozen=True, slots=True, eq=False)
class NeuronResult:
    """What was found in the virtual stacks, the same on the raw frames, and the facts.

    ``facts`` is what ``neurons.json`` holds.
    """

    volume: Finding
    flat: Finding
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the first pass over the recording leaves."""

    matrices: list[NDArray[np.float64]]
    lost: int
    volume: Image
    flat: Image


def analyze_neurons(
    folder: Path,
    bundle: Bundle,
    *,
    activity_bundle: Bundle | None = None,
    out: Path | None = None,
    choices: Choices | None = None,
    provider: str | None = None,
    note: Note = lambda _: None,
) -> NeuronResult:
    """Find neurons in the session ``folder``, read their activity, group them, write tables.

    Two passes over the recording. The first lays the structure frames on each other and takes the
    median over time of their virtual stacks; the second reads each neuron in the virtual stack of
    each activity frame. Held in memory are one stack, and a number a neuron and frame.

    Parameters
    ----------
    bundle, activity_bundle
        Models of the structure and the activity channel; None: the same.
    out
        Folder for ``neurons.csv``, ``traces.csv``, ``neurons.json`` and ``neurons.png`` and the
        same with ``_2d`` from the raw frames; None: nothing is written.

    Raises
    ------
    SessionError, AnalysisError, NeuronsError, RefocusError
        The recording cannot be read, lacks a channel or fits no model; it shows no neuron.
    """
    choices = choices or Choices()
    session = read_session(folder)
    rounds = rounds_of(session, choices.structure, choices.activity)
    own = activity_bundle or bundle
    for used, channel in ((bundle, rounds.structure), (own, rounds.activity)):
        for warning in check(session, used, channel):
            note(f"Warning: {warning}")
    planes_um = distances((bundle, own), choices.reach_um, choices.step_um)
    with ExitStack() as stack:
        engine = stack.enter_context(closing(open_engine(bundle, provider=provider)))
        second = engine
        if own is not bundle:
            second = stack.enter_context(closing(open_engine(own, provider=provider)))
        seen = _first_pass(session, rounds, engine, planes_um, choices.most, note)
        volume, flat = _second_pass(session, rounds, second, planes_um, seen, choices, note)
    facts = _facts(session, rounds, (bundle, own), planes_um, seen.lost, choices)
    facts |= {"neurons": volume.summary(), "raw_frames": flat.summary()}
    if out is not None:
        write_findings(out, volume, flat, facts)
    return NeuronResult(volume, flat, facts)


def _first_pass(
    session: Session,
    rounds: Rounds,
    engine: Engine,
    planes_um: tuple[float, ...],
    most: int,
    note: Note,
) -> _Seen:
    """Where each frame lies, and the medians over time of stacks and of the frames themselves."""
    count = len(rounds.pairs)
    motion = Motion(session.frame(rounds.pairs[0][0]).pixels)
    matrices, lost = [STILL], 0
    with TimeMedian(count, most=most) as stacks, TimeMedian(count, most=most) as flats:
        for number, (place, _) in enumerate(rounds.pairs):
            pixels = session.frame(place).pixels
            if number:
                found = motion.find(pixels)
                lost += found is None
                matrices.append(matrices[-1] if found is None else found)
            if stacks.wants(number):
                frame = laid_back(pixels, matrices[-1])
                stacks.add(number, virtual_stack(engine, frame, planes_um))
                flats.add(number, frame[None])
            _tell(note, f"{rounds.structure}: where the neurons are", number, count)
        return _Seen(matrices, lost, stacks.take(), flats.take())


def _second_pass(
    session: Session,
    rounds: Rounds,
    engine: Engine,
    planes_um: tuple[float, ...],
    seen: _Seen,
    choices: Choices,
    note: Note,
) -> tuple[Finding, Finding]:
    """Brightness of every neuron over time, in stacks and in raw frames."""
    pixel_um = session.info.pixel_size_um
    step_um = planes_um[1] - planes_um[0]
    masks = find_neurons(seen.volume, pixel_um, step_um, choices.search)
    flat_masks = find_neurons(seen.flat, pixel_um, step_um, choices.search)
    note(f"{len(masks)} neurons in the virtual stack, {len(flat_masks)} in the raw frames")
    reader, flat_reader = Reader(masks.labels), Reader(flat_masks.labels)
    count = len(rounds.pairs)
    bright, flat = np.empty((len(masks), count)), np.empty((len(flat_masks), count))
    times = np.empty(count)
    mean = np.zeros(session.info.shape, np.float64)
    for number, (_, place) in enumerate(rounds.pairs):
        frame = session.frame(place)
        pixels = laid_back(frame.pixels, seen.matrices[number])
        bright[:, number] = reader.read(virtual_stack(engine, pixels, planes_um))
        flat[:, number] = flat_reader.read(pixels[None])
        times[number] = frame.time_s
        mean += pixels
        _tell(note, f"{rounds.activity}: what they do", number, count)
    times -= times[0]
    background = Normalization.fit(mean / count).background_counts
    return (
        _finding(masks, seen.volume, bright, background, times, planes_um, pixel_um, choices),
        _finding(flat_masks, seen.flat, flat, background, times, (), pixel_um, choices),
    )


def _finding(
    masks: Masks,
    stack: Image,
    intensity: NDArray[np.float64],
    background: float,
    times: NDArray[np.float64],
    planes_um: tuple[float, ...],
    pixel_um: float,
    choices: Choices,
) -> Finding:
    acts: Activity = activity(
        intensity, background, threshold=choices.threshold, sigma=choices.sigma, k=choices.k
    )
    z_um = np.full(len(masks), np.nan)
    if planes_um:
        z_um = planes_um[0] + masks.centres[:, 0] * (planes_um[1] - planes_um[0])
    return Finding(
        positions_um=np.column_stack([z_um, masks.centres[:, 1:] * pixel_um]),
        voxels=np.bincount(masks.labels.ravel(), minlength=len(masks) + 1)[1:],
        times_s=times,
        activity=acts,
        projection=stack.max(axis=0),
        pixel_size_um=pixel_um,
    )


def _facts(
    session: Session,
    rounds: Rounds,
    bundles: tuple[Bundle, Bundle],
    planes_um: tuple[float, ...],
    lost: int,
    choices: Choices,
) -> dict[str, Any]:
    times = [session.facts[place].time_s for _, place in rounds.pairs]
    return {
        "session": str(session.folder),
        "structure": {"channel": rounds.structure, **bundles[0].identity()},
        "activity": {"channel": rounds.activity, **bundles[1].identity()},
        "rounds": len(rounds.pairs),
        "seconds": times[-1] - times[0],
        "frames_not_registered": lost,
        "planes_um": [planes_um[0], planes_um[-1], planes_um[1] - planes_um[0]],
        "median_of_frames": min(len(rounds.pairs), choices.most),
        "search": {name: getattr(choices.search, name) for name in Search.__slots__},
        "sigma": choices.sigma,
    }


def _tell(note: Note, what: str, number: int, count: int) -> None:
    if number % TELL_EVERY == 0 or number == count - 1:
        note(f"{what}, frame {number + 1} of {count}")
