"""Failures that end a run, and those that do not: `on_error` with `catch`, and the cause of `RunFailed`."""

import pytest
from runs import EXECUTORS

from creevey_graph import Outcome, RunFailed, UsageError, graph, step


class TooBright(Exception):
    """One of the user's own. Args: level: How bright."""


class Awkward(Exception):
    """Cannot come back from another process: it is not made of its arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one}-{two}")


@step
def checked(number: int) -> int:
    if number == 2:
        raise TooBright(number)
    if number == 4:
        raise KeyError("four")
    if number == 6:
        raise Awkward(1, 2)
    return number


@graph
def checking(number: int):
    return {"checked": checked(number)}


def rows(*numbers):
    return [{"number": number} for number in numbers]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_run_failed_has_the_exception_of_the_item_as_its_cause(go, executor):
    """on_error="raise": the very class that the step raised, of another process too."""
    with pytest.raises(RunFailed) as caught:
        go(checking, rows(1, 2, 3), out=None, executor=executor, on_error="raise")

    assert isinstance(caught.value.__cause__, TooBright)
    assert (2,) == caught.value.__cause__.args
    assert 1 == caught.value.report.counts[Outcome.FAILED]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("catch", [TooBright, (ValueError, TooBright), Exception])
def test_what_is_caught_fails_its_item_alone(go, executor, catch):
    """The run goes on behind such a failure, and does not raise in the end."""
    report = go(checking, rows(1, 2, 3), out=None, executor=executor, on_error="raise", catch=catch)

    assert ["done", "failed", "done"] == [str(row.outcome) for row in report.rows]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_is_not_caught_ends_the_run_behind_what_is(go, executor):
    """A caught failure comes first; the other one is what is raised, and both have their rows."""
    with pytest.raises(RunFailed, match="four") as caught:
        go(checking, rows(2, 4), out=None, executor=executor, on_error="raise", catch=TooBright, jobs=1)

    assert isinstance(caught.value.__cause__, KeyError)
    assert {"TooBright: 2", "KeyError: 'four'"} == {row.error for row in caught.value.report.failed}


def test_on_error_stop_minds_what_is_caught_too(go):
    """The run stops at the first failure that is not caught."""
    report = go(checking, rows(2, 4, 5), out=None, on_error="stop", catch=TooBright)

    assert ["failed", "failed", "cancelled"] == [str(row.outcome) for row in report.rows]


def test_an_exception_that_cannot_travel_is_told_all_the_same(go):
    """A process raises what cannot be unpickled: the cause is an error with its text, and the pool lives."""
    with pytest.raises(RunFailed) as caught:
        go(checking, rows(1, 6), out=None, executor="processes", on_error="raise")

    assert "Awkward: 1-2" == str(caught.value.__cause__)


@pytest.mark.parametrize("catch", ["ValueError", [ValueError], (ValueError, 3), 5])
def test_catch_takes_classes_of_exceptions(go, catch):
    """Anything else is an error before anything runs."""
    with pytest.raises(UsageError, match="catch must be a class of exceptions"):
        go(checking, rows(1), out=None, catch=catch)
