"""Where shipped profiles and training presets lie, and whether results may go where they shall."""

from __future__ import annotations

import os
from pathlib import Path

from deepz_live.config import ProfileError

_PACKAGE = Path(__file__).resolve().parents[1]


class FolderError(ValueError):
    """Results cannot be written where they are to go; the sentence says why and what to do."""


def check_out(folder: Path) -> None:
    """Raise :class:`FolderError` where ``folder`` can neither be made nor written into.

    For the begin of what takes hours and writes at its end. Nothing is made yet: what is refused
    later for other reasons leaves no folder behind.
    """
    above = (folder, *folder.absolute().parents)
    there = next((path for path in above if path.exists()), above[-1])
    if not there.is_dir():
        what = "is a file" if there.exists() else "does not exist"
        raise FolderError(
            f"Nothing can be written into {folder}, because {there} {what}; give another --out."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise FolderError(
            f"Nothing can be written into {folder}: {there} may not be written to; give another "
            "--out, or ask for the right."
        )


def configs_folder() -> Path:
    """The folder of shipped profiles; presets are in its subfolder ``train``.

    Raises
    ------
    ProfileError
        The installation is incomplete.
    """
    for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs"):
        if (folder / "simulated.yaml").is_file():
            return folder
    raise ProfileError(
        f"The shipped profiles are missing beside {_PACKAGE}; install deepz-live again."
    )


def find_profile(text: str) -> Path:
    """The profile called ``text``: a path, or the bare name of a shipped one.

    Raises
    ------
    ProfileError
        Neither is there.
    """
    path = Path(text)
    if path.is_file():
        return path
    folder = configs_folder()
    # `configs/simulated.yaml` is what the documentation says, from wherever it is typed.
    if path.parent in (Path(), Path("configs")):
        shipped = folder / path.with_suffix(".yaml").name
        if shipped.is_file():
            return shipped
    names = ", ".join(sorted(profile.stem for profile in folder.glob("*.yaml")))
    raise ProfileError(
        f"Profile {text} does not exist; give the path of a .yaml file or one of {names}."
    )
