"""Checks of a calibration stack: arrays in, findings with their cures out."""

from __future__ import annotations

from deepz_live.analysis.stack_check.check import check_stack
from deepz_live.analysis.stack_check.finding import Finding, Level, StackCheck, worst

__all__ = ["Finding", "Level", "StackCheck", "check_stack", "worst"]
