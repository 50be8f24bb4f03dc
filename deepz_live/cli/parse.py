"""Text typed on the command line, as values: ``--set``, ``--region``, ``--z``, ``--speed``."""

from __future__ import annotations

import math
import re

from deepz_live.cli.base import UsageError

Region = tuple[slice, slice]
MOST_PLANES = 1000


def overrides(settings: list[str]) -> dict[str, str]:
    """``["specimen.seed=3"]`` → ``{"specimen.seed": "3"}``."""
    found = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(
                f"--set {setting!r} is not of the form key=value; "
                "write for example --set specimen.seed=3."
            )
        found[key.strip()] = value.strip()
    return found


def region(text: str | None) -> Region | None:
    """``"0:128,0:256"`` → (rows, columns) in pixels; an empty side means the edge."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d*):(\d*)\s*,\s*(\d*):(\d*)\s*", text)
    if match is None:
        raise UsageError(
            f"--region {text!r} is not of the form y0:y1,x0:x1 in pixels; "
            "write for example --region 0:512,0:256."
        )
    y0, y1, x0, x1 = (int(number) if number else None for number in match.groups())
    for name, low, high in (("y", y0, y1), ("x", x0, x1)):
        if high is not None and high <= (low or 0):
            raise UsageError(
                f"--region {text!r} is empty in {name}: {name}1 = {high} must be larger "
                f"than {name}0 = {low or 0}."
            )
    return slice(y0, y1), slice(x0, x1)


def distances(text: str) -> tuple[float, ...]:
    """``"-10:10:2"`` → every 2 µm from -10 to 10, both included; one number is one plane."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not all(math.isfinite(number) for number in numbers):
        raise UsageError(
            f"--z {text!r} is not of the form first:last:step in µm; "
            "write for example --z=-10:10:2 (or one distance, --z=-4)."
        )
    if len(numbers) == 1:
        return (numbers[0],)
    first, last, step = numbers
    return _steps(text, first, last, step)


def _steps(text: str, first: float, last: float, step: float) -> tuple[float, ...]:
    if step == 0 or (last - first) / step < 0:
        raise UsageError(
            f"--z {text!r} never reaches {last:g} µm from {first:g} µm in steps of {step:g} µm; "
            "give the step the sign of last minus first."
        )
    # A step of 0.1 misses the last plane by rounding alone; a thousandth of a step is not.
    count = math.floor((last - first) / step + 1e-3) + 1
    if count > MOST_PLANES:
        raise UsageError(f"--z {text!r} asks for {count} planes; {MOST_PLANES} is the most.")
    return tuple(round(first + step * i, 6) for i in range(count))


def speed(text: str) -> float | None:
    """``"1"`` → real time, ``"0.5"`` → half of it, ``"max"`` → None: as fast as frames come."""
    if text.strip().lower() == "max":
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not (math.isfinite(factor) and factor > 0):
        raise UsageError(f"--speed {text!r} is neither a positive number nor 'max'.")
    return factor
