"""What every source has in common: items, the `Source` protocol, unique keys, what a URL looks like."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import attrs

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@attrs.frozen
class Item:
    """
    One row of work: a value for every input of the graph.

    Args:
        index: Position in the source, from 0.
        key: Name of the item, unique in its source.
        source: What is shown for it: a path or URL.
        values: One per graph input, in order.
        columns: Further facts that travel along to the report.
        refusal: Why it is not worked on, raised in its turn: a `SkipItem` where it is to be left out, any other
            exception where it cannot be.
    """

    index: int
    key: str
    source: str
    values: tuple[Any, ...]
    columns: Mapping[str, Any] = attrs.field(factory=dict)
    refusal: Exception | None = attrs.field(default=None, eq=False, repr=False)


@attrs.frozen
class Origin:
    """
    Where the items of a list stand in it.

    Args:
        place: What the list is called, "" for one in memory.
        unit: What an entry is counted in: "line", "row" or "item".
        numbers: Of each item, from 1.
    """

    place: str
    unit: str
    numbers: Sequence[int] = attrs.field(repr=False)

    def of(self, index: int) -> str:
        """Say where an item stands, such as "line 7 of 'urls.txt'"."""
        return f"{self.unit} {self.numbers[index]:,}" + (f" of {self.place}" if self.place else "")


@runtime_checkable
class Source(Protocol):
    """
    Items in a fixed order, which can be walked more than once.

    `check_source` in `tests/laws_sources.py` holds the laws: the length agrees, two
    walks yield the same, keys are unique, indexes count from 0. A source may have `notices`
    too: lines that each run of it tells, on what was left out; and an `origin`, where it is a list.
    """

    def __iter__(self) -> Iterator[Item]: ...

    def __len__(self) -> int: ...

    @property
    def input_root(self) -> Path | None:
        """The folder that holds the inputs; None where there is no one folder."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the items' columns."""
        ...


@runtime_checkable
class BulkSource(Protocol):
    """
    A source of one path or URL an item, which tells of many items without making them.

    `check_source` holds that it tells the same as walking it.
    """

    @property
    def keys(self) -> Sequence[str]:
        """The items' keys, in their order."""
        ...

    @property
    def is_sorted(self) -> bool:
        """True where the keys stand in their own order."""
        ...

    @property
    def kinds(self) -> tuple[bool, bool]:
        """Whether there are items whose value is a path, and such whose value is text."""
        ...

    def texts(self, indexes: Sequence[int]) -> list[str]:
        """Return the path or URL of each of these items."""
        ...

    def item_at(self, index: int) -> Item:
        """Return one item."""
        ...


@attrs.frozen(eq=False)
class ColumnSource:
    """
    A source of one path or URL an item, and further facts of each item beside it.

    Args:
        base: The paths or URLs.
        columns: Names of the facts.
        cells: Per item of *base*, a value for each of *columns*.
        notices: What listing them came upon.
    """

    base: Source = attrs.field(repr=False)
    columns: tuple[str, ...]
    cells: Sequence[tuple[Any, ...]] = attrs.field(repr=False)
    notices: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        names = self.columns
        for item, cells in zip(self.base, self.cells, strict=True):
            columns = dict(zip(names, cells, strict=True))
            yield Item(item.index, item.key, item.source, item.values, columns)

    def __len__(self) -> int:
        return len(self.base)

    @property
    def input_root(self) -> Path | None:
        """That of the paths."""
        return self.base.input_root

    @property
    def is_recursive(self) -> bool:
        """True where a file in a sub-folder could be an item too."""
        return getattr(self.base, "is_recursive", True)

    @property
    def origin(self) -> Origin | None:
        """Where the paths and URLs stand, if that is a list."""
        return getattr(self.base, "origin", None)


def notices_of(source: Source) -> tuple[str, ...]:
    """Return what listing *source* came upon that its user should know: its `notices`, where it has any."""
    return tuple(getattr(source, "notices", ()))


def place_of(source: Source, index: int) -> str:
    """Say where an item stands in the list that it came of, "" where there is none."""
    origin: Origin | None = getattr(source, "origin", None)
    return "" if origin is None else origin.of(index)


def is_url(text: str) -> bool:
    """
    True where *text* begins with a scheme, of whatever kind.

    >>> is_url("HTTPS://example.org/a.jpg"), is_url("s3://bucket/a.jpg"), is_url("C:/a.jpg")
    (True, True, False)
    """
    return _URL.match(text) is not None


def unique_keys(keys: Sequence[str]) -> Sequence[str]:
    """
    Return *keys* with "#2", "#3" … behind the second, third … of a kind.

    A key that already reads so keeps its name; the number that is free is taken.

    >>> unique_keys(["a", "b", "a", "a"])
    ['a', 'b', 'a#2', 'a#3']
    >>> unique_keys(["a", "a", "a#2"])
    ['a', 'a#3', 'a#2']
    """
    taken = set(keys)
    if len(taken) == len(keys):
        return keys
    number: dict[str, int] = {}
    unique = []
    for key in keys:
        if key not in number:
            number[key] = 1
            unique.append(key)
            continue
        number[key] += 1
        while (name := f"{key}#{number[key]}") in taken:
            number[key] += 1
        taken.add(name)
        unique.append(name)
    return unique
