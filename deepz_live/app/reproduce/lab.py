"""What every step works with: bundles, running models, remembered work, real recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from deepz_live.app.reproduce.store import Record, Store, plain
from deepz_live.model.bundle import Bundle, load_bundle
from deepz_live.refocus.engine import Engine, open_engine

BEADS, WORM = "beads_20x075", "worm_20x075"
CONFOCAL = "filaments_confocal_20x075"
"""The shipped bundles that the claims are measured with."""

Opener = Callable[[Bundle], Engine]
Note = Callable[[str], None]


class Lab:
    """Made by :func:`open_lab`.

    Attributes
    ----------
    store
        Finished work.
    recordings
        Folder of real recordings, which may be missing.
    note
        Takes a sentence about what is going on.
    remembered_s
        What the work that :meth:`remember` did not do again once took.
    """

    def __init__(
        self, store: Store, recordings: Path, note: Note, engines: ExitStack, opener: Opener
    ) -> None:
        self.store = store
        self.recordings = recordings
        self.note = note
        self.remembered_s = 0.0
        self._engines, self._opener = engines, opener
        self._bundles: dict[str, Bundle] = {}
        self._running: dict[str, Engine] = {}

    def bundle(self, name: str) -> Bundle:
        """A shipped bundle, read once; raises BundleError."""
        if name not in self._bundles:
            self._bundles[name] = load_bundle(Path(name))
        return self._bundles[name]

    def engine(self, name: str) -> Engine:
        """The running model of a shipped bundle, opened once; raises RefocusError."""
        if name not in self._running:
            self.note(f"Starting {name}")
            self._running[name] = self._engines.enter_context(
                closing(self._opener(self.bundle(name)))
            )
        return self._running[name]

    def depends(self, bundles: tuple[str, ...], parameters: object) -> dict[str, Any]:
        """All that a result depends on: parameters (a dataclass), bundles, version."""
        chosen = asdict(parameters) if is_dataclass(parameters) else parameters  # type: ignore[arg-type]
        return {
            "parameters": plain(chosen),
            "bundles": {name: self.bundle(name).sha256 for name in bundles},
            "version": version("deepz-live"),
        }

    def remember(
        self,
        name: str,
        bundles: tuple[str, ...],
        parameters: object,
        make: Callable[[], tuple[Mapping[str, Any], Mapping[str, bytes]]],
    ) -> Record:
        """The record of ``name``, made (facts and pictures) only where it is not there yet."""
        depends = self.depends(bundles, parameters)
        found = self.store.read(name, depends)
        if found is None:
            began = perf_counter()
            facts, pictures = make()
            found = Record(plain(facts), perf_counter() - began, pictures)
            self.store.write(name, depends, found)
        else:
            self.remembered_s += found.seconds
        return found


@contextmanager
def open_lab(
    folder: Path, recordings: Path, note: Note = lambda _: None, opener: Opener = open_engine
) -> Iterator[Lab]:
    """A lab that keeps finished work in ``folder``; models that were started are closed again."""
    with ExitStack() as engines:
        yield Lab(Store(folder), recordings, note, engines, opener)
