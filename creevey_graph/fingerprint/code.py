"""
Function -> fingerprint: a digest of what the function would do.

`fingerprint_function` walks the canonical tree of the code that runs, its decorators,
defaults, closure values and what it refers to, transitively through user code.
Standard library counts by Python's minor version, installed distributions by name and
minor version. What cannot be seen through is never guessed: it is listed as not
tracked. Whether a step's parameters count stands elsewhere (`freeze.py`).
"""

import functools
import hashlib
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from creevey_graph.errors import Undigestible
from creevey_graph.fingerprint.canonical import canonical_bytes
from creevey_graph.fingerprint.modules import distribution_of, is_user_module
from creevey_graph.fingerprint.references import chains_of, code_names, code_text
from creevey_graph.fingerprint.source import SourceFiles
from creevey_graph.fingerprint.values import digest_value

FORMAT = "code-1"
"""Changes whenever the same code would get another digest."""


@attrs.frozen
class CodeFingerprint:
    """
    What stands for a function's code.

    Args:
        digest: Hex sha256 over all parts.
        parts: What was seen -> its digest: "source", "default size", "helper m.f", …
        source: The function's text, for diffs; "" where there is none.
        untracked: What could not be seen through, each with its name.
    """

    digest: str
    parts: Mapping[str, str]
    source: str = ""
    untracked: tuple[str, ...] = ()


def fingerprint_function(func: Callable[..., Any], *, with_defaults: bool = True) -> CodeFingerprint:
    """
    Return the fingerprint of *func*: any callable, with or without source.

    Args:
        func: Any callable.
        with_defaults: Whether *func*'s own defaults count; a step's parameters count by
            themselves, whether they come from a default or from the call.

    Never raises for what it finds in globals: what has no digest is listed as not tracked.

    >>> one = fingerprint_function(lambda x: x + 1)
    >>> one.digest == fingerprint_function(lambda y: y + 2).digest
    False
    """
    walk = _Walk(with_defaults=with_defaults)
    walk.visit("source", func)
    body = "".join(f"{len(name)}:{name}={digest};" for name, digest in sorted(walk.parts.items()))
    return CodeFingerprint(_sha(f"{FORMAT};{body}"), walk.parts, walk.source, tuple(walk.untracked))


class _Walk:
    """
    One fingerprint in the making.

    State: parts = what was seen -> digest; untracked = what could not be seen through;
    source = text of the first function met; seen = objects met, kept alive so that their ids hold.
    """

    def __init__(self, *, with_defaults: bool) -> None:
        self._with_defaults = with_defaults
        self.parts: dict[str, str] = {}
        self.untracked: list[str] = []
        self.source = ""
        self._seen: dict[int, tuple[str, Any]] = {}
        self._files = SourceFiles()

    def visit(self, name: str, value: Any) -> None:
        """Add the parts of *value* under *name*; code met before counts where it was met first."""
        visitor = next((visit for handles, visit in _VISITORS if handles(value)), None)
        if visitor is None:
            self._visit_value(name, value)
        elif self._is_new(name, value):
            visitor(self, name, value)

    def _is_new(self, name: str, value: Any) -> bool:
        if id(value) in self._seen:
            self._put(name, "same as", self._seen[id(value)][0])
            return False
        self._seen[id(value)] = (name, value)
        return True

    def _put(self, name: str, kind: str, text: str) -> None:
        self.parts[name] = _sha(f"{kind};{text}")

    def _visit_value(self, name: str, value: Any) -> None:
        nested: dict[str, Callable[..., Any]] = {}

        def digest_callable(func: Callable[..., Any]) -> str:
            # By content, not by place: sets and dicts are met in an order that varies.
            shallow = self._shallow(func)
            nested[shallow] = func
            return shallow

        try:
            self._put(name, "value", digest_value(value, digest_callable=digest_callable))
        except Undigestible:
            if self._is_new(name, value):
                self._visit_instance(name, value)
            return
        for shallow, func in sorted(nested.items()):
            self.visit(f"{name}[{getattr(func, '__qualname__', '')} {shallow[:8]}]", func)
        if is_user_module(type(value).__module__) and type(value).__module__ != "builtins":
            self.visit(f"{name}.class", type(value))

    def _shallow(self, func: Callable[..., Any]) -> str:
        """Digest what tells two callables apart without following what they refer to."""
        code = getattr(func, "__code__", None)
        found = self._files.find(code) if isinstance(code, types.CodeType) else None
        if found is not None:
            return hashlib.sha256(canonical_bytes(found[0], without_decorators=True)).hexdigest()
        if isinstance(code, types.CodeType):
            return _sha(code_text(code))
        return _sha(
            f"{getattr(func, '__module__', '')}.{getattr(func, '__qualname__', type(func).__qualname__)}"
        )

    def _visit_instance(self, name: str, value: Any) -> None:
        kind = type(value)
        if kind.__module__ in _NO_MEANING_MODULES:
            self._put(name, "object", f"{kind.__module__}.{kind.__qualname__}")
            return
        state = getattr(value, "__dict__", None)
        if not is_user_module(kind.__module__) or state is None:
            self._put(name, "untracked", f"{kind.__module__}.{kind.__qualname__}")
            self.untracked.append(f"{name} ({kind.__module__}.{kind.__qualname__})")
            return
        self.visit(f"{name}.class", kind)
        for attribute, part in sorted(state.items()):
            self.visit(f"{name}.{attribute}", part)

    def visit_function(self, name: str, func: types.FunctionType) -> None:
        if not is_user_module(func.__module__, func.__globals__):
            self._put(name, "installed", f"{distribution_of(func.__module__)};{func.__qualname__}")
            return
        found = self._files.find(func.__code__)
        if found is None:
            self._visit_code(name, func)
        else:
            node, text = found
            self.source = self.source or text
            self.parts[name] = hashlib.sha256(canonical_bytes(node, without_decorators=True)).hexdigest()
        prefix = "" if name == "source" else f"{name} "
        if prefix or self._with_defaults:
            self._visit_defaults(prefix, func)
        for cell_name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
            try:
                self.visit(f"{prefix}closure {cell_name}", cell.cell_contents)
            except ValueError:  # an empty cell: not assigned yet
                self._put(f"{prefix}closure {cell_name}", "empty", "")
        names = chains_of(found[0]) if found else code_names(func.__code__)
        for chain in sorted(names):
            self._visit_global(chain, func)

    def _visit_code(self, name: str, func: types.FunctionType) -> None:
        self._put(name, "bytecode", code_text(func.__code__))
        self.untracked.append(
            f"the source of {func.__qualname__} (its bytecode counts, with Python's version)"
        )

    def _visit_defaults(self, prefix: str, func: types.FunctionType) -> None:
        positional = list(inspect.signature(func, follow_wrapped=False).parameters)
        defaults = func.__defaults__ or ()
        count = func.__code__.co_argcount
        for parameter, value in zip(positional[count - len(defaults) : count], defaults, strict=True):
            self.visit(f"{prefix}default {parameter}", value)
        for parameter, value in sorted((func.__kwdefaults__ or {}).items()):
            self.visit(f"{prefix}default {parameter}", value)

    def _visit_global(self, chain: tuple[str, ...], func: types.FunctionType) -> None:
        scope = func.__globals__
        if chain[0] in func.__code__.co_freevars or chain[0] not in scope:
            return  # a closure value (seen already), a builtin, or a name not there yet
        value, rest = scope[chain[0]], list(chain[1:])
        path = chain[0]
        while rest and isinstance(value, types.ModuleType):
            if not is_user_module(value.__name__) or not hasattr(value, rest[0]):
                break
            value = getattr(value, rest[0])
            path = f"{path}.{rest.pop(0)}"
        self.visit(f"refers to {func.__module__}.{path}", value)

    def visit_module(self, name: str, module: types.ModuleType) -> None:
        if is_user_module(module.__name__):
            self.untracked.append(f"{name} (module {module.__name__} as a whole)")
            self._put(name, "module", module.__name__)
        else:
            self._put(name, "installed", distribution_of(module.__name__))

    def visit_class(self, name: str, kind: type) -> None:
        if not is_user_module(kind.__module__):
            self._put(name, "installed", f"{distribution_of(kind.__module__)};{kind.__qualname__}")
            return
        self._put(name, "class", kind.__qualname__)
        for base in kind.__bases__:
            self.visit(f"{name} base {base.__qualname__}", base)
        for attribute, value in sorted(vars(kind).items()):
            if attribute not in _CLASS_NOISE:
                self.visit(f"{name}.{attribute}", value)

    def visit_partial(self, name: str, value: "functools.partial[Any]") -> None:
        self.visit(f"{name}" if name == "source" else f"{name} func", value.func)
        for index, part in enumerate(value.args):
            self.visit(f"{name} partial {index}", part)
        for key, part in sorted(value.keywords.items()):
            self.visit(f"{name} partial {key}", part)

    def visit_method(self, name: str, value: types.MethodType) -> None:
        self.visit(name, value.__func__)
        self.visit(f"{name} self", value.__self__)

    def visit_property(self, name: str, value: property) -> None:
        for part in ("fget", "fset", "fdel"):
            self.visit(f"{name} {part}", getattr(value, part))

    def visit_wrapper(self, name: str, value: Any) -> None:
        self.visit(name, value.__func__)

    def visit_builtin(self, name: str, value: Any) -> None:
        module = getattr(value, "__module__", None) or "builtins"
        self._put(name, "installed", f"{distribution_of(module)};{getattr(value, '__qualname__', name)}")

    def visit_step(self, name: str, value: Any) -> None:
        self.visit(name, value.func)
        self.visit(f"{name} bound", dict(value.bound))

    def visit_callable(self, name: str, value: Any) -> None:
        """A callable object: its class with all its methods, and its state."""
        self._put(name, "object", type(value).__qualname__)
        self.visit(f"{name} class", type(value))
        if is_user_module(type(value).__module__):
            for attribute, part in sorted(getattr(value, "__dict__", {}).items()):
                self.visit(f"{name}.{attribute}", part)
        elif wrapped := getattr(value, "__wrapped__", None):  # such as lru_cache
            self.visit(f"{name} wrapped", wrapped)
        else:
            self.untracked.append(f"{name} ({type(value).__module__}.{type(value).__qualname__})")


def _is_step(value: Any) -> bool:
    kind = type(value)
    return kind.__module__ == "creevey_graph.step" and kind.__name__ == "Step"


_BUILTINS = (
    types.BuiltinFunctionType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)

_VISITORS: tuple[tuple[Callable[[Any], bool], Callable[[_Walk, str, Any], None]], ...] = (
    (_is_step, _Walk.visit_step),
    (inspect.isfunction, _Walk.visit_function),
    (inspect.ismethod, _Walk.visit_method),
    (inspect.isclass, _Walk.visit_class),
    (inspect.ismodule, _Walk.visit_module),
    (lambda value: isinstance(value, functools.partial), _Walk.visit_partial),
    (lambda value: isinstance(value, property), _Walk.visit_property),
    (lambda value: isinstance(value, staticmethod | classmethod), _Walk.visit_wrapper),
    (lambda value: isinstance(value, _BUILTINS), _Walk.visit_builtin),
    (callable, _Walk.visit_callable),
)

_NO_MEANING_MODULES = frozenset({"typing", "types", "_thread", "threading", "logging"})
"""Instances of these (aliases, locks, loggers) hold nothing that changes what a function returns."""

_CLASS_NOISE = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__"}
    | {"__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__"}
    | {"__abstractmethods__", "_abc_impl", "__parameters__", "__orig_bases__", "__match_args__"}
    | {"__annotations_cache__", "__dataclass_params__", "__attrs_props__", "__type_params__"}
)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
