"""Where files lie: in a folder, or below the URL of any store that fsspec knows."""

from __future__ import annotations

import importlib
import os
import re
import uuid
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from deepz_live.session.errors import SessionError
from deepz_live.session.files import open_file, write_all

_LOCAL = "file://"
_PART = ".part"
_HALF = re.compile(r"(.+)\.[0-9a-f]{32}" + re.escape(_PART))


class Place(Protocol):
    """Files by their name below it, such as ``"0/zarr.json"``; str() says where it is."""

    @property
    def name(self) -> str:
        """The last part of where it is."""

    def inside(self, name: str) -> Place:
        """The place ``name`` below this one."""

    def read(self, name: str) -> bytes:
        """All of a file; raises OSError (FileNotFoundError where there is none)."""

    def write(self, name: str, content: bytes) -> None:
        """Give a file new content, whole or not at all; raises OSError."""

    def names(self, folder: str = "") -> frozenset[str]:
        """What lies in ``folder``; nothing where that does not exist. Raises OSError."""

    def tidy(self, folder: str) -> None:
        """Remove what a kill left half written in ``folder``, while nobody writes there."""

    def zarr_store(self) -> Any:
        """What ``zarr`` opens to read here."""


def place_at(where: Path | str) -> Place:
    """A folder, or a URL such as ``s3://bucket/recordings/first``.

    Raises
    ------
    SessionError
        A URL, but fsspec is not installed, does not know its kind, or cannot log in.
    """
    text = str(where)
    if text.startswith(_LOCAL):
        return Folder(Path(url2pathname(urlsplit(text).path)))
    return Remote(text) if "://" in text else Folder(Path(where))


def whole_name(name: str) -> str:
    """What a file was to be called that a kill left half written; other names as they are."""
    half = _HALF.fullmatch(name)
    return half[1] if half else name


class Folder:
    """A :class:`Place` on a disk of this computer, or one that looks so."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # as other processes find it

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return self.path.name

    def inside(self, name: str) -> Folder:
        """See :class:`Place`."""
        return Folder(self.path / name)

    def read(self, name: str) -> bytes:
        """See :class:`Place`."""
        return (self.path / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """See :class:`Place`."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: two processes may be at the same file, one of them given up for dead.
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_PART}")
        try:
            with open_file(part, "wb") as file:
                write_all(file, memoryview(content))
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def names(self, folder: str = "") -> frozenset[str]:
        """See :class:`Place`."""
        path = self.path / folder
        return frozenset(item.name for item in path.iterdir()) if path.is_dir() else frozenset()

    def tidy(self, folder: str) -> None:
        """See :class:`Place`."""
        for left in (self.path / folder).glob(f"*{_PART}"):
            left.unlink(missing_ok=True)

    def zarr_store(self) -> Any:
        """See :class:`Place`."""
        return self.path


class Remote:
    """A :class:`Place` behind a URL. Its store must take a file whole, as object stores do."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        try:
            core = importlib.import_module("fsspec.core")
            self._files, self._path = core.url_to_fs(self._url)
        except (ImportError, ValueError) as error:
            raise SessionError(
                f"{url} cannot be opened ({error}); install fsspec and its package for this kind "
                "of store (such as s3fs or gcsfs), or give a folder."
            ) from error

    def __str__(self) -> str:
        return self._url

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return self._url.rsplit("/", 1)[-1]

    def inside(self, name: str) -> Remote:
        """See :class:`Place`."""
        return Remote(f"{self._url}/{name}")

    def read(self, name: str) -> bytes:
        """See :class:`Place`."""
        content: bytes = self._files.cat_file(f"{self._path}/{name}")
        return content

    def write(self, name: str, content: bytes) -> None:
        """See :class:`Place`."""
        path = f"{self._path}/{name}"
        self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self._files.pipe_file(path, content)

    def names(self, folder: str = "") -> frozenset[str]:
        """See :class:`Place`."""
        path = f"{self._path}/{folder}".rstrip("/")
        self._files.invalidate_cache(path)
        try:
            found = self._files.ls(path, detail=False)
        except FileNotFoundError:
            return frozenset()
        return frozenset(item.rstrip("/").rsplit("/", 1)[-1] for item in found)

    def tidy(self, folder: str) -> None:
        """See :class:`Place`: an object store keeps nothing half written."""

    def zarr_store(self) -> Any:
        """See :class:`Place`."""
        return self._url
