"""Files that an item holds inside a value."""

from pathlib import Path

from creevey_graph import graph, step


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
