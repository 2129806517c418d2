"""Writers of values: whole files, equal bytes for equal values, and clear errors."""

import json
import math
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import creevey_graph
from creevey_graph import graph, step, write_bytes, write_json, write_npy, write_text
from creevey_graph.errors import UsageError

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(trees)
def test_json_reads_back_equal(tmp_path, value):
    """What JSON has a form for comes back, big integers and odd texts included."""
    assert value == json.loads(write_json(value, tmp_path / "a.json").read_bytes())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.text(), scalars, min_size=2, max_size=6), st.randoms())
def test_equal_values_make_equal_json(tmp_path, value, random):
    """The order in which a mapping was filled does not count."""
    keys = list(value)
    random.shuffle(keys)
    shuffled = {key: value[key] for key in keys}

    assert (
        write_json(value, tmp_path / "a.json").read_bytes()
        == write_json(shuffled, tmp_path / "b.json").read_bytes()
    )


def test_json_is_plain_text(tmp_path):
    """UTF-8 with a line end; tuples are lists, paths and keys text; indent spreads it."""
    value = {"b": (1, 2.5), "a": PurePosixPath("x/ä"), 3: None}

    assert '{"3": null, "a": "x/ä", "b": [1, 2.5]}\n' == write_json(value, tmp_path / "a.json").read_text(
        "utf-8"
    )
    assert '{\n "a": 1\n}\n' == write_json({"a": 1}, tmp_path / "b.json", indent=1).read_text("utf-8")
    assert '"\\udcff"\n' == write_json("\udcff", tmp_path / "c.json").read_text("utf-8")


def looped():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, r"value must be a number JSON has \(got nan\)"),
        ({"a": [0, -math.inf]}, r"value\['a'\]\[1\] must be a number JSON has \(got -inf\)"),
        ({"a": {1, 2}}, r"value\['a'\] must be .* \(got set\)"),
        ([b"x"], r"value\[0\] must be .* \(got bytes\)"),
        ({(1, 2): 3}, r"keys must be text, whole numbers or paths \(got \(1, 2\) in value\)"),
        ({1: "a", "1": "b"}, r"keys of different text \(got '1' twice\)"),
        (looped(), "hold itself"),
    ],
)
def test_what_json_has_no_form_for_is_told(tmp_path, value, problem):
    """The message says where it is, and no file is made."""
    with pytest.raises(UsageError, match=problem):
        write_json(value, tmp_path / "a.json")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("indent", [-1, True, "2", 1.0])
def test_indent_is_a_number(tmp_path, indent):
    """Blanks a level."""
    with pytest.raises(UsageError, match="parameter 'indent' must be"):
        write_json({}, tmp_path / "a.json", indent=indent)


def test_text_and_bytes_are_written_as_they_are(tmp_path):
    """Line ends are not translated; folders are made; an older file is replaced."""
    path = tmp_path / "deep" / "a.txt"

    for text in ("old", "ä\r\nb\n"):
        assert path == write_text(text, path)
    assert "ä\r\nb\n".encode() == path.read_bytes()
    assert b"\xe4" == write_text("ä", tmp_path / "b.txt", encoding="latin-1").read_bytes()
    for data in (b"\0\xff", bytearray(b"\0\xff"), memoryview(b"\0\xff")):
        assert b"\0\xff" == write_bytes(data, tmp_path / "c.bin").read_bytes()


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda path: write_bytes("text", path), r"must be bytes \(got str\); use write_text"),
        (lambda path: write_bytes([1], path), r"must be bytes \(got list\)$"),
        (lambda path: write_text(b"x", path), r"must be text \(got bytes\)"),
        (lambda path: write_text("ä", path, encoding="ascii"), r"cannot be written as ascii"),
        (lambda path: write_text("\udcff", path), "half a surrogate pair"),
        (lambda path: write_text("x", path, encoding="utf-99"), "no encoding 'utf-99'"),
    ],
)
def test_wrong_values_leave_the_older_file(tmp_path, call, problem):
    """A clear error, the older file as it was, and nothing beside it."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    with pytest.raises(UsageError, match=problem):
        call(path)
    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_arrays_are_numpys_own_files(tmp_path):
    """Type, shape and values come back; a picture is an array too; the bytes are the same each time."""
    np = pytest.importorskip("numpy")
    from PIL import Image

    for array in (
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.float32(2.5),
        np.zeros((0, 4)),
        [[1, 2], [3, 4]],
    ):
        path = write_npy(array, tmp_path / "a.npy")
        back = np.load(path, allow_pickle=False)
        assert np.asarray(array).dtype == back.dtype
        assert np.array_equal(array, back)
        assert path.read_bytes() == write_npy(array, tmp_path / "b.npy").read_bytes()
    assert (3, 4, 3) == np.load(write_npy(Image.new("RGB", (4, 3)), tmp_path / "c.npy")).shape


def test_arrays_that_need_pickle_are_refused(tmp_path):
    """Objects and ragged lists would make files that run code when they are read."""
    np = pytest.importorskip("numpy")

    for wrong in (np.array([{}, None]), {"a": 1}, [[1], [1, 2]]):
        with pytest.raises(UsageError, match="step 'write_npy'"):
            write_npy(wrong, tmp_path / "a.npy")
    assert [] == list(tmp_path.iterdir())


def test_numpys_scalars_are_numbers_in_json(tmp_path):
    """Means and counts of arrays need no float() around them."""
    np = pytest.importorskip("numpy")

    value = {"mean": np.float32(0.5), "count": np.int64(7), "yes": np.bool_(True)}
    assert '{"count": 7, "mean": 0.5, "yes": true}\n' == write_json(value, tmp_path / "a").read_text()
    with pytest.raises(UsageError, match=r"got nan"):
        write_json([np.float64("nan")], tmp_path / "b")


def test_without_numpy_the_extra_is_named(tmp_path, monkeypatch):
    """Only the writer of arrays needs it."""
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(ImportError, match=r"pip install 'creevey_graph\[numpy\]'"):
        write_npy([1], tmp_path / "a.npy")


def test_numpy_is_not_imported_before_it_is_needed():
    """The writers and the steps for pictures load without it."""
    code = "import sys, creevey_graph.images, creevey_graph.values; print(*{'numpy', 'pandas', 'requests'} & {*sys.modules})"
    root = str(Path(creevey_graph.__file__).parents[1])

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)

    assert "" == told.stdout.strip()


@step
def described(number: int) -> dict:
    return {"number": number, "text": "ä" * number}


@step
def counted(number: int) -> list:
    return [number] * 3


@graph
def writing(number: int):
    value = described(number)
    return {"json": write_json(value, "json/{key}.json"), "npy": write_npy(counted(number), "npy/{key}.npy")}


def test_values_are_written_by_graphs_in_processes(go, tmp_path):
    """The writers are outputs like any other: made once, left alone when up to date, restored when lost."""
    pytest.importorskip("numpy")
    items = [{"number": number} for number in range(3)]

    first = go(writing, items, executor="processes", jobs=2)
    assert first.ok
    written = sorted((tmp_path / "out").rglob("*.json"))
    assert [{"number": n, "text": "ä" * n} for n in range(3)] == [json.loads(p.read_bytes()) for p in written]
    before = written[1].read_bytes()
    written[1].unlink()
    second = go(writing, items)
    assert ["cached", "cached"] == [str(row.outcome) for row in second.rows if row.outcome == "cached"]
    assert before == written[1].read_bytes()
