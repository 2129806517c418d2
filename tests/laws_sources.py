"""The laws of every source."""

from creevey_graph.sources import BulkSource, Source


def check_source(source: Source, *, width: int = 1) -> None:
    """Hold *source* to the laws: walked twice the same, length agrees, keys unique, indexes from 0."""
    assert isinstance(source, Source)
    items = list(source)
    assert items == list(source), "a second walk yields other items"
    assert len(source) == len(items), "len() does not agree"
    keys = [item.key for item in items]
    assert len(set(keys)) == len(keys), "keys are not unique"
    assert [item.index for item in items] == list(range(len(items))), "indexes do not count from 0"
    for item in items:
        assert isinstance(item.key, str)
        assert isinstance(item.source, str)
        assert len(item.values) == width, "not one value per graph input"
        assert tuple(item.columns) == tuple(source.columns), "columns are not those announced"
    if items:
        first, second = iter(source), iter(source)
        assert (next(first).index, next(second).index) == (0, 0), "two walks are not independent"
    if isinstance(source, BulkSource):
        check_bulk_source(source, items)


def check_bulk_source(source: BulkSource, items) -> None:
    """Hold *source* to telling in bulk what it tells one by one."""
    assert list(source.keys) == [item.key for item in items]
    assert source.is_sorted == (list(source.keys) == sorted(source.keys))
    assert source.texts(range(len(items))) == [item.source for item in items]
    assert source.texts([*range(1, len(items))]) == [item.source for item in items[1:]]
    assert [source.item_at(index) for index in range(len(items))] == items
    kinds = {isinstance(item.values[0], str) for item in items}
    assert source.kinds == (False in kinds, True in kinds)
