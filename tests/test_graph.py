"""Graphs: declared by tracing, by hand, and from steps in a row."""

# ruff: noqa: ARG005, PLW0108 - bodies of graphs are lambdas here, with the parameters a case is about

import importlib
import subprocess
import sys
import time
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import creevey_graph.graph
from creevey_graph import Graph, graph, step
from creevey_graph.errors import GraphError
from creevey_graph.freeze import freeze
from creevey_graph.node import Ref
from creevey_graph.symbols import NodeSymbol


@step
def load(photo: Path) -> list:
    """Read."""
    return [photo]


@step
def trim(image: list, bottom: int = 0) -> list:
    """Cut."""
    return image[bottom:]


@step
def resize(image: list, size: tuple = (1, 1), *, fit: str = "fill") -> list:
    """Scale."""
    return [*image, size, fit]


@step
def blend(image: list, mask: list, *, amount: float = 0.5) -> list:
    """Mix."""
    return [image, mask, amount]


@step
def merge(*images: list, **labels: list) -> list:
    """Join."""
    return [*images, *labels]


@step
def montage(images: list, by_name: dict | None = None) -> list:
    """Tile."""
    return [images, by_name]


@step(writes="path")
def save(image: list, path: str) -> str:
    """Write."""
    return path


def reads(made):
    """Return node -> what it reads."""
    return {name: [source for _, source in node.refs()] for name, node in made.nodes.items()}


def value_of(made, item):
    """Return what each node makes of an item, by a walk that knows nothing of the engine."""
    values = dict(zip(made.inputs, [item] if len(made.inputs) == 1 else item, strict=True))

    def fill(value):
        if isinstance(value, Ref):
            return values[value.name]
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return type(value)(map(fill, value)) if isinstance(value, list | tuple) else value

    for name in made.order():
        node = made.nodes[name]
        arguments = node.step.signature.bind_partial()
        arguments.arguments = {parameter: fill(value) for parameter, value in node.arguments.items()}
        values[name] = node.step(*arguments.args, **arguments.kwargs)
    return values


# --- tracing -----------------------------------------------------------------------------------


def test_a_graph_is_traced_once_when_it_is_declared():
    """The body runs at decoration, and not again for reading, freezing or drawing."""
    runs = []

    @graph
    def thumbs(photo):
        runs.append(photo)
        return load(photo)

    thumbs.validate()
    freeze(thumbs)
    thumbs.draw()

    assert 1 == len(runs)


def test_binding_traces_anew_and_leaves_the_graph_as_it_was():
    """Graph parameters are concrete while tracing, so that an ordinary `if` chooses nodes."""

    @graph(name="small")
    def thumbs(photo, *, cut=False, size=(1, 1)):
        """Make thumbs."""
        image = load(photo)
        if cut:
            image = trim(image, bottom=100)
        return resize(image, size)

    bound = thumbs.bind(cut=True)

    assert ["load", "resize"] == list(thumbs.nodes)
    assert ["load", "trim", "resize"] == list(bound.nodes)
    assert {"cut": True, "size": (1, 1)} == bound.parameters
    assert ("small", "Make thumbs.") == (bound.name, bound.__doc__)
    assert (2, 2) == bound.bind(size=(2, 2)).nodes["resize"].arguments["size"]
    assert ["load", "trim", "resize"] == list(bound.bind(size=(2, 2)).nodes)


def test_binding_an_unknown_parameter_names_the_nearest():
    """A mistyped graph parameter is an error that offers what there is."""

    @graph
    def thumbs(photo, *, size=1):
        return resize(load(photo), size)

    with pytest.raises(GraphError) as caught:
        thumbs.bind(sise=2)

    assert "graph 'thumbs': no parameter 'sise'; did you mean 'size'? (has: size)" == str(caught.value)


REFUSED = {
    "if": (lambda x: 1 if x else 2, "cannot branch on"),
    "not": (lambda x: not x, "cannot branch on"),
    "for": (lambda x: [*x], "cannot unpack or loop over"),
    "len": (len, "cannot take the length of"),
    "[0]": (lambda x: x[0], "cannot take [0] of"),
    "in": (lambda x: 1 in x, "cannot look into"),
    "attribute": (lambda x: x.stem, "cannot take .stem of"),
    "private": (lambda x: x._stem, "cannot take ._stem of"),
    "set attribute": (lambda x: setattr(x, "stem", 1), "cannot set .stem of"),
    "set item": (lambda x: x.__setitem__(0, 1), "cannot set [0] of"),
    "call": (lambda x: x(1), "cannot call"),
    "str": (str, "cannot make text of"),
    "f-string": (lambda x: f"{x}.jpg", "cannot make text of"),
    "Path": (Path, "cannot open, or make a path of,"),
    "open": (open, "cannot open, or make a path of,"),
    "int": (int, "cannot use 'int' on"),
    "float": (float, "cannot use 'float' on"),
    "range": (range, "cannot use 'index' on"),
    "round": (round, "cannot use 'round' on"),
    "abs": (abs, "cannot use 'abs' on"),
    "+": (lambda x: x + 1, "cannot use '+' on"),
    "1 +": (lambda x: 1 + x, "cannot use '+' on"),
    "-": (lambda x: 1 - x, "cannot use '-' on"),
    "*": (lambda x: x * 2, "cannot use '*' on"),
    "/": (lambda x: x / 2, "cannot use '/' on"),
    "Path / x": (lambda x: Path() / x, "cannot "),
    "|": (lambda x: x | resize, "cannot use '|' on"),
    "neg": (lambda x: -x, "cannot use '-' on"),
    "==": (lambda x: x == 1, "cannot compare"),
    "!=": (lambda x: x != 1, "cannot use '!=' on"),
    "<": (lambda x: x < 1, "cannot use '<' on"),
    "sorted": (lambda x: sorted([x, x]), "cannot use '<' on"),
    "sum": (lambda x: sum([x]), "cannot use '+' on"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_needs_an_items_value_is_an_error_naming_graph_and_node(case):
    """Whatever a body does with an item but passing it on is refused, for inputs and for nodes."""
    act, message = REFUSED[case]
    for prepare, name in ((lambda photo: photo, "photo"), (load, "load")):

        def thumbs(photo, *, prepare=prepare):
            act(prepare(photo))

        with pytest.raises(GraphError) as caught:
            graph(thumbs)

        assert "graph 'thumbs': " in str(caught.value)
        assert message in str(caught.value)
        assert f"'{name}', whose value is not known while the graph is declared; do it inside a step" in str(
            caught.value
        )


def test_a_forgotten_step_is_asked_for_by_name():
    """Where a helper of the user's did it, or a library that it called; not where the graph's function itself did."""

    def sepia(image):
        return Image.blend(image, image, 0.5)

    def outer(image):
        return sepia(image)

    remedies = {}
    for body in (sepia, outer, lambda image: Image.blend(image, image, 0.5), lambda image: image.size):

        def plain(image, *, body=body):
            return body(image)

        with pytest.raises(GraphError) as told:
            graph(plain)
        remedies[body] = str(told.value).partition("do it inside a step")[2]

    assert [
        " (or is '@step' missing above 'sepia'?)",
        " (or is '@step' missing above 'outer'?)",
        "",
        "",
    ] == list(remedies.values())


def test_what_a_library_did_by_itself_asks_for_no_step():
    """Nothing of the user's can have lost its `@step`."""

    @step
    def load(photo):
        return photo

    def body(photo):
        return Image.blend(load(photo), load(photo), 0.5)

    with pytest.raises(GraphError, match=r"do it inside a step$"):
        graph(body)


def test_a_step_used_many_times_is_numbered():
    """Names count from 2, and step around names that are taken."""

    @graph
    def thumbs(photo):
        image = load(photo)
        second = resize(image, name="resize_2")
        return [resize(image), resize(image), resize.named("small")(image), second, resize(image)]

    assert ["load", "resize_2", "resize", "resize_3", "small", "resize_4"] == list(thumbs.nodes)


def test_a_node_named_as_an_input_is_numbered():
    """Inputs and nodes share one set of names."""
    read = step(len).named("load")

    assert ["load_2"] == list(graph(lambda load: read(load)).nodes)


@pytest.mark.parametrize("name", ["load", "photo", "a.b", "", 3])
def test_a_name_that_is_taken_or_no_name_is_refused(name):
    """`name=` must be free, and letters, digits, '_' and '-'."""
    with pytest.raises(GraphError, match=r"graph 'thumbs'.*(is taken; choose another|a name must be)"):

        @graph
        def thumbs(photo):
            return resize(load(photo), name=name)


def test_name_is_an_argument_where_the_function_takes_one():
    """A function's own parameter `name` is not taken away from it."""

    @step
    def label(photo, name):
        return name

    made = graph(lambda photo: label(photo, name="tom"))

    assert {"photo": Ref("photo"), "name": "tom"} == made.nodes["label"].arguments


def test_nodes_stand_in_lists_tuples_and_dicts():
    """Nodes inside containers are found, and come back as values in their places."""

    @graph
    def sheet(photo):
        image = load(photo)
        return montage([image, trim(image)], {"a": (image, [photo])})

    assert ["load", "trim", "load", "photo"] == reads(sheet)["montage"]
    assert [[["p"], ["p"]], {"a": (["p"], ["p"])}] == value_of(sheet, "p")["montage"]


@pytest.mark.parametrize("pack", [lambda x: {x}, lambda x: {x: 1}, lambda x: [{"a": frozenset([x])}]])
def test_nodes_in_sets_and_keys_are_refused(pack):
    """Where a value cannot be filled in, the node is not taken for a constant."""
    with pytest.raises(GraphError, match=r"graph 'lambda': <'photo' of graph 'lambda'> stands in a "):
        graph(lambda photo: montage(pack(photo)))


def test_variadic_steps_take_nodes():
    """`*images` and `**labels` are wired one by one."""

    @graph
    def joined(photo):
        image = load(photo)
        return merge(image, trim(image), left=image)

    assert ["load", "trim", "load"] == reads(joined)["merge"]
    assert [["p"], ["p"], "left"] == value_of(joined, "p")["merge"]


@pytest.mark.parametrize(
    ("shape", "outputs"),
    [
        (lambda a, b: None, {}),
        (lambda a, b: a, {"resize": "resize"}),
        (lambda a, b: (a, b), {"resize": "resize", "trim": "trim"}),
        (lambda a, b: [a, b], {"resize": "resize", "trim": "trim"}),
        (lambda a, b: {"small": a, "cut": b}, {"small": "resize", "cut": "trim"}),
        (lambda a, b: {"x": a, "y": a}, {"x": "resize", "y": "resize"}),
    ],
)
def test_a_graph_returns_nothing_a_node_a_tuple_or_a_dict(shape, outputs):
    """Keys of a dict name the columns, else the nodes do."""

    @graph
    def thumbs(photo):
        image = load(photo)
        small, cut = resize(image), trim(image)
        save(small, "{stem}.a"), save(cut, "{stem}.b")
        return shape(small, cut)

    assert outputs == {column: ref.name for column, ref in thumbs.outputs.items()}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda a: 5, "must return nothing, a node, a tuple of nodes or a dict of nodes (got 5)"),
        (lambda a: "load", "(got 'load')"),
        (lambda a: (a, 5), "must return nothing, a node"),
        (lambda a: {"a": [a]}, "must return nothing, a node"),
        (lambda a: {1: a}, "a returned dict's keys name columns (got 1)"),
        (lambda a: {"": a}, "a returned dict's keys name columns (got '')"),
        (lambda a: {a}, "stands in a set"),
        (lambda a: load, "must return nothing, a node"),
    ],
)
def test_anything_else_returned_is_an_error(returned, message):
    """What is returned must be columns of the report."""
    with pytest.raises(GraphError) as caught:
        graph(lambda photo: returned(load(photo)))

    assert "graph 'lambda'" in str(caught.value)
    assert message in str(caught.value)


async def later(photo):
    """Be async."""


def several(photo):
    """Be a generator."""
    yield load(photo)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda *photos: load(photos), "'*photos' cannot be an input; name each one"),
        (lambda photo, **others: load(photo), "'**others' cannot be an input; name each one"),
        (lambda photo, *, size: load(photo), "parameter 'size' needs a default; bind() changes it"),
        (lambda photo, size=1: load(photo), "input 'size' cannot have a default; put a '*' before it"),
        (lambda *, size=1: None, "needs at least one positional parameter"),
        (lambda photo: None, "has no nodes; call at least one step on its items"),
        (later, "must be an ordinary function (got an async one)"),
        (several, "got a generator function"),
        (int, "has no signature"),
    ],
)
def test_a_function_that_cannot_declare_a_graph_says_why(function, message):
    """Wrong parameters and kinds of functions are errors at decoration."""
    with pytest.raises(GraphError) as caught:
        graph(function)

    assert message in str(caught.value)


def test_a_partial_and_a_callable_object_declare_graphs():
    """Graphs are named as steps are."""

    class Make:
        def __call__(self, photo):
            return load(photo)

    assert ("Make", ["load"]) == (graph(Make()).name, list(graph(Make()).nodes))


def test_errors_of_the_body_come_through():
    """An exception in a graph's function is the user's to see as it is."""
    with pytest.raises(ZeroDivisionError):
        graph(lambda photo: load(photo, 1 / 0))


def test_binding_a_node_into_a_step_is_refused():
    """`bind` takes constants: a node bound there would never be filled in."""
    with pytest.raises(TypeError, match=r"step 'resize': bind takes constants \(got <'photo' of graph"):
        graph(lambda photo: resize.bind(size=photo)(load(photo)))


# --- several inputs and sub-graphs --------------------------------------------------------------


@graph
def prepared(photo, *, cut=0, twice=False):
    """Load, and cut where asked."""
    image = load(photo)
    if twice:
        image = trim(image)
    return trim(image, bottom=cut)


@graph
def both(photo, mask):
    """Return two nodes by name."""
    return {"image": load(photo), "mask": trim(load(mask), bottom=3)}


def test_several_inputs_are_several_positional_parameters():
    """Image and mask of one item are wired apart."""
    made = graph(lambda photo, mask: blend(load(photo), mask))

    assert {"load": ["photo"], "blend": ["load", "mask"]} == reads(made)


def test_a_sub_graph_is_inlined():
    """Its nodes stand in the outer graph, marked with where they came from."""

    @graph
    def outer(photo):
        return resize(prepared(photo, cut=5))

    assert {"load": ["photo"], "trim": ["load"], "resize": ["trim"]} == reads(outer)
    assert 5 == outer.nodes["trim"].arguments["bottom"]
    assert [("prepared",), ("prepared",), ()] == [node.group for node in outer.nodes.values()]


def test_a_sub_graph_used_twice_with_other_parameters_is_inlined_twice():
    """Each use has nodes of its own, numbered, with its own parameters."""

    @graph
    def outer(photo, mask):
        return blend(prepared(photo), prepared(photo=mask, twice=True))

    expected = {
        "load": ["photo"],
        "trim": ["load"],
        "load_2": ["mask"],
        "trim_2": ["load_2"],
        "trim_3": ["trim_2"],
        "blend": ["trim", "trim_3"],
    }
    assert expected == reads(outer)


def test_a_sub_graph_gives_back_the_shape_it_returns():
    """A dict comes back as a dict of nodes, also through two levels."""

    @graph
    def middle(photo, mask):
        parts = both(photo, mask=mask)
        return parts["image"], parts["mask"]

    @graph
    def outer(photo, mask):
        image, cut = middle(photo, mask)
        return blend(image, cut)

    assert {"load": ["photo"], "load_2": ["mask"], "trim": ["load_2"], "blend": ["load", "trim"]} == reads(
        outer
    )
    assert ("middle", "both") == outer.nodes["trim"].group


def test_a_sub_graph_takes_constants_and_lists_of_nodes_for_inputs():
    """What stands for an input stands wherever the sub-graph reads it."""
    tiles = graph(lambda images: montage(images), name="tiles")
    made = graph(lambda photo: tiles([load(photo), "constant"]))

    assert [Ref("load"), "constant"] == made.nodes["montage"].arguments["images"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: both(a), "missing: mask)"),
        (lambda a: both(a, a, a), "(got 3 positional; missing: none)"),
        (lambda a: both(a, a, mask=a), "graph 'both': input 'mask' is given twice; leave one out"),
        (lambda a: both(mask=a), "missing: photo)"),
        (lambda a: prepared(a, cutt=3), "graph 'prepared': no parameter 'cutt'; did you mean 'cut'?"),
        (lambda a: prepared(a, cut=a), "parameter 'cut' must be known while the graph is declared"),
    ],
)
def test_a_sub_graph_called_wrongly_says_how(call, message):
    """Inputs must be given once each, parameters must exist and be constants."""
    with pytest.raises(GraphError) as caught:
        graph(lambda photo: call(photo))

    assert message in str(caught.value)


def test_a_graph_called_on_values_says_what_to_do():
    """A graph is run, not called."""
    with pytest.raises(GraphError, match=r"graph 'prepared' is called on values; use .run\(items, out=…\)"):
        prepared("photo.jpg")


def test_nodes_of_two_graphs_do_not_mix():
    """A symbol that leaked out of one body is refused in another."""
    leaked = []
    graph(lambda photo: leaked.append(load(photo)) or leaked[0])

    with pytest.raises(
        GraphError, match=r"graph 'other': <'load' of graph 'lambda'> belongs to another graph"
    ):

        @graph
        def other(photo):
            return blend(photo, leaked[0])


# --- by hand ------------------------------------------------------------------------------------


def by_hand():
    """Return load -> trim -> resize, built by hand."""
    made = Graph("thumbs")
    photo = made.input("photo")
    made.add(load, photo=photo)
    cut = made.add(trim, bottom=100)
    made.connect("load", "trim.image")
    made.output(made.add(resize, "small", image=cut))
    return made


def test_a_graph_built_by_hand_equals_the_traced_one():
    """`input`, `add`, `connect` and `output` say what a traced body says."""
    traced = graph(lambda photo: resize(trim(load(photo), bottom=100), name="small"))

    assert reads(traced) == reads(by_hand())
    assert value_of(traced, "p") == value_of(by_hand(), "p")
    assert freeze(traced).nodes[-1].fingerprint == freeze(by_hand()).nodes[-1].fingerprint


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda g: g.connect("laod", "trim.image"), "no node 'laod' in graph 'thumbs'; did you mean 'load'?"),
        (lambda g: g.connect("load", "trin.image"), "no node 'trin' in graph 'thumbs'; did you mean 'trim'?"),
        (lambda g: g.connect("load", "trim.imag"), "node 'trim': step 'trim': no parameter 'imag'; did you"),
        (
            lambda g: g.connect("load", "trim"),
            "must be \"node.parameter\", such as 'resize.image' (got 'trim')",
        ),
        (lambda g: g.connect("load", ".image"), 'must be "node.parameter"'),
        (lambda g: g.connect("photo", NodeSymbol(g, "trim")), "(got <'trim' of graph 'thumbs'>)"),
        (lambda g: g.connect("photo", {"trim": "image"}), "(got a value of type dict)"),
        (
            lambda g: g.connect({"photo": 1}, "trim.image"),
            "the source must be a node or an input, its symbol or its name (got a value of type dict)",
        ),
        (lambda g: g.connect(None, "trim.image"), "(got a value of type NoneType)"),
        (lambda g: g.connect("photo", "trim.image"), "parameter 'image' is given twice, now by 'photo'"),
        (lambda g: g.connect("photo", "trim.bottom"), "parameter 'bottom' is given twice, now by 'photo'"),
        (lambda g: g.add(trim, image="x", botom=1), "did you mean 'bottom'? (has: bottom, image)"),
        (lambda g: g.add(trim, "load"), "the name 'load' is taken; choose another"),
        (lambda g: g.add(prepared), "graph 'prepared' is no step; call it on nodes, or join it with '|'"),
        (lambda g: g.input("photo"), "the name 'photo' is taken"),
        (lambda g: g.input("pho to"), "a name must be letters"),
        (lambda g: g.replace("tirm", resize), "no node 'tirm' in graph 'thumbs'; did you mean 'trim'?"),
        (lambda g: g.without("tirm"), "no node 'tirm'"),
        (lambda g: g.without("load", "trim", "small"), "nothing is left without load, trim, small"),
        (lambda g: g.bind(size=1), "graph 'thumbs' was built by hand and has no parameters to bind"),
        (lambda g: g.output("small"), "must return nothing, a node"),
        (lambda g: g.add(trim, image=Graph("o").input("x")), "<'x' of graph 'o'> belongs to another graph"),
        (lambda g: g.connect(Graph("o").input("x"), "small.size"), "belongs to another graph"),
    ],
)
def test_a_mistake_by_hand_names_node_parameter_and_remedy(act, message):
    """Every low-level call checks what it is given."""
    with pytest.raises(GraphError) as caught:
        act(by_hand())

    assert message in str(caught.value)


def test_a_bound_value_may_be_connected_over():
    """What `bind` gave is a default only."""
    made = Graph("thumbs")
    made.add(trim.bind(bottom=3), image=made.input("photo"))
    made.connect(made.input("depth"), "trim.bottom")
    made.output(made.nodes and made.add(resize, image=made.input("other")))

    assert Ref("depth") == made.nodes["trim"].arguments["bottom"]


def test_keywords_by_hand_reach_a_variadic_step():
    """What `**labels` takes is not lost, given or connected."""
    made = Graph("joined")
    photo = made.input("photo")
    made.add(merge, left=photo)
    made.connect(photo, "merge.right")
    made.output(made.add(trim, image="x"))

    assert {"labels": {"left": Ref("photo"), "right": Ref("photo")}} == made.nodes["merge"].arguments
    with pytest.raises(GraphError, match="parameter 'right' is given twice"):
        made.connect(photo, "merge.right")


def test_replacing_keeps_what_was_given_and_nothing_else():
    """The new step's own defaults count, not those of the step it replaces."""

    @step
    def shrink(image, size=(9, 9), *, fit="fit"):
        return [image, size, fit]

    made = graph(lambda photo: resize(load(photo), fit="given")).replace("resize", shrink)

    assert [["p"], (9, 9), "given"] == value_of(made, "p")["resize"]


def test_replacing_a_bound_step_drops_what_was_bound():
    """Bound values belong to the step that is replaced; those of the new one count."""
    made = graph(lambda photo: resize.bind(fit="old", size=(5, 5))(load(photo)))

    assert [["p"], (1, 1), "new"][1:] == value_of(made.replace("resize", resize.bind(fit="new")), "p")[
        "resize"
    ][1:]


def test_replacing_connects_the_main_input_whatever_it_is_called():
    """A step whose first parameter has another name reads what the old one read."""
    made = by_hand()
    replaced = made.replace("trim", lambda picture: picture)

    assert ["load"] == reads(replaced)["trim"]
    assert "trim" == made.nodes["trim"].step.name


def test_a_replacement_is_checked():
    """A step that needs more than the node was given is refused when it takes the place."""
    with pytest.raises(GraphError, match="node 'trim': parameter 'mask' is unbound"):
        by_hand().replace("trim", blend)


def test_leaving_out_bridges():
    """Readers of a node that is left out read what it read."""
    made = by_hand()

    assert {"load": ["photo"], "small": ["load"]} == reads(made.without("trim"))
    assert {"small": ["photo"]} == reads(made.without("trim", "load"))
    assert 3 == len(made.nodes)


def test_leaving_out_an_output_takes_what_only_it_needed():
    """Nodes that nothing reads any more go too; writers stay."""

    @graph
    def thumbs(photo):
        image = load(photo)
        save(image, "{stem}.jpg")
        return {"small": resize(trim(image)), "image": image}

    left = thumbs.without("resize")

    assert ["load", "save"] == list(left.nodes)
    assert {"image"} == set(left.outputs)


def test_an_order_of_a_cycle_is_a_graph_error():
    """Reading a graph built wrongly by hand fails clearly, whatever is asked first."""
    made = by_hand()
    made.nodes["load"] = made.nodes["load"].__class__("load", load, {})
    made.connect("trim", "load.photo")

    with pytest.raises(GraphError, match="the graph has a cycle: load -> trim -> load"):
        made.order()


# --- in a row -----------------------------------------------------------------------------------

PARTS = {
    "step|step": lambda: load | trim.bind(bottom=100),
    "function": lambda: graph(lambda photo: trim(load(photo), bottom=100)),
    "graph|step": lambda: graph(lambda photo: load(photo)) | trim.bind(bottom=100),
    "step|graph": lambda: load | graph(lambda image: trim(image, bottom=100)),
    "graph|graph": lambda: graph(lambda photo: load(photo)) | graph(lambda image: trim(image, bottom=100)),
}


@pytest.mark.parametrize("case", PARTS)
def test_steps_and_graphs_join_with_a_bar(case):
    """However the parts are made, the row is the graph one would write."""
    made = PARTS[case]()

    assert isinstance(made, Graph)
    assert {"load": ["photo"], "trim": ["load"]} == reads(made)
    assert 100 == made.nodes["trim"].arguments["bottom"]
    assert ["trim"] == list(made.outputs)


def test_a_row_passes_values_to_the_first_free_parameter():
    """A parameter that is bound is passed over."""
    made = load | blend.bind(image="under")

    assert {"image": "under", "mask": Ref("load")} == made.nodes["blend"].arguments


def test_a_row_does_not_change_its_parts():
    """`a | b` leaves both graphs as they were."""
    first = load | trim
    longer = first | resize | trim

    assert ["load", "trim"] == list(first.nodes)
    assert ["load", "trim", "resize", "trim_2"] == list(longer.nodes)


@pytest.mark.parametrize(
    ("join", "error", "message"),
    [
        (lambda: both | resize, GraphError, "graph 'both': '|' needs exactly one output (has 2)"),
        (lambda: load | both, GraphError, "missing: mask"),
        (lambda: load | trim.bind(image=[], bottom=1), GraphError, "has no free parameter to take the item"),
        (lambda: load | step(lambda *images: images), GraphError, "has no free parameter"),
        (lambda: load | 3, TypeError, "unsupported operand"),
        (lambda: (load | trim) | 3, TypeError, "unsupported operand"),
    ],
)
def test_what_cannot_be_joined_is_an_error(join, error, message):
    """A row needs one value to pass on, and a parameter to take it."""
    with pytest.raises(error) as caught:
        join()

    assert message in str(caught.value)


# --- as networkx --------------------------------------------------------------------------------


def test_the_networkx_graph_is_frozen_and_described():
    """Nodes and edges have the attributes that the docstring names, and cannot be added to."""
    wiring = graph(lambda photo, mask: blend(load(photo), mask=[mask, photo])).networkx

    assert isinstance(wiring, nx.DiGraph)
    assert nx.is_frozen(wiring)
    with pytest.raises(nx.NetworkXError):
        wiring.add_node("x")
    assert {"photo": "input", "mask": "input", "load": "node", "blend": "node"} == dict(
        wiring.nodes(data="kind")
    )
    assert blend is wiring.nodes["blend"]["step"]
    assert list is wiring.nodes["load"]["gives"]
    assert Path is wiring.nodes["load"]["takes"]["photo"]
    assert ("image",) == wiring.edges["load", "blend"]["parameters"]
    assert ("mask[]",) == wiring.edges["photo", "blend"]["parameters"]


def test_importing_the_submodule_does_not_hide_the_function():
    """`from creevey_graph import graph` is the decorator, whatever was imported before."""
    importlib.import_module("creevey_graph.graph")
    import creevey_graph as package
    from creevey_graph import graph as again

    assert graph is again
    assert callable(package.graph)
    assert callable(creevey_graph.graph)


# --- size ---------------------------------------------------------------------------------------


def test_a_chain_of_10_000_nodes_is_declared_checked_and_frozen():
    """Nothing recurses, and nothing is quadratic: ten times the nodes take about ten times as long."""

    def seconds(count):
        begin = time.perf_counter()

        def chain(photo):
            image = load(photo)
            for _ in range(count):
                image = trim(image)
            return image

        made = graph(chain)
        assert count + 1 == len(made.order())
        assert count + 1 == len(freeze(made).nodes)
        return time.perf_counter() - begin

    seconds(100)
    small, large = seconds(1000), seconds(10_000)

    assert large < 40 * small


@given(st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=3), min_size=1, max_size=8), st.data())
def test_any_small_graph_is_ordered_and_survives_inlining(wires, data):
    """Readers come after what they read; inlined, a graph is what it was."""

    def body(photo):
        made = [photo]
        for wire in wires:
            made.append(montage([made[index % len(made)] for index in wire]))
        return tuple(made[1:])

    first = graph(body)
    place = {name: index for index, name in enumerate(["photo", *first.order()])}
    outer = graph(lambda photo: first(photo))

    assert all(place[source] < place[name] for name, sources in reads(first).items() for source in sources)
    assert reads(first) == reads(outer)
    assert value_of(first, "p") == value_of(outer, "p")


def test_networkx_is_imported_where_there_may_be_a_cycle_and_not_before():
    """A traced graph reads only what was placed before, so that a run with nothing to do is spared 0.1 s."""
    code = (
        "import sys\n"
        "from creevey_graph import Graph, graph, step\n"
        "a, b = step(lambda x: x, name='a'), step(lambda x: x, name='b')\n"
        "graph(lambda item: b(a(item))).untracked()\n"
        "assert 'networkx' not in sys.modules\n"
        "g = Graph('g'); g.input('item'); g.add(b); g.add(a, x='item'); g.connect('a', 'b.x')\n"
        "print(g.order(), 'networkx' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "['a', 'b'] True" == done.stdout.strip()
