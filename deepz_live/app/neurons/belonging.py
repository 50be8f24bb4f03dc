"""Which results belong to which recording."""

from __future__ import annotations

from pathlib import Path

from deepz_live.app.analyze.errors import AnalysisError
from deepz_live.app.analyze.neuron_files import FACTS
from deepz_live.app.neurons.results import NeuronResults, Origin, is_results, read_origin
from deepz_live.session.reader import Session


def belongs(origin: Origin, session: Session) -> bool:
    """Whether neurons are of ``session``, wherever it lies now; it may have grown since."""
    told = origin.recording
    same = told.started_utc == session.manifest.started_utc and told.shape == session.info.shape
    return same and told.frames <= len(session)


def check_belongs(results: NeuronResults, session: Session | None) -> None:
    """Raises AnalysisError where ``results`` are of another recording, or none is replayed."""
    if session is not None and belongs(results.origin, session):
        return
    shown = f"the recording {session.folder} is" if session is not None else "no recording is"
    told = results.origin.recording
    raise AnalysisError(
        f"The neurons in {results.folder} are of the recording {results.origin.session} "
        f"({told.frames} frames, begun {told.started_utc}), but {shown} replayed; open that one "
        "(Ctrl+E), then its neurons."
    )


def results_beside(session: Session) -> Path | None:
    """The newest results of ``session`` among the folders in its own and those beside it.

    What is of another recording, or cannot be read, is passed over.
    """
    near = (session.folder, session.folder.absolute().parent)
    found = [path for parent in near for path in _folders(parent) if _is_of(path, session)]
    return max(found, key=lambda folder: (folder / FACTS).stat().st_mtime, default=None)


def _folders(parent: Path) -> list[Path]:
    """None of one that cannot be looked into."""
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir())
    except OSError:
        return []


def _is_of(folder: Path, session: Session) -> bool:
    if not is_results(folder):
        return False
    try:
        return belongs(read_origin(folder), session)
    except AnalysisError:
        return False
