"""Symbols: what a graph's function is given in place of an item's values."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from creevey_graph.errors import GraphError
from creevey_graph.fingerprint.modules import is_user_module
from creevey_graph.step import Step
from creevey_graph.symbolic import Symbol


class Declared(Protocol):
    """A graph that is being declared, as far as symbols need it; a traced one has a `function`."""

    name: str

    def place(self, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> "NodeSymbol":
        """Make a node of a call."""
        ...


class NodeSymbol(Symbol):
    """
    Stands for the value of a node or input while its graph is declared.

    Anything that would need the value itself is an error that says so.
    """

    def __init__(self, graph: Declared, name: str) -> None:
        self.__dict__["graph"] = graph
        self.__dict__["node"] = name

    graph: Declared
    node: str

    def apply(self, step: Step[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> "NodeSymbol":
        return self.graph.place(step, args, kwargs)

    def __repr__(self) -> str:
        return f"<'{self.node}' of graph '{self.graph.name}'>"

    def _refuse(self, what: str) -> NoReturn:
        raise GraphError(
            f"graph '{self.graph.name}': {what} '{self.node}', whose value is not known while the "
            f"graph is declared; do it inside a step{self._remedy()}"
        )

    def _remedy(self) -> str:
        """Return a question for where a function of the user's own did it that the graph's function called."""
        traced = getattr(getattr(self.graph, "function", None), "__code__", None)
        inner, frame = None, inspect.currentframe()
        while frame is not None and frame.f_code is not traced:
            inner, frame = frame, frame.f_back
        if frame is None or inner is None or not inner.f_code.co_name.isidentifier():  # such as "<lambda>"
            return ""
        module = inner.f_globals.get("__name__")
        is_own = is_user_module(module, inner.f_globals) and not str(module).startswith("creevey_graph.")
        return f" (or is '@step' missing above '{inner.f_code.co_name}'?)" if is_own else ""

    def __bool__(self) -> bool:  # noqa: PLE0304 - it refuses
        self._refuse("cannot branch on")

    def __iter__(self) -> Iterator[Any]:
        self._refuse("cannot unpack or loop over")

    def __len__(self) -> int:  # noqa: PLE0303 - it refuses
        self._refuse("cannot take the length of")

    def __getitem__(self, key: Any) -> Any:
        self._refuse(f"cannot take [{key!r}] of")

    def __contains__(self, value: Any) -> bool:
        self._refuse("cannot look into")

    def __call__(self, *_: Any, **__: Any) -> Any:
        self._refuse("cannot call")

    def __setattr__(self, attribute: str, value: Any) -> None:
        self._refuse(f"cannot set .{attribute} of")

    def __setitem__(self, key: Any, value: Any) -> None:
        self._refuse(f"cannot set [{key!r}] of")

    # Text made of a symbol would be a constant that looks like a name of the item's.
    def __str__(self) -> str:  # noqa: PLE0307 - it refuses
        self._refuse("cannot make text of")

    def __fspath__(self) -> str:
        self._refuse("cannot open, or make a path of,")

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        self._refuse(f"cannot take .{attribute} of")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        self._refuse("cannot compare")


def _refusing(sign: str) -> Callable[..., Any]:
    def refuse(self: NodeSymbol, *_: Any) -> Any:
        self._refuse(f"cannot use '{sign}' on")

    return refuse


_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
    "divmod": "divmod",
}  # fmt: skip
for _name, _sign in _SIGNS.items():
    setattr(NodeSymbol, f"__{_name}__", _refusing(_sign))
    setattr(NodeSymbol, f"__r{_name}__", _refusing(_sign))
for _name, _sign in {
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "ne": "!=",
    "neg": "-",
    "pos": "+",
    "invert": "~",
    "abs": "abs",
    "round": "round",
    "int": "int",
    "float": "float",
    "index": "index",
    "reversed": "reversed",
}.items():
    setattr(NodeSymbol, f"__{_name}__", _refusing(_sign))
