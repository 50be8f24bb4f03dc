"""The models that single channels of a recording were refocused with, found again on a replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from deepz_live.app.live_facts import recorded_models
from deepz_live.app.live_opening import bundle_path, channel_settings
from deepz_live.config import Profile
from deepz_live.model.bundle import Bundle, BundleError, load_bundle, shipped_names, shipped_path
from deepz_live.session.reader import Session
from deepz_live.session.replay import ReplaySource

if TYPE_CHECKING:
    from deepz_live.refocus.engine import Engine
    from deepz_live.stream.source import FrameSource

_KEYS = ("name", "channels", "folder")
"""Those of the profile that say where a bundle lies; others may be of another version."""


def find_models(session: Session, main: Bundle) -> dict[str, Path | None]:
    """Where the bundles of single channels lie, but for ``main``; None where one is not found.

    Looked for where the recorded profile has it and among the shipped ones. By its SHA-256: a
    bundle that was trained again since is another one.
    """
    return {
        name: _find(session, name, facts)
        for name, facts in recorded_models(session).items()
        if facts.get("sha256") != main.sha256
    }


def models_of_replay(source: FrameSource, engine: Engine | None) -> dict[str, Path]:
    """Bundles of single channels beside that of ``engine``, as far as they are found.

    None are of images from elsewhere, nor without a model. What is missing says
    :func:`deepz_live.app.live_channels.replay_warnings`.
    """
    if engine is None or not isinstance(source, ReplaySource):
        return {}
    if not isinstance(source.series, Session):
        return {}
    found = find_models(source.series, engine.bundle)
    return {name: path for name, path in found.items() if path is not None}


def _find(session: Session, channel: str, facts: dict[str, Any]) -> Path | None:
    places = [_of_profile(session, channel), _shipped(str(facts.get("name")))]
    for path in places:
        if path is not None and _digest(path) == facts.get("sha256"):
            return path
    return None


def _of_profile(session: Session, channel: str) -> Path | None:
    settings = session.manifest.settings
    try:
        profile = Profile.model_validate({key: settings[key] for key in _KEYS if key in settings})
    except ValidationError:
        return None  # recorded by something else, or by another version
    return bundle_path(profile, channel_settings(profile, (channel,))[0])


def _shipped(name: str) -> Path | None:
    return shipped_path().with_name(name) if name in shipped_names() else None


def _digest(path: Path) -> str | None:
    try:
        return load_bundle(path).sha256
    except (BundleError, OSError):
        return None
