"""Refocused planes as files: OME-TIFF or OME-Zarr, both of which say that they were inferred."""

from __future__ import annotations

from deepz_live.session.inferred.facts import InferredFacts
from deepz_live.session.inferred.write import check_name, write_inferred

__all__ = ["InferredFacts", "check_name", "write_inferred"]
