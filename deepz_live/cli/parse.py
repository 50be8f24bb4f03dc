"""Text typed on the command line, as values: ``--set``, ``--region``, ``--speed`` and others."""

from __future__ import annotations

import math
import re
from pathlib import Path

from deepz_live.cli.base import UsageError

Region = tuple[slice, slice]


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


def channel_models(given: list[str]) -> dict[str, Path]:
    """``["FITC=models/b"]`` → ``{"FITC": Path("models/b")}``."""
    found: dict[str, Path] = {}
    for text in given:
        name, _, bundle = (part.strip() for part in text.partition("="))
        if not name or not bundle or name in found:
            raise UsageError(
                f"--channel-model {text!r} is not of the form channel=bundle, each channel once; "
                "write for example --channel-model FITC=models/b."
            )
        found[name] = Path(bundle)
    return found


def region(text: str | None) -> Region | None:
    """``"0:128,0:256"`` → (rows, columns), in pixels."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+):(\d+)\s*,\s*(\d+):(\d+)\s*", text)
    if match is None:
        raise UsageError(
            f"--region {text!r} is not of the form y0:y1,x0:x1 in pixels; "
            "write for example --region 0:512,0:256."
        )
    y0, y1, x0, x1 = (int(number) for number in match.groups())
    for axis, low, high in (("y", y0, y1), ("x", x0, x1)):
        if high <= low:
            raise UsageError(
                f"--region {text!r} is empty in {axis}: {axis}1 = {high} must be larger "
                f"than {axis}0 = {low}."
            )
    return slice(y0, y1), slice(x0, x1)


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


def names(option: str, text: str) -> tuple[str, ...]:
    """``"TexasRed, FITC"`` → both names; an empty text → none."""
    if not text.strip():
        return ()
    found = tuple(part.strip() for part in text.split(","))
    if not all(found) or len(set(found)) < len(found):
        raise UsageError(
            f"{option} {text!r} is not a list of different names; write for example "
            f"{option} TexasRed,FITC."
        )
    return found
