"""Which runs a set is made of, and what may take the place of what."""

import json

import pytest
from squares import rows_of, squares

from creevey_graph import UsageError
from creevey_graph.errors import SourceNotFound
from creevey_graph.events import ItemFinished, Outcome, Row, RunFinished, RunStarted
from creevey_graph.exports import export_links, latest_set
from creevey_graph.exports.destination import INDEX
from creevey_graph.journal import Journal
from creevey_graph.report import Report


def write_run(cache, name, rows, *, graph="g", scope="s", total=None, left_out=0, finished=True):
    """Write the journal of a made-up run: key -> (outcome, what field `n` is)."""
    journal = Journal(cache / "runs" / f"{name}.jsonl")
    journal(
        RunStarted(
            graph, total or len(rows) + left_out, ("n",), "serial", name, left_out=left_out, scope=scope
        )
    )
    for index, (key, (outcome, n)) in enumerate(rows.items()):
        journal(ItemFinished(index, Row(key, "s", outcome, fields={"n": n})))
    if finished:
        journal(RunFinished(0.1))
    journal.close()


DONE, FAILED, CANCELLED = Outcome.DONE, Outcome.FAILED, Outcome.CANCELLED


def told(report):
    return {row.key: (row.outcome, row.fields["n"]) for row in report.rows}


def test_later_rows_take_the_place_of_earlier_ones(tmp_path):
    """By key, in the order of the whole run; what those did not come to stays; what is new stands behind."""
    write_run(tmp_path, "1", {"x": (DONE, 0)})
    write_run(tmp_path, "2", {"a": (DONE, 1), "b": (FAILED, 1), "c": (FAILED, 1), "d": (DONE, 1)})
    write_run(tmp_path, "3", {"b": (DONE, 2), "c": (FAILED, 2)}, left_out=2)
    write_run(tmp_path, "4", {"d": (DONE, 3), "a": (CANCELLED, None), "e": (DONE, 3)})
    write_run(tmp_path, "5", {"c": (DONE, 4)}, total=5, finished=False)

    report = latest_set(tmp_path)

    assert {
        "a": (DONE, 1), "b": (DONE, 2), "c": (DONE, 4), "d": (DONE, 3), "e": (DONE, 3)
    } == told(report)  # fmt: skip
    assert ["a", "b", "c", "d", "e"] == [row.key for row in report.rows]
    assert ("2", 5, 3, True, True) == (
        report.run_id, report.total, report.updates, report.is_whole, report.ok
    )  # fmt: skip
    assert {DONE: 5} == {outcome: count for outcome, count in report.counts.items() if count}


def test_what_failed_again_is_listed_as_failed(tmp_path):
    """The report is as one of a single run."""
    write_run(tmp_path, "1", {"a": (DONE, 1), "b": (FAILED, 1), "c": (FAILED, 1)})
    write_run(tmp_path, "2", {"b": (DONE, 2), "c": (FAILED, 2)}, left_out=1)

    assert [("c", 2)] == [(row.key, row.fields["n"]) for row in latest_set(tmp_path).failed]


def test_without_a_whole_run_the_set_is_known_to_lack_items(tmp_path):
    """The latest that began with all is taken, else the first there is."""
    write_run(tmp_path, "1", {"a": (DONE, 1)}, left_out=2)
    only_retries = latest_set(tmp_path)
    write_run(tmp_path, "2", {"a": (DONE, 2), "b": (CANCELLED, None), "c": (CANCELLED, None)})
    write_run(tmp_path, "3", {"b": (DONE, 3)}, left_out=2)
    begun = latest_set(tmp_path)

    assert ({"a": (DONE, 1)}, False) == (told(only_retries), only_retries.is_whole)
    assert ({"a": (DONE, 2), "b": (DONE, 3), "c": (CANCELLED, None)}, False) == (told(begun), begun.is_whole)


def test_runs_of_other_graphs_are_told_apart(tmp_path):
    """By name and scope."""
    write_run(tmp_path, "1", {"a": (DONE, 1)}, graph="first")
    write_run(tmp_path, "2", {"a": (DONE, 2)}, scope="t")
    write_run(tmp_path, "3", {"a": (DONE, 3)}, left_out=1)
    (tmp_path / "runs" / "4.jsonl").write_text("torn")

    assert ({"a": (DONE, 3)}, False) == (told(latest_set(tmp_path)), latest_set(tmp_path).is_whole)
    assert {"a": (DONE, 1)} == told(latest_set(tmp_path, graph="first"))
    with pytest.raises(UsageError, match="no report of a graph 'second' in "):
        latest_set(tmp_path, graph="second")
    with pytest.raises(SourceNotFound, match="no report in "):
        latest_set(tmp_path / "none")


def test_a_merged_report_is_exported(made, tmp_path):
    """Rows of both runs, each with its own output; as a run of all items would have it."""
    rows = [*rows_of(3), {"key": "bad", "number": 90}]
    made(rows)
    rows[3] = {"key": "bad", "number": 7}
    made(rows, only_failed=True)

    exported = export_links(latest_set(tmp_path / "cache"), tmp_path / "set")
    again = export_links(made(rows), tmp_path / "set")

    assert (4, {}) == (exported.rows, dict(exported.left_out))
    assert (0, 4, 0) == (again.written, again.kept, again.removed)


def test_a_report_of_some_items_replaces_a_set_only_where_that_is_meant(made, tmp_path):
    """In Python as on the command line; a larger or equal set of some items replaces one of some."""
    rows = [*rows_of(3), {"key": "bad", "number": 90}]
    export_links(made(rows), tmp_path / "set")
    rows[3] = {"key": "bad", "number": 7}
    some = made(rows, only_failed=True)

    with pytest.raises(UsageError, match=r"of some items only .*replace it with --replace \(replace=True\)"):
        export_links(some, tmp_path / "set")

    assert 3 == len(list((tmp_path / "set").rglob("*.png")))
    assert 1 == export_links(some, tmp_path / "set", replace=True).rows
    assert 1 == export_links(some, tmp_path / "set").kept
    assert 4 == export_links(latest_set(tmp_path / "cache"), tmp_path / "set").rows


def test_as_many_rows_of_some_items_do_not_replace_a_whole_set(made, tmp_path):
    """They are other rows."""
    rows = [*rows_of(1), {"key": "bad", "number": 90}]
    export_links(made(rows), tmp_path / "set")
    rows[1] = {"key": "bad", "number": 7}
    some = made(rows, only_failed=True)

    with pytest.raises(
        UsageError, match="holds an export of 1 row, and this report has 1, of some items only"
    ):
        export_links(some, tmp_path / "set")


def test_a_list_of_an_earlier_version_tells_no_graph(made, tmp_path):
    """It is replaced, and tells from then on."""
    report = made(2)
    export_links(report, tmp_path / "set")
    index = tmp_path / "set" / INDEX
    head, *pieces = index.read_text().splitlines()
    written = json.loads(head)
    old = {name: written[name] for name in ("creevey_graph_export", "format", "rows")}
    index.write_text("\n".join([json.dumps(old), *pieces]) + "\n")

    assert 2 == export_links(report, tmp_path / "set").kept
    assert (squares.name, report.scope) == (written["graph"], written["scope"])
    assert written == json.loads(index.read_text().splitlines()[0])


def test_an_export_stays_out_of_the_folders_of_its_run(tmp_path, made):
    """The run's output folder, under whatever name."""
    report = made(2)
    (tmp_path / "alias").symlink_to("out")

    with pytest.raises(UsageError, match="into the run's own output folder"):
        export_links(report, tmp_path / "alias")


def test_a_journal_tells_where_the_items_came_from(tmp_path):
    """A flat list of a folder leaves its sub-folders free."""
    journal = Journal(tmp_path / "run.jsonl")
    started = RunStarted("g", 0, (), "serial", "1", input_root=str(tmp_path / "in"), is_recursive=False)
    journal(started)
    journal.close()
    report = Report.load(tmp_path / "run.jsonl")

    with pytest.raises(UsageError, match="inside the input folder of the run"):
        export_links(report, tmp_path / "in")
    assert 0 == export_links(report, tmp_path / "in" / "set").rows
