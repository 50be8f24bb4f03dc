"""The command line: ``deepz-live`` and its commands. Heavy imports wait inside the commands."""

from __future__ import annotations

from deepz_live.cli import check, demo, learn, refocus, stream
from deepz_live.cli.base import app

__all__ = ["app", "check", "demo", "learn", "refocus", "stream"]
