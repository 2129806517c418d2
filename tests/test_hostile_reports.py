"""Reports from somebody else: damaged, or made to be read by us."""

import base64
import copy
import json
import os
import zlib
from pathlib import Path

import pytest

from creevey_graph import Report
from creevey_graph.errors import SourceError
from creevey_graph.events import ItemsCached
from creevey_graph.explore.following import Following
from creevey_graph.journal import MOST_ITEMS, event_of_line, lines_of
from creevey_graph.shape import MOST_NODES, shape_from_json, shape_to_json
from creevey_graph.state import shape_in
from creevey_graph.views import VIEWS
from creevey_graph.views.drawing import draw_source
from creevey_graph.views.page.writing import write_page

NODE = {"name": "load", "step": "load", "group": ["tone"], "arguments": [["", "photo"]], "columns": ["mean"]}
SHAPE = {
    "name": "thumbs",
    "inputs": ["photo"],
    "nodes": [NODE],
    "edges": [["photo", "load", ["path"]]],
    "parameters": [{"name": "size", "text": "3", "feeds": [["load", "size"]]}],
    "about": "",
}
RUN = {
    "graph": "thumbs",
    "total": 2,
    "columns": ["mean"],
    "executor": "serial",
    "run_id": "1-1",
    "nodes": ["load"],
    "out": "/nowhere",
}
ROW = {
    "key": "a.jpg",
    "source": "a.jpg",
    "outcome": "failed",
    "step": "load",
    "error": "ValueError: no",
    "reason": "new item",
    "seconds": {"load": 0.5},
    "outputs": ["a.png"],
    "fields": {"mean": 1.5},
    "traceback": "Traceback",
}
BULK = {"i": [0, 1], "rows": "", "cached": 1, "skipped": 0}
END = {"seconds": 1.0, "interrupted": False, "stopped": "", "damaged": 0, "orphans": ["b"], "pruned": 0}
LINES = [
    {"graph": SHAPE},
    {"run": RUN},
    {"workers": {"executor": "serial", "jobs": 1, "versions": {"pillow": "12"}}},
    {"notice": "told"},
    {"i": 0, "t": 0.5, "row": ROW, "executed": ["load"]},
    {"end": END},
]
VALUES = [
    None,
    True,
    -1,
    10**19,
    int("9" * 400),
    float("nan"),
    float("inf"),
    "",
    "__proto__",
    [],
    [1],
    [[]],
    {"a": {}},
]


def paths(value, path=()):
    if path:
        yield path
    for name in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[name], (*path, name))


def changed(path, value):
    lines = copy.deepcopy(LINES)
    place = lines
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return lines


def written(path, lines):
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.mark.parametrize("path", [path for path in paths(LINES) if len(path) > 1], ids=str)
def test_a_report_with_any_fact_replaced_is_shown_or_refused(tmp_path, path):
    """Whatever stands in a report where something else should, every view of it comes, or tells it cannot be read."""
    for value in VALUES:
        report = Report.load(written(tmp_path / "evil.jsonl", changed(path, value)))
        report.summary()
        for view in VIEWS if shape_in(report) is not None else ():
            draw_source(report, view)
        report.to_csv(tmp_path / "rows.csv")
        report.to_jsonl(tmp_path / "rows.jsonl")
        write_page(report, tmp_path / "page.html", seconds=0)


@pytest.mark.parametrize(
    "line",
    [
        {"i": MOST_ITEMS, "row": ROW},
        {"cached": {**BULK, "i": [0, 10**15]}},
        {"cached": {**BULK, "i": [MOST_ITEMS - 1, 2]}},
        {"cached": {**BULK, "i": [[MOST_ITEMS]]}},
        {"run": {**RUN, "total": MOST_ITEMS + 1}},
    ],
    ids=str,
)
def test_places_beyond_any_input_take_no_memory(line):
    """A line whose items stand where no input is that long is left out, before there is room made for it."""
    assert event_of_line(json.dumps(line).encode()) is None


def test_rows_that_unpack_to_gigabytes_are_refused(monkeypatch):
    """Rows are unpacked up to a bound, and no further."""
    monkeypatch.setattr("creevey_graph.journal.MOST_ROWS_BYTES", 10**6)
    with pytest.raises(ValueError, match="unpack to too much"):
        lines_of(ItemsCached(range(1), zlib.compress(bytes(10**7)), 1))


def test_a_row_nested_beyond_all_bounds_is_damage(tmp_path):
    """A packed row that is nested too deeply is told as damage, by every reader of rows."""
    deep = json.dumps(ROW).replace("1.5", "[" * 90_000 + "]" * 90_000)
    rows = base64.b64encode(zlib.compress(deep.encode())).decode()
    report = Report.load(written(tmp_path / "deep.jsonl", [{"run": RUN}, {"cached": {**BULK, "rows": rows}}]))
    with pytest.raises(SourceError, match=r"deep\.jsonl' cannot be read \(a row of a report is damaged\)"):
        list(report.rows)


@pytest.mark.parametrize("read", [Report.load, Following])
def test_a_pipe_or_a_device_is_no_report(tmp_path, read):
    """What may never end, or gives what it has only once, is refused without being opened."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(SourceError, match="is no file"):
            read(path)


def _nodes(*names):
    return {**SHAPE, "nodes": [{**NODE, "name": name} for name in names]}


@pytest.mark.parametrize(
    "shape",
    [
        {**SHAPE, "edges": [["load", "load", []]]},
        {**_nodes("a", "b"), "edges": [["a", "b", []], ["b", "a", []]]},
        {**SHAPE, "edges": [["photo", "nobody", []]]},
        _nodes("a", "a"),
        _nodes("photo"),
        _nodes("parameter\0size"),
        _nodes("a" * 10_000),
        {**_nodes(*(f"n{number}" for number in range(MOST_NODES))), "edges": []},
        {**SHAPE, "nodes": [{**NODE, "group": ["x"] * 2_000}]},
        {
            **_nodes(*(f"n{number}" for number in range(60))),
            "edges": [[f"n{a}", f"n{b}", []] for b in range(60) for a in range(b)],
        },
    ],
    ids=range(10),
)
def test_a_shape_that_no_graph_has_is_not_drawn(shape):
    """Cycles, names that stand twice or nowhere, and what would take minutes to lay out are refused as a whole."""
    with pytest.raises(ValueError, match=r"cycle|unknown|twice|no node has|too large"):
        shape_from_json(shape)


def test_a_shape_of_a_graph_is_read():
    """What those are refused by lets a shape of ours through, unchanged."""
    shape = shape_from_json(SHAPE)
    assert shape_from_json(json.loads(json.dumps(shape_to_json(shape)))) == shape
    assert shape_from_json(shape_to_json(shape)) == shape


def test_a_page_has_bounded_names(tmp_path):
    """A key of a megabyte, or a million outputs, of one item is a few kilobytes of its page."""
    row = {**ROW, "key": "k" * 10**6, "source": "s" * 10**6, "outputs": ["o" * 100] * 10**4}
    report = Report.load(written(tmp_path / "long.jsonl", [{"run": RUN}, {"i": 0, "row": row}]))

    page = write_page(report, tmp_path / "page.html", seconds=1).read_text(encoding="utf-8")

    assert len(page) < 250_000
    assert "k" * 4_999 + "…" in page
