"""Movies as MP4 (H.264), through the ffmpeg that imageio-ffmpeg brings: nothing to install."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepz_live.session.errors import StackError

QUALITY_CRF = "18"
"""Constant rate factor of x264; at 18 an eye sees no difference to the pictures."""
_END_S = 60.0


class MovieWriter:
    """A context in which pictures are added; the file has its name once it is complete.

    Parameters
    ----------
    path
        ``.mp4``.
    size
        ``(Y, X)`` of every picture, even numbers.
    facts
        Written into the file: ``title``, ``comment``, …

    Raises
    ------
    StackError
        Another ending, odd sizes, or the file cannot be written.
    """

    def __init__(
        self, path: Path, size: tuple[int, int], frame_rate_hz: float, facts: Mapping[str, str]
    ) -> None:
        if path.suffix.lower() != ".mp4":
            raise StackError(f"Could not write {path}: a name ending in .mp4 is wanted.")
        if size[0] % 2 or size[1] % 2 or min(size) < 2:
            raise StackError(
                f"Could not write {path}: pictures of {size[1]} × {size[0]} px; even numbers are "
                "wanted."
            )
        if not path.parent.is_dir():
            raise StackError(
                f"Could not write {path}: folder {path.parent} does not exist; choose another."
            )
        self._path, self._size, self._count = path, size, 0
        self._part = path.with_name(f"{path.stem}.part.mp4")
        self._command = _command(self._part, size, frame_rate_hz, facts)
        self._encoder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._encoder = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # On Windows a console would flash up.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        return self

    def add(self, picture: NDArray[np.uint8]) -> None:
        """One more picture ``(Y, X, 3)`` uint8, red, green, blue."""
        if picture.shape != (*self._size, 3) or picture.dtype != np.uint8:
            raise StackError(
                f"Could not write {self._path}: a picture of {picture.shape} {picture.dtype} came, "
                f"{(*self._size, 3)} of uint8 is wanted."
            )
        encoder = self._encoder
        if encoder is None or encoder.stdin is None:
            raise StackError(self._failed("it is not open"))
        try:
            encoder.stdin.write(np.ascontiguousarray(picture).data)
        except OSError as error:
            raise StackError(self._failed(self._end() or str(error))) from error
        self._count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            complaint = self._end()
            if kind is None and (complaint or not self._count):
                raise StackError(self._failed(complaint or "no picture was written"))
            if kind is None:
                self._part.replace(self._path)
        except OSError as problem:
            raise StackError(self._failed(problem.strerror or str(problem))) from problem
        finally:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _end(self) -> str:
        """Close the encoder; its last words where it failed, else nothing."""
        encoder, self._encoder = self._encoder, None
        if encoder is None:
            return ""
        try:
            # A pipe that broke is what the encoder's own words are about.
            with contextlib.suppress(BrokenPipeError):
                _, words = encoder.communicate(timeout=_END_S)
                lines = words.decode(errors="replace").strip().splitlines()
                return (lines or ["the encoder failed"])[-1] if encoder.returncode else ""
        except subprocess.TimeoutExpired:
            encoder.kill()
            encoder.communicate()
        return "the encoder did not end"

    def _failed(self, why: str) -> str:
        return (
            f"Could not write {self._path}: {why}; choose a folder that can be written to and has "
            "room."
        )


def _command(
    part: Path, size: tuple[int, int], frame_rate_hz: float, facts: Mapping[str, str]
) -> list[str]:
    import imageio_ffmpeg

    notes = [word for key, text in facts.items() for word in ("-metadata", f"{key}={text}")]
    pictures = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[1]}x{size[0]}"]
    return [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"),
        *(*pictures, "-r", f"{frame_rate_hz:.6g}", "-i", "-"),
        *("-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", QUALITY_CRF),
        *("-movflags", "+faststart", *notes, str(part)),
    ]
