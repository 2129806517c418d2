"""
A cache as it is written by a version, to be read by every later one; and the numbers of all formats.

As a program, `formats.py` writes `fixtures/FORMATS.zip` by the version at hand, named by the formats it has: run it
once a format on disk has changed, and keep the older files. Its steps have versions, so that neither code nor
Pillow counts; what a stat says of a file that was unpacked is another's, so items are looked at again.
"""

import io
import sqlite3
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

from creevey_graph import Report, SkipItem, graph, step
from creevey_graph.cache import Index, accepted, frames, index_file
from creevey_graph.freeze import freeze
from creevey_graph.look import scope_of

FIXTURES = Path(__file__).parent / "fixtures"
CURRENT = f"frame{frames.FORMAT}-index{index_file.VERSION}-accepted{accepted.VERSION}"
LOGS = ("cache.db-shm", "cache.db-wal", "index.db-shm", "index.db-wal")
WORDS = ("alpha", "beta", "gamma", "delta")


@step(version="1")
def spelled(word: Path) -> str:
    text = word.read_text()
    if text == "delta":
        raise SkipItem("delta is left out")
    return text


@step(version="1", cache="always")
def repeated(text: str) -> bytes:
    return text.encode() * 8_000


@step(version="1", writes="path")
def stored(data: bytes, path: Path) -> Path:
    path.write_bytes(data)
    return path


@step(version="1")
def length(data: bytes) -> int:
    return len(data)


@graph
def word_set(word: Path):
    data = repeated(spelled(word))
    return {"file": stored(data, "{stem}.txt"), "length": length(data)}


def draw_words(folder):
    """Write the items; return their folder."""
    words = folder / "words"
    words.mkdir(parents=True)
    for word in WORDS:
        (words / f"{word}.txt").write_text(word)
    return words


def run_words(folder, **options):
    """Run the graph over FOLDER/words into FOLDER/out, with the cache FOLDER/cache."""
    given = {"cache": folder / "cache", "executor": "serial", "progress": False, **options}
    return word_set.run(str(folder / "words" / "*.txt"), out=folder / "out", **given)


def check_words(folder, report):
    """Check that rows and outputs are those of plain calls."""
    assert report.ok, [row.error for row in report.failed]
    lengths = {row.outputs[0]: row.fields["length"] for row in report.rows if row.outputs}
    made = [word for word in WORDS if word != "delta"]
    assert {f"{word}.txt": 8_000 * len(word) for word in made} == lengths
    found = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert {f"{word}.txt": word.encode() * 8_000 for word in made} == found
    assert report.counts["skipped"] == 1


def scope_in(folder):
    """Return the scope of FOLDER/out in the index."""
    return scope_of(word_set.name, folder / "out", freeze(word_set).home)


def unpack(fixture, folder):
    """Unpack a fixture's cache into FOLDER/cache, and let its index be one of FOLDER/out."""
    with zipfile.ZipFile(fixture) as archive:
        archive.extractall(folder)
    (folder / "cache").chmod(0o700)
    with closing(sqlite3.connect(folder / "cache" / "index.db")) as database, database:
        for table in ("items", "blocks", "checked"):
            database.execute(f"UPDATE OR IGNORE {table} SET scope = ?", (scope_in(folder),))


def journal_rows(folder):
    """Return the rows of the reports in FOLDER/cache, as far as they can be read."""
    return [list(Report.load(path).rows) for path in sorted((folder / "cache" / "runs").glob("*.jsonl"))]


def known_items(folder):
    """Return how many items the index knows in FOLDER/out."""
    known = Index(folder / "cache", scope_in(folder))
    try:
        return len(known.load())
    finally:
        known.close()


def write_fixture():
    """Write the fixture of the version at hand."""
    FIXTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_words(folder)
        run_words(folder)
        edit = accepted.Accepted("code;[]", "spelled", 0.0, {"parts": {}, "depends": {}}, word_set.name)
        accepted.write_accepted(folder / "cache", {"edited;[]": edit})
        run_words(folder)
        for path in sorted((folder / "cache").rglob("*.db")):  # takes the logs in
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.execute("VACUUM")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted((folder / "cache").rglob("*")):
                if path.is_file() and path.name not in ("lock", *LOGS):
                    archive.write(path, path.relative_to(folder))
    (FIXTURES / f"{CURRENT}.zip").write_bytes(packed.getvalue())
    return len(packed.getvalue())


if __name__ == "__main__":
    sys.exit(print(f"{CURRENT}.zip: {write_fixture():,} bytes"))
