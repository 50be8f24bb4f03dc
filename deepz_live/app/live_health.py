"""What the operator is warned of while a stream runs; a sentence stays the same while it lasts."""

from __future__ import annotations

from deepz_live.stream.frame import StreamInfo
from deepz_live.stream.hub import HubStats

STALL_S = 3.0
_PERIODS = 10
_EXPOSURES = 5


def stall_limit_s(info: StreamInfo) -> float:
    """A camera that gives no frame for so long is talked about: 3 s, or ten of its periods."""
    period_s = 1 / info.frame_rate_hz if info.frame_rate_hz > 0 else 0.0
    exposures_s = _EXPOSURES * info.exposure_ms / 1000 * max(1, len(info.channels))
    return max(STALL_S, _PERIODS * period_s, exposures_s)


def stall_warning(stats: HubStats, info: StreamInfo) -> str | None:
    """A sentence where a camera has been silent for too long; it may go on by itself."""
    limit_s = stall_limit_s(info)
    if stats.finished or stats.silent_s <= limit_s:
        return None
    return (
        f"The camera has given no frame for more than {limit_s:g} s; check its cable, power and "
        "trigger. The stream goes on as soon as it gives one."
    )
