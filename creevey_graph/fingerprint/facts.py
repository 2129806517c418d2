"""
What explains a fingerprint: the text of its parts, where they stand, and what refers to what.

Nothing here counts for a digest; it is kept so that an edit can be told, with its old and its
new text, long after the old file is gone.
"""

import dataclasses
import reprlib
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import attrs

from creevey_graph.fields import field_of

MAX_FUNCTION = 20_000
"""Characters kept of a function's text."""
MAX_SOURCES = 200_000
"""Characters kept of all texts of one fingerprint."""
MAX_VALUE = 80
"""Characters kept of a value: a line of a reason."""


@attrs.frozen
class CodeFingerprint:
    """
    What stands for a function's code.

    Args:
        digest: Hex sha256 over all parts.
        parts: What was seen -> its digest: "source", "default size", "helper m.f", …
        source: The text of the first function met, for diffs; "" where there is none.
        untracked: What could not be seen through, each with its name.
        sources: Part -> its text: a function's as it stands in its file, a value's short repr.
        via: Part -> the part that refers to it, where it was met first.
        files: Part -> the file its function stands in; functions only.
    """

    digest: str
    parts: Mapping[str, str]
    source: str = ""
    untracked: tuple[str, ...] = ()
    sources: Mapping[str, str] = attrs.field(factory=dict)
    via: Mapping[str, str] = attrs.field(factory=dict)
    files: Mapping[str, str] = attrs.field(factory=dict)


class Facts:
    """
    The facts of one fingerprint in the making.

    State: sources, via, files as in `CodeFingerprint`; source = text of the first function met;
    at = the part that is being visited; room = characters that may still be kept.
    """

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.via: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.source = ""
        self.at = ""
        self._room = MAX_SOURCES

    def note_reference(self, part: str) -> None:
        """Keep that the part being visited refers to *part*, unless another was first."""
        if part != self.at:
            self.via.setdefault(part, self.at)

    def note_function(self, part: str, text: str, filename: str) -> None:
        """Keep a function's text, without the indentation it has in a class."""
        text = textwrap.dedent(text)
        self.source = self.source or text
        self.files.setdefault(part, filename)
        self.note_text(part, text)

    def note_value(self, part: str, value: Any) -> None:
        """Keep what a value looks like."""
        self.note_text(part, value_text(value))

    def note_text(self, part: str, text: str) -> None:
        """Keep a part's text, as far as there is room for it."""
        text = text[: min(MAX_FUNCTION, self._room)]
        if text and part not in self.sources:
            self.sources[part] = text
            self._room -= len(text)

    def finished(self, digest: str, parts: Mapping[str, str], untracked: list[str]) -> CodeFingerprint:
        """Return the fingerprint that these facts explain."""
        via = {part: parent for part, parent in self.via.items() if parent}
        return CodeFingerprint(digest, parts, self.source, tuple(untracked), self.sources, via, self.files)


def label_of(part: str, parent: str) -> str:
    """
    Return a part's name as the user wrote it.

    Args:
        part: As it stands in `CodeFingerprint.parts`.
        parent: The part that refers to it.

    >>> label_of("refers to tools.tone", "source"), label_of("refers to m.Tool.use", "refers to m.Tool")
    ('tone', 'use')
    """
    rest = part.removeprefix(parent)
    if parent and rest != part and rest[:1] in {" ", ".", "["}:
        inner = rest[1:-1]  # a function in a table goes by its name, any other member by its place
        return inner if rest[0] == "[" and rest[-1] == "]" and inner.isidentifier() else rest.lstrip(" .")
    return part.rpartition(".")[2] if part.startswith("refers to ") else part


def path_of(part: str, via: Mapping[str, str]) -> tuple[str, ...]:
    """
    Return the names that lead from a step's function to *part*, the function itself left out.

    >>> path_of("refers to tools.norm", {"refers to tools.norm": "refers to m.tone", "refers to m.tone": "source"})
    ('tone', 'norm')
    """
    path: list[str] = []
    seen = set()
    while part and part != "source" and part not in seen:
        seen.add(part)
        parent = via.get(part, "")
        path.insert(0, label_of(part, parent))
        part = parent
    return tuple(path)


class _Repr(reprlib.Repr):
    """Short texts of builtin values; of anything else no code is run, and no address is shown."""

    def repr1(self, x: Any, level: int) -> str:
        return super().repr1(x, level) if type(x) in _PLAIN else _text_of(x)


_REPR = _Repr()
_REPR.maxlevel = 3
_REPR.maxdict = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxlist = _REPR.maxtuple = 8
_REPR.maxstring = _REPR.maxlong = _REPR.maxother = MAX_VALUE
_PLAIN = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    list,
    tuple,
    set,
    frozenset,
    dict,
    range,
)


def value_text(value: Any) -> str:
    """
    Return what a value looks like in at most `MAX_VALUE` characters; no code of the user's is run.

    >>> value_text([1, 2, 3]), value_text("x" * 100)[-2:]
    ('[1, 2, 3]', "x'")
    """
    try:
        text = _text_of(value)
    except Exception:  # noqa: BLE001 - members of a container may be anything
        text = f"<{type(value).__qualname__}>"
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _text_of(value: Any) -> str:
    kind = type(value)
    if isinstance(value, Enum):
        return f"{kind.__name__}.{value.name}"
    if isinstance(value, PurePath):
        return repr(str(value))
    if kind in _PLAIN:
        return _REPR.repr(value)
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__qualname__", kind.__qualname__))
    if fields := list(_fields_of(value)):
        return f"{kind.__name__}({', '.join(f'{name}={_REPR.repr(part)}' for name, part in fields)})"
    return str(field_of(value))


def _fields_of(value: Any) -> Iterator[tuple[str, Any]]:
    names = [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    names += [field.name for field in getattr(type(value), "__attrs_attrs__", ())]
    for name in names:
        yield name, getattr(value, name)
