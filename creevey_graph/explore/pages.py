"""The page of `explore`: the run page, live, and what stands there until there is a run."""

from collections.abc import Callable, Mapping
from typing import Any

from creevey_graph.explore.columns import OUTCOMES
from creevey_graph.explore.feed import Feed, Looks
from creevey_graph.report import Report
from creevey_graph.state import shape_in, state_of
from creevey_graph.views.page import page_data, run_data, state_data, timeline_data
from creevey_graph.views.page.html import render_page
from creevey_graph.views.page.strips import Strips
from creevey_graph.views.quoting import quoted
from creevey_graph.views.svg import draw_svg, svg_style

PICTURES_S = 2.0
"""For the contact sheets of a run that has ended; opening an item makes the rest."""
AGAIN_S = 2
"""Seconds until a page without a run looks again."""
NO_DRAWING = '<svg viewBox="0 0 1 1" width="0" height="0" role="img" aria-label="no drawing"></svg>'
PLANNED_STYLE = ".planned { --own: var(--stale); }"
_WAITING = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="{again}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Waiting for a run</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto 0; max-width: 40rem; padding: 0 1rem; }}
</style>
</head>
<body>
<main>
<h1>Waiting for a run</h1>
<p role="status">{told} This page goes on by itself once one begins.</p>
</main>
</body>
</html>
"""


class Pages:
    """
    Makes the pages of one server.

    Args:
        waiting: What is told while there is no run.
        parameters: Gives the graph's parameters as the page takes them; None where there is no graph.
    """

    def __init__(
        self, waiting: str, parameters: Callable[[], tuple[Mapping[str, Any], ...]] | None = None
    ) -> None:
        self._waiting = waiting
        self._parameters = parameters

    def __call__(self, feed: Feed | None, live: Mapping[str, str], *, is_whole: bool) -> str:
        """Return the page; see `server.Page`."""
        if feed is None:
            return _WAITING.format(told=quoted(self._waiting), again=AGAIN_S)
        report = feed.report if is_whole else feed.head
        pictures = Strips(report.out, None, seconds=PICTURES_S) if is_whole else None
        data = page_data(report, pictures=pictures)
        data["outcomes"] = list(OUTCOMES)
        if self._parameters is not None:
            data["parameters"] = list(self._parameters())
        page: str = render_page(data, drawn(report), style=f"{svg_style()}\n{PLANNED_STYLE}", live=live)
        return page


def drawn(report: Report) -> str:
    """Return the graph with its state."""
    shape = shape_in(report)
    return (
        NO_DRAWING
        if shape is None
        else draw_svg(shape, state_of(report), with_style=False, with_header=False)
    )


def looked_state(report: Report) -> dict[str, Any]:
    """Return the graph's state and its drawing."""
    return {"state": state_data(state_of(report)), "graph_svg": drawn(report)}


LOOKS = Looks(run_data, looked_state, timeline_data)
"""How a page shows a run beside its rows."""
