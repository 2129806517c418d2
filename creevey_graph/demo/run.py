"""
The demo: one graph over pictures from a server of our own, run five times.

It prints what is changed, what then runs, and how often the server was asked, and it checks
each of these counts against what `acts.py` claims.
"""

import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs

from creevey_graph import Outcome, Report
from creevey_graph.demo.acts import ACTS, Act
from creevey_graph.demo.pictures import draw_pictures
from creevey_graph.demo.server import LoopbackServer
from creevey_graph.text import safe_text

_WIDTH = 76

Say = Callable[[str], None]


@attrs.frozen
class Scene:
    """
    What came of one act.

    Args:
        act: The act.
        report: Its run.
        gets: How often the server was asked.
    """

    act: Act
    report: Report
    gets: int


def run_demo(folder: Path, count: int, say: Say, page: Path | None = None) -> list[str]:
    """
    Draw pictures, serve them, and run the demo's graphs over them.

    Args:
        folder: Where pictures (`served/`), thumbnails (`out/`) and the cache (`.creevey/`) go.
        count: How many pictures, 1 or more.
        say: Is given each line of the story.
        page: Where a page of the last run goes, None for none.

    Returns:
        What was not as claimed, a line each; empty where all was.
    """
    say(f"Drawing {count} pictures …")
    began = time.perf_counter()
    pictures = draw_pictures(folder / "served", count)
    say(f"Drew {count} pictures of 640x480 in {time.perf_counter() - began:.1f} s. A server on this machine")
    say("offers them, and counts how often it is asked (GETs). The graph, in the end:")
    say("")
    for line in ACTS[-1].graph.draw().splitlines():
        say(line)
    scenes = []
    with LoopbackServer(folder / "served") as server:
        urls = [server.url_of(path.name) for path in pictures]
        for number, act in enumerate(ACTS, start=1):
            before = server.gets
            report = act.graph.run(urls, out=folder / "out", cache=folder / ".creevey", progress=False)
            scenes.append(Scene(act, report, server.gets - before))
            _tell(number, scenes[-1], say)
    say("")
    for line in table_lines(scenes):
        say(line)
    say("")
    if page is not None:
        scenes[-1].report.to_html(page)
    return [problem for scene in scenes for problem in problems_of(scene, count)]


def _tell(number: int, scene: Scene, say: Say) -> None:
    act, report = scene.act, scene.report
    counts = ", ".join(f"{report.counts[outcome]} {outcome}" for outcome in Outcome if report.counts[outcome])
    say("")
    say(f"{number}. {act.change}")
    say(f"   {counts} in {report.seconds:.1f} s, {scene.gets} GETs")
    if reason := next((row.reason for row in report.rows if row.reason), None):
        say(f"   reason: {reason}")
    for line in textwrap.wrap(act.lesson, _WIDTH):
        say(f"   {line}")


def table_lines(scenes: Sequence[Scene]) -> Iterator[str]:
    """Yield the table: a row for each step, a column for each run, how often it was executed."""
    nodes = list(ACTS[-1].graph.order())
    width = max(map(len, nodes))
    head = "".join(f"{scene.act.name:>9}" for scene in scenes)
    yield f"{'':{width}}{head}"
    yield f"{'GETs':{width}}" + "".join(f"{scene.gets:>9}" for scene in scenes)
    for node in nodes:
        yield f"{node:{width}}" + "".join(f"{_cell(scene, node):>9}" for scene in scenes)
    yield f"{'seconds':{width}}" + "".join(f"{scene.report.seconds:>9.2f}" for scene in scenes)
    yield "* run only to feed others: decoding again is cheaper than storing pixels"


def _cell(scene: Scene, node: str) -> str:
    if node not in scene.act.graph.nodes:
        return "-"
    executed = scene.report.executed[node]
    return f"{executed}*" if executed and node in scene.act.feeds else str(executed)


def problems_of(scene: Scene, count: int) -> Iterator[str]:
    """Yield what is not as the act claims."""
    act, report = scene.act, scene.report
    gets = count if act.downloads else 0
    if scene.gets != gets:
        yield f"run '{act.name}': expected {gets} GETs (got {scene.gets})"
    expected = act.expected(count)
    for node in act.graph.order():
        wanted, got = expected.get(node, 0), report.executed[node]
        if wanted != got:
            yield f"run '{act.name}': expected {node} to run {wanted} times (got {got})"
    outcome = Outcome.DONE if expected else Outcome.CACHED
    if report.counts[outcome] != count:
        yield f"run '{act.name}': expected {count} {outcome} (got {report.counts[outcome]})"
        yield from (f"run '{act.name}': note: {safe_text(text)}" for text in report.notices)
    if not report.ok:
        yield f"run '{act.name}': {report.failure_text()}"
