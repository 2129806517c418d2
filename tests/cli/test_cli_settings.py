"""--set: text becomes what the parameter takes, or is refused with what would be right."""

from pathlib import Path
from typing import Any, Literal

import pytest

from creevey_graph import UsageError, graph, step
from creevey_graph.cli.settings import bound_graph
from creevey_graph.settings import parse_value


@step
def show(number: int, *, value: Any) -> str:
    return repr(value)


@graph
def example(
    number: int,
    *,
    size: tuple[int, int] = (224, 224),
    side: int | tuple[int, int] = (8, 8),
    scales: list[float] = [1.0],  # noqa: B006
    share: float = 0.5,
    count: int = 3,
    flag: bool = False,
    label: str = "a",
    limit: int | None = None,
    anything=None,
    fit: Literal["fill", "cover"] = "fill",
    font: Path = Path("a.ttf"),
    options: dict = {},  # noqa: B006
):
    value = (size, side, scales, share, count, flag, label, limit, anything, fit, font, options)
    return {"shown": show(number, value=value)}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("size=128,64", (128, 64)),
        ("size=(128, 64)", (128, 64)),
        ("side=16", 16),
        ("side=16,9", (16, 9)),
        ("scales=0.5,1,2", [0.5, 1.0, 2.0]),
        ("share=1", 1.0),
        ("count=12", 12),
        ("flag=true", True),
        ("flag=No", False),
        ("label=a=b", "a=b"),
        ("label=", ""),
        ("label=12", "12"),
        ("limit=7", 7),
        ("limit=none", None),
        ("anything=1.5", 1.5),
        ("anything=x", "x"),
        ("fit=cover", "cover"),
        ("font=b/c.ttf", Path("b/c.ttf")),
    ],
)
def test_text_becomes_what_the_parameter_takes(setting, value):
    """By the type of the default, then by the annotation."""
    parameters = bound_graph(example, [setting]).parameters
    found = parameters[setting.partition("=")[0]]

    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("sise=1", "--set: graph 'example' has no parameter 'sise'; did you mean"),
        ("size", "--set takes NAME=VALUE, such as --set size=128,128 (got 'size')"),
        ("size=12", "--set size: expected 2 whole numbers with commas between, such as 224,224 (got '12')"),
        ("size=a,b", "expected 2 whole numbers with commas between, such as 224,224 (got 'a,b')"),
        ("side=x", "expected 2 whole numbers with commas between or a whole number, such as 8,8 (got 'x')"),
        ("scales=x", "--set scales: expected numbers with commas between, such as 1.0 (got 'x')"),
        ("share=much", "--set share: expected a number (got 'much')"),
        ("count=1.5", "--set count: expected a whole number (got '1.5')"),
        ("flag=perhaps", "--set flag: expected true or false (got 'perhaps')"),
        ("limit=x", "--set limit: expected a whole number or none (got 'x')"),
        (
            "options=x",
            "--set options: a dict cannot be read from text; set it in the file with .bind(options=…)",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(setting, told):
    """The parameter, what it takes, and what was given."""
    with pytest.raises(UsageError) as caught:
        bound_graph(example, [setting])

    assert told in str(caught.value)


def test_a_literal_takes_its_choices_only():
    """A choice is told by its annotation where the default does not tell."""
    assert parse_value("cover", Literal["fill", "cover"]) == "cover"
    with pytest.raises(ValueError, match="zoom"):
        parse_value("zoom", Literal["fill", "cover"])


def test_several_settings_hold_together():
    """Each --set counts; the last one of a name wins."""
    bound = bound_graph(example, ["count=1", "share=0.1", "count=2"])

    assert (2, 0.1) == (bound.parameters["count"], bound.parameters["share"])


def test_a_graph_that_cannot_be_made_with_a_value_shows_why(folder, cli):
    """The function of a graph runs when a parameter is set; what it raises is the file's trouble."""
    source = (folder / "graph.py").read_text(encoding="utf-8")
    source = source.replace(
        "    image = inverted", "    assert size[0] < 100, 'too wide'\n    image = inverted"
    )
    (folder / "graph.py").write_text(source, encoding="utf-8")
    result = cli("draw", "graph.py", "--set", "size=128,1")

    assert result.exit_code == 4
    assert "error: graph 'small' cannot be made with size=128,1: AssertionError: too wide" in result.stderr
    assert "in small" in result.stderr
    assert "Traceback" not in result.stderr
