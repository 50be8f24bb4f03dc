"""The reproduction: which steps, each once, and the page from what they found."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from deepz_live.app.reproduce import (
    beads,
    crossmodal,
    drift,
    helix,
    inference,
    light,
    neurons,
    outside,
    recordings,
    stream,
    surfaces,
    transfer,
    waves,
    worm,
)
from deepz_live.app.reproduce.errors import ReproductionError
from deepz_live.app.reproduce.lab import Lab, Opener, open_lab
from deepz_live.app.reproduce.outcome import Outcome, not_run
from deepz_live.app.reproduce.page import page
from deepz_live.app.reproduce.step import Step
from deepz_live.app.reproduce.store import plain, to_outcome, to_record
from deepz_live.refocus.engine import open_engine
from deepz_live.session.files import replace_file, to_json

STEPS: tuple[Step[Any], ...] = (
    beads.STEP,
    outside.STEP,
    worm.STEP,
    neurons.STEP,
    surfaces.STEP,
    waves.STEP,
    crossmodal.STEP,
    light.STEP,
    transfer.STEP,
    helix.STEP,
    drift.STEP,
    stream.STEP,
    inference.STEP,
    recordings.STEP,
)
RECORDINGS = Path("../shared/data")
PAGE, FACTS, FOLDER = "reproduce.html", "reproduce.json", "steps"


@dataclass(frozen=True, slots=True)
class Done:
    """One step as it stands on the page.

    ``seconds`` is what it took when it was run; ``cached``: that was an earlier time.
    """

    step: Step[Any]
    outcome: Outcome
    seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Where the page is, and all that stands on it."""

    page: Path
    steps: tuple[Done, ...]
    facts: dict[str, Any]


def figures(steps: Sequence[Step[Any]] = STEPS) -> list[str]:
    """Names that :func:`reproduce` understands."""
    return list(dict.fromkeys(name for step in steps for name in step.figures))


def chosen(names: Sequence[str], steps: Sequence[Step[Any]] = STEPS) -> list[Step[Any]]:
    """The steps for these figures; all where none is named.

    Raises
    ------
    ReproductionError
        A name that no step has.
    """
    wanted = [name.lower() for name in names]
    unknown = [name for name in wanted if name not in figures(steps)]
    if unknown:
        raise ReproductionError(
            f"There is nothing to reproduce called {', '.join(map(repr, unknown))}; choose of "
            f"{', '.join(figures(steps))}, or name none for all."
        )
    return [step for step in steps if not wanted or set(wanted) & set(step.figures)]


def reproduce(
    out: Path,
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    recordings: Path = RECORDINGS,
    note: Callable[[str], None] = lambda _: None,
    steps: Sequence[Step[Any]] = STEPS,
    opener: Opener = open_engine,
) -> Reproduction:
    """Measure what is not measured yet, and write ``reproduce.html`` and ``reproduce.json``.

    A step that is finished in ``out`` with the same parameters, models and version is taken from
    there; the page is written anew after each, so that a run which is killed leaves one.

    Parameters
    ----------
    names
        Figures, see :func:`figures`; empty: all.
    quick
        Smaller fields and fewer seeds; training is left out.
    recordings
        Folder of real recordings; steps on files that are missing say so.

    Raises
    ------
    ReproductionError
        An unknown figure, or ``out`` cannot be written.
    BundleError, RefocusError, MicroscopeError, SessionError, StackError, TrainingError
        As the steps meet them.
    """
    todo = chosen(names, steps)
    began = perf_counter()
    done: list[Done] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        with open_lab(out / FOLDER, recordings, note, opener) as lab:
            machine = _machine()
            for number, step in enumerate(todo, start=1):
                note(f"── {number} of {len(todo)}: {step.key} ({', '.join(step.figures)})")
                done.append(_done(lab, step, quick))
                note(f"   {step.key}: {done[-1].seconds:.0f} s"
                     + (", from an earlier run" if done[-1].cached else ""))  # fmt: skip
                facts = _facts(done, quick, machine, perf_counter() - began)
                _write(out, done, facts)
    except OSError as error:
        raise ReproductionError(
            f"The reproduction could not be written into {out} ({error.strerror or error}); "
            "choose a folder with room that can be written to."
        ) from error
    return Reproduction(out / PAGE, tuple(done), facts)


def _done(lab: Lab, step: Step[Any], quick: bool) -> Done:
    parameters = step.parameters(quick)
    if parameters is None:
        why = "Takes too long for a quick run; run it without --quick."
        return Done(step, Outcome(tuple(not_run(claim, why) for claim in step.claims)), 0.0, False)
    depends = lab.depends(step.bundles, parameters)
    record = lab.store.read(step.key, depends)
    if record is not None:
        return Done(step, to_outcome(record), record.seconds, True)
    for name in step.bundles:
        lab.engine(name)  # to start it is no part of the step
    began, before = perf_counter(), lab.remembered_s
    outcome = step.measure(lab, parameters)
    seconds = perf_counter() - began + lab.remembered_s - before
    record = to_record(outcome, seconds)
    if outcome.keep:
        lab.store.write(step.key, depends, record)
    return Done(step, to_outcome(record), seconds, False)


def _facts(
    done: Sequence[Done], quick: bool, machine: dict[str, Any], seconds: float
) -> dict[str, Any]:
    return {
        "version": version("deepz-live"),
        "quick": quick,
        "machine": machine,
        "seconds_this_time": seconds,
        "seconds": sum(one.seconds for one in done),
        "steps": {
            one.step.key: {
                "seconds": one.seconds,
                "cached": one.cached,
                "rows": [asdict(row) for row in one.outcome.rows],
                "sections": {s.key: s.facts for s in one.outcome.sections},
            }
            for one in done
        },
    }


def _machine() -> dict[str, Any]:
    """Where it ran, and how busy that was at the start (processes that wanted to run)."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "system": f"{platform.system()} on {platform.machine()}",
        "processors": os.cpu_count(),
        "load_at_start": load,
    }


def _write(out: Path, done: Sequence[Done], facts: dict[str, Any]) -> None:
    outcomes = [(one.step, one.outcome, one.seconds) for one in done]
    replace_file(out / PAGE, page(outcomes, facts).encode())
    replace_file(out / FACTS, to_json(plain(facts), indent=1))
