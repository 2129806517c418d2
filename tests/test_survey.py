"""The index in blocks, and items compared with it in bulk."""

import json
import os
import shutil
import sqlite3
import zlib
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import counted, outcomes
from witness import Witness, age, facts_of, outputs_of

from creevey_graph import SkipItem, graph, step
from creevey_graph.cache import FileState, Index, ItemState, encode_state
from creevey_graph.cache.blocks import SIZE, pack_block, unpack_columns, unpack_states
from creevey_graph.events import ItemFinished, ItemsCached
from creevey_graph.look import Known, line_if_current
from creevey_graph.sources import url_list


@step
def number_in(path: Path) -> int:
    text = path.read_text()
    if text.startswith("skip"):
        raise SkipItem(text)
    return int(text)


@step(writes="path")
def write_double(number: int, path: Path) -> Path:
    path.write_text(f"{2 * number}")
    return path


@graph
def doubles(path: Path):
    number = number_in(path)
    return {"file": write_double(number, "{stem}.out"), "number": number}


def make(folder, names):
    folder.mkdir(exist_ok=True)
    for place, name in enumerate(names):
        (folder / name).write_text(f"{place}")
    return f"{folder}/*.dat"


def run(where, items, **options):
    return doubles.run(
        items, out=where / "out", cache=where / "cache", executor="serial", progress=False, **options
    )


def one_by_one(monkeypatch):
    """Switch bulk comparison off."""
    monkeypatch.setattr(Known, "survey", lambda *_, **__: None)


# --- nothing to do ------------------------------------------------------------------------------


def test_a_run_with_nothing_to_do_decodes_no_state_and_makes_no_row(tmp_path, monkeypatch):
    """One event a block tells all of it, and nothing is done item by item."""
    age(monkeypatch)
    items = make(tmp_path / "in", [f"{n:04d}.dat" for n in range(SIZE + 100)])
    first = run(tmp_path, items)
    calls = Counter()
    for name in ("decode_state", "files_in", "values_digest", "current_row"):
        counted(monkeypatch, calls, f"creevey_graph.look.{name}")
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")
    counted(monkeypatch, calls, "creevey_graph.outputs.OutputTemplate.render")
    counted(monkeypatch, calls, "creevey_graph.sources.Item.__init__")
    events = []

    report = run(tmp_path, items, listeners=[events.append])

    assert {"__init__": 1} == dict(calls)  # the first one, to see how many values an item has
    assert {"cached": SIZE + 100} == {str(k): v for k, v in report.counts.items()}
    assert 2 == sum(isinstance(event, ItemsCached) for event in events)
    assert not any(isinstance(event, ItemFinished) for event in events)
    assert [row.fields for row in first.rows] == [row.fields for row in report.rows]
    assert [row.key for row in first.rows] == [row.key for row in report.rows]


def test_one_more_item_costs_one_item(tmp_path, monkeypatch):
    """Of many, one is executed, one block is written again, and the others are not decoded."""
    age(monkeypatch)
    names = [f"{n:05d}.dat" for n in range(4 * SIZE)]
    items = make(tmp_path / "in", names)
    run(tmp_path, items)
    run(tmp_path, items)
    (tmp_path / "in" / "00100b.dat").write_text("70007")
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.look.decode_state")
    counted(monkeypatch, calls, "creevey_graph.cache.merge.pack_block")
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")

    report = run(tmp_path, items)

    assert {"number_in": 1, "write_double": 1} == dict(report.executed)
    assert {"pack_block": 2, "lookup": 3} == dict(calls)  # two by lineage, one by content
    assert 4 * SIZE == report.counts["cached"]


def test_an_item_in_front_of_all_and_one_behind_are_found(tmp_path, monkeypatch):
    """Keys before the first block and after the last one belong to these blocks."""
    age(monkeypatch)
    items = make(tmp_path / "in", ["b.dat", "c.dat", "d.dat"])
    run(tmp_path, items)
    (tmp_path / "in" / "a.dat").write_text("8")
    (tmp_path / "in" / "e.dat").write_text("9")

    assert ["done", "cached", "cached", "cached", "done"] == outcomes(run(tmp_path, items))
    assert ["cached"] * 5 == outcomes(run(tmp_path, items))


# --- the same as one by one ---------------------------------------------------------------------

NAMES = [f"{name}.dat" for name in ("a", "b", "é#2", "c", "\udcff", "z")]


def edit(kind, where, name, salt):  # noqa: C901, PLR0912 - a table of edits
    source, target = where / "in" / name, where / "out" / f"{Path(name).stem}.out"
    match kind:
        case "input":
            source.write_text(f"{100 + salt}")
        case "input, same size and time":
            if source.exists():
                stat = source.stat()
                source.write_text(f"{salt % 10}" * max(1, stat.st_size))
                os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        case "touch":
            if source.exists():
                os.utime(source)
        case "skip":
            source.write_text(f"skip {salt}")
        case "fail":
            source.write_text("no number")
        case "remove":
            source.unlink(missing_ok=True)
        case "output gone":
            target.unlink(missing_ok=True)
        case "output modified":
            if target.exists():
                target.write_text(f"by hand {salt}")
        case "output touched":
            if target.exists():
                os.utime(target)
        case "output replaced":
            if target.exists():
                target.write_bytes(target.read_bytes())
        case "link":
            if target.exists():
                shutil.move(target, where / "moved")
                target.symlink_to(where / "moved")


KINDS = [
    *("input", "input, same size and time", "touch", "skip", "fail", "remove"),
    *("output gone", "output modified", "output touched", "output replaced", "link"),
]
EDITS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES), st.integers(0, 9)), max_size=5)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=st.lists(EDITS, min_size=1, max_size=4), aged=st.booleans(), small=st.booleans())
def test_in_bulk_is_found_what_is_found_one_by_one(tmp_path_factory, rounds, aged, small):
    """Whatever is done to inputs and outputs, rows, files and orphans are those of the slow way."""
    here, there = tmp_path_factory.mktemp("bulk"), tmp_path_factory.mktemp("single")
    with pytest.MonkeyPatch.context() as patch:
        if aged:
            age(patch)
        if small:  # several blocks of few items
            patch.setattr("creevey_graph.cache.merge.SIZE", 3)
        for where in (here, there):
            make(where / "in", NAMES)
        for edits in ([], [], *rounds):
            told = []
            for where in (here, there):
                for kind, name, salt in edits:
                    edit(kind, where, name, salt)
                with pytest.MonkeyPatch.context() as single:
                    if where is there:
                        one_by_one(single)
                    report = run(where, f"{where}/in/*.dat")
                rows = [facts_of(row)[:1] + facts_of(row)[2:] for row in report.rows]
                counts = {k: v for k, v in report.counts.items() if v}
                told.append((rows, counts, dict(report.executed), report.orphans))
            assert told[0] == told[1]
            assert outputs_of(here / "out") == outputs_of(there / "out")


def test_urls_in_any_order_are_compared_in_bulk(tmp_path, monkeypatch):
    """A list need not be sorted; one more in front of it costs one item."""
    age(monkeypatch)

    @step(writes="path")
    def note(url: str, path: Path) -> Path:
        path.write_text(url)
        return path

    @graph
    def notes(url: str):
        return {"file": note(url, "{stem}.txt"), "url": url}

    urls = [f"https://example.org/{n * 37 % 100:02d}" for n in range(100)]
    options = {"out": tmp_path / "out", "cache": tmp_path / "c", "executor": "serial", "progress": False}
    notes.run(urls, **options)
    witness = Witness()
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.look.decode_state")

    report = notes.run(["https://example.org/new", *urls], **options, listeners=[witness])

    assert {"note": 1} == dict(report.executed)
    assert not calls
    assert ["https://example.org/new", *urls] == [row.key for row in report.rows]
    assert ["new", *(url[-2:] for url in urls)] == [
        row.fields["url"].rpartition("/")[2] for row in report.rows
    ]
    assert ["done", *["cached"] * 100] == outcomes(report)
    assert 101 == len(witness.rows)


def test_a_url_that_has_become_a_files_name_is_looked_at(tmp_path, monkeypatch):
    """Text that names a file counts by the file's content: here it did not, and now it does."""
    age(monkeypatch)
    monkeypatch.chdir(tmp_path)
    lengths = graph(lambda text: {"n": step(len, name="size")(text)})
    options = {"cache": tmp_path / "c", "executor": "serial", "progress": False}
    lengths.run(url_list(["http://a"]), **options)
    Path("http:").mkdir()
    Path("http:/a").write_text("a file")

    report = lengths.run(url_list(["http://a"]), **options)

    assert {"size": 1} == dict(report.executed)
    assert "input changed" == report.rows[0].reason


# --- kills, damage, peers ------------------------------------------------------------------------


def test_states_that_were_never_merged_count(tmp_path, monkeypatch):
    """A run that was killed wrote its states one by one; the next one reads them, and merges them."""
    age(monkeypatch)
    items = make(tmp_path / "in", ["a.dat", "b.dat", "c.dat"])
    with monkeypatch.context() as patch:
        patch.setattr(Index, "compact", lambda *_: None)
        run(tmp_path, items)
    with closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as database:
        assert (3, 0) == tuple(
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("items", "blocks")
        )

    assert ["cached"] * 3 == outcomes(run(tmp_path, items))
    with closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as database:
        assert (0, 1) == tuple(
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("items", "blocks")
        )


@pytest.mark.parametrize("column", ["head", "looks", "rows", "checks", "states"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text"])
def test_a_damaged_block_costs_time_only(tmp_path, monkeypatch, column, damage):
    """Any damage is found by the check, and the items are looked at one by one or in full."""
    age(monkeypatch)
    items = make(tmp_path / "in", [f"{n}.dat" for n in range(9)])
    before = run(tmp_path, items)
    run(tmp_path, items)
    with closing(sqlite3.connect(tmp_path / "cache" / "index.db")) as database, database:
        (data,) = database.execute(f"SELECT {column} FROM blocks").fetchone()
        middle = len(data) // 2
        changed = {
            "flip": data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :],
            "cut": data[:middle],
            "empty": b"",
            "text": "text",
        }[damage]
        database.execute(f"UPDATE blocks SET {column} = ?", (changed,))

    for _ in range(2):
        report = run(tmp_path, items)

        assert not report.executed
        assert [row.fields for row in before.rows] == [row.fields for row in report.rows]
    assert ["cached"] * 9 == outcomes(report)


@given(
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    which=st.integers(0, 4),
    count=st.integers(1, 5),
)
def test_any_bit_of_a_block_is_checked(place, bit, which, count):
    """A flipped bit anywhere makes columns, states or both unreadable, never other."""
    row = list(pack_block(members(count), "g", line_if_current))
    columns, states = unpack_columns(*row[:4]), unpack_states(row[4], row[3])
    assert dict(members(count)) == states
    data = bytearray(row[which])
    data[int(place * len(data))] ^= 1 << bit
    row[which] = bytes(data)

    assert unpack_columns(*row[:4]) in (None, columns)
    assert unpack_states(row[4], row[3]) in (None, states)
    if which < 3:
        assert unpack_columns(*row[:4]) is None


def members(count):
    return [(f"k{n}", encode_state(state_of(n))) for n in range(count)]


def state_of(number):
    file = FileState(f"in/k{number}", number, 10, 20, 30, "ab" * 32, 10**12)
    made = FileState(f"k{number}.out", 5, -10, 20, 2**64 - 1, "cd" * 32, 10**12)
    return ItemState("g", file.path, (file,), (made,), fields={"n": number}, source=file.path)


def test_a_block_holds_what_can_be_compared_and_keeps_the_rest(monkeypatch):
    """Failed, fresh, foreign and unusual items are kept as they are, and not compared in bulk."""
    monkeypatch.setattr("creevey_graph.fingerprint.files.SETTLED_NS", 100)
    odd = {
        "failed": ItemState("g", "in/failed", state_of(0).sources, outcome="failed"),
        "foreign": ItemState("other", "text x"),
        "leftover": ItemState("g", "text x", leftovers=state_of(0).outputs),
        "two": ItemState("g", "digest", state_of(0).sources * 2),
        "young": ItemState("g", "text y", outputs=(FileState("o", 1, 10**12 - 50, 0, 1, "", 10**12),)),
        "huge": ItemState("g", "text z", outputs=(FileState("o", 2**63, 1, 0, 1, "", 10**12),)),
    }
    everything = sorted([*members(3), *((key, encode_state(state)) for key, state in odd.items())])

    *packed, checks, states = pack_block(everything, "g", line_if_current)
    columns = unpack_columns(*packed, checks)

    assert ["k0", "k1", "k2"] == columns.keys
    assert sorted(odd) == columns.others
    assert ["in/k0", "in/k1", "in/k2"] == columns.values
    assert dict(everything) == unpack_states(states, checks)
    lines = [json.loads(line) for line in zlib.decompress(columns.rows).decode().split("\n")]
    assert [{"n": 0}, {"n": 1}, {"n": 2}] == [line["fields"] for line in lines]
    assert {"cached"} == {line["outcome"] for line in lines}


def test_blocks_stay_of_a_size_however_items_come(tmp_path):
    """Items that come one by one into one place split their block in two, not into crumbs."""
    index = Index(tmp_path, "scope")
    for number in range(40):
        index.put([(f"k{number * 7 % 40:02d}", encode_state(state_of(number)))])
        index.compact("g", line_if_current)
    sizes = [len(columns.keys) for _, columns in index.columns()]
    index.close()

    assert [40] == sizes


def test_merging_splits_evenly(tmp_path, monkeypatch):
    """A block that grows beyond its size becomes two halves."""
    monkeypatch.setattr("creevey_graph.cache.merge.SIZE", 4)
    index = Index(tmp_path, "scope")
    for number in range(13):
        index.put([(f"k{number:02d}", encode_state(state_of(number)))])
        index.compact("g", line_if_current)
    blocks = [columns.keys for _, columns in index.columns()]
    found = index.load()
    single = {key: index.get(key) for key in found}
    index.close()

    assert [f"k{n:02d}" for n in range(13)] == [key for keys in blocks for key in keys]
    assert all(2 <= len(keys) <= 4 for keys in blocks)
    assert found == single
    assert found["k07"] == encode_state(state_of(7))


def test_forgotten_items_are_gone_from_blocks(tmp_path):
    """Before and after merging, what was forgotten is not there."""
    index = Index(tmp_path, "scope")
    index.put(members(5))
    index.compact("g", line_if_current)
    index.delete(["k1", "k4"])
    index._fresh = None
    before = set(index.load()), index.get("k1")
    index.compact("g", line_if_current)
    after = set(index.load()), index.get("k1")
    index.close()

    assert ({"k0", "k2", "k3"}, None) == before == after


def test_a_peer_that_merges_meanwhile_does_no_harm(tmp_path, monkeypatch):
    """Another run of the same set ends while this one compares: both give the right rows."""
    age(monkeypatch)
    items = make(tmp_path / "in", [f"{n:02d}.dat" for n in range(30)])
    run(tmp_path, items)
    (tmp_path / "in" / "05.dat").write_text("77")
    begun = []

    def meanwhile(event):
        if isinstance(event, ItemFinished | ItemsCached) and not begun:
            begun.append(1)
            (tmp_path / "in" / "06.dat").write_text("78")
            assert run(tmp_path, items).ok

    report = run(tmp_path, items, listeners=[meanwhile])
    again = run(tmp_path, items)

    assert report.ok
    assert ["cached"] * 30 == outcomes(again)
    assert "154" == (tmp_path / "out" / "05.out").read_text()
    assert "156" == (tmp_path / "out" / "06.out").read_text()


def test_outputs_of_gone_items_are_orphans_unless_somebody_stands_behind_them(tmp_path, monkeypatch):
    """What a bulk comparison passed by is asked for its outputs before anything is called an orphan."""
    age(monkeypatch)
    make(tmp_path / "in", ["a.dat", "b.dat", "c.dat"])
    items = [str(path) for path in sorted((tmp_path / "in").iterdir())]
    run(tmp_path, items)
    shutil.move(tmp_path / "in" / "b.dat", tmp_path / "b.dat")  # another key, the same output path

    report = run(tmp_path, [items[0], str(tmp_path / "b.dat"), items[2]])
    spared = run(tmp_path, [items[0], str(tmp_path / "b.dat")], prune=True)
    (tmp_path / "in" / "c.dat").unlink()
    last = run(tmp_path, [items[0], str(tmp_path / "b.dat")])
    pruned = run(tmp_path, [items[0], str(tmp_path / "b.dat")], prune=True)

    assert () == report.orphans
    assert (0, ()) == (spared.pruned, spared.orphans)  # its file is there: it was left out, and is not gone
    told = (
        "1 output is not pruned (c.out): this run has no item of that key, but the picture is still there; "
    )
    assert [text for text in spared.notices if text.startswith(told)]
    assert ("c.out",) == last.orphans
    assert (1, ()) == (pruned.pruned, pruned.orphans)
    assert {"a.out", "b.out"} == set(outputs_of(tmp_path / "out"))
    assert () == run(tmp_path, [items[0], str(tmp_path / "b.dat")]).orphans


def test_the_places_of_a_listing_are_checked_once(tmp_path, monkeypatch):
    """Output paths are rendered for the first run; a link that leads them to the inputs is found all the same."""
    age(monkeypatch)
    items = make(tmp_path / "in", ["a.dat", "b.dat"])
    run(tmp_path, items)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.places.validate_outputs_apart")
    run(tmp_path, items)
    assert not calls
    (tmp_path / "in" / "c.dat").write_text("3")
    run(tmp_path, items)
    assert {"validate_outputs_apart": 1} == dict(calls)

    shutil.move(tmp_path / "out", tmp_path / "old")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    with pytest.raises(ValueError, match="input"):
        run(tmp_path, items)


def test_reports_of_bulk_rows_survive_on_disk(tmp_path, monkeypatch):
    """A report read from its file has the rows that were told at once, in the order of the input."""
    age(monkeypatch)
    items = make(tmp_path / "in", ["a.dat", "b.dat", "c.dat", "d.dat"])
    (tmp_path / "in" / "c.dat").write_text("skip me")
    run(tmp_path, items)
    (tmp_path / "out" / "b.out").unlink()

    report = run(tmp_path, items)
    loaded = type(report).load(report.path)

    assert ["cached", "restored", "skipped", "cached"] == outcomes(report) == outcomes(loaded)
    assert {"cached": 2, "restored": 1, "skipped": 1} == {str(k): v for k, v in loaded.counts.items()}
    assert [facts_of(row) for row in report.rows] == [facts_of(row) for row in loaded.rows]
    assert facts_of(report.rows[3]) == facts_of(loaded.rows[3])
