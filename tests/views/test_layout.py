"""The layout of graphs: laws over random graphs, and small ones whose best layout is known."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_laws import check_layout, crossings_of

from creevey_graph.views.layout import Box, Layout, Route, lay_out

PATHS = [(), ("a",), ("b",), ("a", "x"), ("a", "y"), ("b", "x"), ("b", "x", "z")]
HEADLINE = [
    ("photo", "load"),
    ("load", "trim"),
    ("trim", "sepia"),
    ("sepia", "resize"),
    ("resize", "write"),
    ("trim", "brightness"),
]


@st.composite
def graphs(draw, *, grouped=True):
    """Draw sizes, edges and groups of a graph without cycles; its nodes are given in any order."""
    count = draw(st.integers(1, 14))
    names = draw(st.permutations([f"n{number}" for number in range(count)]))
    pairs = [(names[low], names[high]) for high in range(count) for low in range(high)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=24)) if pairs else []
    sides = st.integers(1, 140).map(float)
    sizes = {name: (draw(sides), draw(sides)) for name in sorted(names)}
    groups = {name: draw(st.sampled_from(PATHS)) for name in names} if grouped else {}
    return sizes, edges, groups


def boxed(edges):
    """Return a size for each node of *edges*."""
    return {name: (80.0, 30.0) for edge in edges for name in edge}


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_layout_keeps_the_laws(graph):
    """Boxes stand apart on the canvas, groups hold exactly their nodes, edges go down past all boxes."""
    sizes, edges, groups = graph

    layout = lay_out(sizes, edges, groups)

    check_layout(layout, sizes, edges, groups)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from([0, 7, 60]))
def test_the_gap_asked_for_is_kept(graph, gap_px):
    """Boxes side by side are at least node_gap_px apart, whatever it is."""
    sizes, edges, groups = graph

    layout = lay_out(sizes, edges, groups, node_gap_px=gap_px, rank_gap_px=gap_px + 1)

    check_layout(layout, sizes, edges, groups, node_gap_px=gap_px)


@settings(max_examples=60, deadline=None)
@given(graphs(grouped=False))
def test_long_edges_are_upright_but_for_two_bends(graph):
    """Between the first and the last row it passes, an edge has one x, or crosses another that has."""
    sizes, edges, _ = graph

    layout = lay_out(sizes, edges)

    if not crossings_of(layout):
        for route in layout.routes:
            inner = {round(x, 3) for (x, _), (after, _) in pairwise(route.points) if x == after}
            slanted = sum(a[0] != b[0] for a, b in pairwise(route.points))
            assert slanted <= 2, (route, inner)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_the_same_graph_has_the_same_layout(graph):
    """A second layout of the same input is equal to the bit."""
    assert lay_out(*graph) == lay_out(*graph)


def test_the_layout_does_not_hang_on_the_hash_seed():
    """Programs with other hash seeds print the same layout."""
    program = (
        "from creevey_graph.views.layout import lay_out\n"
        "names = [f'n{i}' for i in range(30)]\n"
        "edges = [(names[i], names[j]) for i in range(30) for j in range(i + 1, 30) if i * j % 7 == 3]\n"
        "groups = {name: (name[-1],) for name in names if int(name[1:]) % 3}\n"
        "print(lay_out(dict.fromkeys(names, (80, 30)), edges, groups))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }

    assert 1 == len(printed)
    assert "Layout(" in printed.pop()


def test_one_node_is_the_whole_canvas():
    """A graph of one node is as large as the node."""
    assert Layout(90.0, 30.0, {"a": Box(0.0, 0.0, 90.0, 30.0)}, {}, ()) == lay_out({"a": (90, 30)}, [])


def test_no_node_has_an_empty_layout():
    """A graph of nothing has a canvas of nothing."""
    assert Layout(0.0, 0.0, {}, {}, ()) == lay_out({}, [])


def test_a_chain_is_one_straight_line():
    """Nodes in a row stand under each other, a rank gap apart, their edges upright from middle to middle."""
    layout = lay_out({"a": (60, 30), "b": (100, 40), "c": (80, 30)}, [("a", "b"), ("b", "c")], rank_gap_px=50)

    assert Box(20.0, 0.0, 60.0, 30.0) == layout.boxes["a"]
    assert Box(0.0, 80.0, 100.0, 40.0) == layout.boxes["b"]
    assert (
        Route("a", "b", ((50.0, 30.0), (50.0, 80.0))),
        Route("b", "c", ((50.0, 120.0), (50.0, 170.0))),
    ) == (layout.routes)


@pytest.mark.parametrize(
    ("edges", "crossings"),
    [
        pytest.param([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")], 0, id="diamond"),
        pytest.param(HEADLINE, 0, id="headline"),
        pytest.param([(a, b) for a in "abc" for b in "xyz"], 9, id="K3,3 in two rows"),
        pytest.param([("a", "y"), ("b", "x"), ("c", "y"), ("c", "x"), ("d", "x")], 0, id="caterpillar"),
        pytest.param([(f"n{i // 2}", f"n{i}") for i in range(2, 32)], 0, id="tree"),
    ],
)
def test_known_graphs_have_as_few_crossings_as_can_be(edges, crossings):
    """Graphs that can be drawn without crossings are; three by three in two rows cross nine times."""
    assert crossings == crossings_of(lay_out(boxed(edges), edges))


def test_a_parent_stands_in_the_middle_of_its_readers():
    """Where places are equally short, the middle one is taken."""
    boxes = lay_out(boxed(HEADLINE), HEADLINE).boxes

    assert pytest.approx((boxes["sepia"].x + boxes["brightness"].x) / 2) == boxes["trim"].x


def test_a_source_stands_right_above_its_reader():
    """A source that is read late is not drawn in the first row."""
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("mask", "d")]

    boxes = lay_out(boxed(edges), edges).boxes

    assert boxes["c"].y == boxes["mask"].y


def test_edges_of_a_node_are_spread_over_its_border():
    """Edges to one node do not meet in one point, and keep the order of where they come from."""
    edges = [(source, "z") for source in "abcd"]

    layout = lay_out(boxed(edges), edges)

    ends = sorted((route.points[0][0], route.points[-1][0]) for route in layout.routes)
    assert 4 == len({end for _, end in ends})
    assert sorted(end for _, end in ends) == [end for _, end in ends]


def test_an_edge_that_is_given_twice_has_its_route_twice():
    """Routes match the edges one to one; a doubled edge changes nothing else."""
    once = lay_out(boxed([("a", "b")]), [("a", "b")])
    twice = lay_out(boxed([("a", "b")]), [("a", "b"), ("a", "b")])

    assert once.boxes == twice.boxes
    assert once.routes * 2 == twice.routes


def test_parts_of_a_graph_stand_side_by_side_on_one_page():
    """Many nodes without edges fill a page, not one endless row."""
    sizes = {f"n{number}": (100.0, 30.0) for number in range(100)}

    layout = lay_out(sizes, [])

    check_layout(layout, sizes, [], {})
    assert layout.width < 3 * layout.height


def test_a_group_has_room_for_its_name():
    """Above the first row of a group stand its padding and its title, one more for each group around it."""
    layout = lay_out({"a": (80, 30)}, [], {"a": ("outer", "inner")}, group_padding_px=10, group_title_px=20)

    assert Box(20.0, 60.0, 80.0, 30.0) == layout.boxes["a"]
    assert Box(10.0, 30.0, 100.0, 70.0) == layout.groups["outer", "inner"]
    assert Box(0.0, 0.0, 120.0, 110.0) == layout.groups["outer",]


def test_copies_of_a_sub_graph_stand_side_by_side():
    """Groups with the same inner names and different paths are boxes of their own."""
    edges, groups = [], {}
    for copy in range(5):
        edges += [("in", f"a{copy}"), (f"a{copy}", f"b{copy}"), (f"b{copy}", "out")]
        groups |= {f"a{copy}": (f"copy_{copy}",), f"b{copy}": (f"copy_{copy}",)}

    layout = lay_out(boxed(edges), edges, groups)

    check_layout(layout, boxed(edges), edges, groups)
    assert 5 == len(layout.groups)
    assert 0 == crossings_of(layout)


def test_a_group_that_nothing_joins_is_one_box():
    """Nodes of a group that no edge joins stand in one box all the same."""
    sizes = dict.fromkeys("abcde", (80.0, 30.0))
    groups = {"a": ("g",), "c": ("g",), "e": ("g",)}
    edges = [("a", "b"), ("c", "d")]

    check_layout(lay_out(sizes, edges, groups), sizes, edges, groups)


@pytest.mark.parametrize(
    ("sizes", "edges", "groups", "options", "message"),
    [
        ({"a": (1, 1), "b": (1, 1)}, [("a", "b"), ("b", "a")], {}, {}, "no cycle .got a -> b -> a"),
        ({"a": (1, 1)}, [("a", "a")], {}, {}, "no cycle .got a -> a"),
        ({"a": (1, 1)}, [("a", "b")], {}, {}, "node 'b' must have a size"),
        ({"a": (1, 1)}, [], {"b": ("g",)}, {}, "node 'b' must have a size"),
        ({"a": (1, -1)}, [], {}, {}, "size of node 'a' must be"),
        ({"a": (float("nan"), 1)}, [], {}, {}, "size of node 'a' must be"),
        ({"a": (1, float("inf"))}, [], {}, {}, "size of node 'a' must be"),
        ({"a": (1, 2, 3)}, [], {}, {}, "size of node 'a' must be"),
        ({"a": (1, 1)}, [], {}, {"node_gap_px": -1}, "'node_gap_px' must be a number of at least 0 .got -1"),
        ({"a": (1, 1)}, [], {}, {"rank_gap_px": float("nan")}, "'rank_gap_px' must be"),
        ({"a": (1, 1)}, [], {"a": "g"}, {}, "group of node 'a' must be a tuple of names"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(sizes, edges, groups, options, message):
    """Cycles, unknown nodes and figures that are none are clear errors."""
    with pytest.raises(ValueError, match=message):
        lay_out(sizes, edges, groups, **options)


def test_a_cycle_behind_a_long_way_is_named():
    """The error names the nodes of the cycle only, in their order."""
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")]

    with pytest.raises(ValueError, match=r"got (b -> c -> d -> b|c -> d -> b -> c|d -> b -> c -> d)"):
        lay_out(boxed(edges), edges)


def test_ten_thousand_nodes_in_a_row_are_laid_out():
    """No depth of a graph is too much."""
    names = [f"n{number}" for number in range(10_000)]

    layout = lay_out(dict.fromkeys(names, (60.0, 30.0)), list(pairwise(names)))

    assert 60.0 == layout.width
    assert 9_999 == len(layout.routes)


def test_groups_may_be_nested_a_thousand_deep():
    """No depth of groups is too much."""
    path = tuple(f"g{depth}" for depth in range(1_000))

    assert 1_000 == len(lay_out({"a": (60, 30), "b": (60, 30)}, [("a", "b")], {"a": path}).groups)


def test_the_laws_find_a_wrong_layout():
    """Boxes that overlap, an edge through a box and a node outside its group are found out."""
    sizes = {"a": (10.0, 10.0), "b": (10.0, 10.0), "c": (10.0, 10.0)}
    good = {"a": Box(0, 0, 10, 10), "b": Box(0, 20, 10, 10), "c": Box(0, 40, 10, 10)}
    route = Route("a", "c", ((5, 10), (5, 40)))
    for layout, groups in (
        (Layout(10, 50, {**good, "b": Box(0, 5, 10, 10)}, {}, ()), {}),
        (Layout(10, 45, good, {}, ()), {}),
        (Layout(10, 50, good, {("g",): Box(0, 0, 10, 10)}, ()), {"b": ("g",)}),
        (Layout(10, 50, good, {}, (route,)), {}),
    ):
        with pytest.raises(AssertionError):
            check_layout(
                layout,
                sizes,
                [(found.source, found.target) for found in layout.routes],
                groups,
                node_gap_px=0,
            )
