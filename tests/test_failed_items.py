"""Items that failed: remembered, tried again or not, run alone, and run again in this process."""

from collections import Counter
from pathlib import Path

import pytest
from runs import outcomes
from witness import outputs_of

from creevey_graph import Report, UsageError, graph, step


@step
def parse(path: Path) -> int:
    return int(path.read_text())


@step(writes="path")
def save(number: int, path: Path, *, of: int = 100) -> Path:
    if not number:
        raise ZeroDivisionError(f"{of} by 0")
    path.write_text(f"{of // number}")
    return path


@graph
def hundredths(path: Path, *, of: int = 100):
    return {"file": save(parse(path), "{stem}.out", of=of)}


@pytest.fixture
def texts(tmp_path):
    """Write five files, of which two fail: one cannot be parsed, by the other nothing can be divided."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in {"a": "1", "b": "x", "c": "3", "d": "0", "e": "5"}.items():
        (folder / f"{name}.dat").write_text(text)
    return f"{folder}/*.dat"


def test_failed_items_are_tried_again_by_default(go, texts):
    """A failure is never kept: the step is called again, and the row says why."""
    go(hundredths, texts)

    report = go(hundredths, texts)

    assert ["cached", "failed", "cached", "failed", "cached"] == outcomes(report)
    assert not report.executed  # what d is made of is kept, and no step came to its end
    assert {"failed last time"} == {row.reason for row in report.failed}


def test_failed_items_may_be_left_alone(go, texts):
    """With retry_failed=False nothing is called; the rows tell what they told, traceback included."""
    first = go(hundredths, texts)

    report = go(hundredths, texts, retry_failed=False)

    assert not report.executed
    assert [row.error for row in first.failed] == [row.error for row in report.failed]
    assert [row.step for row in first.failed] == [row.step for row in report.failed]
    assert [row.traceback for row in first.failed] == [row.traceback for row in report.failed]
    assert "invalid literal" in report.failed[0].traceback
    assert not report.ok


def test_what_an_item_left_alone_has_from_an_earlier_run_is_told(go, texts, tmp_path):
    """As it is where the item is tried: it may be stale."""
    go(hundredths, texts)
    for name in ("a", "c"):
        (tmp_path / "texts" / f"{name}.dat").write_text("0")
    tried = go(hundredths, texts)
    left = go(hundredths, texts, retry_failed=False)

    told = "2 outputs of failed items are left from an earlier run, and may be stale: a.out, c.out"
    assert [told] == tried.notices == left.notices
    assert {"failed last time: not tried again"} == {row.reason for row in left.failed}


def test_a_failed_item_that_was_mended_is_tried_again_all_the_same(go, texts, tmp_path):
    """Its file has changed, so that what is remembered of it does not hold."""
    go(hundredths, texts)
    (tmp_path / "texts" / "b.dat").write_text("2")

    report = go(hundredths, texts, retry_failed=False)

    assert ["cached", "done", "cached", "failed", "cached"] == outcomes(report)


def test_a_failed_item_is_tried_again_after_an_edit(go, texts):
    """Another graph may do what the last one could not; this one fails with another message."""
    go(hundredths, texts)

    report = go(hundredths.bind(of=50), texts, retry_failed=False)

    assert ["done", "failed", "done", "failed", "done"] == outcomes(report)
    assert "ZeroDivisionError: 50 by 0" == report.failed[1].error


def test_failed_items_alone_can_be_run(go, texts, tmp_path):
    """With only_failed=True the others are not looked at, and none of their outputs is an orphan."""
    go(hundredths, texts)
    (tmp_path / "texts" / "b.dat").write_text("2")
    (tmp_path / "out" / "a.out").unlink()

    report = go(hundredths, texts, only_failed=True)

    assert 2 == report.total
    assert {"b.dat": "done", "d.dat": "failed"} == {row.key: str(row.outcome) for row in report.rows}
    assert () == report.orphans
    assert {"b.out", "c.out", "e.out"} == set(outputs_of(tmp_path / "out"))
    assert Report.load(report.path).total == 2


def test_where_nothing_failed_there_is_nothing_to_run_alone(go, tmp_path):
    """No item is looked at, and the run is a good one."""
    (tmp_path / "one.dat").write_text("1")
    go(hundredths, tmp_path / "one.dat")

    report = go(hundredths, tmp_path / "one.dat", only_failed=True)

    assert 0 == report.total
    assert report.ok


@pytest.mark.parametrize(
    "options",
    [
        {"only_failed": True, "prune": True},
        {"only_failed": True, "retry_failed": False},
        {"only_failed": True, "cache": False},
    ],
)
def test_options_that_exclude_each_other_are_refused(go, texts, options):
    """Each names the other, as it is called in Python and on the command line."""
    with pytest.raises(UsageError, match=r"\(?only_failed[^()]*, --failed|only_failed \(--failed\)"):
        go(hundredths, texts, **options)


# --- run again here ----------------------------------------------------------------------------


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_failed_step_can_be_run_again_in_this_process(go, texts, executor):
    """The exception itself comes, from the step that failed, with what is above read or made."""
    report = go(hundredths, texts, executor=executor)

    with pytest.raises(ValueError, match="invalid literal"):
        report.failed[0].reproduce()
    with pytest.raises(ZeroDivisionError):
        report.failed[1].reproduce()


def test_what_is_above_is_read_from_the_cache(go, tmp_path):
    """A dear step that is kept is not called again to get at the one that failed below it."""
    calls = Counter()

    def dear(number: int) -> int:
        calls["dear"] += 1
        return number * 10

    def fails(number: int) -> int:
        calls["fails"] += 1
        raise ValueError(number)

    def body(number: int):
        return {"n": step(fails, version=1)(step(dear, version=1)(number))}

    report = go(graph(body), [{"number": 1}])
    with pytest.raises(ValueError, match="10"):
        report.failed[0].reproduce()

    assert {"dear": 1, "fails": 2} == dict(calls)


def test_running_a_step_again_writes_nothing_in_the_output_folder(go, texts, tmp_path):
    """A writer is handed a temporary path; what it returns this time is told."""
    state = {"fail": True}

    def write(number: int, path: Path) -> Path:
        if state["fail"]:
            raise OSError("no space")
        path.write_text(f"{number}")
        return path

    made = hundredths.replace("save", step(write, writes="path", version=1))
    report = go(made, f"{tmp_path}/texts/a.dat")
    state["fail"] = False

    path = report.failed[0].reproduce()

    assert path.name == "a.out"
    assert {} == outputs_of(tmp_path / "out")


def test_a_row_of_a_file_says_how_to_run_it_again(go, texts, tmp_path):
    """Only the graph knows its steps; it takes the row and the items."""
    path = go(hundredths, texts).path
    row = Report.load(path).failed[1]

    with pytest.raises(UsageError, match=r"graph\.reproduce\(row, items\)"):
        row.reproduce()
    with pytest.raises(ZeroDivisionError):
        hundredths.reproduce(row, texts, cache=tmp_path / "cache")


def test_an_item_that_did_not_fail_is_not_run_again(go, texts):
    """The message says what became of it."""
    with pytest.raises(UsageError, match=r"'a\.dat' did not fail \(it is done\)"):
        next(iter(go(hundredths, texts).rows)).reproduce()


def test_the_command_line_has_both(cli, folder):
    """`run --failed` and `run --no-retry-failed` exist, and exclude each other."""
    (folder / "photos" / "broken.png").write_bytes(b"no picture")
    assert 1 == cli("run", "graph.py", "photos", "--out", "train").exit_code
    again = cli("run", "graph.py", "photos", "--out", "train", "--no-retry-failed")
    assert 1 == again.exit_code
    assert "1 failed:\n  broken.png  (step load_image)\n" in again.stderr
    assert (
        "not tried again: 1 item that failed last time, nothing having changed since (--retry-failed"
        in again.stderr
    )
    assert "tried again next time" not in again.stderr
    assert "not tried" in cli("report").stdout
    uncached = cli("run", "graph.py", "photos", "--out", "train", "--failed", "--no-cache")
    assert (2, True) == (uncached.exit_code, "cannot be run without one" in uncached.stderr)
    assert 2 == cli("run", "graph.py", "photos", "--out", "train", "--no-retry-failed", "--failed").exit_code
    (folder / "photos" / "broken.png").unlink()
    done = cli("run", "graph.py", "photos", "--out", "train", "--failed", "--json")
    assert 0 == done.exit_code
