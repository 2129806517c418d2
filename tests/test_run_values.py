"""What goes in and comes out: inputs, columns, returns, what is kept and what is forced."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import NUMBERS, as_text, failing, marking, outcomes, save_text, writing
from witness import outputs_of

from creevey_graph import Cache, graph, step

# --- inputs, columns and returns ---------------------------------------------------------------


@step
def both(image: Path, mask: Path) -> str:
    return f"{image.read_bytes()!r} {mask.read_bytes()!r}"


@graph
def pairs(image: Path, mask: Path):
    return {"both": both(image, mask)}


@pytest.mark.parametrize("as_rows", [True, False])
def test_several_inputs_per_item_come_from_rows_and_tuples(go, tmp_path, as_rows):
    """Each input has its file; a change of either one runs that item alone."""
    for name in ("i1", "i2", "m1", "m2"):
        (tmp_path / name).write_text(name)
    values = [(tmp_path / "i1", tmp_path / "m1"), (tmp_path / "i2", tmp_path / "m2")]
    items = [dict(zip(("image", "mask"), pair, strict=True)) for pair in values] if as_rows else values

    assert ["b'i1' b'm1'", "b'i2' b'm2'"] == [row.fields["both"] for row in go(pairs, items).rows]
    assert not go(pairs, items).executed
    (tmp_path / "m2").write_text("new")
    report = go(pairs, items)
    assert ["cached", "done"] == outcomes(report)
    assert "b'i2' b'new'" == report.rows[1].fields["both"]


def test_swapped_inputs_are_another_item(go, tmp_path):
    """Image and mask the other way round never share a result."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    rows = [
        {"key": "1", "image": tmp_path / "a", "mask": tmp_path / "b"},
        {"key": "2", "image": tmp_path / "b", "mask": tmp_path / "a"},
    ]

    assert ["b'a' b'b'", "b'b' b'a'"] == [row.fields["both"] for row in go(pairs, rows).rows]


def test_columns_travel_to_the_report_whatever_the_outcome(go):
    """A row's other columns stand in the report, cold, cached and failed, dates and paths as text."""
    import datetime as dt

    rows = [
        {"number": number, "label": f"l{number}", "day": dt.date(2024, 1, number + 1), "odd": object()}
        for number in (1, 3)
    ]

    for _ in range(2):
        report = go(failing, rows)
        assert [("l1", "2024-01-02"), ("l3", "2024-01-04")] == [
            (row.fields["label"], row.fields["day"]) for row in report.rows
        ]
        assert "<object>" == report.rows[0].fields["odd"]


def test_a_changed_column_is_shown_though_nothing_runs(go):
    """Columns are no part of keys: a new label is in the report, and no step is executed for it."""
    go(marking, [{"number": 1, "label": "old"}])

    report = go(marking, [{"number": 1, "label": "new"}])

    assert "new" == report.rows[0].fields["label"]
    assert not report.executed


def test_a_graph_that_returns_nothing_writes_all_the_same(go, tmp_path):
    """A writer is a result by itself."""

    @graph
    def silent(number: int):
        save_text(number, "{key}.txt")

    report = go(silent, NUMBERS[:2])

    assert {"0.txt", "1.txt"} == set(outputs_of(tmp_path / "out"))
    assert [{}, {}] == [dict(row.fields) for row in report.rows]
    assert not go(silent, NUMBERS[:2]).executed


def test_values_that_are_no_scalars_are_summed_up_and_cached_rows_say_the_same(go):
    """Pictures, arrays, bytes, dicts and None in columns are shown alike cold and cached."""
    things = {
        "picture": Image.new("L", (3, 2)),
        "array": np.zeros((2, 2), "f4"),
        "bytes": b"abc",
        "dict": {1: (2, None)},
        "nothing": None,
        "nan": float("nan"),
        "big": 2**200,
    }

    @graph
    def kinds(number: int):
        return {name: step(lambda _n, v=value: v, name=name)(number) for name, value in things.items()}

    first, second = go(kinds, NUMBERS[:1]), go(kinds, NUMBERS[:1])

    expected = {
        "picture": "<image: L 3x2>",
        "array": "<array: float32 2x2>",
        "bytes": "<bytes: 3>",
        "dict": {"1": [2, None]},
        "nothing": None,
        "nan": "nan",
        "big": 2**200,
    }
    assert expected == dict(first.rows[0].fields) == dict(second.rows[0].fields)


# --- what is not kept, and what is forced ------------------------------------------------------


def test_a_step_that_is_not_pure_runs_always_and_so_does_what_is_below_it(go, tmp_path):
    """pure=False is called in every run, and what is made of it is what it gave this time."""
    # In a file: what a closure holds is part of the code, so that a counter there would change the step.
    ticks = tmp_path / "ticks"
    ticks.touch()

    @step(pure=False)
    def tick(number: int) -> int:
        with ticks.open("a") as file:
            file.write("x")
        return ticks.stat().st_size + 0 * number

    twice = step(lambda number: 2 * number, name="twice")

    @graph
    def ticking(number: int):
        return {"twice": twice(tick(number)), "plain": twice(number, name="plain")}

    assert [2, 4, 6] == [go(ticking, NUMBERS[:1]).rows[0].fields["twice"] for _ in range(3)]
    assert {"tick": 1, "twice": 1} == dict(go(ticking, NUMBERS[:1]).executed)


def test_a_parameter_without_a_digest_runs_always_and_it_is_said(go):
    """object() cannot be told from another object(): nothing made of it is kept, and one notice says so."""
    thing = object()

    @graph
    def opaque(number: int):
        return {"text": as_text(number, mark=thing)}

    for _ in range(2):
        report = go(opaque, NUMBERS[:2])
        assert {"as_text": 2} == dict(report.executed)
        told = [text for text in report.notices if "parameter 'mark' has no digest" in text]
        assert len(told) == 1


def test_without_a_cache_every_run_executes_everything_and_writes_nothing_beside(go, tmp_path):
    """cache=False leaves outputs only."""
    for _ in range(2):
        report = go(writing, NUMBERS[:2], cache=False)
        assert {"save_text": 2} == dict(report.executed)
    assert ["out"] == [path.name for path in tmp_path.iterdir()]


def test_refresh_runs_everything_though_all_is_there(go):
    """refresh=True is forced; afterwards nothing is to do again."""
    go(writing, NUMBERS[:2])

    report = go(writing, NUMBERS[:2], refresh=True)

    assert {"save_text": 2} == dict(report.executed)
    assert ["forced"] * 2 == [row.reason for row in report.rows]
    assert not go(writing, NUMBERS[:2]).executed


def test_a_step_that_is_never_kept_runs_only_where_it_is_needed(go):
    """cache="never" above a kept node is not called again; one whose value is asked for is."""
    never = step(lambda number: number + 1, name="never", cache="never")

    @graph
    def feeds(number: int):
        return {"text": as_text(never(number))}

    @graph
    def marked(number: int):
        return {"text": as_text(never(number), mark="other")}

    go(feeds, NUMBERS[:2])
    assert not go(feeds, NUMBERS[:2]).executed
    assert {"never": 2, "as_text": 2} == dict(go(marked, NUMBERS[:2]).executed)


# --- one content, two forms --------------------------------------------------------------------


def test_bytes_and_a_file_of_them_are_both_restored(go, tmp_path):
    """A value and an output of equal bytes share a blob; the output is restored without a call."""
    data = b"x" * 100_000
    make = step(lambda _number: data, name="make")

    @step(writes="path")
    def save(content: bytes, path: Path) -> Path:
        path.write_bytes(content)
        return path

    @graph
    def same_bytes(number: int):
        made = make(number)
        return {"made": made, "file": save(made, "{key}.bin")}

    go(same_bytes, NUMBERS[:1])
    (tmp_path / "out" / "0.bin").unlink()

    report = go(same_bytes, NUMBERS[:1])

    assert not report.executed
    assert data == (tmp_path / "out" / "0.bin").read_bytes()
    assert Cache(tmp_path / "cache").info()["blobs"] == 1


def test_a_value_kept_by_two_codecs_is_read_by_each(go):
    """Equal text kept as text and as a tree are two blobs; neither makes the other a miss for ever."""
    word = step(lambda _number: "word", name="word", codec="text", cache="always")
    other = step(lambda _number: "word", name="other", codec="tree", cache="always")
    join = step(lambda a, b, mark: f"{a} {b} {mark}", name="join", cache="never")

    @graph
    def words(number: int, *, mark: str = ""):
        return {"both": join(word(number), other(number), mark)}

    go(words, NUMBERS[:1])
    report = go(words.bind(mark="!"), NUMBERS[:1])

    assert {"join": 1} == dict(report.executed)
    assert "word word !" == report.rows[0].fields["both"]
