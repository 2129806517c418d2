"""What each fact in a journal's line must be: a report may come from anybody, and what reads on trusts it."""

from collections.abc import Mapping
from types import MappingProxyType

from creevey_graph import checked
from creevey_graph.events import Outcome

ROW: Mapping[str, checked.Check] = MappingProxyType(
    {
        "key": checked.text,
        "source": checked.text,
        "outcome": Outcome,
        "step": checked.text_or_none,
        "error": checked.text_or_none,
        "reason": checked.text_or_none,
        "seconds": checked.mapping_of(checked.seconds),
        "outputs": checked.texts,
        "fields": checked.mapping,
        "traceback": checked.text_or_none,
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
