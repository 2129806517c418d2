"""Items of several lists, one after the other, as those of one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from creevey_graph.columns import counted
from creevey_graph.errors import SourceError
from creevey_graph.sources.base import Item, Source, notices_of, unique_keys
from creevey_graph.sources.duplicates import value_mark
from creevey_graph.sources.remarks import Duplicates, brief


@attrs.frozen(eq=False)
class JoinedSource:
    """
    The items of several sources.

    Args:
        sources: In their order.
        kept: Per source, which of its items are taken, in their order.
        keys: One per item taken, unique.
        columns: Names of the items' columns; an item of a source that has not all of them has None.
        notices: What listing them came upon.
    """

    sources: tuple[Source, ...] = attrs.field(repr=False)
    kept: tuple[Sequence[int], ...] = attrs.field(repr=False)
    keys: Sequence[str] = attrs.field(repr=False)
    columns: tuple[str, ...]
    notices: tuple[str, ...] = ()
    input_root: Path | None = None

    def __iter__(self) -> Iterator[Item]:
        index = 0
        for source, kept in zip(self.sources, self.kept, strict=True):
            wanted = iter(kept)
            sought = next(wanted, None)
            for item in source:
                if item.index == sought:
                    columns: dict[str, Any] = {name: item.columns.get(name) for name in self.columns}
                    yield attrs.evolve(item, index=index, key=self.keys[index], columns=columns)
                    index += 1
                    sought = next(wanted, None)

    def __len__(self) -> int:
        return len(self.keys)


def join(sources: Sequence[Source], names: Sequence[str], duplicates: Duplicates) -> JoinedSource:
    """
    Return the items of several sources as those of one.

    Args:
        sources: In their order.
        names: What messages call each.
        duplicates: "keep": an item whose key an earlier source has is called "key#2". "drop": one whose
            values an earlier source has is left out; others of its key are called so. Either is told.

    Raises:
        SourceError: The items of one have more or fewer values than those of the first.
    """
    notices = [notice for source in sources for notice in notices_of(source)]
    taken: set[Any] = set()
    keys: list[str] = []
    kept: list[Sequence[int]] = []
    told, count = "", 0
    width: int | None = None
    for source, name in zip(sources, names, strict=True):
        own_width = len(next(iter(source)).values)
        if width is not None and own_width != width:
            raise SourceError(
                f"{name}: expected {counted(width, 'value')} per item, as in {names[0]} (got {own_width}); "
                "give these lists one by one"
            )
        width = own_width
        drops = duplicates == "drop"
        own = [(item.index, item.key, value_mark(item.values) if drops else item.key) for item in source]
        again = [key for _, key, mark in own if mark in taken]
        if again:
            told, count = told or f"'{brief(again[0])}' of {name} first", count + len(again)
        if drops:
            own = [facts for facts in own if facts[2] not in taken]
        taken.update(mark for _, _, mark in own)
        keys += [key for _, key, _ in own]
        kept.append([index for index, _, _ in own])
    if count:
        what = (
            "that an earlier list has, left out"
            if duplicates == "drop"
            else "with keys of an earlier list, kept under keys of their own"
        )
        notices.append(f"{counted(count, 'item')} {what} ({told})")
    columns = tuple(dict.fromkeys(column for source in sources for column in source.columns))
    return JoinedSource(tuple(sources), tuple(kept), unique_keys(keys), columns, tuple(notices))
