"""The fastest way to run a network here: every candidate started, checked and timed.

None is taken for fast because of its name, and none that fails goes unmentioned: an unused
graphics card is seen in the reason.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepz_live.refocus.errors import RefocusError
from deepz_live.refocus.runner import Candidate, Image, Runner, first_line

RUNS = 3
LONG_S = 1.0
"""A candidate whose run takes longer is timed once: an opened model should not take a minute."""


@dataclass(frozen=True, slots=True)
class Example:
    """What candidates are measured with.

    Attributes
    ----------
    warmup
        ``(1, C, Y, X)`` float32: they are timed on it.
    given, wanted
        ``(1, C, Y, X)`` and ``(1, P, Y, X)``, the bundle's test arrays; None where it has none.
    """

    warmup: Image
    given: Image | None = None
    wanted: Image | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found: the started runner, and the other candidates, fastest first.

    Attributes
    ----------
    candidate, runner
        The fastest.
    others
        Those that ran as well, to fall back to.
    reason
        Timings and failures of all.
    """

    candidate: Candidate
    runner: Runner
    others: tuple[Candidate, ...]
    reason: str


def choose(
    candidates: Sequence[Candidate],
    example: Example,
    *,
    asked: bool = False,
    notes: Sequence[str] = (),
) -> Choice:
    """Start every candidate and keep the fastest; ``notes`` are added to the reason.

    Raises
    ------
    RefocusError
        None runs the network rightly.
    """
    told = list(notes)
    times: dict[str, float] = {}
    best: tuple[float, Candidate, Runner] | None = None
    for candidate in candidates:
        if candidate.on_request and not asked:
            told.append(f"{candidate.name} is there and used only when asked for")
            continue
        try:
            runner = candidate.make()
        except Exception as error:  # a driver may fail in any way; it is reported, not hidden
            told.append(f"{candidate.name} failed to start ({first_line(error)})")
            continue
        try:
            seconds = _tried(runner, candidate, example)
        except Exception as error:  # as above
            told.append(f"{candidate.name} failed to start ({first_line(error)})")
            runner.close()
            continue
        times[candidate.name] = seconds
        if best is not None and best[0] <= seconds:
            runner.close()
            continue
        if best is not None:
            best[2].close()
        best = (seconds, candidate, runner)
    if best is None:
        raise RefocusError(
            f"No execution provider could start the network: {'; '.join(told) or 'none found'}; "
            "run `deepz-live doctor` or install onnxruntime for the CPU."
        )
    _, winner, runner = best
    ran = sorted((c for c in candidates if c.name in times), key=lambda c: times[c.name])
    return Choice(
        winner,
        runner,
        tuple(one for one in ran if one is not winner),
        _reason(winner, times, example, asked, told),
    )


def deviation(found: Image, wanted: Image) -> float:
    """``‖found − wanted‖ / ‖wanted‖``."""
    difference = (found - wanted).astype(np.float64)
    power = float(np.square(wanted.astype(np.float64)).sum())
    return float(np.sqrt(np.square(difference).sum() / max(power, 1e-24)))


def check_agreement(runner: Runner, candidate: Candidate, example: Example) -> None:
    """Raise :class:`RefocusError` where the network's answer is not the bundle's test output."""
    if example.given is None or example.wanted is None:
        return
    found = deviation(runner.run(example.given), example.wanted)
    if not found <= candidate.tolerance:
        raise RefocusError(
            f"its planes differ from the model's by {found:.1e}, at most {candidate.tolerance:.0e} "
            "is right"
        )


def _tried(runner: Runner, candidate: Candidate, example: Example) -> float:
    """Seconds that one run takes, the first one left out."""
    check_agreement(runner, candidate, example)
    runner.run(example.warmup)
    seconds: list[float] = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        runner.run(example.warmup)
        seconds.append(time.perf_counter() - begin)
        if seconds[-1] > LONG_S:
            break
    return min(seconds)


def _reason(
    winner: Candidate, times: dict[str, float], example: Example, asked: bool, told: Sequence[str]
) -> str:
    height, width = example.warmup.shape[2:]
    measured = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in times.items())
    why = "asked for" if asked else "fastest" if len(times) > 1 else "the only one that runs"
    first = f"{winner.name}: {why} ({measured} for {height} × {width} px)"
    return "; ".join([first, *told])
