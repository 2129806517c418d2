"""
Function -> fingerprint: a digest of what the function would do.

`fingerprint_function` walks the canonical tree of the code that runs, its decorators,
defaults, closure values and what it refers to, transitively through user code.
Standard library counts by Python's minor version, installed distributions by name and
minor version. What cannot be seen through is never guessed: it is listed as not
tracked. Whether a step's parameters count stands elsewhere (`freeze.py`).
"""

import ast
import functools
import hashlib
import inspect
import types
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, get_args, get_origin

from creevey_graph.errors import Undigestible
from creevey_graph.fingerprint.contents import contents_of, hides_state, is_plain
from creevey_graph.fingerprint.facts import CodeFingerprint, Facts
from creevey_graph.fingerprint.imports import imports_of
from creevey_graph.fingerprint.kinds import (
    BUILTINS,
    CLASS_NOISE,
    NO_MEANING_MODULES,
    defaults_of,
    fields_of,
    held,
    is_generated,
    is_step,
)
from creevey_graph.fingerprint.modules import PYTHON, distribution_of, is_user_module
from creevey_graph.fingerprint.references import ModuleNames, code_names, code_text, parts, resolved, state_of
from creevey_graph.fingerprint.source import FunctionNode, SourceFiles
from creevey_graph.fingerprint.tokens import type_name
from creevey_graph.fingerprint.trees import facts_of_tree, own_digest, shallow_digest
from creevey_graph.fingerprint.values import digest_value

FORMAT = "code-4"
"""Changes whenever the same code would get another digest."""
MAX_PARTS = 10_000
"""From there on containers are not looked into any more."""
MAX_NAME = 1000
"""Length of a part's name; only objects within objects without end come near it."""


def fingerprint_function(func: Callable[..., Any], *, with_defaults: bool = True) -> CodeFingerprint:
    """
    Return the fingerprint of *func*: any callable, with or without source.

    Args:
        func: Any callable.
        with_defaults: Whether *func*'s own defaults count; a step's parameters count by
            themselves, whether they come from a default or from the call.

    Never raises for what it finds in globals: what has no digest is listed as not tracked.

    >>> fingerprint_function(len).digest == fingerprint_function(abs).digest
    False
    """
    walk = _Walk(with_defaults=with_defaults)
    walk.visit("source", func)
    return walk.finish()


class _Walk:
    """
    One fingerprint in the making.

    State: parts = what was seen -> digest; untracked = what could not be seen through;
    facts = what explains the parts; seen = objects met, kept alive so that their ids hold;
    waiting = what is still to be visited.
    """

    def __init__(self, *, with_defaults: bool) -> None:
        self._with_defaults = with_defaults
        self.parts: dict[str, str] = {}
        self.untracked: list[str] = []
        self.facts = Facts()
        self._waiting: deque[tuple[str, Any]] = deque()
        self._seen: dict[int, tuple[str, Any]] = {}
        self._files = SourceFiles()
        self._modules = ModuleNames()

    def visit(self, name: str, value: Any) -> None:
        """Note that the parts of *value* count under *name*; what was met before counts where it was met."""
        self.facts.note_reference(name)
        self._waiting.append((name, value))

    def finish(self) -> CodeFingerprint:
        """Visit all that waits: a queue, since a chain of helpers or objects may be of any length."""
        while self._waiting:
            name, value = self._waiting.popleft()
            self.facts.at = name
            if len(name) > MAX_NAME:
                self._give_up(name[:MAX_NAME], "nested too deep")
                continue
            try:
                self._visit(name, value)
            except Exception as exc:  # noqa: BLE001 - attributes, `__class__` and module `__getattr__` are any code
                self._give_up(name, f"{type(value).__qualname__}: {type(exc).__name__}")
        # With modules by number: a module that is renamed, or a script that is imported, is no edit.
        body = "".join(f"{len(name)}:{name}={digest};" for name, digest in sorted(self.parts.items()))
        found = self.facts.finished(_sha(f"{FORMAT};{body}"), self.parts, self.untracked)
        return self._modules.told(found)

    def _visit(self, name: str, value: Any) -> None:
        visitor = next((visit for handles, visit in _VISITORS if handles(value)), None)
        if visitor is None:
            self._visit_value(name, value)
        elif self._is_new(name, value):
            visitor(self, name, value)

    def _give_up(self, name: str, why: str) -> None:
        self._put(name, "untracked", why)
        self.untracked.append(f"{name} ({why})")

    def _is_new(self, name: str, value: Any) -> bool:
        if id(value) in self._seen:
            first = self._seen[id(value)][0]
            if name != first:
                self._put(name, "same as", first)
            return False
        self._seen[id(value)] = (name, value)
        return True

    def _put(self, name: str, kind: str, text: str) -> None:
        if kind == "installed":
            self.facts.note_text(name, text.replace(";", " "))
        self._add(name, _sha(f"{kind};{text}"))

    def _add(self, name: str, digest: str) -> None:
        known = self.parts.get(name, digest)  # nothing that was seen is lost where two have one name
        self.parts[name] = digest if known == digest else _sha(f"{known};{digest}")

    def _visit_value(self, name: str, value: Any) -> None:
        nested: list[tuple[str, Callable[..., Any]]] = []

        def digest_callable(func: Callable[..., Any]) -> str:
            # By content, not by place: sets and dicts are met in an order that varies.
            shallow = shallow_digest(func, self._files)
            nested.append((shallow, func))
            return shallow

        classes: set[type] = set()
        try:
            digest = digest_value(value, digest_callable=digest_callable, classes=classes)
            self._put(name, "value", digest)
            self.facts.note_value(name, value)
        except Undigestible:
            if self._is_new(name, value):
                self._visit_contents(name, value)
            return
        # Closures of one function share this digest and differ by what they hold: each is visited.
        for shallow, func in sorted(nested, key=lambda pair: pair[0]):
            self.visit(f"{name}[{getattr(func, '__qualname__', '')} {shallow[:8]}]", func)
        for kind in sorted(classes, key=type_name):  # of the value itself and of all that it holds
            if is_user_module(kind.__module__):
                self.visit(
                    f"{name}.class" if kind is type(value) else f"{name}.class {kind.__qualname__}", kind
                )

    def _visit_contents(self, name: str, value: Any) -> None:
        contents = contents_of(value) if len(self.parts) < MAX_PARTS else None
        if contents is None:
            self._visit_instance(name, value)
            return
        self._put(name, "holds", f"{type(value).__qualname__} {len(contents)}")
        for label, part in contents:
            self.visit(f"{name}{label}", part)

    def _visit_instance(self, name: str, value: Any) -> None:
        kind = type(value)
        if kind.__module__ in NO_MEANING_MODULES and kind is not types.SimpleNamespace:
            self._put(name, "object", f"{kind.__module__}.{kind.__qualname__}")
            return
        state = state_of(value)
        is_seen = is_user_module(kind.__module__) and (state or is_plain(kind))
        if kind is not types.SimpleNamespace and (not is_seen or hides_state(kind)):
            self._give_up(name, f"{kind.__module__}.{kind.__qualname__}")
            if not is_seen:
                return
        self.visit(f"{name}.class", kind)
        for attribute, part in sorted(state.items()):
            self.visit(f"{name}.{attribute}", part)

    def visit_function(self, name: str, func: types.FunctionType) -> None:
        if "__wrapped__" in func.__dict__:
            self.visit(f"{name} wrapped", func.__dict__["__wrapped__"])
        if not is_user_module(func.__module__, func.__globals__):
            self._visit_installed(name, func)
            return
        if is_generated(func.__code__):
            self._put(name, "generated", func.__code__.co_name)
            return
        found = self._files.find(func.__code__)
        if found is None:
            self._put(name, "bytecode", code_text(func.__code__))
            self.untracked.append(
                f"the source of {func.__qualname__} (its bytecode counts, with Python's version)"
            )
        else:
            self.facts.note_function(name, found[1], func.__code__.co_filename)
            self._visit_tree(name, found[0], func)
        prefix = "" if name == "source" else f"{name} "
        if prefix or self._with_defaults:
            for parameter, value in defaults_of(func):
                self.visit(f"{prefix}default {parameter}", value)
        for cell_name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
            self.visit(f"{prefix}closure {cell_name}", held(cell))
        names = code_names(func.__code__)
        chains = facts_of_tree(found[0]).chains if found else sorted(names)
        for chain in chains:
            if chain[:1] in names:  # a parameter or local called like a global is none
                self._visit_global(chain, func)

    def _visit_installed(self, name: str, func: types.FunctionType) -> None:
        self._put(name, "installed", f"{distribution_of(func.__module__)};{func.__qualname__}")
        is_library = distribution_of(func.__module__) == PYTHON
        for cell_name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
            # An installed decorator around the user's function; of the library's own, only
            # the table of `singledispatch` is more than a cache.
            if callable(inner := held(cell)) or not is_library or cell_name == "registry":
                self.visit(f"{name} closure {cell_name}", inner)

    def _visit_tree(self, name: str, node: FunctionNode, func: types.FunctionType) -> None:
        tree, is_own = facts_of_tree(node), name.replace(" wrapped", "") == "source"
        with_defaults = self._with_defaults or name != "source"
        self._add(name, own_digest(node, with_defaults=with_defaults) if is_own else tree.digest)
        self.untracked += [f"{unseen} in {func.__qualname__}" for unseen in tree.unseen]
        if tree.has_imports:
            self._add_imports(node, func)

    def _add_imports(self, node: ast.AST, func: types.FunctionType) -> None:
        for module, text in imports_of(node, func.__globals__).items():
            if text is None:
                self._give_up(f"imports {module}", f"in {func.__qualname__}")
            else:
                self._put(f"imports {module}", "module", text)

    def _visit_global(self, chain: tuple[str, ...], func: types.FunctionType) -> None:
        found = resolved(chain, func)
        if found is None:
            return
        path, value, rest = found
        name = f"refers to {self._modules.token(func.__globals__.get('__name__', ''))}.{path}"
        self.visit(name, value)
        if rest and isinstance(value, types.FunctionType) and rest[0] in vars(value):
            self.visit(f"{name}.{rest[0]}", vars(value)[rest[0]])

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
        if is_user_module(type(kind).__module__):
            self.visit(f"{name} metaclass", type(kind))
        for part, value in fields_of(kind):
            self.visit(f"{name} {part}", value)
        for base in kind.__bases__:
            self.visit(f"{name} base {base.__qualname__}", base)
        for attribute, value in sorted(vars(kind).items()):
            sunder = attribute.startswith("_") and attribute.endswith("_") and attribute[1:2] != "_"
            if attribute not in CLASS_NOISE and not (sunder and issubclass(kind, Enum)):
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

    def visit_property(self, name: str, value: Any) -> None:
        for part in ("fget", "fset", "fdel", "func", "dispatcher"):
            if hasattr(value, part):
                self.visit(f"{name} {part}", getattr(value, part))

    def visit_wrapper(self, name: str, value: Any) -> None:
        self.visit(name, value.__func__)

    def visit_alias(self, name: str, value: Any) -> None:
        self._put(name, "alias", str(get_origin(value)))
        for index, part in enumerate(get_args(value)):  # as of a Literal
            self.visit(f"{name} {index}", part)

    def visit_builtin(self, name: str, value: Any) -> None:
        module = getattr(value, "__module__", None) or "builtins"
        if is_user_module(module):
            self._give_up(name, f"compiled module {module}")
            return
        self._put(name, "installed", f"{distribution_of(module)};{getattr(value, '__qualname__', name)}")
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):  # `"{:03}".format`, `TABLE.get`
            self.visit(f"{name} self", owner)

    def visit_step(self, name: str, value: Any) -> None:
        self.visit(name, value.func)
        if value.bound:
            self.visit(f"{name} bound", dict(value.bound))

    def visit_callable(self, name: str, value: Any) -> None:
        if (contents := contents_of(value)) is not None or type(value).__module__ in NO_MEANING_MODULES:
            self._put(name, "object", f"{type(value).__qualname__} {getattr(value, '__name__', '')}")
            for label, part in contents or ():
                self.visit(f"{name}{label}", part)
            return
        self._put(name, "object", type(value).__qualname__)
        self.visit(f"{name} class", type(value))
        found, is_all = parts(value)
        for label, part in found:
            self.visit(f"{name}{label}", part)
        if not is_all:
            self._give_up(name, f"{type(value).__module__}.{type(value).__qualname__}")


_PROPERTIES = (property, functools.cached_property, functools.singledispatchmethod)
_VISITORS: tuple[tuple[Callable[[Any], Any], Callable[[_Walk, str, Any], None]], ...] = (
    (is_step, _Walk.visit_step),
    (inspect.isfunction, _Walk.visit_function),
    (inspect.ismethod, _Walk.visit_method),
    (inspect.isclass, _Walk.visit_class),
    (inspect.ismodule, _Walk.visit_module),
    (get_origin, _Walk.visit_alias),
    (lambda value: isinstance(value, functools.partial | functools.partialmethod), _Walk.visit_partial),
    (lambda value: isinstance(value, _PROPERTIES), _Walk.visit_property),
    (lambda value: isinstance(value, staticmethod | classmethod), _Walk.visit_wrapper),
    (lambda value: isinstance(value, BUILTINS), _Walk.visit_builtin),
    (callable, _Walk.visit_callable),
)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
