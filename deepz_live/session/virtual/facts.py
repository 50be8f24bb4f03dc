"""What a store of virtual stacks says of itself: where its planes came from, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from deepz_live.session.inferred import InferredFacts
from deepz_live.session.inferred.ome_zarr import group_attributes

BATCH = "deepz-live/batch"


class VirtualFacts(BaseModel):
    """Facts that all chunks of a store share; a restart with others is refused.

    Attributes
    ----------
    source, started_utc
        Name of the session, and when it began.
    frames, shape
        How many frames it has, and their (Y, X).
    pixel_size_um, interval_s
        Sampling; 0 where the time between frames is not known.
    planes_um
        Refocus distances of the planes, relative to each frame.
    dtype
        ``"float32"``: counts as the network gave them. ``"uint16"``: rounded, cut at 0 and 65535.
    chunk_frames
        Frames a chunk, which is a file.
    bundle, channel_bundles
        Name and SHA-256 of the model, and of those that single channels have instead.
    provider, threads
        What it ran on: part of what makes two runs equal bit by bit.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    source: str
    started_utc: str
    frames: Annotated[int, Field(gt=0)]
    shape: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    pixel_size_um: float
    interval_s: float
    planes_um: Annotated[tuple[float, ...], Field(min_length=1)]
    dtype: Literal["float32", "uint16"]
    chunk_frames: Annotated[int, Field(gt=0)]
    bundle: dict[str, str]
    channel_bundles: dict[str, dict[str, str]] = {}
    provider: str
    threads: Annotated[int, Field(gt=0)]

    def bundle_of(self, channel: str) -> dict[str, str]:
        """Name and SHA-256 of the model that made the planes of a channel's frames."""
        return self.channel_bundles.get(channel, self.bundle)

    @property
    def chunks(self) -> int:
        """Into how many chunks the recording is cut."""
        return -(-self.frames // self.chunk_frames)

    def span(self, chunk: int) -> range:
        """Frames of a chunk; the last one may be shorter."""
        first = chunk * self.chunk_frames
        return range(first, min(first + self.chunk_frames, self.frames))

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame's planes, before compression."""
        return len(self.planes_um) * self.shape[0] * self.shape[1] * np.dtype(self.dtype).itemsize

    def attributes(self, software: str) -> dict[str, Any]:
        """Of the group: OME metadata, that all is inferred, and these facts."""
        inferred = InferredFacts(
            distances_um=self.planes_um,
            pixel_size_um=self.pixel_size_um,
            bundle_id=self._bundle_id(),
            source=f"session {self.source}",
            times_s=(0.0, self.interval_s),
        )
        own = self.model_dump(mode="json") | {"software": software}
        return group_attributes("tzyx", inferred) | {BATCH: own}

    def _bundle_id(self) -> str:
        others = (f"{name}: {_short(own)}" for name, own in sorted(self.channel_bundles.items()))
        return "; ".join([_short(self.bundle), *others])


def _short(bundle: dict[str, str]) -> str:
    return f"{bundle['name']} {bundle['sha256'][:12]}"
