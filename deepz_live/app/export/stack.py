"""The virtual stack of one frame as a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from deepz_live.model.bundle import Bundle
from deepz_live.refocus.engine import Engine, open_engine
from deepz_live.session.inferred import InferredFacts, write_inferred
from deepz_live.stream.frame import Frame


def export_stack(
    frame: Frame,
    engine: Engine,
    path: Path,
    *,
    opener: Callable[[Bundle, str], Engine] = lambda bundle, provider: open_engine(
        bundle, prefer=provider
    ),
) -> None:
    """Write all planes of ``frame`` into a file that says they were inferred, and from what.

    ``path`` ends in ``.ome.tif`` (OME-TIFF) or ``.zarr`` (OME-Zarr).

    ``engine`` belongs to the live view's thread: ``opener`` starts its network once more.

    Raises
    ------
    RefocusError
        The network does not start, or the frame cannot be refocused.
    StackError
        The file cannot be written.
    """
    bundle = engine.bundle
    with closing(opener(bundle, engine.provider)) as own:
        planes = own.volume(frame.pixels)
        provider = own.provider
    facts = InferredFacts(
        distances_um=bundle.facts.z_planes_um,
        pixel_size_um=bundle.facts.pixel_size_um,
        bundle_id=f"{bundle.name} {bundle.sha256[:12]}",
        source=f"frame {frame.index}, channel {frame.channel}, stage z {frame.z_um:.2f} µm",
        extra={"provider": provider, "time_s": f"{frame.time_s:.6f}"},
    )
    write_inferred(path, [planes], 1, facts)
