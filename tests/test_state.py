"""What a plan and a run say of each node: the same counts, why, and where an edit reaches."""

import json
from collections import Counter

import pytest
from runs import draw, thumbs

from creevey_graph import Report, SkipItem, graph, step
from creevey_graph.events import Outcome
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
