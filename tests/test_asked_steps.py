"""Steps that are asked anew in every run, and failures that do not pass by themselves."""

import attrs
import pytest

from creevey_graph import GraphError, StepError, graph, step
from creevey_graph.errors import FetchError
from creevey_graph.events import NOT_TRIED, Outcome, Reason


@attrs.define
class Site:
    """A web site in memory. State: pages = name -> (etag, text); asked = answers given, in order."""

    pages: dict
    asked: list = attrs.field(factory=list)


SITE = Site({})


def ask(name, etag):
    """Answer like a server: 404, 304 or 200."""
    if name not in SITE.pages:
        SITE.asked.append((404, name))
        error = FetchError(f"GET {name}: 404")
        error.is_permanent = True
        raise error
    known, text = SITE.pages[name]
    SITE.asked.append((304 if known == etag else 200, name))
    return (None, etag) if known == etag else (text, known)


@step(
    version="1",
    memory="memory",
    downloads=True,
    cache="always",
    pure=lambda revalidate: revalidate == "never",
)
def get(name: str, *, revalidate: str = "never", memory=None) -> str:
    """Return a page, the remembered one where the site says that it is the same."""
    before = memory.recall() if memory is not None else None
    text, etag = ask(name, before and before["etag"])
    if text is None:
        return before["text"]
    if memory is not None:
        memory.keep({"etag": etag, "text": text})
    return text


@step(version="1")
def shout(text: str) -> str:
    SITE.asked.append(("shout", text))
    return text.upper()


@step(version="1", writes="path")
def write(text: str, path, *, ending: str = "") -> None:
    path.write_text(text + ending)


@graph
def pages(name: str, *, revalidate: str = "conditional", ending: str = ""):
    text = shout(get(name, revalidate=revalidate))
    return {"text": text, "file": write(text, "{key}.txt", ending=ending)}


ROWS = [{"name": "a"}, {"name": "b"}]


def go(runs, rows, folder, **options):
    """Run a graph serially into a folder, with a cache beside it."""
    settings = {"executor": "serial", "progress": False, "cache": folder / "cache", **options}
    return runs.run(rows, out=folder / "out", **settings)


@pytest.fixture(autouse=True)
def _site():
    SITE.pages = {"a": ("1", "one"), "b": ("1", "two")}
    SITE.asked.clear()


def asked():
    """Return what was asked since the last look."""
    found, SITE.asked = SITE.asked, []
    return found


def test_where_the_answer_is_that_nothing_changed_an_item_is_up_to_date(tmp_path):
    """Each run asks once an item; an answer of "not modified" executes nothing and is a hit."""
    go(pages, ROWS, tmp_path)
    asked()

    report = go(pages, ROWS, tmp_path)

    assert asked() == [(304, "a"), (304, "b")]
    assert (report.counts, report.executed) == ({Outcome.CACHED: 2}, {})


def test_what_is_below_runs_where_the_answer_is_another_one(tmp_path):
    """One page changes: only its item runs below the asking, and its row says why."""
    go(pages, ROWS, tmp_path)
    SITE.pages["b"] = ("2", "three")
    asked()

    report = go(pages, ROWS, tmp_path)

    assert asked() == [(304, "a"), (200, "b"), ("shout", "three")]
    assert [row.reason for row in report.rows] == [None, Reason.ASKED_AGAIN]
    assert (tmp_path / "out" / "b.txt").read_text() == "THREE"


def test_another_answer_with_the_same_text_stops_the_change_there(tmp_path):
    """A new validator on the same page: it was executed, and nothing below it."""
    go(pages, ROWS, tmp_path)
    SITE.pages["b"] = ("2", "two")
    asked()

    report = go(pages, ROWS, tmp_path)

    assert asked() == [(304, "a"), (200, "b")]
    assert report.executed == {"get": 1}
    assert asked() == []
    go(pages, ROWS, tmp_path)
    assert asked() == [(304, "a"), (304, "b")]


def test_an_edit_below_asks_and_runs_what_was_edited(tmp_path):
    """A parameter of the writer: pages are asked for, not sent again, and only the writer runs."""
    go(pages, ROWS, tmp_path)
    asked()

    report = go(pages.bind(ending="!"), ROWS, tmp_path)

    assert asked() == [(304, "a"), (304, "b")]
    assert report.executed == {"write": 2}


def test_a_refreshed_run_and_one_without_a_cache_recall_nothing(tmp_path):
    """refresh=True asks for whole pages, and so does a run that has nothing kept."""
    go(pages, ROWS, tmp_path)
    asked()

    go(pages, ROWS, tmp_path, refresh=True)
    refreshed = [status for status, _ in asked()]
    go(pages, ROWS, tmp_path, cache=False)

    assert refreshed == [200, "shout", 200, "shout"]
    assert [status for status, _ in asked()] == [200, "shout", 200, "shout"]


def test_where_it_is_pure_by_its_parameters_it_is_kept_by_its_inputs(tmp_path):
    """revalidate="never": the second run asks nothing."""
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)
    asked()

    report = go(never, ROWS, tmp_path)

    assert (asked(), report.counts) == ([], {Outcome.CACHED: 2})


def test_a_plan_asks_nobody_and_says_that_a_run_will(tmp_path):
    """status: the asking runs for each item, what is below is taken to be up to date."""
    go(pages, ROWS, tmp_path)
    asked()

    plan = pages.plan(ROWS, out=tmp_path / "out", cache=tmp_path / "cache")

    assert asked() == []
    assert {name: count.runs for name, count in plan.nodes.items()} == {"get": 2, "shout": 0, "write": 0}
    assert plan.reasons == {"asked again": 2}
    assert plan.policies["get"] == "asked again in every run"


def test_what_is_remembered_survives_in_worker_processes(tmp_path):
    """The memory travels with the cache: a run in processes recalls what one with threads kept."""
    go(pages, ROWS, tmp_path, executor="threads", jobs=2)

    report = go(pages, ROWS, tmp_path, executor="processes", jobs=2)

    # The site of the workers is the one they were sent: none of the pages changed there.
    assert report.counts == {Outcome.CACHED: 2}


def test_an_item_value_cannot_decide_whether_a_step_is_pure():
    """`pure` is asked once for the graph: a parameter it names must be a constant."""

    @graph
    def wrong(name: str):
        return {"text": get(name, revalidate=name)}

    with pytest.raises(GraphError, match="parameter 'revalidate' decides whether"):
        wrong.plan(ROWS)


def test_an_option_that_is_none_of_these_is_refused():
    """`pure` and `memory` are checked where the step is declared."""
    with pytest.raises(StepError, match="pure must be True, False or a function"):
        step(pure="no")(len)
    with pytest.raises(StepError, match="memory must name a parameter"):
        step(memory=3)(len)
    with pytest.raises(StepError, match="memory= names no parameter 'them'"):
        step(memory="them")(ask)


# --- failures that do not pass ------------------------------------------------------------


def test_a_lasting_failure_is_remembered_and_not_tried_again(tmp_path):
    """A 404 is asked once; the next run tells it again, with its error, step and traceback."""
    del SITE.pages["b"]
    never = pages.bind(revalidate="never")
    first = go(never, ROWS, tmp_path).failed[0]
    asked()

    report = go(never, ROWS, tmp_path)

    assert asked() == []
    row = report.failed[0]
    assert (row.error, row.step, row.traceback) == (first.error, first.step, first.traceback)
    assert row.reason == NOT_TRIED


def test_a_lasting_failure_is_remembered_over_an_edit_below_it(tmp_path):
    """An edit of another step runs what it must; the server is not asked again for what it does not have."""
    del SITE.pages["b"]
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)
    asked()

    for _ in range(2):
        report = go(never.bind(ending="!"), ROWS, tmp_path)
        assert asked() == []
        assert [row.reason for row in report.failed] == [NOT_TRIED]
    assert report.counts == {Outcome.CACHED: 1, Outcome.FAILED: 1}


@pytest.mark.parametrize("asking", [{"retry_failed": True}, {"only_failed": True}, {"refresh": True}])
def test_a_lasting_failure_is_tried_again_where_that_is_asked_for(tmp_path, asking):
    """retry_failed=True, only_failed=True and refresh=True each ask the server anew."""
    del SITE.pages["b"]
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)
    asked()

    report = go(never, ROWS, tmp_path, **asking)

    assert (404, "b") in asked()
    assert report.failed[0].reason != NOT_TRIED


def test_a_remembered_failure_is_over_once_it_succeeds(tmp_path):
    """Tried again with success, it is an item like any other."""
    page = SITE.pages.pop("b")
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)
    SITE.pages["b"] = page

    assert go(never, ROWS, tmp_path, retry_failed=True).ok
    asked()
    assert go(never, ROWS, tmp_path).counts == {Outcome.CACHED: 2}
    assert asked() == []


def test_a_remembered_failure_does_not_stop_a_run(tmp_path):
    """on_error="stop" is about what fails in this run."""
    del SITE.pages["a"]
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)

    report = go(never.bind(ending="!"), ROWS, tmp_path, on_error="stop")

    assert (report.stopped, report.counts[Outcome.DONE]) == ("", 1)


def test_a_failure_that_may_pass_is_tried_in_the_next_run(tmp_path):
    """An error that does not say of itself that it lasts is tried again."""

    @step(version="2")
    def fail(name: str) -> str:
        SITE.asked.append(name)
        raise FetchError(f"GET {name}: connection reset")

    @graph
    def failing(name: str):
        return {"text": fail(name)}

    go(failing, ROWS, tmp_path)
    go(failing, ROWS, tmp_path)

    assert asked() == ["a", "b"] * 2


def test_a_plan_tells_lasting_failures_apart(tmp_path):
    """They are neither up to date nor to do; the command that tries them again is named."""
    del SITE.pages["b"]
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)

    plans = [
        each.plan(ROWS, out=tmp_path / "out", cache=tmp_path / "cache")
        for each in (never, never.bind(ending="!"))
    ]

    assert [(plan.up_to_date, plan.to_do, plan.lasting) for plan in plans] == [(1, 0, 1), (0, 1, 1)]
    assert "1 failed for good (run --retry-failed tries them again)" in str(plans[0])


@pytest.mark.parametrize("ending", ["", "!"])
def test_explain_tells_of_a_lasting_failure_what_status_tells(tmp_path, ending):
    """Nothing runs for the item: it failed for good, and the option that tries it again is named."""
    del SITE.pages["b"]
    never = pages.bind(revalidate="never")
    go(never, ROWS, tmp_path)

    explained = never.bind(ending=ending).explain(
        ROWS[1]["name"], among=ROWS, out=tmp_path / "out", cache=tmp_path / "cache"
    )

    assert () == explained.runs
    assert "" == explained.reason
    assert (
        "failed for good in 'get': FetchError: GET b: 404; not tried again (run --retry-failed does)"
        == explained.outcome
    )
    told = {node.name: node.why for node in explained.nodes}
    assert "failed for good, and is not tried again: FetchError: GET b: 404" == told["get"]
    assert "cannot be made, since 'get' failed for good" == told["shout"]
