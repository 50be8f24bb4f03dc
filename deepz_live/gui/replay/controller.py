"""Between the transport bar and what is replayed."""

from __future__ import annotations

from deepz_live.app.live import LiveSession
from deepz_live.gui.replay.bar import TransportBar
from deepz_live.session.replay import ReplaySource


def replay_of(live: LiveSession | None) -> ReplaySource | None:
    """The replay that a session plays, or None for a camera."""
    source = live.source if live is not None else None
    return source if isinstance(source, ReplaySource) else None


class TransportController:
    """Without a replay the bar is hidden, and nothing happens."""

    def __init__(self, bar: TransportBar) -> None:
        self._bar = bar
        self._replay: ReplaySource | None = None
        self._able = True
        bar.play_wanted.connect(self.play)
        bar.seek_wanted.connect(self.seek)
        bar.step_wanted.connect(self.step)
        bar.loop_wanted.connect(self.set_loop)
        bar.end_wanted.connect(self.set_end)
        bar.speed_wanted.connect(self.set_speed)
        bar.hide()

    @property
    def replay(self) -> ReplaySource | None:
        """What is played; None for a camera."""
        return self._replay

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last frame of the stretch from A to B; None: all."""
        replay = self._replay
        if replay is None or replay.span == (0, max(len(replay) - 1, 0)):
            return None
        return replay.span

    def use(self, replay: ReplaySource | None) -> None:
        """Another session, or none."""
        self._replay = replay
        self.set_able(True)
        self._bar.setVisible(replay is not None)
        self._bar.slider.set_marks(())
        if replay is not None:
            self._bar.show_speed(replay.speed)
            self._bar.slider.setRange(0, max(0, len(replay) - 1))
        self.update()

    def set_able(self, on: bool) -> None:
        """Whether frames can come: a replay that broke off obeys no more."""
        if on != self._able:
            self._able = on
            self._bar.setEnabled(on)

    def play(self, on: bool) -> None:
        """Play or pause; playing at the end begins again."""
        replay = self._replay
        if replay is None or not self._able:
            return
        if on:
            if replay.at_end:
                replay.seek(replay.span[0])
            replay.resume()
        else:
            replay.pause()
        self.update()

    def seek(self, index: int) -> None:
        """Go to a frame."""
        if self._replay is not None and self._able:
            self._replay.seek(index)
            self.update()

    def step(self, frames: int) -> None:
        """Stand still, so many frames further."""
        if self._replay is not None and self._able:
            self._replay.step(frames)
            self.update()

    def set_loop(self, on: bool) -> None:
        """Begin anew at the end, or stand there."""
        if self._replay is not None:
            self._replay.loop = on
            self.update()

    def toggle_loop(self) -> None:
        """The key."""
        if self._replay is not None:
            self.set_loop(not self._replay.loop)

    def set_end(self, which: str) -> None:
        """The stretch begins (``"a"``) or ends (``"b"``) at the frame that is shown; else: all."""
        replay = self._replay
        if replay is None:
            return
        first, last = replay.span
        here = replay.position
        # An end beyond the other one begins a new stretch there.
        if which == "a":
            replay.span = (here, last if last > here else len(replay) - 1)
        elif which == "b":
            replay.span = (first if first < here else 0, here)
        else:
            replay.span = None
        self.update()

    def set_speed(self, speed: float | None) -> None:
        """1 is as recorded."""
        if self._replay is not None:
            self._replay.speed = speed

    def show_marks(self, marks: tuple[tuple[int, str], ...]) -> None:
        """Frames with a marker, from 0, and their texts."""
        self._bar.slider.set_marks(marks)

    def update(self) -> None:
        """Show where the replay is; at the end the button offers to play again."""
        replay = self._replay
        if replay is None:
            return
        facts, place = replay.series.facts, replay.position
        seconds = facts[place].time_s - facts[0].time_s if place < len(facts) else 0.0
        self._bar.show_position(place, len(replay), seconds)
        self._bar.show_playing(not replay.paused and not replay.at_end)
        self._bar.show_span(self.span, replay.loop)
