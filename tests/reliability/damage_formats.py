"""R18: caches that other versions wrote: read, or missed without an error; what is newer is not lost unsaid."""

import json
import shutil
import sqlite3
import zlib
from contextlib import closing

from formats import CURRENT, FIXTURES, check_words, draw_words, journal_rows, known_items, run_words, unpack

from creevey_graph.cache import accepted, frames, index_file
from creevey_graph.cache.accepted import read_accepted
from creevey_graph.cache.states import encoded_key, opened, sealed

FIXTURES_KEPT = tuple(sorted(FIXTURES.glob("*.zip")))


def read_fixtures(seed, folder):
    """Run on the cache that each version wrote; of today's formats everything is read."""
    for number, fixture in enumerate(FIXTURES_KEPT):
        place = folder / str(number)
        draw_words(place)
        unpack(fixture, place)
        is_current = fixture.stem == CURRENT
        if is_current:
            assert known_items(place) == 4
            assert [4, 4] == [len(rows) for rows in journal_rows(place)]
            assert len(read_accepted(place / "cache")[0]) == 1
        _check_read_or_missed(place, is_read=is_current)
    assert any(fixture.stem == CURRENT for fixture in FIXTURES_KEPT), (
        f"no fixture of {CURRENT}; run formats.py"
    )
    return len(FIXTURES_KEPT)


def _check_read_or_missed(place, *, is_read=False, notices=1):
    report = run_words(place)
    check_words(place, report)
    assert len(report.notices) <= (0 if is_read else notices), report.notices
    if is_read:
        assert ({}, 0) == (dict(report.executed), report.damaged)
    again = run_words(place)
    check_words(place, again)
    assert ({}, 0) == (dict(again.executed), again.damaged)
    journal_rows(place)
    return report


def _database(place, name):
    return closing(sqlite3.connect(place / "cache" / name))


def _framed(place, version):
    """Let every entry be of another frame format."""
    with _database(place, "store/cache.db") as database, database:
        for rowid, value in database.execute(
            "SELECT rowid, value FROM Cache WHERE length(value) > 5"
        ).fetchall():
            changed = value[:4] + bytes([version]) + value[5:]
            database.execute("UPDATE Cache SET value = ? WHERE rowid = ?", (changed, rowid))
    for path in (place / "cache" / "store").glob("*/*.val"):
        data = path.read_bytes()
        path.write_bytes(data[:4] + bytes([version]) + data[5:])


def _reframed(place, codec, change):
    """Change what entries of a codec hold, in whole frames of today."""
    with _database(place, "store/cache.db") as database, database:
        query = "SELECT key, value FROM Cache WHERE substr(key, 1, 1) = ?"
        for key, value in database.execute(query, (codec[0],)).fetchall():
            name, payload = frames.unframe(value, key[1:])
            facts = change(json.loads(bytes(payload)))
            framed = frames.frame(name, key[1:], json.dumps(facts).encode())
            database.execute("UPDATE Cache SET value = ? WHERE key = ?", (framed, key))


def _indexed(place, version):
    with _database(place, "index.db") as database, database:
        database.execute(f"PRAGMA user_version = {version}")


def _stated(place, change):
    """Change the states of items, sealed as they are."""
    with _database(place, "index.db") as database, database:
        (scope, states), *_ = database.execute("SELECT scope, states FROM blocks").fetchall()
        keys, texts = json.loads(zlib.decompress(states))
        database.execute("DELETE FROM blocks")
        for key, text in zip(keys, texts, strict=True):
            kept = sealed(key, json.dumps(change(json.loads(text))))
            assert opened(key, kept) is not None
            database.execute("INSERT INTO items VALUES (?, ?, ?)", (scope, encoded_key(key), kept))


def _headed(place, change):
    with _database(place, "index.db") as database, database:
        head, looks, rows, checks = database.execute(
            "SELECT head, looks, rows, checks FROM blocks"
        ).fetchone()
        head = json.dumps(change(json.loads(head))).encode()
        check = zlib.crc32(rows, zlib.crc32(looks, zlib.crc32(head))).to_bytes(4, "little")
        database.execute("UPDATE blocks SET head = ?, checks = ?", (head, check + checks[4:]))


def _accepted(place, version):
    path = place / "cache" / accepted.NAME
    path.write_text(path.read_text().replace(f'"version": {accepted.VERSION}', f'"version": {version}'))
    assert version == json.loads(path.read_text())["version"]


def _journaled(place, change):
    for path in (place / "cache" / "runs").glob("*.jsonl"):
        lines = [json.dumps(change(json.loads(line))) for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")


def _with_schema(version):
    def change(line):
        return line | ({"run": line["run"] | {"schema": version}} if "run" in line else {})

    return change


def _gone(name):
    return lambda facts: {key: value for key, value in facts.items() if key != name}


OTHERS = (
    *(
        (f"frame {version}", lambda place, version=version: _framed(place, version))
        for version in (0, 1, 3, 255)
    ),
    *(
        (f"index {version}", lambda place, version=version: _indexed(place, version))
        for version in (0, 1, index_file.VERSION - 1, index_file.VERSION + 1, 2**31 - 1)
    ),
    *((f"accepted {v}", lambda place, v=v: _accepted(place, v)) for v in (0, accepted.VERSION + 1)),
    ("record with more", lambda place: _reframed(place, "record", lambda facts: [*facts, "more"])),
    ("record with less", lambda place: _reframed(place, "record", lambda facts: facts[:-1])),
    ("record as mapping", lambda place: _reframed(place, "record", lambda facts: {"facts": facts})),
    ("measures with more", lambda place: _reframed(place, "measures", lambda facts: [*facts, "more"])),
    ("measures with less", lambda place: _reframed(place, "measures", lambda facts: facts[:-1])),
    ("state with more", lambda place: _stated(place, lambda parts: [*parts, "", "more"])),
    ("state with less", lambda place: _stated(place, lambda parts: parts[:-1])),
    ("state as mapping", lambda place: _stated(place, lambda parts: {"parts": parts})),
    ("block with more", lambda place: _headed(place, lambda head: head | {"more": 1})),
    ("block with less", lambda place: _headed(place, _gone("others"))),
    *((f"journal {v}", lambda place, v=v: _journaled(place, _with_schema(v))) for v in (0, 2, 99)),
    ("journal with more", lambda place: _journaled(place, lambda line: line | {"more": 1})),
    ("journal of other lines", lambda place: _journaled(place, lambda line: {"other": line})),
)
"""What differs -> what makes a cache differ so."""


def read_others(seed, folder):
    """Read caches of which one number or one layout is another version's, older or newer."""
    fixture = FIXTURES / f"{CURRENT}.zip"
    for name, change in OTHERS:
        place = folder / "place"
        draw_words(place)
        unpack(fixture, place)
        change(place)
        newer = _newer_index(place)
        try:
            # What is accepted can be told in every run: nobody but the user may drop it.
            is_told = name.startswith("accepted")
            report = _check_read_or_missed(place)
            assert not is_told or "of another version" in report.notices[0]
            assert not is_told or (place / "cache" / accepted.NAME).exists()
            assert not newer or list((place / "cache").glob("index.db.bad-*")), (
                "a newer index was lost unsaid"
            )
        except BaseException as exc:
            exc.add_note(f"of another version: {name}")
            raise
        shutil.rmtree(place)
    return len(OTHERS)


def _newer_index(place):
    with _database(place, "index.db") as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
    return version > index_file.VERSION
