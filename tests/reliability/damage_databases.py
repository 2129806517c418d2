"""Ways in which a database of the cache is damaged: bytes, cells, pages, logs, and what stands in its place."""

import os
import shutil
import sqlite3
import struct
from contextlib import closing, suppress

PAGE = 4096


def bit_flipped(path, bed, draw):
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def cell_flipped(path, bed, draw):
    """Flip a bit of one column of one row, whatever its type: most of a file is long texts and free pages."""
    with closing(sqlite3.connect(path)) as database, database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        table = draw.choice(
            [t for t in tables if database.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
        )
        names = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
        column, place = draw.choice(names), draw.randrange(2**30)
        count = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        one = f"FROM {table} LIMIT 1 OFFSET {place % count}"
        kind, data = database.execute(f"SELECT typeof({column}), CAST({column} AS BLOB) {one}").fetchone()
        value, cast = _changed(kind, data, draw)
        keys = [name for *_, name in _keys(database, table)]
        where = " AND ".join(f"{name} IS ?" for name in keys)
        found = database.execute(f"SELECT {', '.join(keys)} {one}").fetchone()
        with suppress(sqlite3.IntegrityError):
            database.execute(f"UPDATE {table} SET {column} = {cast} WHERE {where}", (value, *found))


def _keys(database, table):
    found = [(c[5], c[1]) for c in database.execute(f"PRAGMA table_info({table})") if c[5]]
    return sorted(found) or [(0, "rowid")]


def _changed(kind, data, draw):
    if kind == "integer":
        number = int(data) ^ (1 << draw.randrange(63))
        return number if -(2**63) <= number < 2**63 else 0, "?"
    if kind == "real":
        bits = bytearray(struct.pack("<d", float(data)))
        bits[draw.randrange(8)] ^= 1 << draw.randrange(8)
        return struct.unpack("<d", bits)[0], "?"
    bits = bytearray(data or b"\0")
    bits[draw.randrange(len(bits))] ^= 1 << draw.randrange(8)
    return bytes(bits), "CAST(? AS TEXT)" if kind == "text" else "?"


def blocks_lost(path, bed, draw):
    data = bytearray(path.read_bytes())
    for _ in range(3):
        place = draw.randrange(len(data) // 512) * 512
        data[place : place + 512] = draw.randbytes(512)
    path.write_bytes(data)


def deleted(path, bed, draw):
    path.unlink()


def zeroed(path, bed, draw):
    path.write_bytes(bytes(path.stat().st_size))


def emptied(path, bed, draw):
    path.write_bytes(b"")


def cut_at_a_page(path, bed, draw):
    os.truncate(path, draw.randrange(1, path.stat().st_size // PAGE) * PAGE)


def cut_anywhere(path, bed, draw):
    os.truncate(path, draw.randrange(path.stat().st_size))


def header_lost(path, bed, draw):
    data = path.read_bytes()
    size = draw.choice([16, 100, PAGE])
    path.write_bytes(draw.randbytes(size) + data[size:])


def all_lost(path, bed, draw):
    path.write_bytes(draw.randbytes(path.stat().st_size))


def tail_zeroed(path, bed, draw):
    data = path.read_bytes()
    keep = draw.randrange(len(data))
    path.write_bytes(data[:keep] + bytes(len(data) - keep))


def another_program(path, bed, draw):
    """A database of a browser, as it were."""
    path.unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE cookies (host TEXT, value TEXT)")
        database.execute("CREATE VIEW Cache AS SELECT 1 AS key")
        database.execute("CREATE TABLE items (scope, key)")


def wrong_schema(path, bed, draw):
    with closing(sqlite3.connect(path)) as database, database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        table = draw.choice(tables)
        names = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
        how = draw.choice(
            [f"DROP TABLE {table}", f"ALTER TABLE {table} RENAME COLUMN {draw.choice(names)} TO odd"]
        )
        database.execute(how)


def other_version(path, bed, draw):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA user_version = {draw.choice([-1, 0, 1, 4, 6, 7, 99, 2**31 - 1])}")


def other_database(path, bed, draw):
    """The one of the two put in the place of the other."""
    other = bed.cache / ("index.db" if path.name == "cache.db" else "store/cache.db")
    shutil.copyfile(other, path)


def a_folder(path, bed, draw):
    path.unlink()
    path.mkdir()
    (path / "notes.txt").write_text("not ours")


def a_pipe(path, bed, draw):
    path.unlink()
    os.mkfifo(path)


def a_link(path, bed, draw):
    path.unlink()
    path.symlink_to(draw.choice([bed.folder / "victim.txt", bed.folder / "nothing.db", "/etc/passwd"]))


def a_link_in_place_of_a_log(path, bed, draw):
    log = path.with_name(path.name + draw.choice(["-wal", "-shm", "-journal"]))
    log.unlink(missing_ok=True)
    log.symlink_to(bed.folder / "victim.txt")


def log_damaged(path, bed, draw):
    """With a log that holds what the database has not taken in yet."""
    _with_log(path)
    log = path.with_name(path.name + draw.choice(["-wal", "-shm"]))
    how = draw.choice([bit_flipped, cut_anywhere, zeroed, emptied, deleted, all_lost, blocks_lost, a_folder])
    how(log, bed, draw)


def _with_log(path):
    """Write a little more, and leave it in the log, as a killed run does."""
    copies = {}
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS more (n)")
            database.execute("INSERT INTO more VALUES (1)")
        for suffix in ("", "-wal", "-shm"):
            copies[suffix] = path.with_name(path.name + suffix).read_bytes()
    for suffix, data in copies.items():
        path.with_name(path.name + suffix).write_bytes(data)


def logs_of_another(path, bed, draw):
    _with_log(path)
    with suppress(FileNotFoundError):
        path.with_name(path.name + "-wal").write_bytes(draw.randbytes(32) + bytes(8192))


KINDS = (
    deleted,
    zeroed,
    emptied,
    cut_at_a_page,
    cut_anywhere,
    header_lost,
    all_lost,
    tail_zeroed,
    another_program,
    wrong_schema,
    other_version,
    other_database,
    a_folder,
    a_pipe,
    a_link,
    a_link_in_place_of_a_log,
    log_damaged,
    logs_of_another,
)
