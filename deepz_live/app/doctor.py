"""What this installation found on the machine, and what to do about what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Status = Literal["ok", "warning", "missing"]
Clock = Callable[[], float]

MB = 1_000_000
PROBE_MB = 64
"""Written and deleted again to measure the disk."""
WANTED_MB_S = 100.0
"""A 2048 × 2048 camera of 16 bits gives 84 MB/s at 10 frames a second."""
WANTED_FREE_MB = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked for: what was found and, unless it is fine, what to do."""

    name: str
    status: Status
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """The four fields as text."""
        return asdict(self)


Check = Callable[[], Finding]


def doctor(
    folder: Path | None = None, more: Iterable[Check] = (), *, clock: Clock = time.perf_counter
) -> list[Finding]:
    """Look at everything; no check raises.

    Parameters
    ----------
    folder
        Where recordings would go; its disk is measured. Default: the current folder.
    more
        Further checks, of rooms that this one does not know (the window's icons).
    clock
        Seconds, for the write speed.
    """
    where = folder or Path.cwd()
    checks: list[Check] = [
        program,
        micromanager,
        graphics_card,
        providers,
        shipped_model,
        training,
        lambda: disk(where, clock=clock),
        *more,
    ]
    return [_safely(check) for check in checks]


def program() -> Finding:
    """This program, its Python and the machine."""
    version = importlib.metadata.version("deepz-live")
    machine = f"{platform.system()} {platform.release()}, {os.cpu_count()} CPU cores"
    return Finding(
        "deepz-live", "ok", f"{version} on Python {platform.python_version()}, {machine}"
    )


def micromanager() -> Finding:
    """The folder of device adapters and what is in it."""
    from deepz_live.acquire.installation import adapter_names, is_demo_only, micromanager_folders

    name = "Micro-Manager"
    install = (
        "for a real microscope run `mmcore install`, or set MICROMANAGER_PATH to the folder of "
        "an installed Micro-Manager"
    )
    folders = micromanager_folders()
    if not folders:
        return Finding(
            name, "missing", "no device adapters; the built-in microscope works", install
        )
    used = folders[0]
    adapters = adapter_names(used)
    found = f"{len(adapters)} adapters in {used}: {_listed(adapters)}"
    if is_demo_only(used):
        return Finding(name, "warning", f"only the demo adapters ({_listed(adapters)})", install)
    if not adapters:
        return Finding(name, "missing", f"{used} holds no device adapters", install)
    return Finding(name, "ok", found)


def graphics_card() -> Finding:
    """An NVIDIA card and its driver, as ``nvidia-smi`` tells."""
    cards = nvidia_cards()
    if cards:
        return Finding("graphics card", "ok", "; ".join(cards))
    return Finding(
        "graphics card",
        "warning",
        "no NVIDIA card with a driver; networks run on the CPU",
        "for a faster live view put in an NVIDIA card and install its driver",
    )


def providers() -> Finding:
    """What networks can run on: onnxruntime's providers and torch's variants."""
    from deepz_live.refocus.providers import available_providers

    onnx, torch, without = available_providers()
    found = f"onnxruntime {_version_of('onnxruntime', 'onnxruntime-gpu')}: {', '.join(onnx)}"
    if torch:
        found += f"; torch {_version_of('torch')}: {', '.join(torch)}"
    else:
        found += f"; {without}"
    if nvidia_cards() and not any("CUDA" in name for name in (*onnx, *torch)):
        advice = (
            "the NVIDIA card stays unused; run `pip uninstall onnxruntime` and then "
            "`pip install 'onnxruntime-gpu[cuda,cudnn]'`, or install the CUDA build of torch"
        )
        return Finding("execution provider", "warning", found, advice)
    return Finding("execution provider", "ok", found)


def shipped_model() -> Finding:
    """The bundle that comes with the program: it loads, and where it runs."""
    from deepz_live.model.bundle import shipped_bundle
    from deepz_live.refocus.engine import open_engine

    engine = open_engine(shipped_bundle())
    try:
        facts = engine.bundle.facts
        found = (
            f"{facts.network} network, {len(facts.z_planes_um)} planes from "
            f"{min(facts.z_planes_um):g} to {max(facts.z_planes_um):g} µm, {engine.reason}"
        )
    finally:
        engine.close()
    return Finding("shipped model", "ok", found)


def training() -> Finding:
    """Whether networks can be trained here."""
    wanted = ("torch", "onnx", "onnxscript")
    missing = [name for name in wanted if _version_of(name) == "?"]
    if missing:
        return Finding(
            "training",
            "missing",
            f"{', '.join(missing)} not installed; viewing works",
            "to train on this machine run `pip install 'deepz-live[train]'`",
        )
    version = _version_of("torch")
    if nvidia_cards() and version.endswith("+cpu"):
        return Finding(
            "training",
            "warning",
            f"torch {version}, built for the CPU only",
            "install the CUDA build of torch to train on the graphics card",
        )
    return Finding("training", "ok", f"torch {version}")


def disk(folder: Path, *, clock: Clock = time.perf_counter, probe_mb: int = PROBE_MB) -> Finding:
    """Free space at ``folder`` (or the nearest parent that exists) and how fast it takes data."""
    place = next(part for part in [folder.absolute(), *folder.absolute().parents] if part.is_dir())
    free = shutil.disk_usage(place).free / MB
    speed = write_speed(place, clock=clock, probe_mb=min(probe_mb, max(1, int(free / 2))))
    found = f"{place}: {free / 1000:.0f} GB free, writes {speed:.0f} MB/s"
    advice = []
    if free < WANTED_FREE_MB:
        advice.append(f"free at least {WANTED_FREE_MB // 1000} GB before a long recording")
    if speed < WANTED_MB_S:
        advice.append(
            f"record to a local SSD; a 2048 × 2048 camera at 10 frames a second needs "
            f"{WANTED_MB_S:.0f} MB/s"
        )
    return Finding("disk", "warning" if advice else "ok", found, "; ".join(advice))


def write_speed(
    folder: Path, *, clock: Clock = time.perf_counter, probe_mb: int = PROBE_MB
) -> float:
    """MB a second that really reach the disk of ``folder`` (written, flushed, deleted again)."""
    block = os.urandom(MB)
    with tempfile.TemporaryFile(dir=folder) as file:
        begin = clock()
        for _ in range(probe_mb):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return probe_mb / max(clock() - begin, 1e-9)


def nvidia_cards() -> list[str]:
    """``name, driver, memory`` of each NVIDIA card; empty without a driver."""
    program_path = shutil.which("nvidia-smi")
    if program_path is None:
        return []
    query = "--query-gpu=name,driver_version,memory.total"
    try:
        answer = subprocess.run(
            [program_path, query, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []  # a driver that does not answer is as good as none
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def _safely(check: Check) -> Finding:
    """The finding of ``check``; a check that breaks down is a finding too."""
    name = getattr(check, "__name__", "check").replace("_", " ").replace("<lambda>", "disk")
    try:
        return check()
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        return Finding(name, "missing", text, "mend this, then run `deepz-live doctor` again")


def _version_of(*distributions: str) -> str:
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "?"


def _listed(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
