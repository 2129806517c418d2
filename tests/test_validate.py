"""Checks on graphs: what passes, what fails, and what the message says."""

# ruff: noqa: UP007, UP045, PLW0108, ARG005 - old spellings of Union are cases; graph bodies are lambdas

import threading
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePath
from typing import IO, Annotated, Any, Literal, NewType, Optional, Protocol, TypedDict, TypeVar, Union

import cloudpickle
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from creevey_graph import Graph, graph, step
from creevey_graph.apart import validate_outputs_apart
from creevey_graph.errors import GraphError, UsageError
from creevey_graph.images import load_image, write_image
from creevey_graph.listing import list_items
from creevey_graph.places import check_places
from creevey_graph.validate import (
    can_agree,
    validate_acyclic,
    validate_annotations,
    validate_arguments,
    validate_bound,
    validate_known,
    validate_output_paths,
    validate_outputs_outside,
    validate_sendable,
    validate_template_writers,
    validate_used,
)


@step
def resize(image: Image.Image, size: tuple[int, int] = (1, 1), *, fit: str = "fill") -> Image.Image:
    """Scale."""
    return image


@step
def measure(image: Image.Image) -> float:
    """Measure."""
    return 0.5


@step
def load(photo):
    """Load, without annotations."""
    return photo


@step(writes="path")
def save(image, path):
    """Write."""
    return path


def list_checked(graph, items, out):
    """List items as a run does before it begins."""
    check_places(list_items(graph, items, out), out)


def message_of(act, *args, error=GraphError, **kwargs):
    """Return the message of the error that *act* raises."""
    with pytest.raises(error) as caught:
        act(*args, **kwargs)
    return str(caught.value)


def wiring(*edges):
    """Return a graph of plain edges."""
    made = nx.DiGraph()
    for source, reader in edges:
        made.add_node(source, kind="node")
        made.add_node(reader, kind="node")
        made.add_edge(source, reader, parameters=("x",))
    return made


# --- arguments ----------------------------------------------------------------------------------


def test_a_call_with_each_argument_once_passes():
    """What comes back has the defaults filled in."""
    bound = validate_arguments("small", resize, ["photo"], {"fit": "fit"})

    assert {"image": "photo", "size": (1, 1), "fit": "fit"} == bound.arguments


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        (
            [1],
            {"sise": 2},
            "node 'small': step 'resize': no parameter 'sise'; did you mean 'size'? (has: fit, image, size)",
        ),
        (
            [],
            {"size": 2},
            (
                "node 'small': step 'resize': missing argument 'image'; pass it in the call or with "
                "resize.bind(image=…) (takes: image, size, fit)"
            ),
        ),
        (
            [1],
            {"image": 2},
            "node 'small': step 'resize': multiple values for argument 'image' (takes: image, size, fit)",
        ),
        (
            [1, 2, 3],
            {},
            "node 'small': step 'resize': too many positional arguments (takes: image, size, fit)",
        ),
    ],
)
def test_a_wrong_call_names_node_step_and_parameter(args, kwargs, message):
    """Unknown, missing and duplicate arguments are told apart, each with what the step takes."""
    assert message == message_of(validate_arguments, "small", resize, args, kwargs)


def test_wrong_calls_fail_when_the_graph_is_declared():
    """The tracer asks the same questions, before anything runs."""
    assert "multiple values for argument 'image'" in message_of(
        graph, lambda photo: resize(photo, image=photo)
    )


def test_a_parameter_without_value_is_unbound():
    """A node built by hand must have every argument its step requires."""
    made = Graph("thumbs")
    made.output(made.add(resize))

    expected = "node 'resize': parameter 'image' is unbound; connect(…, 'resize.image') or give it a value"
    assert expected == message_of(made.validate)


@pytest.mark.parametrize("bound", [{"image": 1}, {"image": None}])
def test_a_bound_or_given_parameter_passes(bound):
    """None is a value too."""
    validate_bound("small", resize, bound)
    validate_bound("small", resize.bind(**bound), {})


def test_a_variadic_step_needs_nothing_and_takes_any_name():
    """`*args` and `**kwargs` may be empty."""
    anything = step(lambda *images, **labels: (images, labels))

    validate_bound("all", anything, {})
    validate_known("all", anything, ["whatever"])


# --- wiring -------------------------------------------------------------------------------------


def test_a_cycle_is_printed_as_it_runs():
    """Connecting a node to what comes before it is an error that shows the way round."""
    made = Graph("thumbs")
    made.add(resize, "crop", image=made.input("photo"))
    made.add(resize)
    made.connect("crop", "resize.image")
    made.connect("resize", "crop.size")
    made.output(made.add(measure, image="x"))

    expected = "the graph has a cycle: crop -> resize -> crop; remove one of these connections"
    assert expected == message_of(made.validate)


def test_a_node_that_reads_itself_is_a_cycle():
    """The shortest way round is one step."""
    made = Graph("thumbs")
    made.add(resize)
    made.connect("resize", "resize.image")

    assert message_of(made.validate).startswith("the graph has a cycle: resize -> resize; ")


def test_a_long_cycle_is_found_without_recursion():
    """10 000 nodes in a ring are one message, not a RecursionError."""
    nodes = [f"n{index}" for index in range(10_000)]

    assert "cycle: " in message_of(validate_acyclic, wiring(*zip(nodes, [*nodes[1:], nodes[0]], strict=True)))
    validate_acyclic(wiring(*pairwise(nodes)))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_cycles_are_found_exactly_where_there_is_no_order(edges):
    """A graph passes where repeatedly taking away nodes without sources leaves nothing."""
    left = {node for edge in edges for node in edge}
    while free := {node for node in left if not any(b == node and a in left for a, b in edges)}:
        left -= free
    made = wiring(*((str(a), str(b)) for a, b in edges))
    if left:
        path = message_of(validate_acyclic, made).removeprefix("the graph has a cycle: ").partition(";")[0]
        names = path.split(" -> ")
        assert names[0] == names[-1]
        assert all(made.has_edge(a, b) for a, b in pairwise(names))
    else:
        validate_acyclic(made)


def test_a_result_that_nothing_uses_is_an_error():
    """A forgotten node is named, with the three things to do."""

    def thumbs(photo):
        image = load(photo)
        resize(image)
        return image

    expected = "node 'resize': its result is not used; pass it on, return it, or leave the step out"
    assert expected == message_of(graph, thumbs)


def test_results_that_are_read_returned_or_written_pass():
    """Inputs need no reader."""
    validate_used(["load", "save", "small"], {"load", "small", "save"})
    graph(lambda photo, mask: load(photo))


# --- annotations --------------------------------------------------------------------------------

Width = NewType("Width", int)
T = TypeVar("T")


class Sized(Protocol):
    def size(self) -> int: ...


class Facts(TypedDict):
    width: int


class Closed(type):
    def __subclasscheck__(cls, kind):
        raise TypeError("not to be asked")


class Secret(metaclass=Closed):
    pass


class Photo(Image.Image):
    pass


AGREE = [
    (int, int),
    (int, float),
    (int, complex),
    (float, complex),
    (bool, int),
    (bool, float),
    (Photo, Image.Image),
    (Image.Image, Photo),  # what is annotated wide may be narrow
    (Path, PurePath),
    (Path, Path | bytes),
    (Path | bytes, bytes),
    (Path | str, str | bytes),
    (bytes | None, bytes),
    (None, Optional[int]),
    (None, None),
    (type(None), None),
    (Optional[int], Optional[str]),  # both may be None
    (Union[int, str], float),
    (Any, int),
    (int, Any),
    (object, int),
    (int, object),
    (list[int], list[str]),  # an empty list is both
    (list, Sequence[int]),
    (list[int], Iterable),
    (str, Iterable),
    (np.ndarray, Sequence),
    (dict, Mapping[str, int]),
    (Callable[[], int], Callable[[], str]),
    (Literal["fill"], str),
    (str, Literal["fill", "fit"]),
    (Literal["fill"], Literal["fit"]),
    (Literal[1, "a"], bytes),
    (Annotated[int, "px"], int),
    (int, Annotated[float, "px"]),
    (Annotated[int | None, "px"], str | None),
    (Width, int),
    (int, Width),
    (Width, float),
    (T, int),
    (int, T),
    (Image.Image, Sized),
    (Facts, dict),
    (dict, Facts),
    (Facts, Mapping),
    (Secret, int),
    (int, Secret),
    (BytesIO, IO[bytes]),
    (IO[bytes], BytesIO),
    ("NotThere", int),
    (type[int], type),
    (tuple[int, int], tuple[int, ...]),
]
DISAGREE = [
    (str, int),
    (float, int),
    (complex, float),
    (bytes, str),
    (Image.Image, Path),
    (Path, str),
    (None, int),
    (int, None),
    (Path | bytes, str),
    (Optional[int], str),
    (list[int], tuple[int, ...]),
    (list[int], dict[str, int]),
    (Literal["fill"], int),
    (Annotated[str, "x"], int),
    (Width, str),
    (Facts, str),
    (np.ndarray, Image.Image),
]


@pytest.mark.parametrize(("given_", "wanted"), AGREE)
def test_annotations_that_can_agree_pass(given_, wanted):
    """Where some value is both, the graph is the user's to judge."""
    assert can_agree(given_, wanted)


@pytest.mark.parametrize(("given_", "wanted"), DISAGREE)
def test_annotations_that_cannot_agree_fail(given_, wanted):
    """Where no value is both, the graph is wrong before it runs."""
    assert not can_agree(given_, wanted)


@pytest.mark.skipif(not hasattr(typing, "TypeAliasType"), reason="`type` statements are Python 3.12's")
def test_type_aliases_are_seen_through():
    """`type Size = int` is an int."""
    alias = typing.TypeAliasType("Size", int)

    assert can_agree(alias, float)
    assert not can_agree(alias, str)


def test_a_mismatch_names_both_ends_and_the_remedy():
    """The message says which parameter, what it must be, what it got and from where."""
    expected = (
        "node 'resize': parameter 'image' must be Image (got float from 'measure'); "
        "connect another node, or mend the annotation"
    )
    assert expected == message_of(graph, lambda photo: resize(measure(photo)))


def test_an_input_is_checked_against_its_annotation():
    """The graph function's own annotations count as what items give."""

    def thumbs(photo: str):
        return resize(photo)

    assert "parameter 'image' must be Image (got str from 'photo')" in message_of(graph, thumbs)


def test_classes_of_one_name_are_told_apart():
    """Where both ends have the same short name, the modules are shown."""

    class Image:
        pass

    @step
    def draw() -> Image:
        return Image()

    made = Graph("thumbs")
    made.input("photo")
    made.output(made.add(resize, image=made.add(draw)))

    assert "must be PIL.Image.Image (got test_validate.Image from 'draw')" in message_of(made.validate)


def test_unannotated_and_unresolvable_ends_pass():
    """Only where both ends say something can they disagree."""

    @step
    def odd(image: "NotThere") -> "Neither":  # noqa: F821
        return image

    for body in (lambda photo: resize(load(odd(photo))), lambda photo: resize(odd(measure(photo)))):
        made = graph(body).wiring
        validate_annotations(made.nodes, made.edges())


# --- processes ----------------------------------------------------------------------------------


def test_a_step_that_holds_a_lock_cannot_be_sent():
    """The message names the node, the step, the cause and both remedies."""
    lock = threading.Lock()
    locked = step(lambda image: (lock, image))

    message = message_of(validate_sendable, {"one": resize, "two": locked}, cloudpickle.dumps)

    assert message.startswith("node 'two': step 'lambda' cannot be sent to a process (")
    assert "cannot pickle '_thread.lock' object" in message
    assert message.endswith(
        "; open what it needs inside the function, or run it in threads (executor='threads', --executor threads)"
    )


def test_a_bound_value_that_cannot_be_sent_is_found():
    """What is bound travels with the function."""
    assert "node 'one'" in message_of(
        validate_sendable, {"one": resize.bind(fit=threading.Lock())}, cloudpickle.dumps
    )


def test_lambdas_and_closures_can_be_sent():
    """Functions without an importable name are no problem of the executor's."""
    size = 3
    validate_sendable({"one": step(lambda image: image * size)}, cloudpickle.dumps)


# --- outputs ------------------------------------------------------------------------------------


def test_two_items_with_one_output_path_are_both_named():
    """Nothing is overwritten in silence."""
    claims = [("a.jpg", "cats/a", "", 0), ("b.jpg", "cats/b", "", 1), ("a.jpg", "dogs/a", "", 2)]

    expected = (
        "items 'cats/a' and 'dogs/a' have one output path, 'a.jpg'; make it different per item, "
        "as in '{parent}/{stem}.jpg', '{key}.jpg' or '{index}.jpg'"
    )
    assert expected == message_of(validate_outputs_apart, lambda: iter(claims))
    placed = expected.replace("'cats/a'", "'cats/a' (line 1)").replace("'dogs/a'", "'dogs/a' (line 3)")
    assert placed == message_of(
        validate_outputs_apart, lambda: iter(claims), lambda index: f"line {index + 1}"
    )


def test_a_picture_that_is_listed_twice_is_told_so_before_other_advice():
    """A template with {index} mends nothing there: the picture would be made twice."""
    claims = [("a.jpg", "a", "", 0), ("a.jpg", "a#2", "", 6)]

    def told(*looks):
        return message_of(validate_outputs_apart, lambda: iter(claims), *looks)

    expected = (
        "items 'a' and 'a#2' have one output path, 'a.jpg': line 7 of 'x.txt' is line 1 again; leave it out with "
        "--duplicates drop (duplicates='drop'), or make the path different per item, as in '{key}.jpg' or '{index}.jpg'"
    )
    assert expected == told(lambda index: f"line {index + 1} of 'x.txt'", lambda *_: True)
    assert ": the second is the first again; leave it out" in told(lambda _: "", lambda *_: True)
    assert "duplicates" not in told(lambda index: f"line {index + 1} of 'x.txt'", lambda *_: False)


@given(st.lists(st.sampled_from("abcdef"), max_size=8))
def test_outputs_pass_exactly_where_all_differ(paths):
    """Walked twice or once, the answer is that of a set."""
    claims = [(path, str(index), "", index) for index, path in enumerate(paths)]
    if len(set(paths)) == len(paths):
        validate_outputs_apart(lambda: iter(claims))
    else:
        assert "have one output path" in message_of(validate_outputs_apart, lambda: iter(claims))


@pytest.mark.parametrize(
    ("out", "root", "recursive", "fails"),
    [
        ("photos", "photos", False, True),
        ("photos/", "photos", False, True),
        ("photos/../photos", "photos", False, True),
        ("photos/train", "photos", True, True),
        ("photos/train", "photos", False, False),
        ("train", "photos", True, False),
        ("photos2", "photos", True, False),
        (".", "photos", True, False),
        ("photos", None, True, False),
        ("link", "photos", True, True),
        ("link/train", "photos", True, True),
        ("photos", "link", True, True),
    ],
)
def test_outputs_must_not_land_among_the_inputs(tmp_path, monkeypatch, *, out, root, recursive, fails):
    """The input folder, below it where that is listed, and links to it are refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "train").mkdir(parents=True)
    (tmp_path / "link").symlink_to("photos")
    if not fails:
        validate_outputs_outside(out, root, recursive=recursive)
        return

    expected = (
        f"outputs would be written inside the input folder (outputs in '{out}', inputs in '{root}'), "
        "and the next run would take them for inputs; choose an output folder beside it"
    )
    assert expected == message_of(validate_outputs_outside, out, root, recursive=recursive)


def test_a_writer_needs_an_output_folder():
    """Without `out=` there is no place to write to."""
    assert "node 'save' writes files; say where with out='folder' or --out folder" == message_of(
        validate_template_writers, {"load": load, "save": save}, None
    )
    validate_template_writers({"load": load}, None)
    validate_template_writers({"save": save}, "out")


@pytest.mark.parametrize("path", [lambda photo: load(photo), lambda photo: photo, lambda photo: [photo]])
def test_a_path_that_only_a_step_knows_is_refused_at_declaration(path):
    """Where outputs land must be known before anything runs."""
    message = message_of(graph, lambda photo: save(photo, path(photo)))

    assert message.startswith("node 'save': its output path must be a template such as '{stem}.jpg' or a ")
    validate_output_paths({"save": []})


@pytest.fixture
def photos(tmp_path):
    """Return a folder of two pictures that share a stem."""
    for place in ("cats/tom.png", "dogs/tom.png"):
        (tmp_path / "photos" / place).parent.mkdir(parents=True)
        Image.new("L", (2, 2)).save(tmp_path / "photos" / place)
    return tmp_path / "photos"


def writing(template):
    """Return a graph that writes each photo."""
    return graph(lambda photo: write_image(load_image(photo), template))


@pytest.mark.parametrize(
    ("template", "out", "error", "message"),
    [
        ("{stem}.png", "train", GraphError, "items 'cats/tom.png' and 'dogs/tom.png' have one output path"),
        ("{stm}.png", "train", GraphError, "has no field 'stm'; did you mean 'stem'?"),
        ("{key}", "photos/new", GraphError, "outputs would be written inside the input folder"),
        (
            "{key}",
            None,
            GraphError,
            "node 'write_image' writes files; say where with out='folder' or --out folder",
        ),
        ("../{index}.png", "train", UsageError, "must stay inside the output folder"),
    ],
)
def test_a_run_that_could_not_write_fails_before_the_first_write(photos, template, out, error, message):
    """Templates are checked against every item when they are listed."""
    out = None if out is None else photos.parent / out

    assert message in message_of(list_checked, writing(template), photos, out, error=error)
    assert not (photos.parent / "train").exists()


@pytest.mark.parametrize("template", ["{stem}.webp", Path("{stem}.webp"), "{digest}.webp"])
def test_two_writers_with_one_template_are_told_when_the_graph_is_declared(template):
    """Each item would have two outputs with one path: no item need be known for that."""
    expected = (
        f"nodes 'save' and 'save_2' have one output path, '{template}'; "
        "give each writer its own, as in 'small/{stem}.webp'"
    )
    assert expected == message_of(graph, lambda photo: (save(photo, template), save(photo, str(template))))
    made = Graph("by hand")
    photo = made.input("photo")
    made.add(save, "save", image=photo, path=template)
    made.add(save.bind(path=template), "save_2", image=photo)
    assert expected == message_of(list_items, made, "no folder", Path("train"))


def test_writers_may_have_one_path_function():
    """What it returns is not known: it may tell by the item."""
    graph(lambda photo: (save(photo, str), save(photo, str))).validate()


def test_two_writers_of_one_item_must_differ_too(photos):
    """The message names the writers, and other advice than that for two items."""
    made = graph(lambda photo: (save(photo, "{key}"), save(photo, "{parent}/{name}")))

    message = message_of(list_checked, made, photos, photos.parent / "train")

    expected = (
        "item 'cats/tom.png': nodes 'save' and 'save_2' have one output path, 'cats/tom.png'; "
        "give each writer its own, as in 'small/{stem}.webp'"
    )
    assert expected == message


def test_two_items_of_two_writers_are_named_with_them(photos):
    """One writer's path of one item may be the other's of another."""
    made = graph(lambda photo: (save(photo, "{index}"), save(photo, lambda item: str(1 - item.index))))

    message = message_of(list_checked, made, photos, photos.parent / "train")

    assert "items 'cats/tom.png (save_2)'" not in message
    assert "items 'cats/tom.png' (save_2) and 'dogs/tom.png' (save) have one output path, '1'" in message


def test_a_run_that_can_write_is_listed(photos):
    """Values are converted to what the input is annotated with."""

    def kept(photo: Annotated[str, "a path"]):
        return write_image(load_image(load(photo)), "{parent}/{stem}.png")

    listing = list_items(graph(kept), photos, photos.parent / "train")

    assert [str(photos / "cats/tom.png"), str(photos / "dogs/tom.png")] == [i.values[0] for i in listing]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Path, Path),
        (str, str),
        (str | Path, str),
        (Any, str),
        (object, str),
        (Annotated[Path, ""], Path),
        (NewType("Photo", Path), Path),
        *([(typing.TypeAliasType("Photo", Path | None), Path)] if hasattr(typing, "TypeAliasType") else []),
        (Path | None, Path),
    ],
)
def test_text_becomes_a_path_only_where_a_path_is_wanted(photos, annotation, kind):
    """An input that takes both is given what the source yields."""

    def body(photo):
        return load(photo)

    body.__annotations__["photo"] = annotation
    rows = [{"photo": str(photos / "cats/tom.png")}]

    (item,) = list_items(graph(body), rows, None)

    assert isinstance(item.values[0], kind)
