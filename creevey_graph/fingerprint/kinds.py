"""Which kind of thing something is that a function refers to, and what of it says nothing."""

import dataclasses
import inspect
import types
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple


def is_step(value: Any) -> bool:
    """Return True for a `Step`, whose module stands above this one."""
    kind = type(value)
    return kind.__module__ == "creevey_graph.step" and kind.__name__ == "Step"


BUILTINS = (
    types.BuiltinFunctionType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    type(NamedTuple("_Pair", [("one", int)]).__dict__["one"]),
)

NO_MEANING_MODULES = frozenset({"typing", "types", "_thread", "threading", "logging"})
"""Instances of these (aliases, locks, loggers) hold nothing that changes what a function returns."""

CLASS_NOISE = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__"}
    | {"__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__"}
    | {
        "__abstractmethods__",
        "_abc_impl",
        "__parameters__",
        "__orig_bases__",
        "__match_args__",
        "__replace__",
    }
    | {
        "__annotations_cache__",
        "__dataclass_params__",
        "__dataclass_fields__",
        "__attrs_attrs__",
        "__attrs_props__",
        "__type_params__",
    }
)


_ATTRS = ("attr", "_make.py")
"""Where the `__setattr__` stands that attrs gives to classes with converters and validators."""


def is_generated(code: types.CodeType) -> bool:
    """Return True for a method that `dataclass`, attrs or `NamedTuple` wrote: it does what the fields say."""
    if code.co_filename.startswith("<attrs generated") or PurePath(code.co_filename).parts[-2:] == _ATTRS:
        return True
    return code.co_filename == "<string>" and (
        code.co_name.startswith("__") or (code.co_name == "<lambda>" and code.co_varnames[:1] == ("_cls",))
    )


def fields_of(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what the methods that `dataclass` and attrs write go by, each with its name."""
    if "__dataclass_fields__" in vars(kind):
        yield "dataclass", str(vars(kind).get("__dataclass_params__", ""))
        for field in dataclasses.fields(kind):
            yield f"field {field.name}", (field.init, field.repr, field.hash, field.compare, field.kw_only)
            for part in (field.default, field.default_factory):
                if part is not dataclasses.MISSING:
                    yield f"field {field.name} default", part
    for attribute in vars(kind).get("__attrs_attrs__", ()):
        facts = ("init", "repr", "eq", "order", "hash", "kw_only", "alias")
        yield f"field {attribute.name}", str([getattr(attribute, fact, None) for fact in facts])
        for role in ("default", "validator", "converter", "on_setattr"):
            part = getattr(attribute, role, None)
            part = getattr(part, "factory", part)
            if part is not None and type(part).__name__ != "_Nothing":
                yield f"field {attribute.name} {role}", part


def held(cell: types.CellType) -> Any:
    """Return what a closure's cell holds."""
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return "an empty cell"


def defaults_of(func: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield each parameter that has a default, with it; positional ones first."""
    positional = list(inspect.signature(func, follow_wrapped=False).parameters)
    defaults = func.__defaults__ or ()
    count = func.__code__.co_argcount
    yield from zip(positional[count - len(defaults) : count], defaults, strict=True)
    yield from sorted((func.__kwdefaults__ or {}).items())
