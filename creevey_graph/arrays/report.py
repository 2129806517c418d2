"""Ops that tell the run report something and pass on what they were given."""

import functools
from collections.abc import Callable, Hashable
from typing import Any


def report_output(
    func_input: Any, func: Callable[..., Any], inpath: Any, log_dict: Any, key: Hashable, **options: Any
) -> Any:
    """
    Store `func(func_input)` in `log_dict[inpath][key]`, and return *func_input*.

    A partial of it with *func* and *key* is an op of a `CustomReportingPipeline`.

    Args:
        func_input: What is measured and passed on.
        func: What measures it.
        inpath: Where it came from.
        log_dict: Inpath -> key -> value.
        key: Names the column of the run report.
        options: Handed on to *func*.

    >>> log = {"a.jpg": {}}
    >>> report_output("abc", len, "a.jpg", log, "length"), log
    ('abc', {'a.jpg': {'length': 3}})

    """
    log_dict[inpath][key] = func(func_input, **options)
    return func_input


def get_report_output_decorator(key: Hashable) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Return a decorator: the function becomes an op that reports what it returns, and passes on what it is given.

    Args:
        key: Names the column of the run report.

    >>> @get_report_output_decorator(key="length")
    ... def report_length(text):
    ...     return len(text)
    >>> log = {"a.txt": {}}
    >>> report_length("abc", inpath="a.txt", log_dict=log), log
    ('abc', {'a.txt': {'length': 3}})

    """
    return lambda func: functools.partial(report_output, func=func, key=key)
