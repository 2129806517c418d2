"""
What a graph was made of, as it is read back: checked, since it tells reasons and may stand for code.

Its layout is that of `ingredients.code_part` with `params`, `reads` and `output`, as JSON.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

_PLAIN = (str, int, float, type(None))


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN)


def _is_texts(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value))


def _is_parameter(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and all(map(_is_plain, value))  # noqa: PLR2004 - digest, text


_TABLES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("parts", "sources", "depends"), _is_plain),
    **dict.fromkeys(("via", "files"), _is_text),
    "params": _is_parameter,
    "reads": _is_texts,
}
"""Name of a mapping -> what its values are."""


def is_of_node(made_of: Any, needed: tuple[str, ...] = ("code", "parts", "depends")) -> bool:
    """True where JSON holds the ingredients of one node, those that are *needed* among them."""
    if not isinstance(made_of, dict) or any(name not in made_of for name in needed):
        return False
    tables = {name: made_of.get(name, {}) for name in _TABLES}
    return (
        all(isinstance(table, dict) for table in tables.values())
        and all(all(map(_TABLES[name], table.values())) for name, table in tables.items())
        and all(_is_text(made_of.get(name, "")) for name in ("code", "output"))
        and _is_texts(made_of.get("untracked", []))
    )


def read_made_of(text: Any) -> Mapping[str, Any] | None:
    """
    Return node -> ingredients, of JSON text; None where it holds none.

    >>> read_made_of('{"load": {"code": "1", "parts": {}, "depends": {}}}')
    {'load': {'code': '1', 'parts': {}, 'depends': {}}}
    >>> read_made_of('{"load": {"code": 1}}')
    """
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) and all(map(is_of_node, found.values())) else None
