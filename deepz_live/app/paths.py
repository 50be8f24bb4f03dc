"""Where the shipped profiles and training presets lie: in a clone and in an installed package."""

from __future__ import annotations

from pathlib import Path

from deepz_live.config import ProfileError

_PACKAGE = Path(__file__).resolve().parents[1]


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
