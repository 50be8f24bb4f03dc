"""A live session in one object of numbers, after its end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from deepz_live.app.focus_lock import FocusLock
from deepz_live.app.live_channels import channel_summary
from deepz_live.app.live_recorder import LiveRecorder
from deepz_live.app.live_results import LiveResults
from deepz_live.refocus.cuts import plane_depths
from deepz_live.refocus.worker import RefocusWorker
from deepz_live.stream.hub import HubStats
from deepz_live.stream.source import FrameSource


def live_summary(
    source: FrameSource,
    hub: HubStats,
    worker: RefocusWorker | None,
    recorder: LiveRecorder,
    results: LiveResults,
    *,
    camera_fps: float,
    provider: str | None,
    focus_lock: FocusLock | None,
) -> dict[str, Any]:
    """What ``--json`` of demo, live and replay prints; rates (1/s) are means over all frames."""
    refocus = worker.stats() if worker is not None else None
    folder = recorder.folder
    summary: dict[str, Any] = {
        "frames_captured": hub.captured,
        "frames_refocused": refocus.refocused if refocus else 0,
        "frames_recorded": recorder.written,
        "frames_lost": hub.lost,
        "frames_skipped_for_view": refocus.skipped if refocus else 0,
        "planes": len(plane_depths(worker.request.cuts)) if worker is not None else 0,
        "camera_fps": camera_fps,
        "refocus_fps": results.pace.mean_hz(),
        "latency_ms_p50": refocus.latency_ms_p50 if refocus else None,
        "latency_ms_p95": refocus.latency_ms_p95 if refocus else None,
        "drift_rmse_um": results.errors.rmse(),
        "provider": provider,
        "session": str(folder) if folder is not None else None,
    }
    if source.info.channels:
        summary["channels"] = channel_summary(source, results.pairs)
    if focus_lock is not None and focus_lock.used:
        summary["focus_lock"] = asdict(focus_lock.status)
    if results.likeness is not None:
        summary["planes_compared"] = results.likeness.compared
        summary["planes_identical"] = results.likeness.identical
    return summary
