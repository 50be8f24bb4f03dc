"""Neurons and their activity in a recording of one focal plane (paper Fig. 3 and Methods)."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepz_live.analysis.neurons import Activity, Masks, Search, activity, find_neurons
from deepz_live.analysis.neurons.belonging import chosen_silhouette
from deepz_live.analysis.neurons.similarity import SIGMA, chosen_sigma
from deepz_live.app.analyze.median import MOST
from deepz_live.app.analyze.neuron_files import Finding, Followed, write_findings
from deepz_live.app.analyze.neuron_passes import Brightness, Note, Seen, first_pass, second_pass
from deepz_live.app.analyze.rounds import Rounds, rounds_of
from deepz_live.app.analyze.stacks import Stacks, refocused_stacks, stored_stacks
from deepz_live.app.analyze.virtual import REACH_UM, STEP_UM, check, distances
from deepz_live.app.paths import check_out
from deepz_live.model.bundle import Bundle
from deepz_live.session.parquet import check_parquet
from deepz_live.session.reader import Session, read_session

Image = NDArray[np.float32]


PAPERS_FRAMES = 126


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
    as_measured, sigma, k
        Whether ΔF / F₀ is compared as high as it was measured, as in the paper, or its course
        alone; of Eq. 14; number of groups.
    silhouette
        Least silhouette of a neuron in its group; below it, it is in none.
    most
        Of longer recordings so many frames make the median over time.
    """

    structure: str | None = None
    activity: str | None = None
    reach_um: float = REACH_UM
    step_um: float = STEP_UM
    search: Search = Search()
    threshold: float | None = None
    as_measured: bool = False
    sigma: float | None = None
    k: int | None = None
    silhouette: float | None = None
    most: int = MOST


@dataclass(frozen=True, slots=True, eq=False)
class NeuronResult:
    """What was found in the virtual stacks, the same on the raw frames, and the facts.

    ``followed`` says how the sample moved; ``facts`` is what ``neurons.json`` holds.
    """

    volume: Finding
    flat: Finding
    followed: Followed
    facts: dict[str, Any]


def analyze_neurons(
    folder: Path,
    bundle: Bundle,
    *,
    activity_bundle: Bundle | None = None,
    stacks: Path | str | None = None,
    out: Path | None = None,
    as_parquet: bool = False,
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
    stacks
        Store that ``batch`` made of the recording: its planes are read instead of made.
    out
        Folder for ``neurons.csv``, ``traces.csv``, ``motion.csv``, ``neurons.json`` and
        ``neurons.png``, and the same with ``_2d`` from the raw frames; None: nothing is written.
    as_parquet
        Write each table as Parquet, too.

    Raises
    ------
    SessionError, AnalysisError, NeuronsError, RefocusError
        The recording cannot be read, lacks a channel or fits no model; it shows no neuron; Parquet
        is asked for, and what writes it is not installed.
    FolderError
        ``out`` cannot be written into.
    """
    choices = choices or Choices()
    if out is not None:
        check_out(out)
    if as_parquet:
        check_parquet()
    session = read_session(folder)
    rounds = rounds_of(session, choices.structure, choices.activity)
    own = activity_bundle or bundle
    for used, channel in ((bundle, rounds.structure), (own, rounds.activity)):
        for warning in check(session, used, channel):
            note(f"Warning: {warning}")
    if choices.as_measured and choices.sigma is None:
        _warn_of_length(len(rounds.pairs), note)
    planes_um = distances((bundle, own), choices.reach_um, choices.step_um)
    search, pixel_um = choices.search, session.info.pixel_size_um
    with ExitStack() as stack:
        first: Stacks
        second: Stacks
        if stacks is not None:
            models = {rounds.structure: bundle, rounds.activity: own}
            first = second = stored_stacks(stacks, session, models, planes_um)
        else:
            first, second = refocused_stacks(stack, (bundle, own), planes_um, provider)
        seen = first_pass(session, rounds, first, choices.most, note)
        masks = find_neurons(seen.volume, pixel_um, planes_um[1] - planes_um[0], search)
        flat_masks = find_neurons(seen.flat, pixel_um, 1.0, search)
        note(f"{len(masks)} neurons in the virtual stack, {len(flat_masks)} in the raw frames")
        read = second_pass(session, rounds, second, seen, masks, flat_masks, note)
    volume = _finding(masks, seen.volume, read.volume, read, planes_um, pixel_um, choices)
    flat = _finding(flat_masks, seen.flat, read.flat, read, (), pixel_um, choices)
    facts = _facts(session, rounds, (bundle, own), planes_um, seen.found, choices)
    facts |= {"stacks": "refocused" if stacks is None else f"read from {stacks}"}
    facts |= {"neurons": volume.summary(), "raw_frames": flat.summary()}
    followed = _followed(rounds, seen, read)
    if out is not None:
        write_findings(out, volume, flat, followed, facts, as_parquet=as_parquet)
    return NeuronResult(volume, flat, followed, facts)


def _warn_of_length(count: int, note: Note) -> None:
    """Eq. 14 sums over frames: the paper's sigma is for its own 35 s at 3.6 Hz."""
    as_strict = SIGMA * float(np.sqrt(count / PAPERS_FRAMES))
    if not 0.5 < count / PAPERS_FRAMES < 2:
        note(
            f"Warning: sigma = {SIGMA:g} is the paper's for {PAPERS_FRAMES} frames; for the "
            f"{count} of this recording {as_strict:.2g} is as strict."
        )


def _finding(
    masks: Masks,
    stack: Image,
    intensity: NDArray[np.float64],
    read: Brightness,
    planes_um: tuple[float, ...],
    pixel_um: float,
    choices: Choices,
) -> Finding:
    acts: Activity = activity(
        intensity,
        read.background,
        threshold=choices.threshold,
        as_measured=choices.as_measured,
        sigma=choices.sigma,
        k=choices.k,
        least_silhouette=choices.silhouette,
    )
    z_um = np.full(len(masks), np.nan)
    if planes_um:
        z_um = planes_um[0] + masks.centres[:, 0] * (planes_um[1] - planes_um[0])
    return Finding(
        positions_um=np.column_stack([z_um, masks.centres[:, 1:] * pixel_um]),
        voxels=np.bincount(masks.labels.ravel(), minlength=len(masks) + 1)[1:],
        times_s=read.times_s,
        activity=acts,
        projection=stack.max(axis=0),
        pixel_size_um=pixel_um,
    )


def _followed(rounds: Rounds, seen: Seen, read: Brightness) -> Followed:
    structure, activity = np.array(rounds.pairs).T
    return Followed(
        structure, activity, read.times_s, np.array(seen.found), np.stack(seen.matrices)
    )


def recording_facts(session: Session) -> dict[str, Any]:
    """By what ``neurons.json`` knows its recording again, wherever that lies later."""
    return {
        "started_utc": session.manifest.started_utc,
        "frames": len(session),
        "shape": session.info.shape,
        "pixel_size_um": session.info.pixel_size_um,
    }


def _facts(
    session: Session,
    rounds: Rounds,
    bundles: tuple[Bundle, Bundle],
    planes_um: tuple[float, ...],
    found: list[bool],
    choices: Choices,
) -> dict[str, Any]:
    times = [session.facts[place].time_s for _, place in rounds.pairs]
    return {
        "session": str(session.folder),
        "recording": recording_facts(session),
        "structure": {"channel": rounds.structure, **bundles[0].identity()},
        "activity": {"channel": rounds.activity, **bundles[1].identity()},
        "rounds": len(rounds.pairs),
        "seconds": times[-1] - times[0],
        "frames_not_registered": found.count(False),
        "planes_um": [planes_um[0], planes_um[-1], planes_um[1] - planes_um[0]],
        "median_of_frames": min(len(rounds.pairs), choices.most),
        "search": {name: getattr(choices.search, name) for name in Search.__slots__},
        "compared": "as measured" if choices.as_measured else "courses",
        "sigma": chosen_sigma(choices.sigma, as_measured=choices.as_measured),
        "least_silhouette": chosen_silhouette(choices.silhouette, as_measured=choices.as_measured),
    }
