"""Virtual stacks of whole recordings as OME-Zarr, written chunk by chunk by many processes."""

from __future__ import annotations

from deepz_live.session.virtual.facts import VirtualFacts
from deepz_live.session.virtual.store import VirtualStore, begin_store, open_store

__all__ = ["VirtualFacts", "VirtualStore", "begin_store", "open_store"]
