"""What a Micro-Manager ``.cfg`` names, read as text: no device is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pymmcore_plus import CMMCorePlus, DeviceType
from pymmcore_plus.model import Microscope as CfgModel

from deepz_live.acquire.errors import MicroscopeError


@dataclass(frozen=True, slots=True)
class CfgContents:
    """Labels of the devices by what they can be, presets by group, pixel sizes by name in µm.

    A device whose adapter is not installed here may be anything: it is named in every list.
    """

    path: Path
    cameras: tuple[str, ...]
    focuses: tuple[str, ...]
    xy_stages: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    pixel_sizes_um: Mapping[str, float]


def read_cfg(path: Path) -> CfgContents:
    """Read a ``.cfg``.

    Raises
    ------
    MicroscopeError
        It does not exist, or is no Micro-Manager configuration.
    """
    if not path.is_file():
        raise MicroscopeError(f"{path} does not exist; give the path of a Micro-Manager .cfg.")
    try:
        model = CfgModel.create_from_config(path)
    except (ValueError, RuntimeError, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MicroscopeError(
            f"{path} is not a Micro-Manager configuration ({reason}); make one with the hardware "
            "wizard."
        ) from error
    if not model.devices:
        raise MicroscopeError(
            f"{path} names no device; make a configuration with the hardware wizard."
        )
    kinds = _kinds({device.library for device in model.devices if device.library})

    def labels(kind: DeviceType) -> tuple[str, ...]:
        return tuple(
            device.name
            for device in model.devices
            if device.name != "Core"
            and kinds.get((device.library, device.adapter_name), kind) == kind
        )

    return CfgContents(
        path=path,
        cameras=labels(DeviceType.Camera),
        focuses=labels(DeviceType.Stage),
        xy_stages=labels(DeviceType.XYStage),
        groups={
            name: tuple(group.presets)
            for name, group in model.config_groups.items()
            if name != "System"
        },
        pixel_sizes_um={
            name: float(preset.pixel_size_um)
            for name, preset in model.pixel_size_group.presets.items()
        },
    )


def _kinds(libraries: set[str]) -> dict[tuple[str, str], DeviceType]:
    """What each adapter of these libraries is; nothing of a library that is not installed."""
    core = CMMCorePlus()
    kinds: dict[tuple[str, str], DeviceType] = {}
    for library in libraries:
        try:
            names = core.getAvailableDevices(library)
            types = core.getAvailableDeviceTypes(library)
        except RuntimeError:
            continue
        for name, kind in zip(names, types, strict=True):
            kinds[library, str(name)] = DeviceType(kind)
    return kinds
