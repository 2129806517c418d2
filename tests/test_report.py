"""Reports: what they hold, in which order, and what is left of them after any ending."""

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from creevey_graph import GraphError, RunFailed, SkipItem, graph, step
from creevey_graph.errors import SourceNotFound
from creevey_graph.events import ItemFinished, Noticed, Outcome, Row, RunFinished, RunStarted
from creevey_graph.fields import FIXED_COLUMNS, field_of
from creevey_graph.images import difference_hash, load_image
from creevey_graph.journal import Journal, read_journal, row_from_json, row_to_json
from creevey_graph.report import Report

BIG = 2**64 - 1


@step
def triple(number: int) -> int:
    if number == 4:
        raise ValueError("four")
    if number == 5:
        raise SkipItem("five")
    return BIG - number


halve = step(lambda number: number / 2, name="halve")
ROWS = [{"number": number, "label": f"l{number}"} for number in range(8)]


@graph
def halving(number: int):
    return {"half": halve(number), "big": triple(number)}


def run(tmp_path, executor="serial", items=ROWS, graph=halving, **options):
    return graph.run(items, cache=tmp_path / "cache", executor=executor, jobs=3, progress=False, **options)


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_rows_stand_in_input_order_whatever_ran_first(tmp_path, executor):
    """Item by item as they were given, cold and cached, with index, slice and loop alike."""
    for _ in range(2):
        report = run(tmp_path, executor)
        keys = [str(number) for number in range(8)]
        assert keys == [row.key for row in report.rows]
        assert keys == [report.rows[index].key for index in range(8)]
        assert keys[2:5] == [row.key for row in report.rows[2:5]]
        assert "7" == report.rows[-1].key
        assert 8 == len(report.rows)


def test_columns_are_the_fixed_ones_then_the_items_then_the_graphs(tmp_path):
    """In .csv, in a frame and in flat rows the columns are the same, in the same order."""
    report = run(tmp_path)
    expected = [*FIXED_COLUMNS, "label", "half", "big"]

    report.to_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert expected == lines[0]
    assert {len(expected)} == {len(line) for line in lines}
    assert expected == ["key", *report.to_pandas().columns]
    assert expected == list(report.flat(report.rows[0]))


def test_large_whole_numbers_survive_beside_failed_rows(tmp_path):
    """A 64-bit number is exact in every form, though a failed row has none in that column."""
    report = run(tmp_path)
    report.to_csv(tmp_path / "r.csv")
    report.to_jsonl(tmp_path / "r.jsonl")

    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        from_csv = [line["big"] for line in csv.DictReader(file)]
    from_json = [json.loads(line)["fields"] for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    frame = report.to_pandas()

    expected = [None if number in (4, 5) else BIG - number for number in range(8)]
    assert ["" if value is None else str(value) for value in expected] == from_csv
    assert expected == [fields.get("big") for fields in from_json]
    assert expected == [None if value is None else value for value in frame["big"]]
    assert all(type(value) is int for value in frame["big"] if value is not None)
    assert "done" == frame.loc["0", "outcome"]


def test_difference_hashes_survive_a_failed_row(tmp_path):
    """The headline case: a hash of 64 bits per picture, one picture broken."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        image = Image.linear_gradient("L").rotate(90 * number)
        image.save(folder / f"{number}.png")
    (folder / "3.png").write_bytes(b"no picture")

    @graph
    def hashing(photo: Path):
        return {"hash": difference_hash(load_image(photo))}

    report = hashing.run(folder, cache=False, progress=False, executor="serial")
    plain = [difference_hash(load_image(folder / f"{number}.png")) for number in range(3)]

    assert [*plain, None] == list(report.to_pandas()["hash"])
    assert max(plain) > 2**53


def test_columns_of_whole_numbers_and_of_fractions_have_their_types(tmp_path):
    """Where every row has a number, a frame's column is one of numbers."""
    frame = run(tmp_path, items=ROWS[:3], graph=halving.replace("triple", lambda number: number)).to_pandas()

    assert {"int64", "float64"} == {str(frame["big"].dtype), str(frame["half"].dtype)}


def test_a_run_of_no_items_is_a_report(tmp_path):
    """Nothing to do is no error: it is ok, has the columns, and can be written."""
    report = run(tmp_path, items=[])

    assert report.ok
    assert [] == list(report.rows) == report.failed
    report.to_csv(tmp_path / "r.csv")
    report.to_jsonl(tmp_path / "r.jsonl")
    assert [",".join([*FIXED_COLUMNS, "half", "big"])] == (tmp_path / "r.csv").read_text().splitlines()
    assert 0 == len(report.to_pandas())
    report.raise_for_failures()
    assert "no items" in repr(report)


def test_cached_rows_carry_their_fields(tmp_path):
    """What a row showed when it was made it shows when nothing ran, skipped ones included."""
    first, second = run(tmp_path), run(tmp_path)

    assert {"cached", "failed", "skipped"} == {str(row.outcome) for row in second.rows}
    assert [dict(row.fields) for row in first.rows] == [dict(row.fields) for row in second.rows]
    assert ("triple", "five") == (second.rows[5].step, second.rows[5].error)


def test_a_report_is_loaded_as_it_was(tmp_path):
    """Rows, counts, what ran, notices and the end are read from the file."""
    report = run(tmp_path)
    loaded = Report.load(report.path)

    assert list(report.rows) == list(loaded.rows)
    for name in ("counts", "executed", "notices", "seconds", "columns", "graph", "total", "ok", "orphans"):
        assert getattr(report, name) == getattr(loaded, name)
    with pytest.raises(SourceNotFound, match="run the graph first"):
        Report.load(tmp_path / "none.jsonl")


EVENTS = [
    RunStarted("g", 3, ("n",), "serial", "id"),
    Noticed("a notice"),
    *(
        ItemFinished(
            index,
            Row(
                f"k{index}",
                f"/in/ü{index}\udcff",
                outcome,
                reason="new item",
                seconds={"a": 0.5},
                outputs=(f"o{index}",),
                fields={"n": 2**70, "t": "\ud800"},
            ),
            ("a",),
        )
        for index, outcome in ((2, Outcome.DONE), (0, Outcome.FAILED), (1, Outcome.SKIPPED))
    ),
    RunFinished(1.5, interrupted=False, stopped="", damaged=1, orphans=("x",)),
]


def written(path, events=EVENTS):
    journal = Journal(path)
    report = Report(path)
    for event in events:
        report.add(event, journal(event))
    journal.close()
    return report


def test_a_journal_cut_at_any_byte_is_read_as_far_as_it_goes(tmp_path):
    """Every line that is whole is there, and nothing else; rows come in input order."""
    path = tmp_path / "run.jsonl"
    written(path)
    data = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(data) if byte == 10]

    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        # A line that lacks only its line break is whole.
        whole = sum(1 for end in ends if end <= cut or end == cut + 1)
        events = [event for _, event in read_journal(path)]
        assert EVENTS[:whole] == events
        report = Report.load(path)
        expected = sorted(event.index for event in EVENTS[:whole] if isinstance(event, ItemFinished))
        assert [f"k{index}" for index in expected] == [row.key for row in report.rows]
        assert report.finished == (whole == len(EVENTS))
        assert not report.ok


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_journal_never_breaks_its_reader(tmp_path_factory, data):
    """Any byte changed to any other: the report can still be loaded, counted and written."""
    folder = tmp_path_factory.mktemp("journal")
    path = folder / "run.jsonl"
    written(path)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole))

    report = Report.load(path)

    assert len(list(report.rows)) == len(report.rows) <= 3
    repr(report)


def test_lines_of_other_kinds_and_foreign_text_are_left_out(tmp_path):
    """JSON of another form, an index that is none or far away, and plain text are no rows."""
    path = tmp_path / "run.jsonl"
    written(path)
    lines = path.read_text().splitlines()
    row = json.loads(lines[2])
    foreign = [
        "[]",
        "5",
        "{}",
        "null",
        "text",
        '{"row": 5, "i": 0}',
        '{"run": []}',
        '{"end": 3}',
        "[" * 100_000,
        *(json.dumps({**row, "i": index}) for index in (-1, 10**15, "0", None, True, 1.5)),
    ]
    path.write_text("\n".join([*lines[:2], *foreign, *lines[2:]]) + "\n")

    report = Report.load(path)

    assert ["k0", "k1", "k2"] == [row.key for row in report.rows]
    assert {"failed": 1, "done": 1, "skipped": 1} == {str(k): n for k, n in report.counts.items()}


def test_the_file_holds_every_event_at_once(tmp_path):
    """Nothing waits in a buffer of the program: a kill loses the line in hand at most."""
    journal = Journal(tmp_path / "run.jsonl")
    for count, event in enumerate(EVENTS, start=1):
        journal(event)
        assert count == len((tmp_path / "run.jsonl").read_bytes().splitlines())
    journal.close()


@pytest.mark.parametrize("fails_at", range(6))
@pytest.mark.parametrize("torn", [True, False])
def test_a_full_disk_costs_the_file_and_not_the_report(tmp_path, monkeypatch, fails_at, torn):
    """From some line on nothing can be written: rows, counts and failures are in the report all the same."""
    path = tmp_path / "run.jsonl"
    journal, report = Journal(path), Report(path)
    file = journal._file

    class Full:
        count = 0

        def write(self, line):
            self.count += 1
            if self.count <= fails_at:
                return file.write(line)
            if torn:
                return file.write(line[:10])
            raise OSError(28, "No space left on device")

        def close(self):
            file.close()

    journal._file = Full()
    for event in EVENTS:
        report.add(event, journal(event))

    assert ["k0", "k1", "k2"] == [row.key for row in report.rows]
    assert ["k0"] == [row.key for row in report.failed]
    assert "k2" == report.rows[2].key
    assert ["k1", "k2"] == [row.key for row in report.rows[1:]]
    with pytest.raises(RunFailed, match="1 of 3 items failed; first: k0"):
        report.raise_for_failures()
    assert fails_at >= 5 or any("incomplete" in text for text in report.notices)


@pytest.mark.parametrize("column", FIXED_COLUMNS)
def test_a_named_output_called_like_a_fixed_column_is_an_error(tmp_path, column):
    """It would stand in the other's place; the error names it and the columns there are."""
    with pytest.raises(GraphError, match=f"'{column}'"):
        _declare_and_run(tmp_path, column)


def _declare_and_run(tmp_path, column):
    @graph
    def collides(number: int):
        return {column: halve(number)}

    run(tmp_path, items=ROWS[:1], graph=collides)


def test_the_plan_refuses_such_an_output_too(tmp_path):
    """Status says what run would say."""

    def declare():
        @graph
        def collides(number: int):
            return {"error": halve(number)}

        return collides

    with pytest.raises(GraphError, match="'error'"):
        declare().plan(ROWS[:1], cache=tmp_path / "cache")


def test_item_columns_of_fixed_or_output_names_are_shown_beside_them(tmp_path):
    """A table may have columns called source, error or as an output: they stand there as item.source and so on."""
    rows = [{"number": 1, "source": "web", "error": "none", "outcome": "good", "half": "of it", "label": "x"}]

    for _ in range(2):
        report = run(tmp_path, items=rows)
        flat = report.flat(report.rows[0])
        assert ("1", "cached", 0.5, "x") == (
            flat["source"],
            flat["outcome"].replace("done", "cached"),
            flat["half"],
            flat["label"],
        )
        assert flat["error"] is None
        assert ("web", "none", "good", "of it") == tuple(
            flat[f"item.{name}"] for name in ("source", "error", "outcome", "half")
        )
        report.to_csv(tmp_path / "r.csv")
        with (tmp_path / "r.csv").open(newline="") as file:
            header, line = csv.reader(file)
        assert len(header) == len(set(header)) == len(line)


def test_text_that_is_no_utf_8_is_written_all_the_same(tmp_path):
    """Names of files may hold any byte; a .csv stays UTF-8 that every program reads."""
    report = written(tmp_path / "run.jsonl")
    report.columns = ("n", "t")
    report.to_csv(tmp_path / "r.csv")

    assert "/in/ü0\\udcff" in (tmp_path / "r.csv").read_text(encoding="utf-8")


rows = st.builds(
    Row,
    key=st.text(),
    source=st.text(),
    outcome=st.sampled_from(Outcome),
    step=st.none() | st.text(),
    error=st.none() | st.text(),
    reason=st.none() | st.text(),
    seconds=st.dictionaries(st.text(), st.floats(0, 1e6).map(lambda s: round(s, 6)), max_size=3),
    outputs=st.lists(st.text(), max_size=3).map(tuple),
    fields=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
            max_leaves=5,
        ).map(field_of),
        max_size=3,
    ),
    traceback=st.none() | st.text(),
)


@given(row=rows)
def test_a_row_comes_back_from_json_as_it_was(row):
    """Whatever its texts and numbers."""
    assert row == row_from_json(json.loads(json.dumps(row_to_json(row))))


@given(value=st.recursive(st.floats() | st.integers() | st.binary() | st.text() | st.none(), st.lists))
def test_what_a_report_shows_of_a_value_is_plain_json(value):
    """No NaN, no bytes, no lone type of Python's: any reader of JSON takes it."""
    shown = field_of(value)

    assert shown == json.loads(json.dumps(shown, allow_nan=False))


def test_numbers_that_json_has_no_word_for_are_text():
    """Nan and the infinities would make a file that is no JSON."""
    assert ["nan", "inf", "-inf", 1.5] == field_of([math.nan, math.inf, -math.inf, 1.5])


def test_the_first_failure_in_input_order_is_named(tmp_path):
    """Not the one that ended first."""
    report = written(
        tmp_path / "run.jsonl",
        [
            RunStarted("g", 3, (), "threads", "id"),
            *(
                ItemFinished(
                    index, Row(f"k{index}", "s", Outcome.FAILED, step="a", error=f"E{index}\x1b[31m")
                )
                for index in (2, 0, 1)
            ),
            RunFinished(1.0),
        ],
    )

    text = report.failure_text()

    assert text.startswith("3 of 3 items failed; first: k0 in step 'a': E0")
    assert "\x1b" not in text
    assert ["k0", "k1", "k2"] == [row.key for row in report.failed]
