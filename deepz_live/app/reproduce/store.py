"""Finished work on disk, so that it is not done again: a folder of JSON and pictures a piece."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepz_live.app.report.section import Picture, Section, Table
from deepz_live.app.reproduce.outcome import Outcome, Row
from deepz_live.session.files import replace_file, to_json
from deepz_live.session.png import smaller_png

RECORD = "record.json"
DIGITS = 12


@dataclass(frozen=True, slots=True)
class Record:
    """One finished piece of work.

    Attributes
    ----------
    facts
        As JSON knows it.
    seconds
        What it took when it was done.
    pictures
        PNG by file name without extension.
    """

    facts: Mapping[str, Any]
    seconds: float
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class Store:
    """Records in ``folder``, each under its name and a digest of all that it depends on.

    What depends on other parameters, another bundle or another version lies in another folder, so
    it is neither taken for this nor overwritten by it. ``record.json`` is written last and by
    replacement: a folder without it is work that was broken off.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str, depends: Mapping[str, Any]) -> Path:
        """Where the record of ``name`` lies or will lie."""
        text = json.dumps(plain(depends), sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self.folder / f"{name}-{digest[:DIGITS]}"

    def read(self, name: str, depends: Mapping[str, Any]) -> Record | None:
        """The record; None where there is none, or not all of it."""
        folder = self.path(name, depends)
        try:
            data = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            pictures = {name: (folder / f"{name}.png").read_bytes() for name in data["pictures"]}
            return Record(data["facts"], float(data["seconds"]), pictures)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, depends: Mapping[str, Any], record: Record) -> None:
        """Keep a record; raises OSError."""
        folder = self.path(name, depends)
        folder.mkdir(parents=True, exist_ok=True)
        for picture, png in record.pictures.items():
            replace_file(folder / f"{picture}.png", png)
        data = {
            "facts": plain(record.facts),
            "seconds": record.seconds,
            "pictures": list(record.pictures),
            "depends": plain(depends),
        }
        replace_file(folder / RECORD, to_json(data, indent=1))


def to_record(outcome: Outcome, seconds: float) -> Record:
    """A step's outcome as a record; its pictures become as small as a page needs them."""
    sections = []
    pictures: dict[str, bytes] = {}
    for section in outcome.sections:
        own = {f"{section.key}_{picture.name}": picture for picture in section.pictures}
        pictures |= {name: smaller_png(picture.png) for name, picture in own.items()}
        shown = [{"name": p.name, "caption": p.caption} for p in section.pictures]
        # Not asdict: a section's pictures are bytes, which JSON does not know.
        kept = {name: getattr(section, name) for name in _TEXTS}
        tables = [asdict(table) for table in section.tables]
        sections.append({**kept, "tables": tables, "pictures": shown})
    facts = {"rows": [asdict(row) for row in outcome.rows], "sections": sections}
    return Record(plain(facts), seconds, pictures)


def to_outcome(record: Record) -> Outcome:
    """The reverse of :func:`to_record`; raises KeyError or TypeError where it is no outcome."""
    rows = tuple(Row(**row) for row in record.facts["rows"])
    return Outcome(rows, tuple(_section(one, record) for one in record.facts["sections"]))


_TEXTS = ("key", "question", "method", "findings", "facts", "summary")


def _section(data: Mapping[str, Any], record: Record) -> Section:
    pictures = [
        Picture(one["name"], one["caption"], record.pictures[f"{data['key']}_{one['name']}"])
        for one in data["pictures"]
    ]
    tables = [Table(**table) for table in data["tables"]]
    return Section(**{name: data[name] for name in _TEXTS}, tables=tables, pictures=pictures)


def plain(value: Any) -> Any:
    """As JSON knows it: numbers of Python, lists, texts; NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str | bytes) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
