"""Tables of numbers are read back as they were written, as CSV and as Parquet."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import numpy as np
import pytest

from deepz_live.session.errors import SessionError
from deepz_live.session.parquet import check_parquet, parquet
from deepz_live.session.table import read_table, table


def test_a_table_is_read_back_and_an_empty_field_is_none(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(table(("a", "time, s"), [(1, "0.25"), (-2, ""), (3, "1e-3")]))
    found = read_table(path)
    assert list(found) == ["a", "time, s"]
    np.testing.assert_array_equal(found["a"], [1, -2, 3])
    np.testing.assert_array_equal(found["time, s"], [0.25, np.nan, 1e-3])


def test_a_table_of_names_alone_has_empty_columns(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(table(("a", "b"), []))
    assert {name: len(values) for name, values in read_table(path).items()} == {"a": 0, "b": 0}


@pytest.mark.parametrize(
    "text, why",
    [
        ("a,b\n1,2\n3\n", "t.csv"),
        ("a,b\n1,two\n", r"t\.csv: .*two"),
        ("a,b\n1,2,3\n", "2 names for 3 columns"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path, text: str, why: str):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why):
        read_table(path)


def test_parquet_keeps_every_bit_and_type(tmp_path: Path):
    from arro3.io import read_parquet

    rng = np.random.default_rng(0)
    columns = {
        "neuron": np.arange(1, 1001),
        "z_um": np.where(rng.uniform(size=1000) < 0.1, np.nan, rng.normal(size=1000)),
        "ΔF": rng.normal(size=(1000, 2)).astype(np.float32)[:, 0],
        "active": rng.uniform(size=1000) < 0.5,
    }
    content = parquet(columns)
    assert (content[:4], content[-4:]) == (b"PAR1", b"PAR1")
    found = read_parquet(io.BytesIO(content)).read_all()
    assert found.column_names == list(columns)
    for name, values in columns.items():
        back = found[name].to_numpy()
        assert back.dtype == values.dtype
        np.testing.assert_array_equal(back, values)


def test_without_its_writer_parquet_is_refused_before_any_work(monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    for ask in (check_parquet, lambda: parquet({"a": np.zeros(1)})):
        with pytest.raises(SessionError, match=r"arro3-io, which is not installed.*\[tables\]"):
            ask()
