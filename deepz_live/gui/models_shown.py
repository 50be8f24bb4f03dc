"""Which models made what is shown: channels may have models of their own."""

from __future__ import annotations

from collections.abc import Iterable

from deepz_live.app.live import LiveSession
from deepz_live.model.bundle import Bundle


def bundles_of(live: LiveSession, channels: Iterable[str]) -> tuple[Bundle, ...]:
    """The models of these channels, each once; empty without a model."""
    if live.engine is None:
        return ()
    engines = [live.engines.get(name, live.engine) for name in channels]
    bundles = [engine.bundle for engine in engines]
    return tuple({(one.name, one.sha256): one for one in bundles}.values())


def models_text(live: LiveSession | None, channels: tuple[str, ...]) -> str:
    """Whose pictures of these channels the panes show; without channels the session's own."""
    if live is None or live.engine is None:
        return "no model"
    bundles = bundles_of(live, channels) or (live.engine.bundle,)
    names = dict.fromkeys(bundle.name for bundle in bundles)
    return f"model{'s' * (len(names) > 1)} {' and '.join(names)}"


def unused_text(old: LiveSession | None, live: LiveSession | None) -> str:
    """Where another model was opened and no channel takes it: why, and what to do."""
    if old is None or live is None or live.engine is None or old.engine is live.engine:
        return ""
    names = live.channels
    if not names or names != old.channels or set(names) - set(live.engines):
        return ""
    return (
        f"{live.engine.bundle.name} is used for no channel: {', '.join(names)} have models of "
        "their own; name it as bundle of a channel in the profile to use it there."
    )
