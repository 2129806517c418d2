"""
Output paths: a writer's template or callable -> a path below `out`, per item.

Names come from outside: what a template inserts is made safe, and the whole must stay
below `out`.
"""

import os
import re
import string
from collections.abc import Callable, Container, Mapping
from pathlib import PurePath, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs

from creevey_graph.errors import GraphError, UsageError, did_you_mean
from creevey_graph.parts import Part
from creevey_graph.sources import Item, RemoteFile
from creevey_graph.text import safe_text

FIELDS = ("stem", "name", "suffix", "parent", "key", "digest", "index")
_OF_PATH = ("stem", "name", "suffix", "parent")
_UNUSUAL = re.compile(r"^/|(?:^|/)\.|//|/$|[\\\x00]")
MAX_NAME_BYTES = 255
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')


@attrs.frozen
class OutputTemplate:
    """
    Where a writer's output goes.

    Args:
        node: The writer's name, for messages.
        template: Text with fields in braces, or a callable that takes an `Item` and returns a path.
        fields: Names of the fields the text uses.
    """

    node: str
    template: str | Callable[[Item], Any]
    fields: frozenset[str] = frozenset()

    @property
    def suffix(self) -> str | None:
        """The suffix every output has, or None where it depends on the item."""
        if callable(self.template):
            return None
        *_, (literal, field, _, _) = string.Formatter().parse(self.template)
        name = literal.rpartition("/")[2]
        if field is not None or (self.fields and name == literal and "." not in name):
            return None  # "{name}", "{stem}": what a field brings may hold a dot itself
        return PurePosixPath(f"x{name}" if name == literal else name).suffix

    @property
    def needs_digest(self) -> bool:
        """True where the path holds the item's content digest."""
        return "digest" in self.fields

    @property
    def columns(self) -> frozenset[str]:
        """Names of the items' own columns that the path is made of, as far as that is known."""
        return self.fields.difference(FIELDS)

    def problem_of(self, item: Item) -> str:
        """Say which column of the path an item has no value in, "" where there is none."""
        for name in sorted(self.columns):
            value = item.columns.get(name)
            if value is None or value == "" or value != value:  # noqa: PLR0124 - NaN is an empty cell of a frame
                return (
                    f"node '{self.node}': output template {self.template!r} needs a value in column '{name}', "
                    f"and item '{safe_text(item.key)}' has none; give it one, or use another field"
                )
        return ""

    def render(self, item: Item, digest: str = "") -> str:
        """
        Return the item's output path, relative to `out`, with "/" between folders.

        Args:
            item: The item.
            digest: Hex digest of the item's content, where `needs_digest`.

        Raises:
            UsageError: The path is empty, absolute, leaves `out`, or has a name over 255 bytes; or a column
                that it is made of has no value.
        """
        if callable(self.template):
            text = self._called(self.template, item)
        elif problem := self.problem_of(item):
            raise UsageError(problem)
        else:
            try:
                text = self.template.format_map(
                    {**_safe_columns(item), **_item_fields(item, digest, self.fields)}
                )
            except (KeyError, ValueError, IndexError, AttributeError) as exc:
                raise UsageError(
                    f"node '{self.node}': output template {self.template!r} does not fit item "
                    f"'{safe_text(item.key)}' ({exc})"
                ) from exc
        return _checked(self.node, item.key, text)

    def _called(self, function: Callable[[Item], Any], item: Item) -> str:
        where = f"node '{self.node}': its output path function"
        try:
            path = function(item)
        except Exception as exc:
            raise UsageError(f"{where} failed for item '{safe_text(item.key)}' ({exc!r})") from exc
        if isinstance(path, PurePath):
            path = path.as_posix()
        if not isinstance(path, str):
            raise UsageError(f"{where} must return text or a path (got {path!r} for '{safe_text(item.key)}')")
        return path


def parse_template(node: str, template: Any, columns: tuple[str, ...]) -> OutputTemplate:
    """
    Return the template of a writer.

    Args:
        node: The writer's name.
        template: What stands in the writer's path parameter.
        columns: Names of the items' own columns.

    Raises:
        GraphError: It is neither text, path nor callable, or names a field there is not.
    """
    if isinstance(template, PurePath):
        template = template.as_posix()
    if callable(template):
        return OutputTemplate(node, template)
    if not isinstance(template, str) or not template:
        raise GraphError(
            f"node '{node}': its output path must be a template such as '{{stem}}.jpg', "
            f"or a function of the item (got {template!r})"
        )
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as exc:
        raise GraphError(f"node '{node}': output template {template!r} cannot be read ({exc})") from exc
    fields = frozenset(re.split(r"[.\[]", field)[0] for _, field, _, _ in parts if field is not None)
    for field in sorted(fields - {*FIELDS, *columns}):
        raise GraphError(
            f"node '{node}': output template {template!r} has no field "
            f"'{field}'{did_you_mean(field, [*FIELDS, *columns])}"
        )
    return OutputTemplate(node, template, fields)


def _item_fields(item: Item, digest: str, wanted: Container[str]) -> Mapping[str, Any]:
    """Return the fields of an item that are *wanted*, and those that cost nothing."""
    fields: dict[str, Any] = {"digest": digest, "index": item.index}
    if "key" in wanted:
        fields["key"] = safe_path(item.key)
    if any(field in wanted for field in _OF_PATH):
        name, parent = _name_and_parent(item)
        name, stem, suffix = _split(name)
        fields |= {"stem": stem, "name": name, "suffix": suffix, "parent": parent}
    return fields


def _split(name: str) -> tuple[str, str, str]:
    """Return name, stem and suffix; most names have one dot inside, and need no `PurePosixPath`, 3 us each."""
    stem, dot, suffix = name.partition(".")
    if stem and suffix and "." not in suffix and "/" not in name:
        return name, stem, dot + suffix
    path = PurePosixPath(name)
    return path.name, path.stem, path.suffix


def _name_and_parent(item: Item) -> tuple[str, str]:
    value = item.values[0] if item.values else None
    if isinstance(value, Part | RemoteFile):
        return value.name or "item", _parent_of_key(item)
    if "://" in item.source:
        last = unquote(urlsplit(item.source).path.rstrip("/").rpartition("/")[2])
        return safe_name(last) or "item", ""
    source = item.source.replace(os.sep, "/")
    return source.rpartition("/")[2] or "item", _parent_of_key(item)


def _parent_of_key(item: Item) -> str:
    parent = item.key.replace(os.sep, "/").rpartition("/")[0]
    return parent if not PurePosixPath(parent).is_absolute() else safe_path(parent)


def _safe_columns(item: Item) -> dict[str, Any]:
    return {
        name: safe_name(value) if isinstance(value, str) else value for name, value in item.columns.items()
    }


def safe_name(text: str) -> str:
    """
    Return *text* as one file name: no separators, control characters or leading dots.

    >>> safe_name("../../etc/passwd")
    '_.._etc_passwd'
    """
    cut = _UNSAFE.sub("_", text.replace("/", "_")).encode()[:200].decode("utf-8", "ignore")
    return cut.lstrip(".").rstrip(" .") or ("_" if text else "")


def safe_path(text: str) -> str:
    """
    Return *text* as a relative path: its parts made safe, "." and ".." left out.

    >>> safe_path("https://a.example/b/../c.jpg?x=1")
    'https_/a.example/b/c.jpg_x=1'
    """
    return "/".join(safe_name(part) for part in text.split("/") if part.strip(". "))


def _checked(node: str, key: str, text: str) -> str:
    if text.isascii() and 0 < len(text) <= MAX_NAME_BYTES - 40 and not _UNUSUAL.search(text):
        return text  # as nearly all are: nothing that could lead elsewhere or be spelt otherwise
    path = PurePosixPath(os.path.normpath(text).replace(os.sep, "/")) if text else PurePosixPath()
    where = f"node '{node}': the output path of item '{safe_text(key)}'"
    if not text or path == PurePosixPath():
        raise UsageError(f"{where} is empty; use a field such as {{stem}}")
    if path.is_absolute() or ".." in path.parts or "\x00" in text:
        blank = "; is a field in front of '/' empty?" if path.is_absolute() else ""
        raise UsageError(f"{where} must stay inside the output folder (got {text!r}){blank}")
    for part in path.parts:
        if len(part.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES - 40:  # room for the temporary name
            raise UsageError(
                f"{where} has a name over {MAX_NAME_BYTES - 40} bytes ({part[:40]!r}…); "
                "use {index} or {digest} instead"
            )
    return str(path)
