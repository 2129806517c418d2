"""Inputs and parameters that change nothing are told of."""

import functools
from pathlib import Path

from creevey_graph import graph, step
from creevey_graph.freeze import freeze
from creevey_graph.unused import unused_inputs, unused_parameters


@step
def read(photo: Path) -> str:
    """Read."""
    return str(photo)


@step(writes="path")
def write(text: str, path: Path) -> Path:
    """Write."""
    path.write_text(text)
    return path


@graph
def described(photo: Path, beschreibung: str, *, size: int = 3, sz: int = 3) -> object:
    """Forget two."""
    if size > 3:
        return {"text": read(photo)}
    return read(photo)


def test_plan_and_run_tell_of_what_is_not_used(tmp_path):
    """An input that no step reads, and a parameter that the function does not name, are one notice each."""
    rows = [{"photo": tmp_path / "a", "beschreibung": "red"}]
    (tmp_path / "a").write_text("")
    told = [
        "input 'beschreibung' is not used by any step of graph 'described'",
        "parameter 'sz' is not used by graph 'described'; setting it changes nothing",
    ]

    assert told == list(described.bind(sz=5).plan(rows, cache=False).notices)
    assert told == [
        text for text in described.run(rows, cache=False, progress=False).notices if "not used" in text
    ]


def test_what_is_shown_or_part_of_a_path_is_used():
    """A returned input, one of a template's fields, and any where a function makes the path."""

    @graph
    def shown(photo: Path, label: str) -> object:
        return {"text": read(photo), "label": label}

    @graph
    def placed(photo: Path, label: str, other: str) -> None:
        write(read(photo), "{label}/{stem}.txt")

    @graph
    def made(photo: Path, label: str) -> None:
        write(read(photo), lambda item: f"{item.index}.txt")

    assert [[], ["other"], []] == [unused_inputs(freeze(each, ("label",))) for each in (shown, placed, made)]


def test_a_parameter_counts_as_used_wherever_the_code_reads_it():
    """In a branch, in a function inside, beside another, by locals(); a name that is only set again is not read."""

    def branch(photo, *, size=1):
        return 1 if size else 0

    def inside(photo, *, size=1):
        return lambda: size

    def beside(photo, *, size=1, other=2):
        return size + other

    def by_locals(photo, *, size=1):
        return locals()

    def set_again(photo, *, size=1):
        size = 3  # noqa: F841 - the case

    assert [[], [], [], [], ["size"]] == [
        unused_parameters(each, ["size"]) for each in (branch, inside, beside, by_locals, set_again)
    ]


def test_nothing_is_said_of_code_that_is_not_seen():
    """A wrapped function's own code names none of its parameters; a graph built by hand has no code."""

    def plain(photo, *, size=1):
        return size

    @functools.wraps(plain)
    def wrapper(*args, **kwargs):
        return plain(*args, **kwargs)

    assert [] == unused_parameters(wrapper, ["size"])
    assert [] == unused_parameters(functools.partial(plain, size=2), ["size"])
    assert [] == unused_parameters(None, ["size"])
