"""The manifest and the run in numbers: errors told apart and counted, rates, versions."""

import csv
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import failing

from creevey_graph import SkipItem, graph, step
from creevey_graph.errors import HTTPStatusError
from creevey_graph.events import ItemFinished, Outcome, Row, RunStarted, WorkersStarted
from creevey_graph.fields import ERROR_COLUMNS
from creevey_graph.journal import event_from_json, event_to_json
from creevey_graph.manifest import error_parts
from creevey_graph.report import Report
from creevey_graph.tasks import error_text
from creevey_graph.troubles import MOST_TROUBLES, Troubles, normal_text
from creevey_graph.versions import list_versions


def failed(error, key="k", step="download"):
    return Row(key, "s", Outcome.FAILED, step, error)


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        ("ValueError: four", ("ValueError", "four", None, None)),
        ("ValueError", ("ValueError", None, None, None)),
        ("a.b.Odd: x: y\nz", ("a.b.Odd", "x: y\nz", None, None)),
        ("no class, only text", (None, "no class, only text", None, None)),
        (
            "HTTPStatusError: GET http://h:8080/404: 503 Service Unavailable (4 tries)",
            ("HTTPStatusError", "GET http://h:8080/404: 503 Service Unavailable (4 tries)", 503, 4),
        ),
        ("HTTPStatusError: GET http://h/a: 404", ("HTTPStatusError", "GET http://h/a: 404", 404, None)),
        ("FetchError: GET http://h/: 404 ways", ("FetchError", "GET http://h/: 404 ways", None, None)),
    ],
)
def test_an_error_is_told_apart(error, parts):
    """Class, message, HTTP status and tries; a port or a name in the URL is no status."""
    assert dict(zip(ERROR_COLUMNS, parts, strict=True)) == error_parts(failed(error))


@given(status=st.integers(100, 599), reason=st.text(max_size=20))
def test_the_status_of_an_error_of_ours_is_found(status, reason):
    """As `download` words it, and as a row keeps it."""
    error = error_text(HTTPStatusError(f"GET http://a.example:99/1.jpg: {status} {reason}".rstrip(), status))

    assert status == error_parts(failed(error))["http_status"]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.FAILED])
def test_only_failed_rows_have_an_error_told_apart(outcome):
    """What a step left out is no error."""
    assert dict.fromkeys(ERROR_COLUMNS) == error_parts(Row("k", "s", outcome, "step", "too: small"))


def test_every_form_of_the_manifest_has_the_parts(go, tmp_path):
    """A line per item, in .csv and .jsonl alike."""
    report = go(failing, [{"number": number} for number in range(5)])
    report.to_csv(tmp_path / "r.csv")
    report.to_jsonl(tmp_path / "r.jsonl")

    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_json = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert ["", "", "", "ValueError", "ValueError"] == [line["error_class"] for line in from_csv]
    assert [None] * 3 + ["3 is 3 or more", "4 is 3 or more"] == [line["error_message"] for line in from_json]
    assert [0.0] * 3 <= [line["seconds"]["fail_from"] for line in from_json[:3]]


# --- troubles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET http://a.example/1.jpg: 404 Not Found", "GET https://b.example/x?y=2: 404 Not Found"),
        ("'/data/a b.jpg': truncated at 17 of 99 bytes", "'c.png': truncated at 3 of 4,096 bytes"),
        ("cannot read /data/a.jpg", "cannot read /mnt/other/b.png"),
        ("cannot read photos/a.jpg now", "cannot read ../b/c.png now"),
        ("photos/my cat.jpg: no picture", "dog.jpeg: no picture"),
        ("at 0x7f3ac0", "at 0x11"),
        ("digest 3f2a9c0d1e2f4a5b is wrong", "digest 0123456789abcdef is wrong"),
    ],
)
def test_errors_that_differ_in_names_and_numbers_are_one(one, other):
    """URLs, paths, numbers and digests stand aside."""
    assert normal_text(one) == normal_text(other)


def test_errors_that_differ_in_words_or_status_are_several():
    """A 404 is not a 503, and one step's trouble not another's."""
    troubles = Troubles()
    for number in range(3):
        troubles.add(failed(f"HTTPStatusError: GET http://a/{number}: 404 Not Found", f"k{number}"))
    troubles.add(failed("HTTPStatusError: GET http://a/9: 503 Busy", "k9"))
    troubles.add(failed("ValueError: 7", "k10"))
    troubles.add(failed("ValueError: 7", "k11", step="resize"))

    top = list(troubles.top(Outcome.FAILED, 2))
    assert (3, "k0", 404, "GET <url>: 404 Not Found") == (
        top[0].count, top[0].first_key, top[0].http_status, top[0].message
    )  # fmt: skip
    assert 4 == len(list(troubles.top(Outcome.FAILED, 99)))
    assert 2 == len(top)


@given(rows=st.lists(st.tuples(st.sampled_from(list(Outcome)), st.text(max_size=8)), max_size=40))
def test_every_failed_and_skipped_item_is_counted_once(rows):
    """Whatever the errors say."""
    troubles = Troubles()
    for outcome, error in rows:
        troubles.add(Row("k", "s", outcome, "step", error))

    expected = Counter(outcome for outcome, _ in rows)
    for outcome in (Outcome.FAILED, Outcome.SKIPPED):
        assert expected[outcome] == sum(trouble.count for trouble in troubles.top(outcome, 99))


def test_kinds_of_trouble_are_bounded():
    """A run in which every error is another does not fill the memory."""
    troubles = Troubles()
    for number in range(MOST_TROUBLES + 5):
        troubles.add(failed(f"ValueError: {chr(0x4E00 + number)}"))

    assert 5 == troubles.untold


# --- the summary -------------------------------------------------------------------------------------


@step
def picky(number: int) -> int:
    if number % 4 == 3:
        raise SkipItem(f"{number} is odd")
    if number % 4 == 2:
        raise ValueError(f"{number} is even")
    return number


@step(writes="path")
def save(number: int, path):
    path.write_text("x" * 10)
    return path


@graph
def picking(number: int):
    return {"file": save(picky(number), "{key}.txt")}


def test_a_run_is_summed_up(go, tmp_path):
    """Counts, rates, bytes, troubles by frequency, steps and versions, as JSON can hold them."""
    report = go(picking, [{"number": number} for number in range(8)])
    report.to_summary_json(tmp_path / "summary.json")

    summary = report.summary()

    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert {"done": 4, "failed": 2, "skipped": 2} == {name: n for name, n in summary["counts"].items() if n}
    assert (8, False, 40, None, 0.0) == (
        summary["total"],
        summary["ok"],
        summary["bytes_written"],
        summary["bytes_read"],
        summary["cache_hit_rate"],
    )
    assert summary["items_per_second"] == pytest.approx(8 / report.seconds, rel=0.01)
    (error,), (skip,) = summary["top_errors"], summary["top_skips"]
    assert (2, "picky", "ValueError", "<n> is even", "2") == (
        error["count"], error["step"], error["error_class"], error["message"], error["first_key"]
    )  # fmt: skip
    assert (2, "<n> is odd", "3 is odd") == (skip["count"], skip["message"], skip["example"])
    assert ["picky", "save"] == [told["step"] for told in summary["steps"]]
    assert list_versions() == summary["versions"]


def test_a_run_with_nothing_to_do_tells_its_hit_rate(go):
    """Everything from the cache; no versions, since nothing took part."""
    rows = [{"number": 0}, {"number": 1}]
    go(picking, rows)

    summary = go(picking, rows).summary()

    assert (1.0, {}) == (summary["cache_hit_rate"], summary["versions"])


def test_a_run_of_no_items_is_summed_up(go):
    """Without a division by nothing."""
    summary = go(picking, []).summary()

    assert (0, None) == (summary["total"], summary["cache_hit_rate"])


def test_source_bytes_are_those_of_items_that_ran(photos, go):
    """As the files are now."""

    @graph
    def sizes(photo):
        return {"size": step(lambda path: path.stat().st_size, name="size")(photo)}

    expected = sum(path.stat().st_size for path in photos.iterdir())

    assert expected == go(sizes, photos).summary()["bytes_read"]
    assert None is go(sizes, photos).summary()["bytes_read"]


def test_versions_are_those_of_the_run_and_survive_its_file(go, monkeypatch):
    """A report that is read later, by other programs, tells what took part then."""
    report = go(picking, [{"number": 0}])
    monkeypatch.setattr("creevey_graph.versions.list_versions", lambda: {"python": "9"})

    loaded = Report.load(report.path)

    assert report.versions == loaded.summary()["versions"]
    assert {"creevey_graph", "python", "platform", "pillow"} <= set(loaded.versions)


def test_the_output_folder_survives_its_file(go, tmp_path):
    """Absolute, so that an export finds it from elsewhere; "" where there is none."""
    assert str(tmp_path / "out") == Report.load(go(picking, [{"number": 0}]).path).out
    assert "" == go(failing, [{"number": 0}], out=None).out


def test_events_of_an_earlier_version_are_read():
    """Their journals have neither the output folder nor versions."""
    started = event_to_json(RunStarted("g", 3, ("n",), "serial", "id"))
    workers = event_to_json(WorkersStarted("serial", 1))
    for name in ("out", "scope"):
        del started["run"][name]
    del workers["workers"]["versions"]

    assert RunStarted("g", 3, ("n",), "serial", "id") == event_from_json(started)
    assert WorkersStarted("serial", 1) == event_from_json(workers)
    assert ItemFinished(0, Row("k", "s", Outcome.DONE)) == event_from_json(
        event_to_json(ItemFinished(0, Row("k", "s", Outcome.DONE)))
    )
