"""The command line: ``deepz-live`` and its commands. Heavy imports wait inside the commands."""

from __future__ import annotations

from deepz_live.cli import (
    analyze,
    batch,
    calibration,
    check,
    compare,
    demo,
    learn,
    refocus,
    report,
    reproduce,
    spot_check,
    stacks,
    stream,
)
from deepz_live.cli.base import app

__all__ = [
    "analyze",
    "app",
    "batch",
    "calibration",
    "check",
    "compare",
    "demo",
    "learn",
    "refocus",
    "report",
    "reproduce",
    "spot_check",
    "stacks",
    "stream",
]
