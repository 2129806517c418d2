"""Two states of a graph compared: what changed, node by node."""

import pytest

from creevey_graph.changes import code_changes, matched, node_changes
from creevey_graph.events import Reason
from creevey_graph.plan import explain_change


def made_of(code="c", *, parts=None, sources=None, via=None, files=None, depends=None, **facts):
    return {
        "code": code,
        "parts": parts or {"source": code},
        "sources": sources or {"source": f"def f(): {code}"},
        "via": via or {},
        "files": files or {"source": "/there/steps.py"},
        "depends": depends or {},
        "params": {},
        "reads": {},
        "output": "",
        **facts,
    }


def with_size(digest, text=None):
    return made_of(params={"size": [digest, text or digest]})


def test_equal_graphs_have_no_changes():
    """Nothing is told, and the graph's line says what is left: connections or output paths."""
    graph = {"a": made_of(), "b": with_size("1")}

    assert {} == node_changes(graph, graph)
    assert "code changed: connections or output paths" == explain_change(graph, graph)


def test_a_renamed_node_has_not_changed():
    """Neither it nor the one that reads it."""
    old = {"a": made_of(), "b": made_of("d", reads={"x": ["a"]})}
    new = {"first": made_of(), "b": made_of("d", reads={"x": ["first"]})}

    assert {"first": "a", "b": "b"} == matched(old, new)
    assert {} == node_changes(old, new)


def test_nodes_that_are_numbered_anew_have_not_changed():
    """Another node of the step before them is the only change."""
    old = {"resize": with_size("96"), "resize_2": with_size("224")}
    new = {"resize": with_size("48"), "resize_2": with_size("96"), "resize_3": with_size("224")}

    assert ["resize"] == list(node_changes(old, new))


def test_a_gone_and_a_new_node_are_told():
    """Each by its name, where code or parameters tell them apart."""
    old, new = {"a": made_of()}, {"a": made_of(), "b": made_of("d")}

    assert "code changed: new node 'b'" == explain_change(old, new)
    assert "code changed: node 'b' is gone" == explain_change(new, old)


def test_the_first_of_several_is_told_and_how_many_more():
    """One line for a graph."""
    old = {name: with_size("1") for name in "abc"}
    new = {name: with_size(str(number)) for number, name in enumerate("abc", 2)}

    assert "parameter changed: a.size 1 -> 2 (and 2 more)" == explain_change(old, new)
    assert "code changed" == explain_change(None, new)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (with_size("1", "(8, 8)"), with_size("2", "(4, 4)"), "parameter changed: n.size (8, 8) -> (4, 4)"),
        (with_size("1", "'lut.txt'"), with_size("2", "'lut.txt'"), "n.size 'lut.txt' (by content)"),
        (made_of(), with_size("1"), "parameter changed: n.size unset -> 1"),
        (
            made_of(depends={"lut.txt": "1"}),
            made_of(depends={"lut.txt": "2"}),
            "dependency changed: n depends on lut.txt",
        ),
        (made_of(depends={"lut.txt": "1"}), made_of(), "dependency changed: n no longer depends on lut.txt"),
        (
            made_of(reads={"image": ["trim"]}),
            made_of(reads={"image": ["load"]}),
            "connection n.image: 'trim' -> 'load'",
        ),
        (made_of(output="{stem}.jpg"), made_of(output="{key}.jpg"), "'n': '{stem}.jpg' -> '{key}.jpg'"),
        (
            made_of("version 1 of m.f", parts={"version": "1"}, sources={"version": "1"}, files={"x": "y"}),
            made_of("version 2 of m.f", parts={"version": "2"}, sources={"version": "2"}, files={"x": "y"}),
            "code changed: step 'n' version 1 -> 2",
        ),
        (made_of("1"), made_of("2"), "code changed: step 'n'"),
    ],
)
def test_each_kind_of_change_has_its_words(before, now, told):
    """What, where, and old -> new."""
    (change,) = node_changes({"n": before}, {"n": now})["n"]

    assert change.told.endswith(told)


def test_a_decorated_steps_own_function_is_the_step():
    """What stands below a decorator with `functools.wraps` is no helper."""

    def decorated(body):
        return made_of(
            body,
            parts={"source": "same", "source wrapped": body},
            sources={"source": "def w(): ...", "source wrapped": f"def f(): {body}"},
            via={"source wrapped": "source"},
            files={"source": "/there/deco.py", "source wrapped": "/there/steps.py"},
        )

    (change,) = code_changes("n", decorated("1"), decorated("2"))

    assert ("step 'n'", "def f(): 1", "def f(): 2") == (change.text, change.before, change.after)


def test_a_function_in_a_table_is_found_again_after_its_edit():
    """Its part is named by its content; its diff is shown all the same, and the table is not told twice."""

    def table(digest, body):
        part = f"refers to m.TABLE[tone {digest}]"
        return made_of(
            body,
            parts={"source": "same", "refers to m.TABLE": digest, part: digest},
            sources={"source": "", "refers to m.TABLE": "{'a': tone}", part: f"def tone(): {body}"},
            via={part: "refers to m.TABLE", "refers to m.TABLE": "source"},
            files={part: "/there/m.py"},
        )

    (change,) = code_changes("n", table("1234abcd", "1"), table("5678abcd", "2"))

    assert "step 'n' helper tone (n -> TABLE -> tone, m.py)" == change.text
    assert (Reason.CODE_CHANGED, "def tone(): 1", "def tone(): 2") == (
        change.reason,
        change.before,
        change.after,
    )


def test_what_is_referred_to_now_or_no_more_is_told_where_no_text_changed():
    """A class that gained an attribute has no text of its own."""
    old = made_of("1", parts={"source": "s", "refers to m.T": "t"}, via={"refers to m.T": "source"})
    new = made_of(
        "2",
        parts={"source": "s", "refers to m.T": "t", "refers to m.T.size": "n"},
        via={"refers to m.T": "source", "refers to m.T.size": "refers to m.T"},
    )

    assert ["step 'n' now refers to size (n -> T -> size)"] == [c.text for c in code_changes("n", old, new)]
    assert ["step 'n' no longer refers to size (n -> T -> size)"] == [
        c.text for c in code_changes("n", new, old)
    ]
