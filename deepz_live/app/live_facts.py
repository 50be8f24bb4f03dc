"""What a live session writes down about its models and its view, and compares on a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepz_live.app.surfaces.recorded import surface_facts
from deepz_live.refocus.cuts import Cut, SurfaceCut, plane_depths
from deepz_live.refocus.engine import Engine
from deepz_live.refocus.view import ViewRequest
from deepz_live.session.reader import Session


def recorded_digests(
    session: Session, engine: Engine, engines: Mapping[str, Engine] | None = None
) -> dict[int, int] | None:
    """Digests of a recording's planes by frame index, for ``expected_digests``.

    Of several channels those whose model is the same as it was; of results made after a provider
    failed in mid-stream those that ``engine``'s made. None where the recording was refocused with
    another bundle, by another provider (whose arithmetic rounds otherwise), or not at all.
    """
    bundle = session.manifest.bundle
    if bundle is None:
        return None
    recorded, used = bundle, engines or {}
    own = recorded.get("channels", {})
    channel = {facts.index: facts.channel for facts in session.facts}

    def comparable(line: Mapping[str, Any]) -> bool:
        name = channel.get(line["index"])
        if name is None or "digest" not in line:
            return False
        made_by = {key: line[key] for key in ("provider",) if line.get(key)}
        return _same({**recorded, **own.get(name, {}), **made_by}, used.get(name, engine))

    found = {line["index"]: line["digest"] for line in session.results if comparable(line)}
    same = [_same({**recorded, **own.get(n, {})}, used.get(n, engine)) for n in channel.values()]
    return found if found or any(same) else None


def recorded_models(session: Session) -> dict[str, dict[str, Any]]:
    """What :func:`bundle_facts` wrote of single channels: name, SHA-256, provider of each."""
    found: dict[str, dict[str, Any]] = (session.manifest.bundle or {}).get("channels", {})
    return found


def recorded_provider(session: Session, channel: str | None = None) -> str | None:
    """What the network (of a channel) of a recording ran on; None where nothing was refocused."""
    own = recorded_models(session).get(channel, {}) if channel is not None else {}
    provider = {**(session.manifest.bundle or {}), **own}.get("provider")
    return provider if isinstance(provider, str) else None


def request_facts(request: ViewRequest) -> dict[str, Any]:
    """The view, for the journal of events."""
    return {
        "distances_um": list(plane_depths(request.cuts)),
        "cuts": [_cut_text(cut) for cut in request.cuts],
        "surfaces": surface_facts(request.cuts),
        "compensate": request.compensate,
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


def _cut_text(cut: Cut) -> str:
    """A surface may hold thousands of numbers, and stands among the surfaces."""
    return "SurfaceCut" if isinstance(cut, SurfaceCut) else repr(cut)


def _same(recorded: Mapping[str, Any], engine: Engine) -> bool:
    wanted = {"sha256": engine.bundle.sha256, "provider": engine.provider}
    return all(recorded.get(key) == value for key, value in wanted.items())
