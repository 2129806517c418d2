"""What a `Pipeline` is called with, checked: functions, jobs, what is caught, what is skipped."""

from collections.abc import Iterable, Sequence
from typing import Any

from creevey_graph.errors import StepError, UsageError
from creevey_graph.executors import default_jobs
from creevey_graph.inpaths import PathFunc, SkipFunc, exists

Catch = type[BaseException] | tuple[type[BaseException], ...] | None
EXISTS = "there is a file at its outpath already"
_SKIPPED = "skip_func says so"


def checked_ops(name: str, ops: Any) -> list[Any]:
    """
    Return ops as a list.

    Args:
        name: The pipeline's name.
        ops: A function, functions (a generator is read once, not for the first item alone), or None.

    Raises:
        StepError: It is something else. (A TypeError.)
    """
    if ops is None:
        found = []
    elif isinstance(ops, Iterable) and not isinstance(ops, (str, bytes)):
        found = list(ops)
    elif callable(ops):
        found = [ops]
    else:
        raise StepError(f"pipeline '{name}': ops must be a function, functions or None (got {ops!r})")
    check_functions(name, found)
    return found


def check_functions(name: str, ops: Sequence[Any]) -> None:
    """
    Check that ops are functions.

    Raises:
        StepError: One is not.
    """
    for place, op in enumerate(ops):
        if not callable(op):
            raise StepError(f"pipeline '{name}': ops[{place}] must be a function (got {op!r})")


def checked_path_func(name: str, outpath_func: Any, path_func: Any) -> PathFunc:
    """
    Return the one of both that is given.

    Raises:
        UsageError: None is, both are, or it is no function.
    """
    given = [func for func in (outpath_func, path_func) if func is not None]
    if len(given) != 1 or not callable(given[0]):
        raise UsageError(
            f"pipeline '{name}': give one function inpath -> outpath, as path_func (got {given!r})"
        )
    found: PathFunc = given[0]
    return found


def skip_rule(name: str, skip_existing: Any, skip_func: Any) -> tuple[SkipFunc | None, str]:
    """
    Return what tells whether an inpath is skipped, and what is told of those that are.

    Raises:
        UsageError: One of both is not what it must be, or both are given.
    """
    if skip_existing not in (None, True, False):
        raise UsageError(f"pipeline '{name}': skip_existing must be True or False (got {skip_existing!r})")
    if skip_func is not None and not callable(skip_func):
        raise UsageError(f"pipeline '{name}': skip_func must be a function (got {skip_func!r})")
    if skip_existing and skip_func is not None:
        raise UsageError(f"pipeline '{name}': skip_existing and skip_func say two things; choose one")
    return (exists, EXISTS) if skip_existing else (skip_func, _SKIPPED)


def checked_catch(catch: Any) -> type[BaseException] | tuple[type[BaseException], ...]:
    """
    Return the exceptions that fail their inpath alone; none for None.

    Raises:
        UsageError: It is something else than a class of exceptions or a tuple of them.
    """
    kinds: Any = () if catch is None else catch
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise UsageError(
                f"exceptions_to_catch must be a class of exceptions, a tuple of them or None (got {catch!r})"
            )
    return kinds  # type: ignore[no-any-return]  # checked above


def checked_jobs(n_jobs: Any) -> int | None:
    """
    Return how many items may be in hand at once, None to choose.

    Args:
        n_jobs: That many; -1 for as many as there are processors, -2 for one less.

    Raises:
        UsageError: It is 0 or no whole number.

    >>> checked_jobs(8), checked_jobs(None)
    (8, None)

    """
    if n_jobs is None:
        return None
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise UsageError(f"n_jobs must be 1 or more, -1 for all processors, or None (got {n_jobs!r})")
    return n_jobs if n_jobs > 0 else max(1, default_jobs() + 1 + n_jobs)
