"""Stacks from elsewhere: OME-TIFF, ImageJ TIFF, Zarr; ND2, CZI and LIF where a reader is there."""

from __future__ import annotations

from deepz_live.session.importing.stack import MissingSamplingError, import_stack

__all__ = ["MissingSamplingError", "import_stack"]
