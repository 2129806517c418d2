"""Steps: what a decorated function is, called on values."""

import functools
import math
from pathlib import Path

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creevey_graph.errors import StepError
from creevey_graph.step import Step, step


def scale(image: list[int], factor: int = 2, *, offset: int = 0) -> list[int]:
    """Scale every pixel."""
    return [factor * pixel + offset for pixel in image]


class Painter:
    """Holds a colour."""

    def __init__(self, colour: int) -> None:
        self.colour = colour

    def paint(self, image: list[int]) -> list[int]:
        return [self.colour for _ in image]

    def __call__(self, image: list[int]) -> list[int]:
        return self.paint(image)


calls = st.tuples(
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["factor", "offset"]), st.integers(), max_size=2),
)


@given(calls)
def test_a_step_called_on_values_runs_its_function(call):
    """Whatever the arguments, the step returns what the function returns."""
    image, others = call

    assert scale(image, **others) == step(scale)(image, **others)


@given(calls, st.dictionaries(st.sampled_from(["factor", "offset"]), st.integers()))
def test_bound_values_are_defaults(call, bound):
    """A bound value counts where the call says nothing, as functools.partial has it."""
    image, others = call

    assert functools.partial(scale, **bound)(image, **others) == step(scale).bind(**bound)(image, **others)


def test_a_bound_value_gives_way_to_a_positional_argument():
    """Unlike a partial, a bound step may be given the parameter by position."""
    assert [30] == step(scale).bind(factor=5)([10], 3)


def test_binding_twice_keeps_both_and_the_last_counts():
    """Bind adds to what is bound; the step it is called on stays as it was."""
    first = step(scale).bind(factor=3)
    second = first.bind(offset=1).bind(factor=4)

    assert [5] == second([1])
    assert [3] == first([1])


def test_binding_an_unknown_parameter_names_the_nearest():
    """A mistyped parameter is an error when it is bound, not when it is called."""
    with pytest.raises(StepError) as caught:
        step(scale).bind(facter=3)

    expected = "step 'scale': no parameter 'facter'; did you mean 'factor'? (has: factor, image, offset)"
    assert expected == str(caught.value)


def test_a_missing_argument_of_a_bound_step_says_how_to_give_it():
    """A bound step names the argument it lacks."""
    with pytest.raises(StepError, match=r"step 'scale': missing argument 'image'; pass it in the call or"):
        step(scale).bind(factor=2)()


def test_a_bound_step_called_with_too_much_says_what_it_takes():
    """The message of a wrong call lists the parameters."""
    with pytest.raises(StepError, match=r"multiple values.*'image' \(takes: image, factor, offset\)"):
        step(scale).bind(factor=2)([1], image=[2])


def test_named_gives_another_name_and_nothing_else():
    """A named step runs the same function with the same bound values."""
    named = step(scale).bind(factor=3).named("triple")

    assert "triple" == named.name
    assert [3] == named([1])


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a/b", "-a", 3])
def test_a_name_that_cannot_name_a_node_is_refused(name):
    """Names are letters, digits, '_' and '-'."""
    with pytest.raises(StepError, match="a name must be letters, digits, '_' and '-'"):
        step(name=name)(scale)


def test_the_decorator_keeps_what_tools_read():
    """Name, docstring and the function itself stay reachable."""
    made = step(retries=1)(scale)

    assert ("scale", "Scale every pixel.", scale) == (made.__name__, made.__doc__, made.__wrapped__)
    assert scale.__module__ == made.__module__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cache": "sometimes"}, "cache must be 'auto', 'always' or 'never' (got 'sometimes')"),
        ({"cache": ["auto"]}, "cache must be 'auto', 'always' or 'never' (got ['auto'])"),
        ({"retries": -1}, "retries must be 0 or more (got -1)"),
        ({"retries": True}, "retries must be 0 or more (got True)"),
        ({"retries": 1.5}, "retries must be 0 or more (got 1.5)"),
        ({"timeout_s": 0}, "timeout_s must be above 0 seconds, or None for no limit (got 0)"),
        ({"timeout_s": math.nan}, "timeout_s must be above 0 seconds, or None for no limit (got nan)"),
        ({"timeout_s": math.inf}, "timeout_s must be above 0 seconds, or None for no limit (got inf)"),
        ({"timeout_s": "1"}, "timeout_s must be above 0 seconds, or None for no limit (got '1')"),
        ({"codec": "pictur"}, "no codec 'pictur'; did you mean 'picture'?"),
        ({"codec": 3}, "codec must be the name of a codec or a Codec (got 3)"),
        ({"ignore": "debugg"}, "step 'scale': ignore= names no parameter 'debugg'"),
        ({"ignore": ["fcator"]}, "did you mean 'factor'?"),
        ({"ignore": [1]}, "ignore must name parameters (got [1])"),
        ({"ignore": 1}, "ignore must name parameters (got 1)"),
        ({"writes": "path"}, "step 'scale': writes= names no parameter 'path'"),
        ({"writes": True}, "writes must name a parameter (got True)"),
        ({"depends_on": 3}, "depends_on must name functions and files (got 3)"),
        ({"depends_on": [3]}, "depends_on must name functions and files (got 3)"),
        ({"pure": "no"}, "pure must be True, False or a function of parameters (got 'no')"),
        ({"borrows": 1}, "borrows must be True or False (got 1)"),
        ({"downloads": 1}, "downloads must be True or False (got 1)"),
        ({"by_content": 1}, "by_content must be True or False (got 1)"),
    ],
)
def test_an_option_with_a_value_it_cannot_have_is_an_error_that_names_it(options, message):
    """Each option is checked where the step is declared."""
    with pytest.raises(StepError) as caught:
        step(**options)(scale)

    assert message in str(caught.value)


def test_options_are_kept_as_the_engine_reads_them():
    """One name or dependency may stand for a list of them, and text for a path."""
    made = step(ignore="offset", depends_on="model.bin", version=3, timeout_s=1, codec="tree")(scale)

    assert frozenset({"offset"}) == made.options.ignore
    assert (Path("model.bin"),) == made.options.depends_on
    assert "3" == made.options.version
    assert "tree" == made.options.codec.name


def test_bind_and_named_keep_the_options():
    """A derived step asks for the same things."""
    assert 2 == step(retries=2)(scale).bind(factor=1).named("other").options.retries


@pytest.mark.parametrize(
    ("func", "name", "expected"),
    [
        (lambda image: [*image, 1], "lambda", [7, 1]),
        (functools.partial(scale, factor=3), "scale", [21]),
        (functools.partial(functools.partial(scale, factor=3), offset=1), "scale", [22]),
        (Painter(5).paint, "paint", [5]),
        (Painter(5), "Painter", [5]),
        (len, "len", 1),
        (sorted, "sorted", [7]),
    ],
)
def test_any_callable_with_a_signature_makes_a_step(func, name, expected):
    """Lambdas, partials, bound methods, callable objects and many builtins work."""
    made = step(func)

    assert name == made.name
    assert expected == made([7])


@pytest.mark.parametrize("func", [dict, int, max])
def test_a_builtin_without_signature_says_to_wrap_it(func):
    """What takes unknown parameters cannot be checked, so it is refused at once."""
    with pytest.raises(StepError, match="has no signature; wrap it in a function of your own"):
        step(func)


async def fetch(url):
    """Be async."""


def pixels(image):
    """Be a generator."""
    yield from image


async def stream(url):
    """Be an async generator."""
    yield url


class Fetcher:
    async def fetch(self, url): ...

    async def __call__(self, url): ...


@pytest.mark.parametrize(
    ("func", "got"),
    [
        (fetch, "an async one"),
        (stream, "an async one"),
        (Fetcher(), "an async one"),
        (Fetcher().fetch, "an async one"),
        (functools.partial(fetch, url=""), "an async one"),
        (functools.partial(Fetcher(), url=""), "an async one"),
        (pixels, "a generator function"),
    ],
)
def test_async_and_generator_functions_are_refused(func, got):
    """A step returns its value; what it would return here is no value."""
    with pytest.raises(StepError, match=got):
        step(func)


@pytest.mark.parametrize("func", [3, "resize", None.__class__()])
def test_what_cannot_be_called_is_no_step(func):
    """The error shows what was given."""
    with pytest.raises(StepError, match="step must be made of a function"):
        Step(func)


def test_a_step_of_a_step_is_refused():
    """Wrapping again would lose the inner step's options, such as what it writes."""
    with pytest.raises(StepError, match="step 'scale' is a step already; use bind or named"):
        step(step(scale))


@step
def stack(first, *others, sep=",", **labels):
    """Take whatever comes."""
    return (first, others, sep, labels)


def test_variadic_steps_run_and_bind():
    """`*args` come from the call; bound names the function does not have go into `**kwargs`."""
    assert (1, (2, 3), ",", {}) == stack(1, 2, 3)
    assert (1, (2,), "-", {"a": 1, "b": 2}) == stack.bind(sep="-", a=1, b=1)(1, 2, b=2)


def test_the_name_of_variadic_parameters_is_no_parameter():
    """`bind(others=…)` without `**kwargs` is an error that offers only real parameters."""
    with pytest.raises(StepError, match=r"no parameter 'images' \(has: sep\)"):
        step(lambda *images, sep: (images, sep)).bind(images=[1])


def test_positional_only_parameters_bind():
    """A positional-only parameter can be bound by its name."""

    def divide(number, by, /):
        return number / by

    assert 5 == step(divide).bind(by=2)(10)
    assert 2 == step(divide).bind(by=2)(10, 5)


def test_a_value_that_holds_itself_passes_through():
    """Looking for nodes among the arguments ends, whatever the arguments hold."""
    ring = [1]
    ring.append(ring)

    assert 2 == step(len)(ring)


def test_a_deep_value_passes_through():
    """Nesting beyond the interpreter's recursion limit is no error of the step's."""
    deep = []
    for _ in range(5000):
        deep = [deep]

    assert 1 == step(len)(deep)


def test_a_step_survives_a_pickle():
    """Name, options, bound values and function come back."""
    made = step(retries=2, ignore="offset")(scale).bind(factor=3).named("triple")
    back = cloudpickle.loads(cloudpickle.dumps(made))

    assert ("triple", {"factor": 3}, made.options) == (back.name, back.bound, back.options)
    assert [6] == back([2])


@step
def countdown(number):
    """Refer to itself, as a step."""
    return [] if number == 0 else [number, *countdown(number - 1)]


def test_a_step_that_refers_to_itself_survives_a_pickle():
    """Recursion through the decorated name is no endless pickle."""
    assert [2, 1] == cloudpickle.loads(cloudpickle.dumps(countdown))(2)


def test_annotations_are_found_behind_every_callable():
    """Hints come from the function a partial, method or object runs; a class gives itself."""
    assert list[int] == step(functools.partial(scale, factor=2)).hints["return"]
    assert list[int] == step(Painter(1)).hints["image"]
    assert {"colour": int, "return": Painter} == step(Painter).hints


def test_annotations_that_cannot_be_resolved_are_none():
    """A name that is not there at run time is no error."""

    def load(photo: "NotThere") -> "Neither":  # noqa: F821
        return photo

    assert {} == step(load).hints


def test_a_step_shows_its_signature_and_what_is_bound():
    """The repr tells what can be called how."""
    shown = repr(step(scale).bind(factor=3))

    assert (
        "<step scale(image: list[int], factor: int = 2, *, offset: int = 0) -> list[int] with factor=3>"
        == shown
    )
