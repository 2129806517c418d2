"""The SVG: it parses, names stay text, everything has a place, and it says what the state says."""

import re
from xml.etree import ElementTree as ET

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import HOSTILE, every_mark, hostile, hostile_state, many

from creevey_graph.events import Outcome
from creevey_graph.shape import Shape, ShapeNode, ShapeParameter
from creevey_graph.state import GraphState, NodeState, Stored
from creevey_graph.views.marks.inks import COLOURS, STYLES
from creevey_graph.views.marks.widths import text_px
from creevey_graph.views.quoting import inert
from creevey_graph.views.standalone import draw_html
from creevey_graph.views.svg import draw_plain_svg, draw_svg, svg_style

SVG = "{http://www.w3.org/2000/svg}"
KNOWN = {"svg", "style", "g", "title", "rect", "path", "circle", "text", "tspan"}
ATTRIBUTES = {
    *(
        "class",
        "width",
        "height",
        "viewBox",
        "role",
        "aria-label",
        "aria-hidden",
        "data-node",
        "data-parameter",
    ),
    *("x", "y", "rx", "r", "cx", "cy", "d", "opacity"),
}

texts = st.text(st.characters(exclude_categories=()), min_size=1, max_size=30) | st.sampled_from(HOSTILE)
counts = st.dictionaries(st.sampled_from(list(Outcome)), st.integers(0, 10**7))


@st.composite
def shapes(draw, most=8):
    """Draw a graph of named nodes, each reading some before it, in sub-graphs, with parameters."""
    names = draw(st.lists(texts, min_size=2, max_size=most, unique=True))
    inputs, names = tuple(names[:1]), names[1:]
    nodes, edges = [], []
    for place, name in enumerate(names):
        givers = draw(st.lists(st.sampled_from([*inputs, *names[:place]]), max_size=3, unique=True))
        edges += [(giver, name, (draw(texts),)) for giver in givers]
        group = draw(st.sampled_from([(), ("one",), ("one", "inner"), (draw(texts),)]))
        kind, level = draw(st.sampled_from(["step", "writer"])), draw(st.sampled_from(["item", "set"]))
        nodes.append(
            ShapeNode(
                name,
                draw(texts),
                kind,
                level,
                group,
                ((draw(texts), draw(texts)),),
                draw(st.sampled_from(["", "kept: x", "kept where small", "not kept: y"])),
                tuple(draw(st.lists(texts, max_size=2))),
                draw(st.just("") | texts),
                downloads=draw(st.booleans()),
            )
        )
    fed = draw(st.lists(st.sampled_from(names), max_size=5))
    parameters = (ShapeParameter(draw(texts), draw(texts), tuple((name, "x") for name in fed)),)
    return Shape(draw(texts), inputs, tuple(nodes), tuple(edges), parameters, draw(texts))


@st.composite
def states(draw, shape):
    nodes = {
        node.name: NodeState(
            draw(counts),
            draw(st.none() | st.floats(0, 1e6)),
            draw(st.just("") | texts),
            draw(st.booleans()),
            draw(st.booleans()),
            stored=draw(st.none() | st.builds(Stored, st.integers(0, 10**9), st.integers(0, 10**15))),
        )
        for node in shape.nodes
        if draw(st.booleans())
    }
    reasons = draw(st.dictionaries(texts, st.integers(1, 10**6), max_size=4))
    kind = draw(st.sampled_from(["plan", "run"]))
    return GraphState(kind, draw(texts), draw(st.integers(0, 10**9)), draw(counts), nodes, reasons)


def parsed(svg):
    return ET.fromstring(svg)


def named(root, attribute="data-node"):
    return [found.get(attribute) for found in root.iter(f"{SVG}g") if found.get(attribute) is not None]


def shown(root):
    """Return all text, and none of the style sheet's."""
    return " ".join(
        "".join(found.itertext()) for found in root.iter() if found.tag in {f"{SVG}text", f"{SVG}title"}
    )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_shape_and_state_is_drawn(data):
    """It parses as XML, holds every node once under its name, and nothing but our elements and attributes."""
    shape = data.draw(shapes())
    state = data.draw(st.none() | states(shape))

    root = parsed(draw_svg(shape, state))

    assert sorted(inert(name) for name in (*shape.inputs, *(node.name for node in shape.nodes))) == sorted(
        named(root)
    )
    assert set() == {found.tag.removeprefix(SVG) for found in root.iter()} - KNOWN
    assert set() == {name for found in root.iter() for name in found.attrib} - ATTRIBUTES
    assert all(inert(node.about) in shown(root) or not node.about for node in shape.nodes)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_drawing_in_plain_colours_parses_and_has_no_class(data):
    """What converters are fed: no style sheet, no variable."""
    shape = data.draw(shapes(most=6))

    svg = draw_plain_svg(shape, data.draw(st.none() | states(shape)))

    root = parsed(svg)
    assert not [found for found in root.iter() if found.get("class") or found.tag == f"{SVG}style"]
    assert "var(--" not in svg


def test_hostile_names_stay_text():
    """No element, link, handler or comment comes of a name, in XML or in HTML."""
    svg = draw_svg(hostile(), hostile_state())

    for text in (svg, draw_html(hostile(), hostile_state())):
        assert not re.search(
            r"<(script|img|a|b|i|u|foreignObject|!--)\b", text.removeprefix("<!DOCTYPE html>")
        )
        assert not re.search(r"<[^>]*\s(on\w+|href|xlink:href|src)\s*=", re.sub(r'"[^"]*"', '""', text))
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ufffe\uffff\ud800-\udfff]", text)
    assert inert(HOSTILE[0]) in shown(parsed(svg))


def test_whole_names_stand_in_tooltips():
    """However short they are made in the picture."""
    name = "a_very_long_name_of_a_step_" * 5
    shape = Shape("g", (), (ShapeNode(name, name, arguments=(("x", "y" * 29),)),), ())

    root = parsed(draw_svg(shape))

    (node,) = [found for found in root.iter(f"{SVG}g") if found.get("data-node")]
    assert name in node.find(f"{SVG}title").text
    assert name not in "".join(text for found in node.iter(f"{SVG}text") for text in found.itertext())


def test_no_text_is_wider_than_its_card():
    """Every line of a card ends before its right border."""
    shape, state = every_mark()
    for drawn_shape, drawn_state in ((shape, state), (hostile(), hostile_state()), (many(40), None)):
        for node in parsed(draw_svg(drawn_shape, drawn_state)).iter(f"{SVG}g"):
            if node.get("data-node") is None:
                continue
            left, right = span_of(node)
            for text in node.iter(f"{SVG}text"):
                if "at-end" in text.get("class") or "in-middle" in text.get("class"):
                    continue
                size = 13 if text.get("class") == "name" else 11
                width = text_px("".join(text.itertext()), size, bold=size == 13)
                assert left <= float(text.get("x")) <= float(text.get("x")) + width <= right


def span_of(node):
    """Return the left and right border of a card."""
    xs = []
    for mark in node:
        if "card" in (mark.get("class") or "").split() and mark.tag == f"{SVG}rect":
            xs += [float(mark.get("x")), float(mark.get("x")) + float(mark.get("width"))]
        elif "card" in (mark.get("class") or "").split():
            xs += [float(x) for x in re.findall(r"[MLH]([\d.]+)", mark.get("d"))]
    return min(xs), max(xs)


def test_kinds_are_told_apart_in_shape():
    """A stack, a card, a card with a tab, a page, a pill, and a double border for one value of a set."""
    root = parsed(draw_svg(*every_mark()))
    outlines = {
        found.get("data-node"): [
            mark.tag.removeprefix(SVG) for mark in found if "card" in (mark.get("class") or "").split()
        ]
        for found in root.iter(f"{SVG}g")
        if found.get("data-node")
    }

    assert {
        "url": ["rect", "rect", "rect"],
        "fetch": ["rect"],
        "shrink": ["rect"],
        "mean": ["rect", "rect"],
        "save": ["path", "path"],
    } == outlines
    assert ["timeout_s"] == named(root, "data-parameter")


def test_the_state_is_written_in_numbers():
    """Counts, seconds and what is stored; exact figures in the tooltip."""
    text = shown(parsed(draw_svg(*every_mark())))

    for expected in (
        "12.3k ran",
        "3 failed",
        "10 min 20 s",
        "12,300 values, 2.8 GiB",
        "12,300 ran, 3 failed",
    ):
        assert expected in text


def test_a_changed_node_stands_out_with_its_reason():
    """An accent, a tag, what changed in short, and all of it in the tooltip; those below less so."""
    nodes = tuple(ShapeNode(name, name) for name in ("load", "tone", "save"))
    shape = Shape("g", (), nodes, (("load", "tone", ("image",)), ("tone", "save", ("image",))))
    why = "code changed: step 'tone' helper normalise (tone -> normalise, levels.py)"
    states = {
        "load": NodeState({Outcome.CACHED: 1}),
        "tone": NodeState({Outcome.DONE: 1}, why=why, is_stale=True, is_changed=True),
        "save": NodeState({Outcome.DONE: 1}, why="input changed: by 'tone' above", is_stale=True),
    }
    root = parsed(draw_svg(shape, GraphState("plan", "1 item", 1, {Outcome.DONE: 1}, states)))

    cards = {
        found.get("data-node"): "".join(ET.tostring(found, encoding="unicode"))
        for found in root.iter(f"{SVG}g")
        if found.get("data-node")
    }
    assert "card-changed" in cards["tone"]
    assert ">helper normalise<" in cards["tone"]
    assert why.replace(">", "&gt;") in cards["tone"]
    assert "card-stale" in cards["save"]
    assert "changed" not in re.sub(
        "<title>.*?</title>", "", cards["save"] + cards["load"], flags=re.DOTALL
    ).replace("input changed", "")
    stale = [found for found in root.iter(f"{SVG}path") if "line-stale" in (found.get("class") or "")]
    assert 1 == len(stale)


def test_every_class_has_its_row_and_every_colour_two_papers():
    """No mark without ink, light and dark."""
    used = {
        name
        for sample in (every_mark(), (hostile(), hostile_state()), (many(40), None))
        for found in parsed(draw_svg(*sample)).iter()
        for name in (found.get("class") or "").split()
    }
    groups = {"creevey-graph", "node", "edge", "legend", "input", "step", "download", "writer", "parameter"}

    assert set() == used - set(STYLES) - groups
    for name in re.findall(r"var\(--cg-([\w-]+)\)", svg_style()):
        assert COLOURS[name][0] != COLOURS[name][1]


def test_text_can_be_read_on_both_papers():
    """Contrast of at least 4.5 (WCAG AA) of every ink that text has, on paper and on the cards it stands on."""
    inks = ["ink", "muted", "stale", *map(str, Outcome)]
    for place in (0, 1):
        for paper in ("paper", "card"):
            for ink in inks:
                assert contrast(COLOURS[ink][place], COLOURS[paper][place]) >= 4.5, (ink, paper, place)
        for paper in ("stale-card", "writer-card", "input-card", "group", "heat"):
            assert contrast(COLOURS["muted"][place], COLOURS[paper][place]) >= 4.5, (paper, place)
        for border in ("border", "line", "input", "writer", "stale"):
            assert contrast(COLOURS[border][place], COLOURS["paper"][place]) >= 3, (border, place)


def contrast(one, other):
    """Return the contrast of two colours; source: WCAG 2.1, "relative luminance"."""
    high, low = sorted(map(luminance, (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_several_drawings_stand_in_one_document():
    """None has an id, and the style sheet can be carried once."""
    one, other = draw_svg(*every_mark(), with_style=False), draw_svg(many(5), with_style=False)

    assert "<style" not in one + other
    assert not re.search(r'\sid="', one + other)
    assert all(
        rule.lstrip().startswith((".creevey-graph", "@media", "[data", "  "))
        for rule in svg_style().splitlines()
    )
    assert not set("<&") & set(svg_style())


def test_a_drawing_says_in_a_sentence_what_it_shows():
    """For those who do not see it."""
    label = parsed(draw_svg(*every_mark())).get("aria-label")

    assert (
        "Graph every_mark: 4 steps of 1 input (fetch, shrink, mean, save). 12,303 items in 630.0 s: " in label
    )


def test_parameters_that_feed_many_or_none_are_told_over_the_graph():
    """A pill with lines to every node would hide the graph."""
    feeds = tuple((f"step_{place:02}", "x") for place in range(4))
    shape = attrs.evolve(
        many(5), parameters=(ShapeParameter("side", "8", feeds), ShapeParameter("seed", "7"))
    )
    root = parsed(draw_svg(shape))

    assert [] == named(root, "data-parameter")
    assert "parameters: side = 8, seed = 7" in shown(root)


def test_labels_stand_only_where_a_node_reads_several_things():
    """One reader of one thing needs none."""
    root = parsed(draw_svg(many(5)))

    texts = root.iter(f"{SVG}text")
    labels = ["".join(text.itertext()) for text in texts if "label" in text.get("class").split()]
    assert ["value_0", "value_1"] == sorted(labels)


def fan(count):
    """Return a graph in which *count* nodes read one value and nothing else."""
    nodes = [ShapeNode("load", "load"), *(ShapeNode(f"measure_{n}", "measure") for n in range(count))]
    edges = [("photo", "load", ("path",)), *(("load", f"measure_{n}", ("image",)) for n in range(count))]
    return Shape("fan", ("photo",), tuple(nodes), tuple(edges))


@pytest.mark.parametrize("shape", [many(1), many(40), many(200), fan(30)], ids=lambda shape: shape.name)
def test_nothing_overlaps_and_nothing_leaves_the_paper(shape):
    """Cards stand apart, on the paper."""
    root = parsed(draw_svg(shape))
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = []
    for node in root.iter(f"{SVG}g"):
        card = next((mark for mark in node if "card" in (mark.get("class") or "").split()), None)
        if node.get("data-node") and card is not None and card.tag == f"{SVG}rect":
            boxes.append(tuple(float(card.get(name)) for name in ("x", "y", "width", "height")))
    assert all(0 <= x and x + w <= width and 0 <= y and y + h <= height for x, y, w, h in boxes)
    for place, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[place + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_a_graph_of_nothing_is_drawn():
    """A report may tell of one."""
    assert [] == named(parsed(draw_svg(Shape("empty", (), (), ()))))


def test_many_results_of_one_value_stand_in_rows():
    """Thirty measures of one picture fit a screen: in a frame, with one arrow to it that names all of them."""
    root = parsed(draw_svg(fan(30)))

    edges = [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g") if group.get("class") == "edge"]
    assert float(root.get("width")) <= 1280
    assert 1 == len([part for part in root.iter(f"{SVG}rect") if part.get("class") == "fan"])
    assert [2, 30] == [len(edges), edges[1].count("load → measure_")]
    assert 32 == len(named(root))


def test_a_few_results_of_one_value_have_a_line_each():
    """A frame would hide more than it shows."""
    root = parsed(draw_svg(fan(8)))

    assert [] == [part for part in root.iter(f"{SVG}rect") if part.get("class") == "fan"]


def test_what_has_yet_to_run_is_a_hollow_bar():
    """A full bar reads as work that is done: in a plan the part that would run is an outline."""
    shape = fan(2)
    nodes = {node.name: NodeState({Outcome.DONE: 1}) for node in shape.nodes}

    found = {
        kind: {part.get("class") for part in parsed(draw_svg(shape, state)).iter(f"{SVG}rect")}
        for kind in ("plan", "run")
        for state in [GraphState(kind, "1 item", 1, {Outcome.DONE: 1}, nodes)]
    }

    assert {"plan": (True, False), "run": (False, True)} == {
        kind: ("hollow" in classes, "fill-done" in classes) for kind, classes in found.items()
    }


def test_the_bar_over_a_wide_graph_stays_on_the_screen():
    """Failures are the last part of it: over a graph of 4,000 px nobody would see them."""
    shape = Shape("wide", (), tuple(ShapeNode("n" * 20 + str(n), "n") for n in range(40)), ())
    state = GraphState("run", "2 items", 2, {Outcome.DONE: 1, Outcome.FAILED: 1}, {})

    root = parsed(draw_svg(shape, state))

    failed = next(part for part in root.iter(f"{SVG}rect") if part.get("class") == "fill-failed")
    assert float(failed.get("x")) + float(failed.get("width")) <= 760
