"""What a plan and a run say of each node: the same counts, why, and where an edit reaches."""

import enum
import json
import zlib
from collections import Counter
from pathlib import Path

import attrs
import pytest
from runs import draw, thumbs

from creevey_graph import Report, SkipItem, UsageError, graph, step
from creevey_graph.events import ItemsCached, Outcome, RunStarted
from creevey_graph.journal import Journal, row_line
from creevey_graph.shape import HIDDEN, shape_from_json, shape_of, shape_to_json
from creevey_graph.state import shape_in, state_of
from creevey_graph.timeline import MOST_BINS, Timeline


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        draw(folder / f"{seed}.png", seed)
    return folder


@step
def halve(number: int) -> int:
    if number == 90:
        raise ValueError("ninety")
    if number == 91:
        raise SkipItem("ninety-one")
    return number // 2


@step
def square(number: int) -> int:
    return number**2


@graph
def numbers(number: int):
    return {"squared": square(halve(number))}


@step
def sent(url: str, *, token: str = "", size: int = 3) -> str:
    return f"{url}{len(token)}{size}"


hushed = step(sent.func, ignore=["token"])


@graph
def private(url: str, *, token: str = "s3cret", size: int = 3, is_new: bool = False):
    return hushed(url, token=token, size=size)


def test_a_run_counts_every_node(tmp_path):
    """Done, failed, skipped and never reached: each item is counted once at each node."""
    items = [{"number": number} for number in (4, 90, 91, 6)]

    report = numbers.run(items, cache=tmp_path / "cache", progress=False)

    state = state_of(report)
    first, last = state.nodes["halve"], state.nodes["square"]
    assert {Outcome.DONE: 2, Outcome.FAILED: 1, Outcome.SKIPPED: 1} == first.counts
    assert {Outcome.DONE: 2, Outcome.CANCELLED: 2} == last.counts
    again = state_of(Report.load(report.path))
    assert [node.counts for node in state.nodes.values()] == [node.counts for node in again.nodes.values()]


def test_an_item_that_cannot_be_read_reaches_no_node(photos, tmp_path):
    """A file of a list that is not there is no hit of the cache at every node: it came to none of them."""
    listed = tmp_path / "photos.csv"
    listed.write_text(f"photo\n{photos / '0.png'}\n{photos / 'gone.png'}\n", encoding="utf-8")

    report = thumbs.run(listed, out=tmp_path / "out", cache=tmp_path / "cache", progress=False)

    assert {1: len(report.nodes)} == Counter(
        node.counts.get(Outcome.CANCELLED, 0) for node in state_of(report).nodes.values()
    )
    assert not any(Outcome.CACHED in node.counts for node in state_of(report).nodes.values())


def test_a_second_run_counts_what_was_left_out_in_bulk(tmp_path):
    """Items found up to date at once are cached at each node, those left out are skipped where they were."""
    items = [{"number": number} for number in (4, 91, 6)]
    numbers.run(items, cache=tmp_path / "cache", progress=False)

    state = state_of(numbers.run(items, cache=tmp_path / "cache", progress=False))

    assert {Outcome.CACHED: 2, Outcome.SKIPPED: 1} == state.nodes["halve"].counts


def test_a_plan_tells_why_each_node_would_run(photos, tmp_path):
    """The changed node says what changed, those below by whom, those above for whom; others stay calm."""
    run = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    thumbs.run(photos, progress=False, **run)

    state = state_of(thumbs.bind(size=(8, 8)).plan(photos, **run))

    assert "parameter changed: resize.size (16, 16) -> (8, 8)" == state.nodes["resize"].why
    assert state.nodes["resize"].is_changed
    assert state.nodes["resize"].is_stale
    assert "input changed: by 'resize' above" == state.nodes["write_image"].why
    assert "made again for trim: its values are not kept" == state.nodes["load_image"].why
    assert not state.nodes["load_image"].is_stale
    assert ("", {Outcome.CACHED: 4}) == (
        state.nodes["mean_brightness"].why,
        state.nodes["mean_brightness"].counts,
    )


def test_a_node_is_told_the_reasons_of_the_items_that_it_runs_for(photos, tmp_path):
    """Three outputs are lost, which come from the cache: that is not why a new item is loaded."""
    run = {"out": tmp_path / "out", "cache": tmp_path / "cache"}
    thumbs.run(photos, progress=False, **run)
    for number in range(3):
        (tmp_path / "out" / f"{number}.png").unlink()
    draw(photos / "new.png", 9)

    lost = state_of(thumbs.plan(photos, **run))
    draw(photos / "3.png", 8)
    mixed = state_of(thumbs.plan(photos, **run))

    assert "new item" == lost.nodes["load_image"].why
    assert {"input changed", "new item"} == set(mixed.nodes["load_image"].why.split(", "))


def test_a_run_remembers_what_had_changed(photos, tmp_path):
    """After it, the changed node tells it; also when the report is read from its file."""
    run = {"out": tmp_path / "out", "cache": tmp_path / "cache", "progress": False}
    thumbs.run(photos, **run)

    report = thumbs.bind(bottom=5).run(photos, **run)

    assert {"trim": "parameter changed: trim.bottom 4 -> 5"} == report.changes
    assert report.changes == Report.load(report.path).changes


def test_a_restored_output_is_its_writers(photos, tmp_path):
    """One output lost: the writer restored one, and nothing else did anything."""
    run = {"out": tmp_path / "out", "cache": tmp_path / "cache", "progress": False}
    thumbs.run(photos, **run)
    (tmp_path / "out" / "2.png").unlink()

    state = state_of(thumbs.run(photos, **run))

    assert {Outcome.RESTORED: 1, Outcome.CACHED: 3} == state.nodes["write_image"].counts
    assert {Outcome.CACHED: 4} == state.nodes["trim"].counts


def test_a_report_carries_the_shape_of_its_graph(photos, tmp_path):
    """The graph can be drawn of a report that was read from its file, without its code."""
    report = thumbs.run(photos, out=tmp_path / "out", cache=tmp_path / "cache", progress=False)

    assert shape_of(thumbs) == shape_in(Report.load(report.path))
    assert shape_of(thumbs) == shape_from_json(json.loads(json.dumps(shape_to_json(shape_of(thumbs)))))


def test_a_damaged_shape_is_none(tmp_path):
    """A line of another form costs the drawing, not the report."""
    report = numbers.run([{"number": 1}], cache=tmp_path / "cache", progress=False)
    report.shape = {"name": "numbers"}

    assert shape_in(report) is None


def test_graph_parameters_are_followed_to_where_they_go():
    """Also one equal to a constant beside it; not True, which is one object everywhere."""
    feeds = {parameter.name: parameter.feeds for parameter in shape_of(thumbs).parameters}

    assert {"size": (("resize", "size"),), "bottom": (("trim", "bottom"),)} == feeds


class Fit(enum.Enum):
    """What there is one of."""

    FILL = "fill"


@attrs.frozen
class Options:
    """A value that cannot be copied by us."""

    side: int = 1


OPTIONS, FOLDER, traces = Options(), Path("here"), []


@step
def placed(number: int, *, where: object = None) -> int:
    return number


@graph
def constants(number: int, *, fit: Fit = Fit.FILL, options: Options = OPTIONS, folder: Path = FOLDER):
    return placed(number, where=Fit.FILL), placed(number, where=OPTIONS), placed(number, where=FOLDER)


@graph
def moody(number: int, *, side: int = 1):
    return placed(
        placed(number, where=side if type(side) is int else 7), where=7 if type(side) is int else side
    )


@graph
def counted_traces(number: int, *, side: int = 1):
    traces.append(side)
    return placed(number, where=side)


@pytest.mark.parametrize("wired", [constants, moody])
def test_a_constant_is_not_taken_for_a_parameter(wired):
    """Members of enums, objects and paths that stand in the graph too; a function with moods is not believed."""
    assert {} == {one.name: one.feeds for one in shape_of(wired).parameters if one.feeds}


def test_a_path_is_followed():
    """A path is copied, and so told apart from an equal one."""

    @graph
    def moved(number: int, *, folder: Path = FOLDER):
        return placed(placed(number, where=FOLDER), where=folder)

    assert (("placed_2", "where"),) == shape_of(moved).parameters[0].feeds


def test_an_edited_node_is_not_fed():
    """What was put in the place of a node that got a parameter has its own value."""

    @graph
    def sided(number: int, *, side: int = 1):
        return placed(number, where=side)

    edited = sided.replace("placed", step(placed.func, name="placed").bind(where=5))

    assert [(("placed", "where"),), ()] == [shape_of(one).parameters[0].feeds for one in (sided, edited)]


def test_a_graph_with_an_effect_is_traced_once(tmp_path):
    """Neither a run nor a plan, a preview or a drawing calls a function again that somebody would notice."""
    item = {"number": 1}

    counted_traces.run([item], cache=tmp_path / "cache", progress=False)
    counted_traces.plan([item], cache=tmp_path / "cache")
    counted_traces.preview(item)

    assert [1] == traces
    assert () == shape_of(counted_traces).parameters[0].feeds


def test_an_item_whose_file_is_gone_since_reaches_no_node(tmp_path):
    """Its input is gone: no node calls it up to date."""
    paths = [tmp_path / "there.txt", tmp_path / "gone.txt"]
    for path in paths:
        path.write_text("1")

    @step
    def content(path: Path) -> str:
        return path.read_text()

    @graph
    def read(path: Path):
        return {"read": content(path)}

    run = {"cache": tmp_path / "cache", "progress": False}
    read.run(paths, **run)
    paths[1].unlink()

    state = state_of(read.run(paths, **run))

    assert {Outcome.CACHED: 1, Outcome.CANCELLED: 1} == state.nodes["content"].counts


def test_an_output_that_cannot_be_placed_is_counted_once(photos, tmp_path):
    """Its writer ran, and failed: it is not both done and failed for one item."""
    (tmp_path / "out" / "2.png" / "in the way").mkdir(parents=True)

    report = thumbs.run(photos, out=tmp_path / "out", cache=tmp_path / "cache", progress=False)

    assert {Outcome.DONE: 3, Outcome.FAILED: 1} == state_of(report).nodes["write_image"].counts


def test_nodes_behind_an_item_that_was_left_out_in_bulk_are_not_reached(tmp_path):
    """As in the run that left it out; they have nothing of it that could be up to date."""
    items = [{"number": number} for number in (4, 91)]
    first = numbers.run(items, cache=tmp_path / "cache", progress=False)
    later, journal = Report(tmp_path / "later.jsonl"), Journal(tmp_path / "later.jsonl")
    lines = "\n".join(map(row_line, first.rows)).encode()

    for event in (
        RunStarted("numbers", 2, first.columns, "serial", "2", nodes=first.nodes),
        ItemsCached(range(2), zlib.compress(lines), cached=1, skipped=1),
    ):
        later.add(event, journal(event))
    journal.close()

    assert {Outcome.DONE: 1, Outcome.CANCELLED: 1} == state_of(first).nodes["square"].counts
    assert {Outcome.CACHED: 1, Outcome.CANCELLED: 1} == state_of(later).nodes["square"].counts


def test_what_is_not_recorded_is_not_drawn():
    """A token that goes into an ignored parameter shows nowhere in the shape."""
    shape = shape_of(private)

    assert "s3cret" not in json.dumps(shape_to_json(shape))
    assert [HIDDEN, "3", "False"] == [parameter.text for parameter in shape.parameters]


def test_copies_of_a_sub_graph_are_told_apart():
    """Each has a group of its own."""

    @graph
    def twice(number: int):
        return {"a": numbers(number)["squared"], "b": numbers(number)["squared"]}

    groups = {node.name: node.group for node in shape_of(twice).nodes}

    assert [("numbers",), ("numbers",), ("numbers_2",), ("numbers_2",)] == list(groups.values())


def test_a_timeline_stays_small():
    """However long a run takes: every item is counted, in a bounded number of bins, in order."""
    timeline = Timeline()
    for second in range(0, 1_000_000, 997):
        timeline.add(float(second), {Outcome.DONE: 1})
    timeline.add(float("nan"), {Outcome.FAILED: 1})

    rows = list(timeline.rows())

    assert len(rows) <= MOST_BINS
    assert 1005 == sum(sum(counts.values()) for _, counts in rows)
    assert sorted(begins for begins, _ in rows) == [begins for begins, _ in rows]


def test_a_report_that_joins_runs_has_no_state_of_nodes(tmp_path):
    """Its rows are of several runs; what the nodes did is not added up from half of it."""
    run = {"cache": tmp_path / "cache", "progress": False}
    first = numbers.run([{"number": 4}, {"number": 90}], **run)
    first.update([numbers.run([{"number": 6}], **run)])

    with pytest.raises(UsageError, match="this report joins 2 runs"):
        state_of(first)


def test_a_worker_that_died_leaves_no_node_up_to_date(tmp_path):
    """Its item failed at the step in hand; that others were up to date is not known."""

    @step
    def fatal(number: int) -> int:
        import os

        if number == 3:
            os._exit(9)
        return number

    @graph
    def dying(number: int):
        return {"fatal": fatal(halve(number))}

    report = dying.run(
        [{"number": number} for number in (4, 6, 8)],
        cache=tmp_path / "cache",
        executor="processes",
        progress=False,
    )

    nodes = state_of(report).nodes
    assert {Outcome.DONE: 2, Outcome.FAILED: 1} == nodes["fatal"].counts
    assert {Outcome.DONE: 2, Outcome.CANCELLED: 1} == nodes["halve"].counts
