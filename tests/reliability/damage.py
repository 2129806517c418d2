"""
R4, R5: entries and databases of the cache damaged in every way; R18: formats of other versions.

Whatever is damaged, the run comes to what plain calls give, tells it, and leaves a cache that works. What is
planted on purpose (pickles, names that lead outside) stands in `test_planted.py`.
"""

import os
import random
import shutil
import sqlite3
from contextlib import closing

import damage_databases as databases
import damage_formats as formats
from damage_bed import PICTURES, make_bed, settled, without_override
from trial import Trial
from witness import Witness

from creevey_graph import Cache
from creevey_graph.cache.frames import FORMAT, frame, unframe
from creevey_graph.cache.records import decode_record
from creevey_graph.cache.rows import find_row, read_rows

STORE, INDEX = "store/cache.db", "index.db"

# --- R4: entries ---------------------------------------------------------------------------------


def flip(data, draw):
    changed = bytearray(data)
    place = draw.randrange(len(changed))
    changed[place] ^= 1 << draw.randrange(8)
    return bytes(changed)


def cut(data, draw):
    return data[: draw.randrange(len(data))]


def zero(data, draw):
    begin = draw.randrange(len(data) // 2)
    end = begin + len(data) // 2
    changed = data[:begin] + bytes(end - begin) + data[end:]
    return changed if changed != data else bytes(len(data))


def emptied(data, draw):
    return b""


def appended(data, draw):
    return data + draw.randbytes(draw.randrange(1, 100))


def foreign(data, draw):
    return draw.choice([b"\x80\x04K*.", b"GIF89a", b"CRVY", b"\0" * 64, b"{}"]) + data[8:]


def other_codec(data, draw):
    """A whole frame of the same value in a codec that there is not, or that it is not in."""
    size = data[5]
    digest = data[6 + size : 38 + size].hex()
    return frame(draw.choice(["nocodec", "x" * 255, "scalar"]), digest, bytes(unframe(data, digest)[1]))


def wrong_length(data, draw):
    begin = 6 + data[5] + 32 + draw.choice([0, 8])
    return data[:begin] + draw.choice([2**60, 2**64 - 1, 7]).to_bytes(8, "little") + data[begin + 8 :]


def other_format(data, draw):
    version = draw.choice([version for version in (0, 1, 3, 200, 255) if version != FORMAT])
    return data[:4] + bytes([version]) + data[5:]


CHANGES = (flip, cut, zero, emptied, appended, foreign, other_codec, wrong_length, other_format)


def replaced_by_link(path, bed, draw):
    path.unlink()
    others = [other for other in path.parents[1].glob("*/*.val") if other != path]
    path.symlink_to(draw.choice([bed.folder / "victim.txt", "/etc/passwd", "nowhere", *others]))


def replaced_by_hard_link(path, bed, draw):
    path.unlink()
    path.hardlink_to(bed.folder / "victim.txt")


def replaced_by_folder(path, bed, draw):
    path.unlink()
    path.mkdir()
    (path / "keep.txt").write_text("not ours")


def replaced_by_pipe(path, bed, draw):
    path.unlink()
    os.mkfifo(path)


def removed(path, bed, draw):
    path.unlink()


def locked(path, bed, draw):
    path.chmod(0)


REPLACED = (
    replaced_by_link,
    replaced_by_hard_link,
    replaced_by_folder,
    replaced_by_pipe,
    removed,
    locked,
)


class Entries:
    """
    The entries of a bed's cache, by the step that made them.

    State: records = key -> step; blobs = key of a blob -> step; files = key of a blob -> path of its file;
    notes = keys of what keeping takes, and of marks that there are content keys.
    """

    def __init__(self, bed):
        self.bed = bed
        self.records, self.blobs, self.files, self.notes = {}, {}, {}, []
        with Cache(bed.cache) as cache:
            store = cache._store
            for row in read_rows(store, "r"):
                if row.letter == "r":
                    record = decode_record(row.key[1:], row.value)
                    self.records[row.key] = record.step
                    self.blobs[record.blob_key] = record.step
                elif row.letter in ("m", "c"):
                    self.notes.append(row.key)
            for key in self.blobs:
                if name := find_row(store, key).filename:
                    self.files[key] = bed.cache / "store" / name

    @property
    def keys(self):
        return [*self.records, *self.blobs, *self.notes]

    def forget_records(self):
        """Delete the records, so that the run asks for the marks too."""
        with closing(sqlite3.connect(self.bed.cache / STORE)) as database, database:
            database.execute("DELETE FROM Cache WHERE key LIKE 'r%'")

    def damage(self, key, draw):
        """Damage one entry, in a way that is drawn."""
        if key in self.files and draw.random() < 0.6:
            draw.choice(REPLACED)(self.files[key], self.bed, draw)
        elif key in self.files:
            path = self.files[key]
            path.write_bytes(draw.choice(CHANGES)(path.read_bytes(), draw))
        else:
            self._change_row(key, draw)

    def _change_row(self, key, draw):
        with closing(sqlite3.connect(self.bed.cache / STORE)) as database, database:
            ((data,),) = database.execute("SELECT value FROM Cache WHERE key = ?", (key,))
            others = [other for other in self.keys if other[0] == key[0] and other != key]
            if key[0] == "c":  # it is there, and holds nothing
                database.execute(
                    "UPDATE Cache SET mode = 4, value = ? WHERE key = ?", (draw.randbytes(9), key)
                )
            elif draw.random() < 0.15:
                database.execute(f"UPDATE Cache SET {draw.choice(_ROWS)} WHERE key = ?", (key,))
            elif draw.random() < 0.15:
                same = "SELECT value FROM Cache WHERE key = ? AND value IS NOT ?"
                found = [value for other in others for (value,) in database.execute(same, (other, data))]
                database.execute("UPDATE Cache SET value = ? WHERE key = ?", (draw.choice(found), key))
            else:
                change = draw.choice(
                    [change for change in CHANGES if change is not other_codec or key[0] == "b"]
                )
                changed = change(data, draw)
                database.execute("UPDATE Cache SET value = ? WHERE key = ?", (changed, key))


_ROWS = (
    "mode = 4",
    "mode = 3",
    "mode = NULL",
    "value = NULL",
    "value = 'text'",
    "value = 7",
    "value = zeroblob(4096)",
    "mode = 2, filename = NULL",
    "mode = 2, filename = '../../victim.txt'",
    "mode = 2, filename = '/etc/passwd'",
    "mode = 2, filename = CAST(x'fffe' AS TEXT)",
)
"""What damage, or somebody, may leave in a row's columns."""
_CHAIN = ("write_image", "darken", "enlarge")
"""Steps whose values a run asks for one after the other, each where the one before it is no use."""


def damage_entries(seed, folder):
    """Damage values along the chain that a run goes, or records; every one is found, told and healed."""
    draw = random.Random(seed)
    tried = 0
    with settled(), without_override():
        bed = make_bed(folder)
        for _ in range(8):
            bed.renew()
            entries = Entries(bed)
            keys = _drawn(entries, draw)
            for key in keys:
                entries.damage(key, draw)
            tried += len(keys)
            bed.lose_outputs()
            bed.lose_index()
            if keys[0][0] in "br" and draw.random() < 0.2:
                _check_verified(bed, len(keys))
            else:
                report = bed.run()
                bed.check(report)
                assert len(keys) == report.damaged, (len(keys), report.damaged)
            bed.check_healed()
            bed.check_victims()
    return tried


def _drawn(entries, draw):
    """Draw what is damaged: values, and how far down the chain; all records; or all notes."""
    what = draw.random()
    if what < 0.25:
        return list(entries.records)
    if what < 0.4:
        entries.forget_records()
        return list(entries.notes)
    steps = _CHAIN[: draw.randrange(1, len(_CHAIN) + 1)]
    return [key for key, step in entries.blobs.items() if step in steps]


def _check_verified(bed, damaged):
    """Check that `cache verify` finds what is damaged, too."""
    with Cache(bed.cache) as cache:
        found = cache.verify()
        assert damaged == found.damaged + found.unreadable, found
    bed.check(bed.run())


# --- R5: databases -------------------------------------------------------------------------------


def _damage_databases(seed, folder, kinds, rounds):
    draw = random.Random(seed)
    with settled():
        bed = make_bed(folder)
        for number in range(rounds):
            bed.renew()
            path = bed.cache / draw.choice([STORE, INDEX])
            kind = kinds[(seed * rounds + number) % len(kinds)]
            kind(path, bed, draw)
            if draw.random() < 0.6:
                bed.lose_outputs()
            if draw.random() < 0.4 and path.name == "cache.db":
                bed.lose_index()
            _check_database(bed, kind, draw)
    return rounds


def _check_database(bed, kind, draw):
    try:
        if draw.random() < 0.1:
            with Cache(bed.cache) as cache:
                cache.verify()
        bed.check(bed.run(executor=draw.choice(["serial", "serial", "threads"]), jobs=2))
        bed.check_idle()
        bed.check_victims()
    except BaseException as exc:
        exc.add_note(f"after {kind.__name__}")
        raise


def flip_bits(seed, folder):
    """Flip one bit of a database: of the file, or of one cell."""
    return _damage_databases(seed, folder, (databases.bit_flipped, databases.cell_flipped), 25)


def lose_blocks(seed, folder):
    """Overwrite three blocks of 512 bytes of a database."""
    return _damage_databases(seed, folder, (databases.blocks_lost,), 20)


def damage_whole(seed, folder):
    """Delete, cut, exchange a database, or put something else in its place, or in that of its log."""
    return _damage_databases(seed, folder, databases.KINDS, len(databases.KINDS))


def _removed(bed, draw):
    shutil.rmtree(bed.cache)


def _index_removed(bed, draw):
    bed.lose_index()


def _store_removed(bed, draw):
    shutil.rmtree(bed.cache / "store")


def _store_replaced(bed, draw):
    path = bed.cache / STORE
    fresh = path.with_name("fresh")
    fresh.write_bytes(
        draw.choice([(bed.folder / "pristine" / STORE).read_bytes(), b"", draw.randbytes(9000)])
    )
    fresh.replace(path)


def _database_broken(bed, draw):
    kind = draw.choice([databases.zeroed, databases.all_lost, databases.cut_anywhere, databases.blocks_lost])
    kind(bed.cache / draw.choice([STORE, INDEX]), bed, draw)


IN_RUN = (_removed, _index_removed, _store_removed, _store_replaced, _database_broken)


def damage_in_run(seed, folder):
    """Take the cache, or a part of it, away from a run at an event that is drawn; serial and with threads."""
    draw = random.Random(seed)
    with settled():
        bed = make_bed(folder)
        for number, executor in enumerate(["serial", "threads"] * len(IN_RUN)):
            bed.renew()
            bed.lose_outputs()
            kind = IN_RUN[number // 2]
            countdown = [draw.randrange(PICTURES + 2)]

            def strike(event, kind=kind, countdown=countdown):
                countdown[0] -= 1
                if countdown[0] == -1:
                    kind(bed, draw)

            try:
                _check_run_struck(bed, executor, strike, refresh=draw.random() < 0.7)
            except BaseException as exc:
                exc.add_note(f"after {kind.__name__} in a run with {executor}")
                raise
    return 2 * len(IN_RUN)


def _check_run_struck(bed, executor, strike, *, refresh):
    witness = Witness()  # the report's own file may be gone
    report = bed.run(executor=executor, jobs=2, refresh=refresh, listeners=[witness, strike])
    assert report.ok
    bed.check_rows(witness.rows.values())
    bed.check(bed.run())
    bed.check_idle()
    bed.check_victims()


TRIALS = (
    Trial(
        "R4",
        "entries",
        "values and records damaged in every way: all found and counted, healed in the run, outputs equal",
        "entries",
        500,
        5_000,
        damage_entries,
    ),
    Trial(
        "R5",
        "flips",
        "one bit of a database flipped, in the file or in a cell: no wrong value, run ok, a rerun is idle",
        "flips",
        200,
        2_000,
        flip_bits,
    ),
    Trial(
        "R5",
        "blocks",
        "3 x 512 bytes of a database overwritten: no wrong value, run ok, a rerun is idle",
        "databases",
        60,
        600,
        lose_blocks,
    ),
    Trial(
        "R5",
        "whole",
        "a database deleted, cut, exchanged, or something else in its place: run ok, set aside, a rerun is idle",
        "databases",
        54,
        540,
        damage_whole,
    ),
    Trial(
        "R5",
        "in-run",
        "the cache, or a part of it, taken away or broken during a run: run ok, a rerun heals",
        "runs",
        30,
        300,
        damage_in_run,
    ),
    Trial(
        "R18",
        "fixtures",
        "caches that each version wrote: read, or missed without an error",
        "caches",
        len(formats.FIXTURES_KEPT),
        len(formats.FIXTURES_KEPT),
        formats.read_fixtures,
    ),
    Trial(
        "R18",
        "others",
        "one number or layout of a cache is an older or newer version's: read or missed, nothing lost unsaid",
        "caches",
        len(formats.OTHERS),
        len(formats.OTHERS),
        formats.read_others,
    ),
)
