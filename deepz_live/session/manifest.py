"""What a session folder holds, and the file that says so.

Format 2
========

::

    my-session/
      manifest.json        this model; replaced as a whole at start, on an error and at the end
      frames.ome.zarr/     OME-Zarr (NGFF 0.5, Zarr 3): array "0", axes t, y, x
        0/c.<n>.0.0        many frames: the camera's pixels, row by row, little endian, not
                           compressed; how they lie in it says shards.py
      frames.jsonl         a line a frame, written after its pixels: index, time_s, z_um,
                           exposure_ms, channel, position (its t in the array)
      events.jsonl         a line an event: time_s, kind, and what belongs to it
      results.jsonl        a line a refocused frame: index, and what belongs to it
      markers.jsonl        markers added when looking at it again (markers.py); else absent
      reserve              1 MiB that is given up when the disk is full, so that the end of the
                           recording can still be written; absent from a closed session

Format 1 had a file a frame; it is still read.

While the recording runs, and after a crash, ``closed`` is false, the array's t extent is rounded
up to a block, and ``frames.jsonl`` is what tells which frames exist; its last line may be torn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deepz_live.session.errors import SessionError
from deepz_live.session.files import FileOpener, open_file, replace_file, to_json
from deepz_live.stream.frame import StreamInfo

MANIFEST = "manifest.json"
FRAMES = "frames.jsonl"
EVENTS = "events.jsonl"
RESULTS = "results.jsonl"
PIXELS = "frames.ome.zarr"
RESERVE = "reserve"
FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)

Cause = Literal["not received", "queue full", "write error", "unknown"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Gap(_Model):
    """Frames ``first`` … ``last`` (camera index, both included) that are not in the session."""

    first: int
    last: int
    cause: Cause


class Info(_Model):
    """:class:`~deepz_live.stream.frame.StreamInfo` at rest."""

    shape: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
    dtype: Literal["uint8", "uint16", "float32"]
    pixel_size_um: float
    frame_rate_hz: float
    channel: str
    exposure_ms: float
    origin: str
    channels: tuple[str, ...] = ()


class Manifest(_Model):
    """The content of ``manifest.json``.

    Attributes
    ----------
    started_utc
        ISO 8601, UTC.
    settings
        What the operator had chosen, as the application gave it.
    bundle
        Name and SHA-256 of the model in use, or None.
    closed
        False while the recording runs and after a crash.
    frames, dropped, gaps
        Frames written; frames offered that could not be written; which indices are missing.
    out_of_order
        Frames that came after one with the same or a higher index; they lie where they came.
    end
        Why it ended: ``"stopped"`` as asked, or ``"error"``; None while it runs.
    error
        The sentence that the operator saw, or None.
    """

    format: Literal["deepz-live session"] = "deepz-live session"
    version: int = FORMAT_VERSION
    software: str
    started_utc: str
    info: Info
    settings: dict[str, Any] = {}
    bundle: dict[str, Any] | None = None
    closed: bool = False
    frames: int = 0
    dropped: int = 0
    gaps: tuple[Gap, ...] = ()
    out_of_order: int = 0
    end: Literal["stopped", "error"] | None = None
    error: str | None = None

    def stream_info(self, origin: str) -> StreamInfo:
        """The facts of the stream, named after ``origin``."""
        return StreamInfo(**(self.info.model_dump() | {"origin": origin}))


def info_at_rest(info: StreamInfo) -> Info:
    """Raises SessionError where the pixels are of a type that the format does not hold."""
    try:
        return Info(**asdict(info))
    except ValidationError as error:
        raise SessionError(
            f"Cannot record frames of {info.shape} pixels of type {info.dtype!r}: "
            "two positive lengths and uint8, uint16 or float32 are wanted."
        ) from error


def write_manifest(folder: Path, manifest: Manifest, opener: FileOpener = open_file) -> None:
    """Replace the manifest of ``folder``; raises OSError."""
    content = to_json(manifest.model_dump(), indent=2)
    replace_file(folder / MANIFEST, content, opener)


def is_session(path: Path) -> bool:
    """Whether ``path`` is the folder of a recording."""
    return (path / MANIFEST).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Raises SessionError: no session here, manifest damaged, or of another format version."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise SessionError(f"Session {folder} does not exist; give the folder of a recording.")
    if not path.is_file():
        raise SessionError(
            f"{folder} is not a session: it holds no {MANIFEST}; give the folder of a recording."
        )
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        problem = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, problem["loc"])) if problem else ""
        what = f"{where or 'text'}: {problem['msg']}" if problem else str(error)
        raise SessionError(
            f"The manifest {path} cannot be read ({what}); restore the file from a copy of the "
            f"session, the frames themselves are untouched in {PIXELS}."
        ) from error
    if manifest.version not in READABLE_VERSIONS:
        readable = " and ".join(map(str, READABLE_VERSIONS))
        raise SessionError(
            f"Session {folder} has format version {manifest.version}, this program reads versions "
            f"{readable}; open it with the program that wrote it ({manifest.software})."
        )
    return manifest


def gaps_between(indices: Iterable[int]) -> tuple[Gap, ...]:
    """Ranges of indices left out between ascending neighbours, for unknown reasons."""
    gaps, last = [], None
    for index in indices:
        if last is not None and index > last + 1:
            gaps.append(Gap(first=last + 1, last=index - 1, cause="unknown"))
        last = index
    return tuple(gaps)
