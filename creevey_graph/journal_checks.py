"""What each fact in a journal's line must be: a report may come from anybody, and what reads on trusts it."""

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any

from creevey_graph import checked
from creevey_graph.events import Outcome

_TEXT: frozenset[type] = frozenset({str})
_TEXT_OR_NONE: frozenset[type] = frozenset({str, NoneType})
_ROW: Mapping[str, frozenset[type]] = MappingProxyType(
    {
        **dict.fromkeys(("key", "source", "outcome"), _TEXT),
        **dict.fromkeys(("step", "error", "reason", "traceback"), _TEXT_OR_NONE),
        **dict.fromkeys(("seconds", "fields"), frozenset({dict})),
        "outputs": frozenset({list}),
    }
)
WORKERS: Mapping[str, checked.Check] = MappingProxyType(
    {"executor": checked.text, "jobs": checked.count, "versions": checked.mapping_of(checked.text)}
)
RUN: Mapping[str, checked.Check] = MappingProxyType(
    {
        **dict.fromkeys(("graph", "executor", "run_id", "out", "scope", "input_root"), checked.text),
        **dict.fromkeys(("schema", "total", "left_out"), checked.count),
        **dict.fromkeys(("columns", "nodes"), checked.texts),
        "is_recursive": checked.flag,
    }
)
END: Mapping[str, checked.Check] = MappingProxyType(
    {
        **dict.fromkeys(("damaged", "pruned"), checked.count),
        "seconds": checked.seconds,
        "interrupted": checked.flag,
        "stopped": checked.text,
        "orphans": checked.texts,
    }
)


def checked_row(data: Any) -> dict[str, Any]:
    """
    Return the facts of a row as `Row` takes them; lean, since there is one an item.

    Raises:
        ValueError: One of them is not what it should be.
        KeyError: There is one of another name, or one is missing.
    """
    for name, value in checked.mapping(data).items():
        if type(value) not in _ROW[name]:
            raise ValueError(f"'{name}' is not what it is in a row")
    taken = data["seconds"]
    for node, took in taken.items():
        if type(took) is not float or not 0 <= took <= checked.MOST_SECONDS:
            taken[node] = checked.seconds(took)
    outputs = checked.texts(data["outputs"]) if data["outputs"] else ()
    return {**data, "outcome": Outcome(data["outcome"]), "outputs": outputs}
