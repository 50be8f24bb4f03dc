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

ROUNDS = 5
ENOUGH_S = 2.0
"""No new round of timings begins after so long: an opened model should not take a minute."""

SAMPLED = 4


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
    started: list[tuple[Candidate, Runner]] = []
    for candidate in candidates:
        if candidate.on_request and not asked:
            told.append(f"{candidate.name} is there and used only when asked for")
            continue
        try:
            started.append((candidate, started_and_checked(candidate, example)))
        except Exception as error:  # a driver may fail in any way; it is reported, not hidden
            told.append(f"{candidate.name} failed to start ({first_line(error)})")
    times = _timed(started, example, told)
    if not times:
        raise RefocusError(
            f"No execution provider could start the network: {'; '.join(told) or 'none found'}; "
            "run `deepz-live doctor` or install onnxruntime for the CPU."
        )
    ran = sorted(
        ((one, runner) for one, runner in started if one.name in times),
        key=lambda pair: times[pair[0].name],
    )
    (winner, chosen), *slower = ran
    for _, runner in slower:
        runner.close()
    others = tuple(candidate for candidate, _ in slower)
    return Choice(winner, chosen, others, _reason(winner, times, example, asked, told))


def started_and_checked(candidate: Candidate, example: Example) -> Runner:
    """Start a candidate; raises what its driver raises, or where it does not agree."""
    runner = candidate.make()
    try:
        check_agreement(runner, candidate, example)
    except Exception:
        runner.close()
        raise
    return runner


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


def _timed(
    started: Sequence[tuple[Candidate, Runner]], example: Example, told: list[str]
) -> dict[str, float]:
    """Seconds of each candidate's quickest run, by name; those that fail are closed and told.

    They take turns, so that what else the machine does meets all alike, and the first run of each
    does not count.
    """
    times: dict[str, float] = {}
    left = list(started)
    begin = time.perf_counter()
    for turn in range(1 + ROUNDS):
        if turn > 1 and time.perf_counter() - begin > ENOUGH_S:
            break
        for candidate, runner in tuple(left):
            try:
                seconds = _seconds(runner, example)
            except Exception as error:  # as above
                told.append(f"{candidate.name} failed to start ({first_line(error)})")
                left.remove((candidate, runner))
                times.pop(candidate.name, None)
                runner.close()
                continue
            if turn:
                times[candidate.name] = min(seconds, times.get(candidate.name, seconds))
    return times


def _seconds(runner: Runner, example: Example) -> float:
    """One run as it will be in use: planes that can stay on a device stay there."""
    begin = time.perf_counter()
    stack = runner.stack(np.zeros(example.warmup.shape[2:], np.uint16))
    if stack is None:
        runner.run(example.warmup)
    else:
        stack.sampled(SAMPLED)
    return time.perf_counter() - begin


def _reason(
    winner: Candidate, times: dict[str, float], example: Example, asked: bool, told: Sequence[str]
) -> str:
    height, width = example.warmup.shape[2:]
    measured = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in times.items())
    why = "asked for" if asked else "fastest" if len(times) > 1 else "the only one that runs"
    first = f"{winner.name}: {why} ({measured} for {height} × {width} px)"
    return "; ".join([first, *told])
