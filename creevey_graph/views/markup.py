"""
HTML made of parts: what is not `Markup` is text, and is quoted; what is opened is closed.

The result is well-formed XML, too, so that a test can read it.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

from creevey_graph.views.quoting import quoted

MOST_CHARACTERS = 160
"""Of a name or an error in a table; the rest is "…"."""
_PROSE, _LONG_WORD = 24, 36
_TAG = re.compile("<[^>]*>")
_EMPTY = frozenset(("img", "br"))


class Markup(str):
    """HTML that is made already."""

    __slots__ = ()


def tag(name: str, *inside: str | None, **attributes: str | int | bool | None) -> Markup:
    """
    Return an element.

    Args:
        name: Its name.
        inside: Text, or `Markup`; None is left out.
        attributes: Their values; "class_" is `class`, True stands alone, None and False are left out.

    >>> tag("td", "a < b", class_="n", hidden=True)
    '<td class="n" hidden="hidden">a &lt; b</td>'
    """
    given = "".join(
        f' {key}="{quoted(key if value is True else str(value))}"'
        for key, value in ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
        if value is not None and value is not False
    )
    return Markup(f"<{name}{given}/>" if name in _EMPTY else f"<{name}{given}>{joined(inside)}</{name}>")


def joined(parts: Iterable[str | None]) -> Markup:
    """Return parts behind each other, text quoted."""
    return Markup("".join(part if isinstance(part, Markup) else quoted(part) for part in parts if part))


def pre(text: str, **attributes: Any) -> Markup:
    """Return text of several lines as it stands."""
    return tag("pre", verbatim(text), **attributes)


def verbatim(text: str) -> Markup:
    """Return text with its line breaks and tabs, for within a `pre`."""
    return Markup(quoted(text, keep_newlines=True))


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    r"""
    Return *text* in one line of bounded length.

    >>> shortened("one\ntwo"), shortened("abcdef", 4)
    ('one two', 'abc…')
    """
    text = " ".join(text[: 2 * most].split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> Markup:
    """
    Return a table that is readable without any style, too.

    Args:
        head: Titles of the columns.
        rows: Their cells, text or `Markup`.
        numbers: Columns that stand on the right.
    """

    def cells(name: str, row: Sequence[str]) -> Markup:
        return tag(
            "tr",
            *(
                tag(
                    name,
                    cell,
                    class_="creevey-n" if column in numbers else _room_of(cell),
                    align="right" if column in numbers else "left",
                )
                for column, cell in enumerate(row)
            ),
        )

    body = tag("tbody", *(cells("td", row) for row in rows))
    return _scrolled(tag("table", tag("thead", cells("th", head)), body, class_="creevey-table"))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Return a table of two columns: what, and its value; pairs without a value are left out."""
    rows = (
        tag(
            "tr",
            tag("th", name, align="left", scope="row"),
            tag("td", value, align="left", class_=_room_of(value)),
        )
        for name, value in pairs
        if value
    )
    return _scrolled(tag("table", tag("tbody", *rows), class_="creevey-table creevey-facts"))


def _scrolled(shown: Markup) -> Markup:
    return tag("div", shown, class_="creevey-scroll")


def _room_of(cell: str) -> str | None:
    """Return the class of a cell: prose is given some width, and words too long for a line are broken anywhere."""
    text = html.unescape(_TAG.sub(" ", cell)) if isinstance(cell, Markup) else cell
    is_prose, is_long = len(text) > _PROSE, max(map(len, text.split()), default=0) > _LONG_WORD
    return (
        " ".join(name for name, holds in (("creevey-prose", is_prose), ("creevey-long", is_long)) if holds)
        or None
    )


def folded(summary: str, *inside: str | None, is_open: bool = False) -> Markup:
    """Return what is unfolded by a click on *summary*; no script is needed for that."""
    return tag("details", tag("summary", summary), *inside, open=is_open)
