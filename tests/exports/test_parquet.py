"""Parquet as Hugging Face `datasets` reads it; read back with pyarrow."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from squares import BIG, pairs

from creevey_graph import UsageError, graph, step
from creevey_graph.exports import export_parquet
from creevey_graph.exports.kinds import INT64, UINT64, cell_of, is_wide, kind_of, merged


@pytest.fixture
def parquet():
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    return parquet


def read(parquet, folder):
    tables = [parquet.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    return tables, [row for table in tables for row in table.to_pylist()]


def test_a_row_has_its_picture_and_typed_fields(made, tmp_path, parquet):
    """In input order, in files named as on the Hub; 64-bit numbers are whole."""
    report = made(5)

    export_parquet(report, tmp_path / "set", maxcount=2)

    tables, rows = read(parquet, tmp_path / "set")
    names = [f"train-0000{number}-of-00003.parquet" for number in range(3)]
    assert names == sorted(path.name for path in (tmp_path / "set").glob("*.parquet"))
    assert [row.key for row in report.rows] == [row["key"] for row in rows]
    assert [BIG - number for number in range(5)] == [row["big"] for row in rows]
    for row, read_row in zip(report.rows, rows, strict=True):
        assert row.outputs[0] == read_row["image"]["path"]
        assert (tmp_path / "out" / row.outputs[0]).read_bytes() == read_row["image"]["bytes"]
        assert "PNG" == Image.open(io.BytesIO(read_row["image"]["bytes"])).format
    features = json.loads(tables[0].schema.metadata[b"huggingface"])["info"]["features"]
    assert {"_type": "Image"} == features["image"]
    assert {"dtype": "uint64", "_type": "Value"} == features["big"]
    assert list(features) == tables[0].schema.names


def test_several_outputs_are_columns_of_their_own(made, tmp_path, parquet):
    """Each under its own name."""
    export_parquet(made(2, graph=pairs), tmp_path / "set")

    tables, rows = read(parquet, tmp_path / "set")
    assert ["photo", "mask"] == tables[0].schema.names[:2]
    assert "masks/cat/000.jpg.PNG" == rows[0]["mask"]["path"]


def test_what_is_no_picture_is_bytes(made, tmp_path, parquet):
    """`datasets` would fail to decode it."""

    @step(writes="path")
    def note(number: int, path):
        path.write_text(f"{number}")
        return path

    @graph
    def notes(number: int):
        return {"note": note(number, "{key}.txt")}

    export_parquet(made(1, graph=notes), tmp_path / "set")

    assert b"0" == read(parquet, tmp_path / "set")[1][0]["image"]


def test_values_of_several_kinds_are_json(made, tmp_path, parquet):
    """A column is one type; what is in it can still be told."""
    rows = [
        {"key": "a", "number": 1, "mixed": 1, "list": [1, 2], "flag": True, "none": None, "part": 1},
        {"key": "b", "number": 2, "mixed": "x", "list": [3], "flag": None, "none": None, "part": 1.5},
        {"key": "c", "number": 3, "mixed": {"b": [2**70], "a": 1}, "list": None, "flag": False, "part": None},
    ]

    export_parquet(made(rows), tmp_path / "set")

    found = read(parquet, tmp_path / "set")[1]
    assert ["1", '"x"', '{"a":1,"b":[1180591620717411303424]}'] == [row["mixed"] for row in found]
    assert [[1, 2], [3], None] == [row["list"] for row in found]
    assert [True, None, False] == [row["flag"] for row in found]
    assert [None] * 3 == [row["none"] for row in found]
    assert [1.0, 1.5, None] == [row["part"] for row in found]


def test_row_groups_are_small(made, tmp_path, parquet, monkeypatch):
    """A reader holds one in memory."""
    monkeypatch.setattr("creevey_graph.exports.parquet.ROW_GROUP_ROWS", 2)

    export_parquet(made(5), tmp_path / "set")

    (path,) = (tmp_path / "set").glob("*.parquet")
    assert [2, 2, 1] == [parquet.ParquetFile(path).metadata.row_group(number).num_rows for number in range(3)]


def test_parts_are_named_in_front(made, tmp_path, parquet):
    """As loaders tell splits by."""
    export_parquet(made(12), tmp_path / "set", split={"train": 0.5, "test": 0.5})

    assert ["test-00000-of-00001.parquet", "train-00000-of-00001.parquet"] == sorted(
        path.name for path in (tmp_path / "set").glob("*.parquet")
    )


def test_without_pyarrow_the_extra_is_named(made, tmp_path, monkeypatch):
    """And nothing is written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"pip install 'creevey_graph\[parquet\]'"):
        export_parquet(made(1), tmp_path / "set")
    assert not (tmp_path / "set").exists()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=2), part, max_size=2),
    max_leaves=6,
)


@given(values=st.lists(VALUES, max_size=5))
def test_a_column_of_anything_is_written_and_read_alike(values):
    """Whatever the values: pyarrow takes the cells as one type, and gives back what was put in."""
    arrow = pytest.importorskip("pyarrow")
    from creevey_graph.exports.parquet import _type_of

    kind = kind_of(None)
    for value in values:
        kind = merged(kind, kind_of(value))
    cells = [cell_of(value, kind, UINT64) for value in values]

    assert cells == arrow.array(cells, _type_of(arrow, kind)).to_pylist()
    for value, cell in zip(values, cells, strict=True):
        if kind.name in ("bool", "text", "float") or (kind.name == "int" and not is_wide(kind, UINT64)):
            assert value == cell
        elif kind.name in ("json", "dict") and value is not None:
            assert value == json.loads(cell)
        elif kind.name == "int" and value is not None:
            assert value == int(cell)


@given(values=st.lists(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2), max_size=5))
def test_nested_values_are_read_by_columns(values):
    """As pyarrow reads JSON lines: whatever stands in the mappings, a name in them has values of one type."""
    arrow = pytest.importorskip("pyarrow")
    kind = kind_of(None)
    for value in values:
        kind = merged(kind, kind_of(value))
    cells = [cell_of(value, kind, is_nested=True) for value in values]

    assert [_present(cell) for cell in cells] == [_present(cell) for cell in arrow.array(cells).to_pylist()]
    assert [set(value) for value in values] == [set(cell) for cell in cells]


def _present(cell):
    """A cell without the names that have no value, which pyarrow adds where another row has them."""
    if isinstance(cell, dict):
        return {name: _present(part) for name, part in cell.items() if part is not None}
    return [_present(part) for part in cell] if isinstance(cell, list) else cell


@given(numbers=st.lists(st.integers(-(2**66), 2**66), min_size=1))
def test_whole_numbers_are_wide_exactly_where_they_do_not_fit(numbers):
    """Signed, or unsigned where none is below 0."""
    kind = kind_of(numbers).part
    signed = all(-(2**63) <= number < 2**63 for number in numbers)
    unsigned = all(0 <= number < 2**64 for number in numbers)

    assert (not signed) == is_wide(kind, INT64)
    assert (not signed and not unsigned) == is_wide(kind, UINT64)
