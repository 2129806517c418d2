"""Files that an item holds inside a value."""

from pathlib import Path

import attrs
import pytest

from creevey_graph import graph, step
from creevey_graph.cache import FileState
from creevey_graph.cache.blocks import pack_looks
from creevey_graph.fingerprint.files import Stat
from creevey_graph.identity import is_same


@step
def joined(sources: list[Path]) -> str:
    return " ".join(source.read_text() for source in sources)


@graph
def album(sources: list[Path]):
    return {"text": joined(sources)}


def test_the_content_of_listed_files_counts(go, tmp_path):
    """An item whose value is a list of paths runs again when one of the files changes, and only then."""
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text(path.stem)
    rows = [{"key": "one", "sources": paths}]
    go(album, rows)

    again = go(album, rows)
    paths[1].write_text("c")
    edited = go(album, rows)

    assert {} == dict(again.executed)
    assert "a c" == edited.rows[0].fields["text"]
    assert "input changed" == edited.rows[0].reason


@pytest.mark.parametrize("part", [field.name for field in attrs.fields(Stat)])
def test_each_part_of_a_look_counts_alone(tmp_path, part):
    """A file replaced by one of equal size and times is another file: the inode tells, and so does each other part."""
    path = tmp_path / "a.txt"
    path.write_text("a")
    stat = Stat.of(path)
    known = FileState.seen(str(path), stat, "", 0)
    other = attrs.evolve(stat, **{part: getattr(stat, part) + 1})

    assert is_same(stat, known)
    assert not is_same(other, known)
    assert pack_looks([Looked(stat)]) != pack_looks([Looked(other)])


class Looked:
    """What `os.stat` returns, of a `Stat`."""

    def __init__(self, stat):
        self.st_size, self.st_mtime_ns = stat.size, stat.mtime_ns
        self.st_ctime_ns, self.st_ino = stat.ctime_ns, stat.inode
