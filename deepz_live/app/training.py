"""Training in a process of its own, so that the live view keeps its GPU share and its GIL."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from pydantic import ValidationError

from deepz_live.app.paths import configs_folder
from deepz_live.app.quality import measure, record_quality
from deepz_live.app.stack_folder import RECORD, read_record, stack_files
from deepz_live.config import Optics
from deepz_live.model.bundle import load_bundle, shipped_names
from deepz_live.train.errors import TrainingError
from deepz_live.train.order import TrainingOrder
from deepz_live.train.preset import Preset, load_preset
from deepz_live.train.progress import TrainingProgress
from deepz_live.train.share import is_first_process
from deepz_live.train.targets import partners

if TYPE_CHECKING:
    from deepz_live.train.preset import NetworkName

Box = tuple[slice, slice]
Message = TrainingProgress | str
BEST = Path("best")
"""In place of a bundle to start from: whichever shipped one knows the stacks best."""
MEASURED_PARTS = 12
"""Validation regions that the bundle's own quality table is measured on."""


class TrainingChoices(TypedDict, total=False):
    """What may be chosen of a training run; all of it has a default.

    Attributes
    ----------
    preset
        Name of a shipped preset, or a path to a ``.yaml`` file; default ``quick``.
    model
        ``planes`` or ``generator``; default the preset's.
    minutes
        Training time; default the preset's.
    region
        Part of the field to train on, ``(slice in y, slice in x)``.
    init
        Bundle to start from; ``BEST`` for the shipped one that knows the stacks best.
    teacher
        Bundle of a generator for a planes model to learn from beside the stacks.
    resume
        Go on with the run that was stopped or killed.
    target
        Stacks of another modality to learn, or a folder of them: one for each stack, of the same
        file name or in the same order.
    channel
        Of the calibrations' stacks only those of this channel.
    """

    preset: str
    model: NetworkName | None
    minutes: float | None
    region: Box | None
    init: Path | None
    teacher: Path | None
    resume: bool
    target: Path | Sequence[Path] | None
    channel: str | None


class TrainingJob:
    """One training run, driven from the CLI or the window.

    Parameters
    ----------
    stacks
        A folder of calibration stacks, or stacks.
    out
        Folder of the new bundle.
    choices
        See :class:`TrainingChoices`.

    Raises
    ------
    TrainingError, BundleError, StackError
        Before anything starts, where the order cannot be carried out.
    """

    def __init__(
        self,
        stacks: Path | Sequence[Path],
        out: Path,
        **choices: Unpack[TrainingChoices],
    ) -> None:
        self.order = training_order(stacks, out, **choices)
        context = multiprocessing.get_context("spawn")
        self._messages: Queue[Message] = context.Queue()
        self._stop: Event = context.Event()
        self._process = context.Process(
            target=_run, args=(self.order, self._messages, self._stop), name="training"
        )
        self._error: str | None = None

    def start(self) -> None:
        """Start the process."""
        self._process.start()

    def poll(self) -> list[TrainingProgress]:
        """What was reported since the last call; never waits."""
        news: list[TrainingProgress] = []
        while True:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                return news
            if isinstance(message, str):
                self._error = message
            else:
                news.append(message)

    def request_stop(self) -> None:
        """Stop soon and keep the best weights so far as the bundle."""
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; True if the process has ended."""
        self._process.join(timeout_s)
        return not self._process.is_alive()

    def close(self) -> None:
        """Ask to stop and wait; kills a process that does not answer in 10 s."""
        if self._process.pid is not None:
            self._stop.set()
            self._process.join(10)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        self._messages.close()
        self._messages.join_thread()

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    @property
    def error(self) -> str | None:
        """The sentence of the failure, once :meth:`poll` has met it; None while all is well."""
        code = self._process.exitcode
        if self._error is None and code not in (None, 0):
            return (
                f"The training process ended with code {code}, perhaps for lack of memory; close "
                "other programs or lower `batch` in the preset, and resume."
            )
        return self._error


def training_order(
    stacks: Path | Sequence[Path], out: Path, **choices: Unpack[TrainingChoices]
) -> TrainingOrder:
    """Check and complete what was asked for; raises as :class:`TrainingJob` does."""
    preset, minutes = choices.get("preset", "quick"), choices.get("minutes")
    init, teacher = choices.get("init"), choices.get("teacher")
    target = choices.get("target")
    channel = choices.get("channel")
    paths = training_stacks(stacks, channel)
    file = Path(preset)
    settings = load_preset(
        file if file.suffix == ".yaml" else configs_folder() / "train" / f"{preset}.yaml"
    )
    if minutes is not None:
        settings = Preset.model_validate(settings.model_dump() | {"minutes": minutes})
    if out.exists() and not (out / "rdf.yaml").is_file():
        raise TrainingError(f"{out} exists and is not a bundle; choose a new folder for --out.")
    for package in ("torch", "lightning_fabric"):
        if find_spec(package) is None:
            raise TrainingError(
                f"Training needs {package}, which is not installed; install deepz-live[train]."
            )
    return TrainingOrder(
        stacks=tuple(paths),
        out=out,
        preset=settings,
        network=choices.get("model") or settings.model,
        optics=_optics(paths[0].parent),
        box=choices.get("region"),
        init=load_bundle(init) if init and init != BEST else None,
        starts=tuple(map(load_bundle, map(Path, shipped_names()))) if init == BEST else (),
        teacher=load_bundle(teacher) if teacher else None,
        resume=choices.get("resume", False),
        targets=() if target is None else tuple(training_stacks(target)),
    )


def find_stacks(stacks: Path | Sequence[Path]) -> list[Path]:
    """The TIFF stacks of a folder and the folders in it, or the files given.

    Raises
    ------
    TrainingError
        Nothing there.
    """
    found: list[Path] = []
    for path in [stacks] if isinstance(stacks, Path) else stacks:
        if not path.exists():
            raise TrainingError(f"{path} does not exist; give a folder of z-stacks or a TIFF file.")
        inside = stack_files(path) if path.is_dir() else [path]
        if not inside:
            raise TrainingError(
                f"{path} holds no TIFF stacks; capture some with `deepz-live calibrate` first."
            )
        found += inside
    return found


def training_stacks(stacks: Path | Sequence[Path], channel: str | None = None) -> list[Path]:
    """Those of :func:`find_stacks` that may be learnt from: their calibration kept none for tests.

    Parameters
    ----------
    channel
        Only stacks of this channel; None: whatever is there.

    Raises
    ------
    TrainingError
        Nothing there, nothing but stacks for tests, or nothing of the channel.
    StackError
        A damaged ``calibration.json``.
    """
    found = find_stacks(stacks)
    known = {folder: _entries(folder) for folder in {path.parent for path in found}}
    entries = {path: known[path.parent].get(path.name, {}) for path in found}
    kept = [path for path in found if entries[path].get("role") != "test"]
    if not kept:
        raise TrainingError(
            f"All {len(found)} stacks in {found[0].parent} are kept for tests (their role in "
            "calibration.json), none is left to train on; give stacks of the role train."
        )
    if channel is None:
        return kept
    chosen = [path for path in kept if entries[path].get("channel") == channel]
    if not chosen:
        there = sorted({str(entry["channel"]) for entry in entries.values() if "channel" in entry})
        raise TrainingError(
            f"No stack to train on is of channel {channel!r} by its calibration.json; there "
            + (f"are stacks of {', '.join(there)}." if there else "is no such file; leave it out.")
        )
    return chosen


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    """What the calibration beside the stacks says of each, by file name."""
    record = read_record(folder)
    return {} if record is None else {entry["file"]: entry for entry in record["fields"]}


def _optics(folder: Path) -> Optics:
    """The optics written by the calibration beside its stacks; the defaults for other stacks."""
    record = read_record(folder)
    if record is None:
        return Optics()
    try:
        return Optics.model_validate(record.get("optics"))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in ("optics", *first["loc"]))
        raise TrainingError(
            f"{folder / RECORD}: {key}: {first['msg']}; write the objective's optics into it, or "
            "move it away, then the usual ones are assumed."
        ) from error


def _run(order: TrainingOrder, messages: Queue[Message], stop: Event) -> None:
    """Body of the training process."""
    import signal

    # Ctrl-C reaches the whole group; the parent turns it into a stop that keeps the best weights.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def report(progress: TrainingProgress) -> None:
        if parent is not None and not parent.is_alive():
            # The window or terminal was killed, and nobody waits for this run; its checkpoint
            # stays for a resume.
            messages.cancel_join_thread()
            raise SystemExit
        messages.put(progress)

    try:
        train_and_measure(order, report=report, stop=stop.is_set)
    except (ValueError, RuntimeError, OSError) as error:
        messages.put(str(error))


def train_and_measure(
    order: TrainingOrder,
    *,
    report: Callable[[TrainingProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train, then measure the bundle on the stacks it validated on and write that into it."""
    from deepz_live.train.run import train

    parts = train(order, report=report, stop=stop)
    if not is_first_process():
        return
    bundle = load_bundle(order.out)

    def note(text: str) -> None:
        report(TrainingProgress.note(text))

    targets = None
    if order.targets:
        targets = dict(zip(order.stacks, partners(order.stacks, order.targets), strict=True))
    kept = parts[:MEASURED_PARTS]
    record_quality(bundle, measure(bundle, kept, targets=targets, report=note))
    note(f"Bundle written to {order.out}")
