"""The store's keys: values put over others, records under two keys, notes on nodes."""

import pytest

from creevey_graph.cache import Cache, Entry, Record
from creevey_graph.cache.disk import INLINE_BYTES, put


@pytest.mark.parametrize("first", [b"small", b"x" * 100_000])
@pytest.mark.parametrize("second", [b"other", b"y" * 100_000])
def test_a_value_put_over_another_takes_its_place(tmp_path, first, second):
    """Whether they stand in rows or in files; the file of the one that went is gone."""
    with Cache(tmp_path / "cache") as cache:
        key = "b" + "0" * 64
        put(cache._store, key, first)
        put(cache._store, key, second)

        assert second == cache._store[key]
        assert len(cache._store) == 1
    files = list((tmp_path / "cache").rglob("*.val"))
    assert len(files) == (len(second) > INLINE_BYTES)


def test_the_content_key_of_an_entry_leads_to_its_record_too(tmp_path):
    """And the node's fingerprint is noted as having such."""
    record = Record("a" * 64, "raw", 1, 0.5)
    entry = Entry("1" * 64, record, None, content=("2" * 64,), marks="3" * 64)
    with Cache(tmp_path / "cache") as cache:
        assert not cache.has_content("3" * 64)
        cache.commit([entry, entry])

        assert [record, record] == [cache.lookup(entry.key), cache.lookup(entry.content[0])]
        assert cache.has_content("3" * 64)
