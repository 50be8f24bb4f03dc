"""What a live session keeps of its results: the newest, those that belong together, the drift."""

from __future__ import annotations

from deepz_live.app.drift_history import DriftHistory
from deepz_live.app.live_channels import pair_tolerance_s
from deepz_live.app.live_numbers import Clock, DriftErrors, Likeness, Pace, Truth
from deepz_live.refocus.view import RefocusResult
from deepz_live.stream.frame import StreamInfo
from deepz_live.stream.pairing import Pairing


class LiveResults:
    """Filled on the refocus worker's thread, read on any.

    Attributes
    ----------
    newest, by_channel
        The newest result, and that of each channel.
    pair, pairs
        The newest results of all channels that belong together in time; how many there were.
    pace
        Mean rate of all results.
    drift, errors
        Measured drift, and that against the truth.
    likeness
        How many results are those that were recorded; None where nothing is compared.
    """

    def __init__(
        self,
        info: StreamInfo,
        truth: Truth | None,
        likeness: Likeness | None,
        clock: Clock,
    ) -> None:
        self.newest: RefocusResult | None = None
        self.by_channel: dict[str, RefocusResult] = {}
        self.pair: tuple[RefocusResult, ...] | None = None
        self.pairs = 0
        self.pace = Pace(clock)
        self.errors = DriftErrors(truth)
        self.likeness = likeness
        self._pairing: Pairing[RefocusResult] | None = None
        if info.channels:
            self._pairing = Pairing(info.channels, pair_tolerance_s(info))
        self.drift = DriftHistory()

    def take(self, result: RefocusResult) -> None:
        """Keep ``result``."""
        self._keep(result)
        self.pace.tick()
        if result.drift is not None:
            self.drift.add(result.drift)
            self.errors.add(result.drift)
        if self.likeness is not None:
            self.likeness.add(result)

    def of(self, channel: str | None) -> RefocusResult | None:
        """The newest result, of a channel if one is named."""
        return self.newest if channel is None else self.by_channel.get(channel)

    def show(self, result: RefocusResult) -> None:
        """The newest frame, cut anew: there is nothing else new in it.

        Results that belong together change together, once all are cut as the request asks.
        """
        self.newest = self.by_channel[result.frame.channel] = result
        if self.pair is None:
            return
        anew = tuple(self.by_channel[old.frame.channel] for old in self.pair)
        same = all(new.frame is old.frame for new, old in zip(anew, self.pair, strict=True))
        if same and len({one.generation for one in anew}) == 1:
            self.pair = anew

    def _keep(self, result: RefocusResult) -> None:
        self.newest = self.by_channel[result.frame.channel] = result
        self._match(result)

    def _match(self, result: RefocusResult) -> None:
        if self._pairing is None:
            return
        frame = result.frame
        pair = self._pairing.add(frame.channel, frame.time_s, result)
        if pair is not None:
            self.pair = pair
            self.pairs += 1
