"""Nodes: a step placed in a graph, and the references that stand in its arguments."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from creevey_graph.signature import fold
from creevey_graph.step import Step
from creevey_graph.symbolic import Symbol, symbols_in


@attrs.frozen
class Ref:
    """Names the node or input whose value stands in an argument's place."""

    name: str


@attrs.frozen(eq=False)
class Node:
    """
    A step placed in a graph.

    Args:
        name: Unique in the graph.
        step: What runs.
        arguments: Parameter -> value, given or bound; a `Ref`, also inside lists, tuples and dicts,
            stands for a node.
        group: Names of the sub-graphs it came from, outermost first; each copy of one has a name of its own.
    """

    name: str
    step: Step[..., Any]
    arguments: Mapping[str, Any]
    group: tuple[str, ...] = ()

    def path_sources(self) -> list[str]:
        """Return the names of the nodes and inputs that a writer's path reads; there should be none."""
        return [ref.name for ref in refs_in(self.arguments.get(self.step.options.writes))]

    def output_path(self) -> Any:
        """Return what stands in a writer's path parameter, `bind` and the function's default among it."""
        step, name = self.step, self.step.options.writes or ""
        default = step.signature.parameters[name].default if name in step.signature.parameters else None
        return self.arguments.get(name, step.bound.get(name, default))

    def given(self) -> dict[str, Any]:
        """Return the arguments that were given to the node, without those its step has from `bind`."""
        bound = fold(self.step.signature.parameters, self.step.bound)
        return {
            parameter: value
            for parameter, value in self.arguments.items()
            if parameter not in bound or value is not bound[parameter]
        }

    def refs(self) -> Iterator[tuple[str, str]]:
        """Yield (parameter, name of a node or input it reads), in order."""
        for parameter, value in self.arguments.items():
            for ref in refs_in(value):
                yield parameter, ref.name


def refs_in(value: Any) -> Iterator[Ref]:
    """Yield every `Ref` in an argument."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from refs_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from refs_in(part)


def map_refs(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return *value* with *change* applied to each leaf inside lists, tuples and dicts that hold refs."""
    if isinstance(value, Ref | Symbol) or not isinstance(value, list | tuple | dict):
        return change(value)
    if not (any(True for _ in refs_in(value)) or any(True for _ in symbols_in(value))):
        return value
    if isinstance(value, dict):
        if any(True for _ in symbols_in(list(value))):
            return change(value)  # a symbol for a key: to be refused
        return {key: map_refs(part, change) for key, part in value.items()}
    parts = [map_refs(part, change) for part in value]
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
