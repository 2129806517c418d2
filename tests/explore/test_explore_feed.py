"""However events come and clients go, who folds the messages has the report's rows and counts."""

import json
from collections import Counter

import pytest
from exploring import LOOKS, Folded, expected
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creevey_graph.events import (
    GraphDeclared,
    ItemFinished,
    ItemsCached,
    Noticed,
    Outcome,
    Row,
    RunFinished,
    RunStarted,
)
from creevey_graph.explore import feed as feeds
from creevey_graph.explore.columns import MOST_DETAILS, MOST_TEXT, cut
from creevey_graph.explore.feed import ALL, Feed
from creevey_graph.journal import Journal, read_journal, row_line
from creevey_graph.report import Report

import zlib  # isort: skip

STEPS = ("load", "resize", "write")
texts = st.sampled_from([None, "new item", "code changed: helper 'normalise'", "ValueError: no", ""])
values = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1, 1), st.sampled_from(["a", "b"])
)


def row_strategy(index):
    return st.builds(
        Row,
        key=st.just(f"{index}.jpg"),
        source=st.sampled_from([f"{index}.jpg", f"photos/{index}.jpg"]),
        outcome=st.sampled_from([Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED, Outcome.RESTORED]),
        step=st.sampled_from([None, *STEPS]),
        error=texts,
        reason=texts,
        outputs=st.sampled_from([(), ("a.png",), ("a.png", "b.png")]),
        fields=st.fixed_dictionaries({"label": values}),
        traceback=st.sampled_from([None, "Traceback"]),
    )


def bulk_of(rows):
    lines = "\n".join(row_line(row) for _, row in rows).encode()
    return ItemsCached([index for index, _ in rows], zlib.compress(lines), len(rows))


@st.composite
def runs(draw):
    """Draw the events of a run: items in any order, some of them in bulk."""
    width = draw(st.integers(0, 12))
    order = draw(st.permutations(range(width)))
    events, bulk = [], []
    for index in order:
        row = draw(row_strategy(index))
        if draw(st.booleans()):
            bulk.append(
                (index, Row(row.key, row.source, Outcome.CACHED, outputs=row.outputs, fields=row.fields))
            )
            if draw(st.booleans()):
                events.append(bulk_of(bulk))
                bulk = []
        else:
            events.append(ItemFinished(index, row))
    if bulk:
        events.append(bulk_of(bulk))
    return width, events


def written(path, events, width, columns=("label",)):
    """Write a journal; return what a follower reads of it: (place, event) of the head, and of the rest."""
    journal = Journal(path)
    for event in (
        GraphDeclared({}),
        RunStarted("g", width, columns, "serial", "1", nodes=STEPS),
        *events,
        RunFinished(1.0),
    ):
        journal(event)
    journal.close()
    read = list(read_journal(path))
    return read[:2], read[2:]


def opened(path, events, width, **options):
    """Return a feed whose head is read, the events to come, and the finished report."""
    head, rest = written(path, events, width)
    report, alone = Report(path), Report(path)
    for begins, event in head:
        report.add(event, begins)
        alone.add(event, begins)
    return Feed(report, alone, LOOKS, 1, width=width, pause_s=0, **options), rest, Report.load(path)


@given(run=runs(), data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_folds_the_messages_has_the_report(tmp_path, run, data, monkeypatch):
    """The law: whatever the batches, however often a client comes again, its rows, texts and counts are the report's."""
    width, events = run
    feed, rest, report = opened(tmp_path / "run.jsonl", events, width)
    monkeypatch.setattr(feeds, "MOST_ROWS", data.draw(st.integers(1, 5)))
    folded = Folded(STEPS)
    while rest:
        part = data.draw(st.integers(1, len(rest)))
        feed.take(rest[:part])
        rest = rest[part:]
        if data.draw(st.booleans()):  # a client that comes, takes some messages and leaves
            for message, _ in zip(
                feed.messages(folded.seen), range(data.draw(st.integers(0, 4)) + 1), strict=False
            ):
                folded.take(message)
                if folded.events and not feed._has_news(
                    feeds._Client(folded.seen, {"run": 99, "timeline": 99, "state": 99})
                ):
                    break
    feed.end()
    for message in feed.messages(folded.seen):
        folded.take(message)

    assert "end" == folded.events[-1]
    assert {number: expected(row) for number, row in zip(sorted(folded.rows), report.rows, strict=True)} == {
        number: folded.told(number) for number in folded.rows
    }
    assert {str(outcome): count for outcome, count in report.counts.items()} == folded.last["run"]["counts"]
    assert Counter(folded.told(number)[2] for number in folded.rows) == Counter(folded.last["run"]["counts"])
    assert len(folded.rows) == feed.count
    assert len(set(folded.texts)) == len(folded.texts)


def test_who_comes_late_gets_all(tmp_path):
    """A client that was not there gets every row, and the latest of all else once."""
    feed, rest, report = opened(
        tmp_path / "run.jsonl",
        [ItemFinished(n, Row(f"{n}", f"{n}", Outcome.DONE, fields={"label": n})) for n in range(5)],
        5,
    )
    for part in rest:
        feed.take([part])
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages():
        folded.take(message)

    assert list(range(5)) == sorted(folded.rows)
    assert 5 == len(list(report.rows))
    assert {"rows": 5, "run": 1, "state": 1, "timeline": 1, "end": 1} == Counter(folded.events)


def test_who_has_the_rows_gets_none(tmp_path):
    """A page that holds all rows is told how the run stands, and its end."""
    feed, rest, _ = opened(tmp_path / "run.jsonl", [ItemFinished(0, Row("a", "a", Outcome.DONE))], 1)
    feed.take(rest)
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages(ALL):
        folded.take(message)

    assert {"run", "state", "timeline", "end"} == set(folded.events)


def test_where_another_may_follow_clients_stay_and_are_told(tmp_path):
    """After its end a run's page waits for the next run, and is told to load that one."""
    feed, rest, _ = opened(tmp_path / "run.jsonl", [], 0, follows=True)
    feed.take(rest)
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages():
        folded.take(message)
        if "end" in folded.last:
            assert {"follows": True} == folded.last["end"]
            feed.follow_up("thumbs")

    assert {"title": "thumbs"} == folded.last["reset"]


def test_a_closed_feed_lets_everybody_go(tmp_path):
    """Who waits for news gets none, and is not held."""
    feed, _, _ = opened(tmp_path / "run.jsonl", [], 0)
    messages = feed.messages()
    next(messages)
    feed.close()

    assert [] == list(messages)


def test_a_hundred_thousand_rows_come_in_parts(tmp_path):
    """One event of 100 000 rows becomes many messages, kept compressed; a client that comes late has them all."""
    rows = [
        (
            n,
            Row(
                f"{n}.jpg", f"photos/{n}.jpg", Outcome.CACHED, outputs=(f"{n}.png",), fields={"label": n % 7}
            ),
        )
        for n in range(100_000)
    ]
    event = ItemsCached(range(100_000), bulk_of(rows).rows, 100_000)
    feed, rest, _ = opened(tmp_path / "run.jsonl", [event], 100_000)
    feed.take(rest)
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages():
        folded.take(message)

    assert 100_000 == len(folded.rows)
    assert feeds.MOST_ROWS >= max(folded.sizes)
    assert sum(map(len, feed._log)) < 40 * 100_000
    assert (
        "99999.jpg",
        "photos/99999.jpg",
        "cached",
        None,
        None,
        None,
        ["99999.png"],
        {"label": 4},
    ) == folded.told(99_999)


def test_hostile_texts_stay_on_their_line(tmp_path):
    """Line breaks, escape codes, half characters and markup cannot end a message, or become another."""
    hostile = "a\n\nevent: end\ndata: {}\r\n\u2028\x1b[31m\udcff</script>"
    row = Row(
        hostile,
        hostile,
        Outcome.FAILED,
        "resize",
        hostile,
        hostile,
        outputs=(hostile,),
        fields={"label": hostile},
        traceback=hostile,
    )
    feed, rest, _ = opened(tmp_path / "run.jsonl", [ItemFinished(0, row), Noticed(hostile)], 1)
    feed.take(rest)
    feed.end()
    messages = list(feed.messages())
    folded = Folded(STEPS)
    for message in messages:
        assert message.isascii()
        assert message.endswith(b"\n\n")
        assert b"\n\n" not in message[:-2]
        folded.take(message)

    assert ["end"] == [name for name in folded.events if name == "end"]
    assert "a\\x0a\\x0aevent: end" in folded.rows[0]["key"]
    assert "\\x1b[31m\\xff</script>" in folded.rows[0]["key"]


def test_numbers_that_json_does_not_have_are_none(tmp_path):
    """Not a number and infinity are left out; a whole number that a browser would round is text."""
    fields = [float("nan"), float("inf"), 2**60, 0.5, [1, 2], {"a": 1}]
    events = [
        ItemFinished(n, Row(f"{n}", f"{n}", Outcome.DONE, fields={"label": value}))
        for n, value in enumerate(fields)
    ]
    feed, rest, _ = opened(tmp_path / "run.jsonl", events, len(events))
    feed.take(rest)
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages():
        assert b"NaN" not in message
        folded.take(message)

    assert [None, None, str(2**60), 0.5, "[1, 2]", '{"a": 1}'] == [
        folded.rows[n]["fields"]["label"] for n in range(6)
    ]


def test_long_errors_and_many_tracebacks_are_bounded(tmp_path):
    """An error is cut, and tracebacks are sent of the first failures only; the report has all."""
    events = [
        ItemFinished(n, Row(f"{n}", f"{n}", Outcome.FAILED, "load", "x" * 10_000, traceback="y" * 100_000))
        for n in range(MOST_DETAILS + 5)
    ]
    feed, rest, _ = opened(tmp_path / "run.jsonl", events, len(events))
    feed.take(rest)
    feed.end()
    folded = Folded(STEPS)
    for message in feed.messages():
        folded.take(message)

    assert [cut("x" * 10_000, MOST_TEXT)] == folded.texts
    assert MOST_DETAILS == len(folded.details)
    assert max(len(detail["traceback"]) for detail in folded.details.values()) < 10_000


def test_rows_beyond_the_width_are_damage(tmp_path):
    """A line that tells of an item there cannot be makes no room for it."""
    events = [ItemFinished(10**12, Row("x", "x", Outcome.DONE)), ItemFinished(0, Row("a", "a", Outcome.DONE))]
    feed, rest, _ = opened(tmp_path / "run.jsonl", events, 1)
    feed.take(rest)

    assert 1 == feed.count
    assert feed.row_at(10**12) is None
    assert "a" == feed.row_at(0).key


def test_a_row_is_had_by_its_number(tmp_path):
    """By the item's place in the input while the run goes on; by its place among the rows once it is whole."""
    events = [ItemFinished(n, Row(f"{n}", f"{n}", Outcome.DONE)) for n in (4, 2)]
    feed, rest, report = opened(tmp_path / "run.jsonl", events, 5)
    feed.take(rest)

    assert ["2", "4"] == [feed.row_at(2).key, feed.row_at(4).key]
    assert [None, None] == [feed.row_at(3), feed.row_at(-1)]
    assert ["2", "4"] == [feed.row_in_order(n).key for n in range(2)] == [row.key for row in report.rows]
    assert feed.row_in_order(2) is None


@pytest.mark.parametrize("rows", [b"not zlib", zlib.compress(b"[]\n{")])
def test_damaged_rows_are_left_out(tmp_path, rows):
    """A bulk of rows that cannot be read costs itself."""
    feed, rest, _ = opened(
        tmp_path / "run.jsonl",
        [ItemsCached([0, 1], rows, 2), ItemFinished(2, Row("a", "a", Outcome.DONE))],
        3,
    )
    feed.take(rest)

    assert 1 == feed.count
    assert json.loads(feed._looked["run"][1])["counts"]["done"] == 1
