"""What a live session writes down about its models and its view, and compares on a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepz_live.refocus.engine import Engine
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.reader import Session


def recorded_digests(
    session: Session, engine: Engine, engines: Mapping[str, Engine] | None = None
) -> dict[int, int] | None:
    """Digests of a recording's planes by frame index, for ``expected_digests``.

    Of several channels those whose model is the same as it was. None where the recording was
    refocused with another bundle, by another provider (whose arithmetic rounds otherwise), or not
    at all.
    """
    bundle = session.manifest.bundle
    if bundle is None:
        return None
    own = bundle.get("channels", {})
    names = {facts.channel for facts in session.facts}
    same = {
        name
        for name in names
        if _same({**bundle, **own.get(name, {})}, (engines or {}).get(name, engine))
    }
    if not same:
        return None
    channel = {facts.index: facts.channel for facts in session.facts}
    return {
        line["index"]: line["digest"]
        for line in session.results
        if "digest" in line and channel.get(line["index"]) in same
    }


def request_facts(request: ViewRequest) -> dict[str, Any]:
    """The view, for the journal of events."""
    return {
        "distances_um": list(request.distances_um),
        "free_um": request.free_um,
        "surface": None if request.surface is None else repr(request.surface),
        "compensate": request.compensate,
        "projection": request.projection,
    }


def bundle_facts(
    engine: Engine | None, engines: Mapping[str, Engine] | None = None
) -> dict[str, Any] | None:
    """The models, for the manifest; those of single channels under ``channels``."""
    if engine is None:
        return None
    facts: dict[str, Any] = {**engine.bundle.identity(), "provider": engine.provider}
    if engines:
        facts["channels"] = {
            name: {**own.bundle.identity(), "provider": own.provider}
            for name, own in engines.items()
        }
    return facts


def _same(recorded: Mapping[str, Any], engine: Engine) -> bool:
    wanted = {"sha256": engine.bundle.sha256, "provider": engine.provider}
    return all(recorded.get(key) == value for key, value in wanted.items())
