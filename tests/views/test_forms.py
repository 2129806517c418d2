"""Text, Mermaid, DOT, HTML and JSON: names stay names, and the state is shown."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import networkx as nx
import pytest
from samples import HOSTILE, every_mark, hostile, hostile_state, many

from creevey_graph.shape import Shape
from creevey_graph.text import safe_text
from creevey_graph.views import SUFFIXES, VIEWS

DOT = shutil.which("dot")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_names_every_node(view):
    """Of a graph with forty of them."""
    drawn = VIEWS[view](many(40), None)

    assert [] == [node.name for node in many(40).nodes if node.name not in drawn]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_draws_a_graph_of_nothing(view):
    """A report may tell of one."""
    assert "\x00" not in VIEWS[view](Shape("", (), (), ()), None)


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_lets_a_control_character_through(view):
    """Nor a bidirectional one, nor half a character."""
    drawn = VIEWS[view](hostile(), hostile_state())

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", drawn)


def test_every_suffix_names_a_view():
    """And every view has a suffix."""
    assert set(VIEWS) == set(SUFFIXES.values())


@pytest.mark.parametrize("state", [None, hostile_state()])
@pytest.mark.skipif(DOT is None, reason="graphviz is not installed")
def test_graphviz_reads_names_as_text(state):
    """None is markup for it (`<b>` begins an HTML label only without quotes), and none adds a node."""
    done = subprocess.run(
        [DOT, "-Tjson"], input=VIEWS["dot"](hostile(), state), capture_output=True, text=True, check=True
    )

    read = json.loads(done.stdout)
    nodes = [each for each in read["objects"] if each["name"].startswith("n")]
    assert [f"n{place}" for place in range(len(HOSTILE) + 1)] == [node["name"] for node in nodes]
    assert 'label="<b>graphviz</b>' in VIEWS["dot"](hostile(), state)
    assert not set("<>") & set(re.sub(r'"(\\.|[^"\\])*"| -> ', "", VIEWS["dot"](hostile(), state)))


def test_mermaid_cannot_be_given_orders():
    """Each line is one of ours, whatever a node is called."""
    drawn = VIEWS["mermaid"](hostile(), hostile_state())

    label = r'"[^"]*"'
    known = rf"(flowchart TD|    n\d+(\(\[|\[/?){label}(\]\)|/?\])|    n\d+ -->\|{label}\| n\d+|    subgraph g\d+ \[{label}\]|    end|    classDef \w+ [\w:#,-]+;|    class [n\d,]+ \w+;)"
    assert [] == [line for line in drawn.splitlines() if not re.fullmatch(known, line)]
    assert not re.search(r"<(?!br/>)", drawn)


def test_mermaid_finds_no_directive_in_a_name():
    """It looks for `%%{` through the whole text, also within quotes, and shows what is between backticks as Markdown."""
    shape = Shape("g", ("%%{init: {'theme': 'x'}}%%", "`**bold**`", "it's"), (), ())

    drawn = VIEWS["mermaid"](shape, None)

    assert not set("%`'") & set(drawn)
    assert 'n2(["it&apos;s"])' in drawn


def test_the_page_parses_and_forbids_everything():
    """One style sheet, named by its digest; no script, no request."""

    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.seen = []
            self.handled = []

        def handle_starttag(self, tag, attributes):
            self.seen.append(tag)
            self.handled += [name for name, _ in attributes if name.startswith(("on", "href", "src"))]

    page = VIEWS["html"](hostile(), hostile_state())
    tags = Tags()
    tags.feed(page)

    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "svg",
        "rect",
        "path",
        "circle",
        "text",
        "tspan",
        "g",
    }
    assert set() == set(tags.seen) - known
    assert [] == tags.handled
    assert 1 == tags.seen.count("style")
    style = re.search("<style>(.*)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; " in page


def test_the_data_is_read_by_networkx_and_has_the_state():
    """What networkx calls node-link, with counts, seconds and reasons."""
    data = json.loads(VIEWS["json"](*every_mark()))
    read = nx.node_link_graph(data, edges="edges")

    assert ["fetch"] == list(read.successors("url"))
    assert {"done": 12_300, "failed": 3} == read.nodes["fetch"]["state"]["counts"]
    assert {"mean": "mean", "file": "save"} == data["outputs"]
    assert {"timeout_s": [["fetch", "timeout_s"]], "seed": []} == data["graph"]["feeds"]
    assert ("set", "item") == (read.nodes["mean"]["level"], read.nodes["save"]["level"])
    assert "run" == data["state"]["kind"]


def test_the_text_counts_what_became_of_items():
    """In a column of its own; hostile names stay on their line."""
    drawn = VIEWS["text"](*every_mark())

    assert "12,300 ran, 3 failed" in drawn
    lines = VIEWS["text"](hostile(), None).splitlines()
    heads = ["graph", "parameter", "input", "sub-graph", "sub-graph within"]
    assert len(heads) + len(HOSTILE) == len(lines)
    assert all(safe_text(line) == line for line in lines)
