"""
R11: hostile lists, tables and archives: each is one clear error or items that can be read, and nothing leads outside.

As a program: `lists_hostile.py SEED COUNT` tries COUNT mutants and every special case in this process, in the working
folder, and prints as JSON what came of them.
"""

import bz2
import csv
import faulthandler
import gzip
import io
import json
import lzma
import os
import random
import resource
import sys
import tarfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from mutants import DAMAGES, draw
from programs import start
from trial import Trial

from creevey_graph.codecs import CODECS
from creevey_graph.errors import CodecError, CreeveyError
from creevey_graph.parts import Part
from creevey_graph.sources import archive, open_list, url_list, webdataset

LIMIT_S = 10
LIMIT_KB = 500 * 1024
LISTS_AT_ONCE = 500
MOST_READ = 50
SPARED = 2**20


def png():
    file = io.BytesIO()
    draw("RGB", 1).save(file, "PNG")
    return file.getvalue()


def rows_of(count):
    return [
        {"url": f"http://photos.test/{number:04}.jpg", "by": number, "caption": f"photo, \u00e9 {number}"}
        for number in range(count)
    ]


def table_of(rows, delimiter):
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def parquet_of(rows):
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return None
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def zip_of(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as made:
        for name, data in members:
            made.writestr(name, data)
    return file.getvalue()


def tar_of(members, mode="w"):
    """Return a tar; a member is (name, data), or (name, kind of tarfile, where it leads)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as made:
        for name, what, *leads in members:
            info = tarfile.TarInfo(name)
            if leads:
                info.type, info.linkname = what, leads[0]
                made.addfile(info)
            else:
                info.size = len(what)
                made.addfile(info, io.BytesIO(what))
    return file.getvalue()


def whole_lists():
    """Return name of a file -> its bytes."""
    rows, picture = rows_of(12), png()
    members = [(f"folder/{number:03}.png", picture) for number in range(6)]
    shards = [
        (f"s/{n:03}.{end}", data)
        for n in range(4)
        for end, data in (("png", picture), ("json", b'{"a": 1}'), ("cls", b"3"))
    ]
    lists = {
        "urls.txt": "\n".join(row["url"] for row in rows).encode(),
        "table.csv": table_of(rows, ","),
        "table.tsv": table_of(rows, "\t"),
        "rows.jsonl": b"\n".join(json.dumps(row).encode() for row in rows),
        "rows.parquet": parquet_of(rows),
        "a.zip": zip_of(members),
        "packed.zip": zip_of(members, compression=zipfile.ZIP_DEFLATED),
        "lzma.zip": zip_of(members, compression=zipfile.ZIP_LZMA),
        "a.tar": tar_of(members),
        "a.tar.gz": tar_of(members, "w:gz"),
        "a.tar.bz2": tar_of(members, "w:bz2"),
        "a.tar.xz": tar_of(members, "w:xz"),
        "shard.tar": tar_of(shards),
    }
    lists["urls.txt.gz"] = gzip.compress(lists["urls.txt"])
    lists["table.csv.gz"] = gzip.compress(lists["table.csv"])
    return {name: data for name, data in lists.items() if data is not None}


ESCAPES = (
    "../out.png",
    "/etc/x.png",
    "a/../../x.png",
    "C:\\x.png",
    "..\\x.png",
    "\\\\host\\x.png",
    "a\0b.png",
)


def special_lists(rng):
    """Yield (name of a file, its bytes) of lists that no mutation finds."""
    picture = png()
    deep = b"[" * 100_000 + b"]" * 100_000
    yield "garbage.csv", rng.randbytes(5000)
    yield "garbage.jsonl", rng.randbytes(5000)
    yield "garbage.parquet", b"PAR1" + rng.randbytes(5000) + b"PAR1"
    yield "garbage.zip", b"PK\3\4" + rng.randbytes(5000)
    yield "garbage.tar", rng.randbytes(10_240)
    yield "garbage.txt.gz", b"\x1f\x8b" + rng.randbytes(500)
    yield "long-line.txt.gz", gzip.compress(b"a" * 10**8, 9)
    yield "long-cell.csv.gz", gzip.compress(b'url,by\n"' + b"a" * 10**8 + b'",1\n', 9)
    yield "long-value.jsonl.gz", gzip.compress(b'{"url": "' + b"a" * 10**8 + b'"}\n', 9)
    yield "many-columns.csv", b",".join(b"c%d" % number for number in range(200_000)) + b"\n"
    yield "nul.csv", b"url,by\na\0b,1\n"
    yield "nul.txt", bytes(10_000)
    yield "surrogate.jsonl", b'{"url": "\\ud800.jpg", "by": 1}\n'
    yield "surrogate.csv", b"url,by\n\xed\xa0\x80.jpg,1\n"
    yield "deep.jsonl", b'{"url": "a.jpg", "by": ' + deep + b"}\n"
    yield "numbers.jsonl", b'{"url": "a.jpg", "by": ' + b"9" * 100_000 + b"}\n"
    yield "nan.jsonl", b'{"url": NaN, "by": -Infinity}\n'
    yield "twice.jsonl", b'{"url": "a.jpg", "url": "b.jpg", "by": 1}\n'
    yield "not-objects.jsonl", b'1\nnull\n"a"\n[]\n'
    yield "utf16.csv", "url,by\na.jpg,1\n".encode("utf-16")[:-1]
    yield "escapes.zip", zip_of([(name, picture) for name in ESCAPES] + [("good.png", picture)])
    yield "escapes.tar", tar_of([(name, picture) for name in ESCAPES] + [("good.png", picture)])
    yield "twice.tar", tar_of([("a.png", b"first"), ("a.png", picture), ("./a.png", picture)])
    leads = [("l.png", tarfile.SYMTYPE, "/etc/passwd"), ("h.png", tarfile.LNKTYPE, "/etc/passwd")]
    devices = [
        ("c.png", tarfile.CHRTYPE, ""),
        ("b.png", tarfile.BLKTYPE, ""),
        ("f.png", tarfile.FIFOTYPE, ""),
    ]
    yield "kinds.tar", tar_of([*leads, *devices, ("good.png", picture)])
    yield "bomb.zip", zip_of([("bomb.png", bytes(2**28))], compression=zipfile.ZIP_DEFLATED)
    yield "bomb.tar.gz", gzip.compress(tar_of([("bomb.png", bytes(2**26))]), 9)
    yield "bomb.tar.bz2", bz2.compress(tar_of([("bomb.png", bytes(2**26))]))
    yield "bomb.tar.xz", lzma.compress(tar_of([("bomb.png", bytes(2**26))]))
    yield "members.zip", zip_of([(f"{number}.png", b"") for number in range(20_000)])
    yield "deep.json.tar", tar_of([("a.png", picture), ("a.json", deep)])
    yield (
        "text.tar",
        tar_of([("a.png", picture), ("a.txt", b"\xff\xfe\xed\xa0\x80"), ("a.cls", b"9" * 10_000)]),
    )


def read_list(path):
    """Open a list as a run would, and what its items stand for; return how many there are."""
    name = path.name
    if ".tar" in name or name.endswith(".zip"):
        listing = webdataset if name.startswith(("shard", "text", "deep")) else archive
        source = listing(path, max_bytes=SPARED)
    else:
        source = url_list(path) if ".txt" in name else open_list(path, ["url"])
    count = 0
    for item in source:
        count += 1
        assert isinstance(item.key, str)
        for value in item.values:
            if isinstance(value, Part):
                assert ".." not in value.label.split("/")
                assert not value.label.startswith(("/", "\\"))
                if count <= MOST_READ:
                    check_part(value)
    return count


def check_part(part):
    """Read a member: all of it, or a clear error."""
    try:
        data = part.read_bytes()
    except CreeveyError as exc:
        check_told(exc, "")
        return
    assert len(data) <= SPARED
    assert b"root:" not in data


def hostile_arrays(rng):
    """Yield .npy files that ask for more than they have, or for code."""

    def npy(header, data=b"", version=b"\1\0"):
        text = header.encode() + b" " * (-len(header) % 64) + b"\n"
        return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data

    shapes = (
        "(4294967296, 4294967296)",
        "(-1,)",
        "(9223372036854775807,)",
        "(0, 99999999999999999999)",
        "(1,) * 10**9",
    )
    for shape in shapes:
        yield npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}", bytes(80))
    for kind in ("|O", "<U536870911", "V0", "|S0", "<M8[99999999999999999999s]", "[('a', '|O')]"):
        yield npy(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (10,), }}", bytes(80))
    yield npy("__import__('os').system('touch hacked')")
    yield npy("(" * 9000)
    yield npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }", bytes(79))
    file = io.BytesIO()
    np.save(file, np.arange(40, dtype=np.int32).reshape(5, 8))
    for _ in range(200):
        data = bytearray(file.getvalue())
        for _ in range(rng.randrange(1, 4)):
            rng.choice(DAMAGES)(rng, data, {"npy": file.getvalue()})
        yield bytes(data)


def try_array(data):
    try:
        CODECS["array"].decode(data)
    except CodecError:
        return "CodecError"
    return "array"


def check_told(exc, name):
    """Check that an error names its list, says something, and is inert."""
    told = str(exc)
    assert name in told, told
    assert len(told) > len(name) + 10, told
    assert all(letter.isprintable() or letter == "\n" for letter in told), ascii(told)


def try_list(path):
    try:
        count = read_list(path)
    except CreeveyError as exc:
        check_told(exc, path.name.split(".")[0])
        return type(exc).__name__
    return "items" if count else "nothing"


def main(seed, count):
    """Try *count* mutants and all special cases as a program."""
    faulthandler.enable()
    rng = random.Random(seed)
    whole, outcomes, slowest = whole_lists(), Counter(), (0.0, "")
    for name, data in whole.items():
        Path(name).write_bytes(data)
        assert try_list(Path(name)) == "items", name
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def timed(name, tried, given):
        nonlocal slowest
        faulthandler.dump_traceback_later(LIMIT_S, exit=True)
        began = time.perf_counter()
        try:
            outcomes[tried(given)] += 1
        except BaseException as exc:
            exc.add_note(f"seed {seed}: {name}")
            raise
        slowest = max(slowest, (time.perf_counter() - began, name))

    for number in range(count):
        name = rng.choice(list(whole))
        data = bytearray(whole[name])
        for _ in range(rng.choice((1, 1, 2, 4))):
            rng.choice(DAMAGES)(rng, data, whole)
        path = Path(name)
        path.write_bytes(data)
        timed(f"mutant {number} of {name}", try_list, path)
    for name, data in special_lists(rng):
        path = Path(name)
        path.write_bytes(data)
        timed(name, try_list, path)
        path.unlink()
    for data in hostile_arrays(rng):
        timed("an array", try_array, data)
    faulthandler.cancel_dump_traceback_later()
    assert not Path("hacked").exists()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "grown_kb": grown}))


def run_lists(seed, folder):
    """Try hostile lists in a process that may die of them; return how many were tried."""
    inner = folder / "lists"
    inner.mkdir()
    program = start("lists_hostile.py", seed, LISTS_AT_ONCE, cwd=inner)
    printed, errors = program.communicate(timeout=110)
    assert 0 == program.returncode, errors[-3000:]
    result = json.loads(printed.splitlines()[-1])
    assert result["grown_kb"] < LIMIT_KB, result
    assert {"lists"} == set(os.listdir(folder)), "something was written outside"  # noqa: PTH208
    return sum(result["outcomes"].values())


TRIALS = (
    Trial(
        "R11",
        "lists",
        "a hostile list, table, archive or array is one clear error or items inside",
        "lists",
        700,
        70_000,
        run_lists,
    ),
)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
