"""Which features the window has, in the order of their docks and menu rows."""

from __future__ import annotations

from typing import Protocol

from deepz_live.gui.banner import Banner
from deepz_live.gui.compare.part import ComparePart
from deepz_live.gui.contrast.part import ContrastPart
from deepz_live.gui.devices.part import DevicesPart
from deepz_live.gui.drift.part import DriftPart
from deepz_live.gui.elsewhere.part import ElsewherePart
from deepz_live.gui.export.part import ExportPart
from deepz_live.gui.focusing.part import ClickToFocusPart
from deepz_live.gui.layout.part import Arranged, LayoutPart
from deepz_live.gui.markers.part import MarkersPart
from deepz_live.gui.neurons.part import NeuronsPart
from deepz_live.gui.parts import Part, Shop
from deepz_live.gui.replay.part import ReplayPart
from deepz_live.gui.surfaces.part import SurfacesPart
from deepz_live.gui.tour.part import Helped, HelpPart
from deepz_live.gui.trouble.part import TroublePart
from deepz_live.gui.trust.part import TrustPart
from deepz_live.gui.volume.part import VolumePart


class Home(Shop, Arranged, Helped, Protocol):
    """The window itself, as far as its own habits need it."""

    banner: Banner


def make_parts(shop: Home) -> tuple[Part, ...]:
    """All features, each made once for a window."""
    neurons = NeuronsPart(shop)
    return (
        DriftPart(shop),
        ContrastPart(shop),
        VolumePart(shop),
        SurfacesPart(shop),
        ClickToFocusPart(shop),
        TrustPart(shop),
        MarkersPart(shop),
        ReplayPart(shop),
        neurons,
        ElsewherePart(shop, others=(neurons,)),
        ExportPart(shop),
        ComparePart(shop),
        DevicesPart(shop),
        LayoutPart(shop),
        TroublePart(shop.banner),
        HelpPart(shop),
    )
