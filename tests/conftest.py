"""What every test lives by: no screen, and nothing left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Programs side by side that each use all cores slow one another down many times.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parents[1]
RECORDINGS = REPOSITORY.parent / "shared" / "data"

# Threads that a library starts once and keeps for the life of the process.
LIBRARY_THREADS = (
    "zarr_io",  # zarr's event loop
    "asyncio_",  # the pool of that event loop
    "zarr_pool",
    "pymmcore",
    "tqdm",
    "Dummy-",  # a C++ thread that once called into Python
    "QThread",
)

# Files that the interpreter, the system or a library opens once: logs, caches, fonts.
FOREIGN_FILES = (
    *("/dev/", "/proc/", "/sys/", "/usr/", "/memfd"),
    *(str(Path.home() / name) for name in (".cache", ".local", ".config")),
    sys.prefix,
    sys.base_prefix,
)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings; a test that needs it is skipped where it is missing."""
    if not RECORDINGS.is_dir():
        pytest.skip("real recordings are not here: ../shared/data is missing")
    return RECORDINGS


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a process, an open file or a widget."""
    threads, files, widgets = _threads(), _open_files(), _widgets()
    yield
    left = [f"thread {thread.name}" for thread in _still_running(_threads() - threads)]
    left += [f"process {process.name}" for process in multiprocessing.active_children()]
    left += [f"open file {path}" for path in _kept(files, _open_files)]
    left += [f"widget {name}" for name in _kept(widgets, _widgets)]
    if left:
        pytest.fail("the test left behind: " + ", ".join(sorted(left)))


def _threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if not t.name.startswith(LIBRARY_THREADS)}


def _still_running(threads: set[threading.Thread]) -> list[threading.Thread]:
    for thread in threads:
        thread.join(0.5)  # one that was told to stop may need a moment
    return [thread for thread in threads if thread.is_alive()]


def _kept(before, look) -> list[str]:
    """What is there now and was not before, once the garbage has been collected."""
    if look().keys() - before.keys():
        gc.collect()
    now = look()
    return [str(now[key]) for key in now.keys() - before.keys()]


def _open_files() -> dict[tuple[str, str], str]:
    """Files open for this process that are ours: not those of the interpreter or the system."""
    table = Path("/proc/self/fd")
    if not table.is_dir():
        return {}  # elsewhere Python's own ResourceWarning has to do
    found = {}
    for entry in table.iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # closed while we looked
        if _is_ours(target):
            found[entry.name, target] = target
    return found


def _is_ours(target: str) -> bool:
    return target.startswith("/") and not target.startswith(FOREIGN_FILES)


def _widgets() -> dict[int, str]:
    """Top-level windows that Qt knows; popups belong to whoever made them."""
    qt = sys.modules.get("PyQt6.QtWidgets")
    if qt is None or qt.QApplication.instance() is None:
        return {}
    core = sys.modules["PyQt6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    return {
        id(widget): f"{type(widget).__name__} {widget.windowTitle()!r}"
        for widget in qt.QApplication.topLevelWidgets()
        if widget.isVisible() or not isinstance(widget, qt.QMenu)
    }
