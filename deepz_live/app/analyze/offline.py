"""Sessions written without a camera: nothing has to keep up, so nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deepz_live.session.errors import SessionError
from deepz_live.session.files import open_file, to_json
from deepz_live.session.manifest import RESULTS, Manifest, info_at_rest
from deepz_live.session.recording import Recording
from deepz_live.stream.frame import Frame, StreamInfo


class OfflineRecording:
    """A session under way; made by :func:`offline_recording`."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.frames = 0

    def add(self, frame: Frame, **facts: Any) -> None:
        """Write a frame, and what else is known of it into ``results.jsonl``."""
        self._recording.append_frame(frame)
        if facts:
            line = to_json({"index": frame.index, **facts})
            self._recording.append_line(RESULTS, line)
        self.frames += 1


@contextmanager
def offline_recording(
    folder: Path,
    info: StreamInfo,
    *,
    settings: dict[str, Any],
    bundle: dict[str, Any] | None = None,
) -> Iterator[OfflineRecording]:
    """Write a session into the new or empty ``folder``; it is closed in any case.

    Raises
    ------
    SessionError
        The folder is not empty, or the disk does not take it.
    """
    manifest = Manifest(
        software=f"deepz-live {version('deepz-live')}",
        started_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        info=info_at_rest(info),
        settings=settings,
        bundle=bundle,
    )
    recording = Recording(folder, manifest, open_file)
    try:
        recording.create()
        under_way = OfflineRecording(recording)
        try:
            yield under_way
        except BaseException as error:
            recording.close(frames=under_way.frames, end="error", error=str(error))
            raise
        recording.close(frames=under_way.frames, end="stopped")
    except OSError as error:
        raise SessionError(
            f"Session {folder} could not be written ({error.strerror or error}); choose a folder "
            "with room that can be written to."
        ) from error
