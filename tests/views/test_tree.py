"""The graph as text: what reads what can be followed along the lanes."""

import re

import pytest
import terminal_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from creevey_graph.shape import ShapeParameter, shape_of
from creevey_graph.state import state_of
from creevey_graph.views.lanes import Lanes, drawing_order
from creevey_graph.views.tree import draw_text
from creevey_graph.width import width_of


@st.composite
def shapes(draw, most=14):
    """Shapes of one or two inputs and some nodes, each of which reads what is above it."""
    givers = ["in_0", "in_1"][: draw(st.integers(1, 2))]
    inputs = list(givers)
    nodes = []
    for number in range(draw(st.integers(1, most))):
        reads = draw(st.lists(st.sampled_from(givers), min_size=1, max_size=3, unique=True))
        group = draw(st.sampled_from([(), ("one",), ("one", "two"), ("three",)]))
        nodes.append(samples.node(f"n_{number}", *reads, group=group))
        givers.append(f"n_{number}")
    return samples.shape("drawn", inputs, nodes)


def followed(shape):
    """Return node -> what it reads, as somebody does who follows the lines of the drawing."""
    lanes = Lanes(shape)
    rows = [(name, lanes.input_row(name)) for name in shape.inputs]
    rows += [(node.name, lanes.node_row(node)) for node in drawing_order(shape)]
    running: dict[int, str] = {}
    reads = {}
    for name, row in rows:
        cells = dict(enumerate(row[::2]))
        own = next(at for at, cell in cells.items() if cell in "○●■◆")
        comes_from_the_left = own > 0 and row[2 * own - 1] == "─"
        found = {running[own]} if own in running and not comes_from_the_left else set()
        for step in (-1, 1):
            at = own
            while 0 <= (gap := 2 * at + step) < len(row) and row[gap] == "─":
                at += step
                if cells[at] in "├╰┼┴┤╯":
                    found.add(running[at])
                if cells[at] in "╰┴╯":
                    running.pop(at)
                if cells[at] in "╰╯┤├":
                    break
        running[own] = name
        reads[name] = found
        for at in [at for at, value in running.items() if at != own and cells.get(at, " ") == " "]:
            running.pop(at)
    return reads


@settings(deadline=None)
@given(shapes())
def test_lanes_tell_what_each_node_reads(shape):
    """Following the lines gives the edges of the graph, no more and no fewer."""
    edges = {node.name: set() for node in shape.nodes} | {name: set() for name in shape.inputs}
    for giver, reader, _ in shape.edges:
        edges[reader].add(giver)

    assert edges == followed(shape)


@settings(deadline=None)
@given(shapes(), st.integers(20, 100))
def test_a_drawing_fits_and_has_every_node_once(shape, width):
    """At any width."""
    whole, narrow = draw_text(shape), draw_text(shape, width=width)

    assert max(map(width_of, narrow.split("\n"))) <= max(width, 40)
    for node in shape.nodes:
        assert 1 == len(re.findall(rf" {node.name}\(", whole))


def test_a_linear_graph_is_a_list():
    """One lane, and nothing that need not be there."""
    lines = draw_text(samples.LINEAR).split("\n")

    assert ["graph small", "  ○ photo  (item input)"] == lines[:2]
    assert ["●", "●", "■"] == [line.split()[0] for line in lines[2:]]


def test_nodes_of_a_sub_graph_stand_below_its_name():
    """Together, as far as what they read allows, and indented as deep as they are nested."""
    lines = draw_text(samples.MERGED).split("\n")
    at = next(number for number, line in enumerate(lines) if line.endswith("cleaned:"))

    assert ["trim", "soft:", "blur", "sharpen"] == [
        re.search(r"(\w+[:(])", line)[1].rstrip("(") for line in lines[at + 1 : at + 5]
    ]


def test_a_graph_parameter_says_where_it_goes():
    """And one that is not recorded shows nothing of its value."""
    lines = draw_text(samples.MERGED).split("\n")

    assert ["  radius=2.0 → blur.radius", "  token=…"] == lines[1:3]


def test_a_graph_parameter_that_feeds_many_names_the_first():
    """A list of thirty says less than five of them and how many more there are."""
    nodes = [samples.node(f"n_{number}", "photo") for number in range(30)]
    gain = ShapeParameter("gain", "1.5", tuple((one.name, "gain") for one in nodes))
    shown = draw_text(samples.shape("wide", ["photo"], nodes, [gain])).split("\n")[1]

    assert "  gain=1.5 → n_0.gain, n_1.gain, n_2.gain, n_3.gain, n_4.gain and 25 more" == shown


def test_counts_stay_whole_where_calls_do_not():
    """At 80 columns it is the call that is cut."""
    shown = draw_text(samples.TRAINING, state_of(samples.edited_plan()), width=80)

    assert "1,019 to run, 474 cached, 7 restored" in shown


def test_with_a_state_nodes_show_their_counts():
    """In the words of a plan, the changed node marked."""
    shown = draw_text(samples.TRAINING, state_of(samples.edited_plan()))

    assert "▲ 1,019 to run, 481 cached" in shown
    assert "1,019 to run, 474 cached, 7 restored" in shown


def test_the_reasons_stand_below_a_plan():
    """So that the mark of a changed node explains itself, within the width."""
    shown = draw_text(samples.TRAINING, state_of(samples.edited_plan())).split("\n")
    narrow = draw_text(samples.TRAINING, state_of(samples.edited_plan()), width=40).split("\n")

    why = shown.index("why:")
    assert "code changed: step 'tone'" in shown[why + 1]
    assert max(map(len, narrow[narrow.index("why:") :])) <= 40
    assert "why:" not in draw_text(samples.TRAINING).split("\n")


def test_120_nodes_stay_readable():
    """A line each, and lanes no wider than what runs side by side."""
    nodes = [samples.node("n_0", "photo")]
    nodes += [
        samples.node(f"n_{i}", f"n_{i - 1}", *([f"n_{i - 3}"] if i % 3 == 0 else [])) for i in range(1, 120)
    ]
    lines = draw_text(samples.shape("long", ["photo"], nodes)).split("\n")

    assert 122 == len(lines)
    assert max(line.index("n_") for line in lines[2:]) <= 10


@pytest.mark.parametrize("name", ["thumbs", "marking"])
def test_a_real_graph_is_drawn(name):
    """What `graph.draw()` returns."""
    import runs

    graph = getattr(runs, name)
    assert draw_text(shape_of(graph)) == graph.draw()
