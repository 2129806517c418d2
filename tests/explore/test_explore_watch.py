"""Which run is shown: the latest, then the next; one that was named; and the items before any run."""

import itertools
import json
import os

import pytest
from exploring import LOOKS, Folded, ask, awaited, expected, serving, stream
from runs import NUMBERS, failing, marking, thumbs

from creevey_graph.cache import Lock
from creevey_graph.explore.following import DOUBT_LOOKS, GONE_LOOKS
from creevey_graph.explore.items import planned_report, planned_rows
from creevey_graph.explore.loaded import Loaded
from creevey_graph.explore.watch import GONE, HELD_FEEDS, LEFT, Planned, Watch
from creevey_graph.freeze import freeze
from creevey_graph.listing import Listing
from creevey_graph.report import Report
from creevey_graph.sources import open_source


@pytest.fixture
def watched():
    """Watch a folder: gives the watch, and a list of what it tells."""
    made = []

    def watched(folder, **options):
        told = []
        made.append(Watch(LOOKS, folder=folder, tell=told.append, **options))
        return made[-1], told

    yield watched
    for watch in made:
        watch.close()


def settle(watch):
    """Look until there is nothing new."""
    while watch.step():
        pass
    return watch.feed()


def tree(folder):
    """Return what is in a folder, but for the store of the cache, which the run of this process has open."""
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "store" not in path.parts
    }


def test_the_latest_run_is_shown(watched, go, tmp_path):
    """Of several that ended, the last one, to its end."""
    go(failing, NUMBERS)
    report = go(marking, NUMBERS)
    watch, told = watched(tmp_path / "cache")
    feed = settle(watch)

    assert (report.path, "marking", 8, True) == (
        feed.report.path,
        feed.report.graph,
        feed.count,
        feed.is_ended,
    )
    assert [f"following run of 'marking' ({report.path.name})", "the run ended: 8 items"] == told


def test_no_run_yet_is_waited_for(watched, go, tmp_path):
    """A cache folder that is not there is not made; the first run is taken up."""
    watch, _ = watched(tmp_path / "cache")
    assert settle(watch) is None
    assert not (tmp_path / "cache").exists()
    go(failing, NUMBERS)

    assert "failing" == settle(watch).report.graph


def test_a_run_of_another_graph_is_passed_over(watched, go, tmp_path):
    """With a graph, only its runs are shown."""
    watch, _ = watched(tmp_path / "cache", graph="failing")
    go(marking, NUMBERS)
    assert settle(watch) is None
    go(failing, NUMBERS)
    assert "failing" == settle(watch).report.graph
    go(marking, NUMBERS)

    assert "failing" == settle(watch).report.graph


def test_the_next_run_is_taken_up_once_the_first_has_ended(watched, go, tmp_path):
    """Clients of the first are told to load the page again; its feed can still be asked for a while."""
    go(failing, NUMBERS)
    watch, _ = watched(tmp_path / "cache")
    first = settle(watch)
    go(marking, NUMBERS)
    second = settle(watch)

    assert (1, 2) == (first.number, second.number)
    assert ("marking", "") == (first.next_title, second.next_title)
    assert watch.feed(1) is first
    for _ in range(HELD_FEEDS):
        go(failing, NUMBERS)
        settle(watch)
    assert watch.feed(1) is None
    assert [] == list(first.messages())[1:]


def grown(path, data, watch):
    """Write a journal in two parts around a look; return what the feed had in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: len(data) // 2])
    settle(watch)
    count = watch.feed().count
    with path.open("ab") as file:
        file.write(data[len(data) // 2 :])
    settle(watch)
    return count


def test_a_run_that_goes_on_is_followed_beside_a_later_one(watched, go, tmp_path):
    """What is looked at is not taken away in the middle; the later one comes after its end."""
    old, new = (
        go(failing, NUMBERS, cache=tmp_path / "one").path,
        go(marking, NUMBERS, cache=tmp_path / "two").path,
    )
    runs = tmp_path / "cache" / "runs"
    runs.mkdir(parents=True)
    watch, _ = watched(tmp_path / "cache")
    data = old.read_bytes()
    (runs / "1.jsonl").write_bytes(data[: len(data) // 2])
    settle(watch)
    (runs / "2.jsonl").write_bytes(new.read_bytes())
    settle(watch)
    assert "failing" == watch.feed().report.graph
    (runs / "1.jsonl").write_bytes(data)
    settle(watch)

    assert ("failing", 8, True) == (watch.feed(1).report.graph, watch.feed(1).count, watch.feed(1).is_ended)
    assert ("marking", 8) == (watch.feed().report.graph, watch.feed().count)


def test_rows_come_as_the_file_grows(watched, go, tmp_path):
    """Half a file gives some rows; the rest gives the others."""
    report = go(failing, NUMBERS, cache=tmp_path / "other")
    watch, _ = watched(tmp_path / "cache")

    assert 0 < grown(tmp_path / "cache" / "runs" / "1.jsonl", report.path.read_bytes(), watch) < 8
    assert 8 == watch.feed().count


def test_a_killed_run_is_told(watched, go, tmp_path):
    """Nobody holds its cache, and nothing comes: its process is gone."""
    report = go(failing, NUMBERS)
    report.path.write_bytes(
        b"".join(report.path.read_bytes().splitlines(keepends=True)[:-3]) + b'{"i": 7, "ro'
    )
    watch, told = watched(tmp_path / "cache")
    with Lock(tmp_path / "cache") as lock:
        assert lock.share()
        settle(watch)
        for _ in range(3 * GONE_LOOKS):
            watch.step()
        assert not watch.feed().is_ended
    for _ in range(GONE_LOOKS):
        watch.step()

    assert watch.feed().is_ended
    assert GONE == told[-1] == watch.feed().report.notices[-1]
    assert not watch.feed().report.finished


def test_a_killed_run_makes_room_while_another_holds_the_cache(watched, go, tmp_path):
    """Nobody can tell whether it is dead; a later run is shown once nothing came for long."""
    report = go(failing, NUMBERS)
    lines = (
        report.path.read_bytes().replace(f"-{os.getpid()}".encode(), b"-2147483647").splitlines(keepends=True)
    )
    report.path.write_bytes(b"".join(lines[:-3]))
    watch, told = watched(tmp_path / "cache")
    settle(watch)
    with Lock(tmp_path / "cache") as lock:
        assert lock.share()
        for _ in range(2 * DOUBT_LOOKS):
            watch.step()
        assert not watch.feed().is_ended
        go(marking, NUMBERS)
        for _ in range(DOUBT_LOOKS):
            watch.step()

    assert "marking" == settle(watch).report.graph
    assert LEFT in told
    assert "marking" == watch.feed(1).next_title


def test_the_latest_run_of_the_graph_is_found_behind_later_ones_of_others(watched, go, tmp_path):
    """With a graph, its own latest run is shown from the beginning."""
    go(failing, NUMBERS)
    report = go(failing, NUMBERS)
    go(marking, NUMBERS)
    watch, _ = watched(tmp_path / "cache", graph="failing")

    assert report.path == settle(watch).report.path


def test_a_report_that_is_named_is_shown_alone(watched, go, tmp_path):
    """Later runs change nothing."""
    report = go(failing, NUMBERS)
    watch, _ = watched(tmp_path / "cache", path=report.path)
    go(marking, NUMBERS)
    settle(watch)
    settle(watch)

    assert ("failing", True) == (watch.feed().report.graph, watch.feed().is_ended)
    assert '"follows":false' in "".join(message.decode() for message in watch.feed().messages())


@pytest.mark.parametrize("text", [b"", b"no journal\n", b'{"notice": "x"}\n' * 3, b"\x00" * 1000])
def test_what_is_no_report_is_not_shown(watched, tmp_path, text):
    """Nor does it keep the next run from being taken up."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "1.jsonl").write_bytes(text)
    watch, _ = watched(tmp_path)

    assert settle(watch) is None


def test_a_journal_that_tells_nothing_makes_room(watched, go, tmp_path):
    """A run that was killed before it told what it runs is passed over once a later one is there."""
    (tmp_path / "cache" / "runs").mkdir(parents=True)
    (tmp_path / "cache" / "runs" / "1.jsonl").write_bytes(b"")
    (tmp_path / "cache" / "CACHEDIR.TAG").write_text("")
    watch, _ = watched(tmp_path / "cache")
    settle(watch)
    go(failing, NUMBERS)
    settle(watch)

    assert "failing" == settle(watch).report.graph


# --- items before any run --------------------------------------------------------------------------


def planned(graph, items, out, folder):
    source = open_source(items, tuple(graph.inputs))
    listing = Listing(source, freeze(graph, source.columns))
    return Planned(
        planned_report(graph, listing, out),
        planned_report(graph, listing, out),
        lambda: planned_rows(graph, listing, out, folder),
    )


def rows_of(plan):
    return {row["key"]: (outcome, row["reason"]) for _, row, outcome in plan.rows()}


def test_items_are_listed_before_any_run(photos, tmp_path):
    """Each would run, being new; nothing is made for it."""
    before = tree(tmp_path)
    plan = planned(thumbs, str(photos), tmp_path / "out", tmp_path / "cache")

    assert {f"{name}.png": ("planned", "new item") for name in "abc"} == rows_of(plan)
    assert before == tree(tmp_path)


def test_what_is_up_to_date_is_told(go, photos, tmp_path):
    """As the index of earlier runs tells; an output that is gone, a new file and an edit are told too."""
    go(thumbs, str(photos))
    out, cache = tmp_path / "out", tmp_path / "cache"
    before = tree(tmp_path)
    assert {f"{name}.png": ("cached", None) for name in "abc"} == rows_of(
        planned(thumbs, str(photos), out, cache)
    )
    assert before == tree(tmp_path)
    (out / "a.png").unlink()
    (photos / "d.png").write_bytes((photos / "b.png").read_bytes())

    found = rows_of(planned(thumbs, str(photos), out, cache))
    assert [
        ("planned", "its files are not what they were"),
        ("cached", None),
        ("cached", None),
        ("planned", "new item"),
    ] == [found[f"{name}.png"] for name in "abcd"]
    edited = rows_of(planned(thumbs.bind(size=(8, 8)), str(photos), out, cache))
    assert edited["b.png"] == ("planned", "parameter changed: size (16, 16) -> (8, 8)") or edited["b.png"][
        1
    ].startswith("parameter changed")


def test_without_the_output_folder_all_would_run(go, photos, tmp_path):
    """What a graph with writers made is not known without it."""
    go(thumbs, str(photos))

    assert {"planned"} == {
        outcome for outcome, _ in rows_of(planned(thumbs, str(photos), None, tmp_path / "cache")).values()
    }


def test_a_run_that_begins_is_taken_up_after_the_items(watched, go, photos, tmp_path):
    """Earlier runs are not; the list's clients are told to load the page again."""
    go(thumbs, str(photos))
    watch, _ = watched(
        tmp_path / "cache",
        planned=planned(thumbs, str(photos), tmp_path / "out", tmp_path / "cache"),
        graph="thumbs",
    )
    list(watch.list_planned())
    settle(watch)
    listed = watch.feed()
    assert (1, 3, True, False) == (listed.number, listed.count, listed.is_ended, listed.is_whole)
    assert "a.png" == listed.row_at(0).key
    folded = Folded()
    for message in itertools.takewhile(lambda message: b"event: state" not in message, listed.messages()):
        folded.take(message)
    assert ["a.png", "b.png", "c.png"] == [row["key"] for row in folded.rows.values()]
    go(thumbs, str(photos))
    settle(watch)

    assert (2, "thumbs") == (watch.feed().number, listed.next_title)


# --- over HTTP -------------------------------------------------------------------------------------


def test_a_client_has_the_rows_of_the_report(go, tmp_path):
    """From the first message to the end, by a real connection; and again with what it has."""
    report = go(failing, NUMBERS)
    with serving(path=report.path) as explorer:
        folded = stream(explorer, "/events/1", Folded(report.nodes))
        again = stream(explorer, "/events/1", Folded(report.nodes), last_id=folded.seen)
        whole = stream(explorer, "/events-whole/1", Folded(report.nodes))

    assert {
        number: expected(row, report.columns) for number, row in enumerate(Report.load(report.path).rows)
    } == {number: folded.told(number) for number in folded.rows}
    assert {} == again.rows == whole.rows
    assert folded.last["run"] == again.last["run"] == whole.last["run"]


def test_a_page_of_an_ended_run_is_whole(go, tmp_path):
    """It holds all rows itself, and asks for nothing but previews."""
    report = go(failing, NUMBERS)
    with serving(path=report.path) as explorer:
        stream(explorer, "/events/1", Folded(report.nodes))
        page = json.loads(ask(explorer, "/")[2])

    assert page["is_whole"]
    assert ("/events-whole/1", "/preview-whole/1") == (page["live"]["events"], page["live"]["preview"])


@pytest.mark.parametrize("row", ["0", "7"])
@pytest.mark.parametrize("kind", ["preview", "preview-whole"])
def test_a_preview_is_asked_by_the_row(go, tmp_path, kind, row):
    """By number, and nothing else of it stands in the URL."""
    report = go(failing, NUMBERS)
    with serving(path=report.path) as explorer:
        stream(explorer, "/events/1", Folded(report.nodes))
        status, headers, body = ask(explorer, f"/{kind}/1?row={row}")

    assert (200, "application/json") == (status, headers["Content-Type"])
    assert (int(row), list(report.rows)[int(row)].key) == (json.loads(body)["row"], json.loads(body)["key"])


@pytest.mark.parametrize(
    "row", ["8", "-1", "", "x", "1e3", "0&row=1", "99999999999999999999", "%00", "\u0661".encode().hex()]
)
def test_a_row_that_is_not_there_is_told(go, tmp_path, row):
    """Whatever stands in its place."""
    report = go(failing, NUMBERS)
    with serving(path=report.path) as explorer:
        stream(explorer, "/events/1", Folded(report.nodes))

        assert (404, b"there is no such row\n") == ask(explorer, f"/preview/1?row={row}")[::2]


def test_items_need_no_run(photos, tmp_path):
    """An item of the list has a preview, by the graph."""
    source = open_source(str(photos), tuple(thumbs.inputs))
    with serving(
        tmp_path / "cache",
        planned=planned(thumbs, str(photos), None, tmp_path / "cache"),
        loaded=Loaded(thumbs),
        source=source,
    ) as explorer:
        awaited(lambda: explorer.watch.feed() and explorer.watch.feed().is_ended)
        body = json.loads(ask(explorer, "/preview/1?row=1&set=size%3D4%2C4")[2])

    assert ("b.png", "") == (body["key"], body["error"])
    assert "4 \u00d7 4 RGB" in {picture["was"] for picture in body["pictures"]}
