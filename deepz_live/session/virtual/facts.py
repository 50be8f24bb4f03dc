"""What a store of virtual stacks says of itself: where its planes came from, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

NAMESPACE = "deepz-live/inferred"
BATCH = "deepz-live/batch"
CHANNEL = "inferred by a neural network"


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
    bundle
        Name and SHA-256 of the model.
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
    provider: str
    threads: Annotated[int, Field(gt=0)]

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

    @property
    def description(self) -> str:
        """For people who open the store elsewhere."""
        model = f"{self.bundle['name']} {self.bundle['sha256'][:12]}"
        return (
            f"Inferred by a neural network ({model}) from session {self.source}, not measured; "
            "plane positions are refocus distances relative to each frame."
        )

    def attributes(self, software: str) -> dict[str, Any]:
        """Of the group: OME metadata, that all is inferred, and these facts."""
        return {
            "ome": {"version": "0.5", "multiscales": [self._image()]},
            NAMESPACE: {
                "description": self.description,
                "inferred": "true",
                "bundle": f"{self.bundle['name']} {self.bundle['sha256'][:12]}",
                "source": self.source,
                "distances_um": " ".join(f"{z:g}" for z in self.planes_um),
            },
            BATCH: self.model_dump(mode="json") | {"software": software},
        }

    def _image(self) -> dict[str, Any]:
        """After the OME-Zarr specification (NGFF 0.5, multiscales)."""
        units = {"y": "micrometer", "x": "micrometer"}
        scale = {"t": 1.0, "z": 1.0, "y": self.pixel_size_um, "x": self.pixel_size_um}
        begin = dict.fromkeys("tzyx", 0.0)
        if self.interval_s > 0:
            units["t"], scale["t"] = "second", self.interval_s
        steps = np.diff(self.planes_um)
        if len(steps) and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6):
            units["z"], scale["z"] = "micrometer", float(steps[0])
            begin["z"] = self.planes_um[0]
        axes = [
            {"name": name, "type": "time" if name == "t" else "space"}
            | ({"unit": units[name]} if name in units else {})
            for name in "tzyx"
        ]
        moves = [
            {"type": "scale", "scale": list(scale.values())},
            {"type": "translation", "translation": list(begin.values())},
        ]
        datasets = [{"path": "0", "coordinateTransformations": moves}]
        return {"name": CHANNEL, "axes": axes, "datasets": datasets}
