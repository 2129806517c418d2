"""The data of a run's page: every row in it, inert, bounded, the same each time; histograms and samples."""

import datetime as dt
import json
import math
import re
import shlex
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creevey_graph import Report, SkipItem, UsageError, graph, step
from creevey_graph.errors import SourceError
from creevey_graph.events import Event, ItemFinished, Outcome, Row, RunFinished, RunStarted
from creevey_graph.journal import Journal
from creevey_graph.views.page import page_data, write_page
from creevey_graph.views.page.histograms import MOST_BINS, MOST_VALUES, Tally, bin_edges
from creevey_graph.views.page.sheets import Even

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e\u2028\ud800'\"&]]>"
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]")


def reported(tmp_path, rows, *, columns=(), nodes=("load", "trim"), ends=True, graph="set"):
    """Return a report whose file holds these rows."""
    path = tmp_path / "runs" / "run.jsonl"
    report, journal = Report(path), Journal(path)
    events: list[Event] = [RunStarted(graph, len(rows), tuple(columns), "threads", "id", nodes=nodes)]
    events += [ItemFinished(index, row, at_s=index / 10) for index, row in enumerate(rows)]
    events += [RunFinished(2.5)] if ends else []
    for event in events:
        report.add(event, journal(event))
    journal.close()
    return report


def done(key, fields=None, **more):
    return Row(key, f"/in/{key}", Outcome.DONE, reason="new item", fields=fields or {}, **more)


def failed(key, error="ValueError: no", **more):
    return Row(key, key, Outcome.FAILED, "load", error, "new item", traceback="Traceback\n  File x", **more)


def texts_in(data):
    """Yield every text of plain data, keys included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from texts_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from texts_in(value)


@given(
    st.lists(
        st.tuples(
            st.text(), st.sampled_from(list(Outcome)), st.one_of(st.none(), st.text()), st.floats(0, 9)
        ),
        max_size=12,
        unique_by=lambda row: row[0],
    )
)
@settings(max_examples=40, deadline=None)
def test_every_row_is_in_it_and_every_column_is_as_long(tmp_path_factory, drawn):
    """Whatever keys and errors look like: columns of equal length, places in range, JSON there and back."""
    rows = [
        Row(key, key, outcome, "load", error, error, {"load": seconds})
        for key, outcome, error, seconds in drawn
    ]

    data = page_data(reported(tmp_path_factory.mktemp("page"), rows))

    columns = {name: column for name, column in data["rows"].items() if name != "fields"}
    assert {len(rows)} == {len(column) for column in columns.values()}
    assert [str(row.outcome) for row in rows] == [data["outcomes"][n] for n in columns["outcome"]]
    assert all(-1 <= n < len(data["texts"]) for n in columns["error"] + columns["reason"])
    assert len(data["texts"]) == len(set(data["texts"])) or any("\\" in text for text in data["texts"])
    assert data == json.loads(json.dumps(data, allow_nan=False))
    assert not [text for text in texts_in(data) if _UNSAFE.search(text)]


def test_texts_from_outside_are_inert_wherever_they_stand(tmp_path):
    """Keys, sources, errors, fields, their names, steps, nodes, outputs and tracebacks: no control character."""
    row = Row(
        HOSTILE, HOSTILE, Outcome.FAILED, HOSTILE, HOSTILE, HOSTILE, {HOSTILE: 1.0}, (HOSTILE,), {HOSTILE: HOSTILE},
        HOSTILE,
    )  # fmt: skip
    report = reported(tmp_path, [row], columns=[HOSTILE], nodes=(HOSTILE,), graph=HOSTILE)
    report.notices.append(HOSTILE)
    report.orphans = (HOSTILE,)

    data = page_data(report)

    assert not [text for text in texts_in(data) if _UNSAFE.search(text)]
    assert "\\x1b[31m" in data["rows"]["key"][0]
    page = write_page(report, tmp_path / "run.html").read_text(encoding="utf-8")
    assert "</script><img" not in page
    assert "<img src=x" not in page


def test_two_columns_that_look_the_same_stay_two(tmp_path):
    """Once they are inert, names may collide; no column takes the place of another."""
    names = ["a\x01", "a\\x01"]

    fields = page_data(reported(tmp_path, [done("k", dict(zip(names, (1, 2), strict=True)))], columns=names))

    assert [[1], [2]] == list(fields["rows"]["fields"].values())


def test_it_is_the_same_each_time(tmp_path):
    """But for when it was made."""
    report = reported(tmp_path, [done("a", {"n": 1}), failed("b")], columns=["n"])
    first, second = page_data(report), page_data(Report.load(report.path))

    assert json.dumps(first) == json.dumps(second)
    assert (
        "2026-01-02T03:04:05Z"
        == page_data(report, made=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC))["made"]
    )


def test_values_of_fields_are_what_a_browser_reads(tmp_path):
    """Lists are text, numbers that are not finite are missing, ids beyond a float's reach are text throughout."""
    fields = [
        {"score": 0.5, "tags": [1, "a"], "hash": 2**63, "ok": True},
        {"score": "nan", "tags": None, "hash": 7, "ok": False},
        {"score": 2},
    ]
    rows = [done(str(number), field) for number, field in enumerate(fields)]

    data = page_data(reported(tmp_path, rows, columns=["score", "tags", "hash", "ok"]))

    expected = {
        "score": [0.5, None, 2],
        "tags": ['[1, "a"]', None, None],
        "hash": ["9223372036854775808", "7", None],
        "ok": [True, False, None],
    }
    assert expected == data["rows"]["fields"]
    kinds = {histogram["field"]: histogram["kind"] for histogram in data["histograms"]}
    assert {"score": "number", "tags": "category", "ok": "category"} == kinds


def test_sources_and_texts_stand_once(tmp_path):
    """A source that is the key is 0; an error that many share is one text."""
    data = page_data(reported(tmp_path, [failed("a"), failed("b"), done("c")]))

    assert [0, 0, "/in/c"] == data["rows"]["source"]
    assert ["new item", "ValueError: no"] == data["texts"]


def test_a_page_of_many_rows_keeps_every_failure(tmp_path):
    """Of the others an even part, in their order; it says how many are left out, and histograms know all."""
    rows = [failed(f"{n}") if n % 10 == 3 else done(f"{n}", {"n": n}) for n in range(300)]

    data = page_data(reported(tmp_path, rows, columns=["n"]), most_rows=100, sample=5, most_failures=4)

    keys = [int(key) for key in data["rows"]["key"]]
    assert keys == sorted(keys)
    assert {n for n in range(300) if n % 10 == 3} <= set(keys)
    assert 100 <= len(keys) <= 105
    assert 300 - len(keys) == data["run"]["rows_left_out"]
    assert 270 == sum(data["histograms"][0]["counts"])
    assert max(b - a for a, b in pairwise(keys)) < 10
    failed_number = data["outcomes"].index("failed")
    assert all(data["rows"]["outcome"][n] == failed_number for n in data["sheets"]["failed"])
    assert (4, 5) == (len(data["sheets"]["failed"]), len(data["sheets"]["sample"]))


def test_rows_are_read_once(tmp_path, monkeypatch):
    """100 000 of them: one pass, no second look."""
    rows = [done(f"{n:06}", {"n": n % 7, "x": n / 3}) for n in range(100_000)]
    report = reported(tmp_path, [], columns=["n", "x"])
    report.counts[Outcome.DONE] = len(rows)
    read = []

    def counted():
        for row in rows:
            read.append(1)
            yield row

    monkeypatch.setattr(Report, "rows", property(lambda _: counted()))

    data = page_data(report)

    assert 100_000 == len(read) == len(data["rows"]["key"])
    assert 24 == len(data["sheets"]["sample"])
    assert len(json.dumps(data)) < 8_000_000


def test_tracebacks_of_very_many_failures_are_bounded(tmp_path):
    """The first have theirs; all have their error."""
    rows = [failed(f"{n}", f"ValueError: {n}") for n in range(2000)]
    rows = [Row(row.key, row.key, row.outcome, "load", row.error, traceback="x" * 20_000) for row in rows]

    data = page_data(reported(tmp_path, rows))

    assert 2000 == len({data["texts"][n] for n in data["rows"]["error"]})
    assert len(json.dumps(data["details"])) < 4_000_000
    assert "traceback" in data["details"]["0"]


def test_a_killed_run_has_a_page(tmp_path):
    """Made of its journal, also with a torn last line: what had ended, and that it did not come to its end."""
    report = reported(tmp_path, [done("a"), failed("b"), done("c")], ends=False)
    report.path.write_bytes(report.path.read_bytes()[:-20])
    loaded = Report.load(report.path)

    data = page_data(loaded)

    assert ["a", "b"] == data["rows"]["key"]
    assert (False, 3, {"done": 1, "failed": 1}) == (
        data["run"]["finished"],
        data["run"]["total"],
        data["run"]["counts"],
    )
    assert data["run"]["seconds"] > 0
    assert "Not finished" in write_page(loaded, tmp_path / "run.html").read_text(encoding="utf-8")


def test_a_run_of_nothing_has_a_page(tmp_path):
    """No rows, no steps, no shape."""
    data = page_data(reported(tmp_path, [], nodes=()))

    assert ([], [], []) == (data["rows"]["key"], data["histograms"], data["timeline"]["bins"])
    assert write_page(reported(tmp_path, [], nodes=()), tmp_path / "run.html").is_file()


@pytest.mark.parametrize(
    ("place", "words"),
    [("", "it is a folder"), ("gone/run.html", "no such folder"), ("file/run.html", "is a file")],
)
def test_where_it_cannot_be_written_it_says_so(tmp_path, place, words):
    """Before the pictures are made."""
    (tmp_path / "file").write_text("text")

    with pytest.raises(UsageError, match=words):
        reported(tmp_path, [done("a")]).to_html(tmp_path / place)


@pytest.mark.parametrize(
    "options",
    [{"sample": -1}, {"sample": True}, {"most_failures": 1.5}, {"seconds": -1}, {"seconds": math.nan}],
)
def test_numbers_that_cannot_be_are_refused(tmp_path, options):
    """By name."""
    with pytest.raises(UsageError, match=next(iter(options))):
        reported(tmp_path, [done("a")]).to_html(tmp_path / "run.html", **options)


def test_a_report_whose_file_is_gone_is_an_error_and_an_old_page_stays(tmp_path):
    """Nothing is replaced by half a page."""
    report = reported(tmp_path, [done("a")])
    (tmp_path / "run.html").write_text("old")
    report.path.unlink()

    with pytest.raises(SourceError, match="cannot be read"):
        report.to_html(tmp_path / "run.html")
    assert "old" == (tmp_path / "run.html").read_text()


@step
def halve(number: int) -> float:
    if number == 6:
        raise SkipItem("six")
    return number / 2


@graph
def halves(number: int):
    return {"half": halve(number)}


def test_commands_name_what_the_report_tells(tmp_path, monkeypatch):
    """Items of a table are found among the others; names are quoted for the shell; what nobody knows is said."""
    monkeypatch.chdir(tmp_path)
    items = [{"number": number, "label": "a b"} for number in (4, 6)]
    report = halves.run(items, progress=False)

    data = page_data(report)

    told = data["details"]["0"]["reproduce"]
    assert told.startswith("creevey-graph explain --among ITEMS GRAPH ")
    assert "such as graph.py:halves" in told


def test_commands_survive_a_shell(tmp_path):
    """A key with quotes and blanks is one word; one that looks like an option is no option."""
    rows = [failed("it's $(rm) `x`.jpg"), failed("-rf.jpg")]
    details = page_data(reported(tmp_path, rows, columns=()))["details"]

    first, second = (shlex.split(details[n]["reproduce"].splitlines()[0]) for n in ("0", "1"))
    assert "it's $(rm) `x`.jpg" == first[-1]
    assert ["--", "GRAPH", "-rf.jpg"] == second[-3:]


def test_hidden_settings_stay_hidden(tmp_path):
    """A token that was set on the command line is not in the page."""

    @step(ignore=["token"])
    def sent(number: int, *, token: str = "") -> int:
        return number + len(token)

    @graph
    def private(number: int, *, token: str = "none-of-it", size: int = 3):
        return {"n": sent(number, token=token)}

    report = private.run([{"number": 1}], cache=tmp_path / "cache", progress=False)
    page = write_page(report, tmp_path / "run.html", settings=["token=none-of-it", "size=3"])

    text = page.read_text(encoding="utf-8")
    assert "none-of-it" not in text
    assert "size=3" in text


numbers = st.lists(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-50, 50)), min_size=1
)


@given(numbers)
@settings(max_examples=300, deadline=None)
def test_bars_hold_every_number(drawn):
    """Ascending edges that reach over all values, at most so many bars, and every value in one of them."""
    tally = Tally("n")
    for value in drawn:
        tally.add(value)

    made = tally.histogram()

    assert made["edges"] == sorted(set(made["edges"]))
    assert made["edges"][0] <= min(drawn)
    assert made["edges"][-1] >= max(drawn)
    assert 1 <= len(made["counts"]) == len(made["edges"]) - 1 <= MOST_BINS
    assert len(drawn) == sum(made["counts"])
    assert all(count >= 0 for count in made["counts"])
    assert made["least"] <= made["median"] <= made["most"]
    json.dumps(made, allow_nan=False)


def test_one_value_far_out_does_not_hide_the_others():
    """A thousand between 0 and 1 and one at a billion: the thousand still spread over bars."""
    values = sorted([*(n / 1000 for n in range(1000)), 1e9])

    edges = bin_edges(values)

    assert 5 <= sum(edge <= 1 for edge in edges)
    assert 1e9 <= edges[-1]


def test_what_is_no_number_is_missing():
    """None, nan and the infinities are counted apart, and change no mean."""
    tally = Tally("n")
    for value in (1, 3, None, math.nan, math.inf, "nan", "-inf"):
        tally.add(value)

    made = tally.histogram()

    assert (5, 2.0, 1, 3) == (made["missing"], made["mean"], made["least"], made["most"])


def test_words_are_counted_and_names_are_not():
    """A label has bars; a file name of each row, or ids beyond a float, have none."""
    label, name, ids = Tally("label"), Tally("name"), Tally("id")
    for number in range(3000):
        label.add(f"class {number % 30}")
        name.add(f"{number}.jpg")
        ids.add(2**60 + number)

    made = label.histogram()

    assert (MOST_VALUES, 1000, ["class 0", 100]) == (len(made["values"]), made["others"], made["values"][0])
    assert (None, None) == (name.histogram(), ids.histogram())


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_even_sample_has_as_many_as_wanted(total, wanted):
    """Neither more nor fewer, at distances that differ by one at most."""
    even = Even(total, wanted)

    taken = [number for number in range(total) if even.takes_next()]

    assert min(total, wanted) == len(taken)
    gaps = {b - a for a, b in pairwise(taken)}
    assert not gaps or max(gaps) - min(gaps) <= 1
