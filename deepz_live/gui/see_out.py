"""The end of the window: what was captured is written first."""

from __future__ import annotations

from deepz_live.app.live import LiveSession
from deepz_live.app.live_numbers import LONG_BYTES
from deepz_live.gui.banner import Banner
from deepz_live.gui.bridge import Bridge

PATIENCE_S = 40.0


def see_out(bridge: Bridge, live: LiveSession | None, banner: Banner) -> None:
    """Wait until all calls beside the GUI have ended, the last of which closes everything.

    A disk is waited for as long as it takes something; anything else for :data:`PATIENCE_S`. The
    window stands still meanwhile, so where that takes a while it says why.
    """
    left = _unwritten(live)
    if left >= LONG_BYTES:
        banner.show_warning(
            f"The last {left / 1e6:.0f} MB are being written to the disk; this window closes by "
            "itself when that is done."
        )
        banner.repaint()
    while not bridge.wait(PATIENCE_S):
        before, left = left, _unwritten(live)
        if left >= before:
            return


def _unwritten(live: LiveSession | None) -> int:
    """Bytes that wait for the disk."""
    return live.status().queued if live is not None else 0
