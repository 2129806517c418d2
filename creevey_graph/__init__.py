"""
make, for image sets.

Declare steps with `@step`, connect them by calling them inside a `@graph` function, and run the
graph over every file of a set; a rerun does only what an edit, a new file or a lost output
really changed. Names are loaded when they are first asked for, so that `--help` stays quick.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from creevey_graph.step import Step, step

if TYPE_CHECKING:
    from creevey_graph.cache import Cache
    from creevey_graph.errors import (
        CreeveyError,
        GraphError,
        RunFailed,
        RunInterrupted,
        RunTerminated,
        SkipItem,
        SourceError,
        StepError,
        UsageError,
    )
    from creevey_graph.events import Outcome, Reason, Row
    from creevey_graph.explanation import Explanation
    from creevey_graph.facade import Graph, graph
    from creevey_graph.images import download
    from creevey_graph.pipeline import CustomReportingPipeline, Pipeline
    from creevey_graph.plan import Plan
    from creevey_graph.preview import Preview
    from creevey_graph.report import Report
    from creevey_graph.values import write_bytes, write_json, write_npy, write_text

__version__ = "0.1.0"

_HOMES = {
    "Cache": "cache",
    "CreeveyError": "errors",
    "CustomReportingPipeline": "pipeline",
    "Explanation": "explanation",
    "Graph": "facade",
    "GraphError": "errors",
    "Outcome": "events",
    "Pipeline": "pipeline",
    "Plan": "plan",
    "Preview": "preview",
    "Reason": "events",
    "Report": "report",
    "Row": "events",
    "RunFailed": "errors",
    "RunInterrupted": "errors",
    "RunTerminated": "errors",
    "SkipItem": "errors",
    "SourceError": "errors",
    "StepError": "errors",
    "UsageError": "errors",
    "download": "images",
    "graph": "facade",
    "write_bytes": "values",
    "write_json": "values",
    "write_npy": "values",
    "write_text": "values",
}
"""Public name -> module it stands in."""

__all__ = [
    "Cache",
    "CreeveyError",
    "CustomReportingPipeline",
    "Explanation",
    "Graph",
    "GraphError",
    "Outcome",
    "Pipeline",
    "Plan",
    "Preview",
    "Reason",
    "Report",
    "Row",
    "RunFailed",
    "RunInterrupted",
    "RunTerminated",
    "SkipItem",
    "SourceError",
    "Step",
    "StepError",
    "UsageError",
    "download",
    "graph",
    "step",
    "write_bytes",
    "write_json",
    "write_npy",
    "write_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'creevey_graph' has no attribute '{name}'")
    value = getattr(import_module(f"creevey_graph.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def _linear(steps: Sequence[Step[..., Any]]) -> Any:
    return __getattr__("Graph").linear(steps)


# Steps stand on a lower floor than graphs; here, where both are known, they are introduced.
Step.linear = staticmethod(_linear)


class _Package(ModuleType):
    """Keeps the public name `graph` from being hidden when the submodule `graph` is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
