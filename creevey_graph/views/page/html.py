"""
The page of a run as HTML: one file that asks nobody for anything.

What must be seen without JavaScript is written here (`static`); the scripts in `js/` build the rest from the data.
They are one script in the end: its digest stands in the page's policy, so that nothing else runs.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from creevey_graph.views.page import static
from creevey_graph.views.page.colours import colours
from creevey_graph.views.page.csp import policy
from creevey_graph.views.quoting import quoted

SCRIPTS = (
    "dom",
    "rows",
    "order",
    "filter",
    "run",
    "steps",
    "timeline",
    "filters",
    "columns",
    "table",
    "actions",
    "strip",
    "preview",
    "item",
    "sheets",
    "histograms",
    "looks",
    "live",
    "main",
)
"""In the order they are put together."""
_EARLY = 'document.documentElement.classList.add("js");'
_IN_SCRIPT = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def render_page(
    data: Mapping[str, Any],
    graph_svg: str,
    *,
    style: str = "",
    live: Mapping[str, str] | None = None,
) -> str:
    """
    Return the page.

    Args:
        data: What it shows, as `page_data` makes it; all texts in it are plain and inert.
        graph_svg: The graph as an `<svg>` element, without style attributes, which the policy forbids.
        style: CSS of the graph.
        live: Where the server of a live page is asked ("events", "preview", "thumb"), and its "token"; None for a
            page that stands alone.
    """
    data = data if live is None else {**data, "live": dict(live)}
    styles = [text for text in (f"{colours()}\n{_read('page.css')}", style) if text]
    script = "\n".join(["(() => {", '"use strict";', *(_read(f"js/{name}.js") for name in SCRIPTS), "})();"])
    failures = static.failures(data)
    return Template(_read("page.html")).substitute(
        policy=quoted(policy(scripts=(_EARLY, script), styles=styles, is_live=live is not None)),
        styles="\n".join(f"<style>{text}</style>" for text in styles),
        early=_EARLY,
        script=script,
        data=in_script(data),
        graph=graph_svg,
        title=quoted(f"{data['title']}: run"),
        name=quoted(data["title"]),
        version=quoted(data["version"]),
        made=quoted(data.get("made") or ""),
        no_made="" if data.get("made") else " hidden",
        ended=static.ended(data["run"]),
        tally=static.tally(data["run"]),
        facts=static.facts(data["run"]),
        notices=static.notices(data["run"]),
        failures=failures,
        no_failures="" if failures else " hidden",
    )


def in_script(data: Any) -> str:
    r"""
    Return *data* as JSON that no HTML parser takes for anything but text.

    Raises:
        ValueError: A number in it is not finite.

    >>> in_script({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _IN_SCRIPT.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _read(name: str) -> str:
    return files("creevey_graph.views.page").joinpath(name).read_text(encoding="utf-8")
