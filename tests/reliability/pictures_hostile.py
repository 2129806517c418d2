"""
R11: malformed pictures and strange files, loaded one by one and in whole runs.

As a program: `pictures_hostile.py FOLDER EXECUTOR SEED LISTING` runs a graph over FOLDER/photos while some of its files
grow, shrink and vanish, and prints as JSON its rows and by how many KB it grew.
"""

import io
import json
import os
import random
import resource
import socket
import sys
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import mutants
from programs import environment, start
from trial import Trial

from creevey_graph import graph
from creevey_graph.images import load_image, resize, write_image

LIMIT_KB = 500 * 1024
MUTANTS_AT_ONCE = 2500
SPARSE_BYTES = 2**28
EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 10 10
%%EndComments
0 0 10 10 rectfill
showpage
"""
OTHERS = {
    "eps": EPS,
    "eps-dos": b"\xc5\xd0\xd3\xc6"
    + (32).to_bytes(4, "little")
    + len(EPS).to_bytes(4, "little")
    + bytes(20)
    + EPS,
    "pdf": b"%PDF-1.7\n1 0 obj\n<</Type /Catalog>>\nendobj\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!DOCTYPE html><title>404</title>",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),  # FPX and MIC
    "wmf": b"\xd7\xcd\xc6\x9a\0\0" + bytes(80),
    "emf": b"\1\0\0\0" + bytes(36) + b" EMF" + bytes(60),
    "psd": b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\1\0\0\0\1\0\x08\0\3" + bytes(60),
    "fli": bytes(4) + b"\x11\xaf\1\0\x40\1\xc8\0\x08\0" + bytes(200),
    "dcx": b"\xb1\x68\xde\x3a" + bytes(100),
    "fits": b"SIMPLE  =                    T" + b" " * 3000,
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "grib": b"GRIB\0\0\0\1" + bytes(60),
    "bufr": b"BUFR" + bytes(60),
    "mpeg": b"\x00\x00\x01\xb3" + bytes(60),
    "sun": b"\x59\xa6\x6a\x95" + bytes(60),
    "xpm": b'/* XPM */ static char *x[] = {"1 1 1 1", "a c red", "a"};',
    "xbm": b"#define x_width 1\n#define x_height 1\nstatic char x_bits[] = {1};",
    "gz": b"\x1f\x8b\x08" + bytes(20),
    "text": b"just text\n" * 9,
    "nul": bytes(4096),
    "one": b"\xff",
}


@graph
def thumbs(photo: Path, *, shrink: str = "exact"):
    image = load_image(photo, shrink=shrink)  # type: ignore[arg-type]
    return {"file": write_image(resize(image, (8, 8)), "{name}.png")}


def draw_strange(photos, seed):
    """Fill a folder with good pictures and bad ones; return (names of the good, name of a bad one -> what its error says)."""
    rng = random.Random(seed)
    photos.mkdir()
    forms = {
        name: data
        for name, data in mutants.whole_files().items()
        if name.split("-")[0] in mutants.DEFAULT_FORMATS
    }
    good = {f"good-{name}.{rng.choice(('jpg', 'png', 'tif'))}": data for name, data in forms.items()}
    bad = {f"other-{name}.jpg": data for name, data in OTHERS.items()}
    for name, data in forms.items():
        if "frames" in mutants.WRITTEN[name][1]:
            continue  # the first frame may be whole
        bad[f"cut-{name}.jpg"] = data[: len(data) * rng.randrange(1, 60) // 100]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.png", forms["PNG"])
    bad["other-zip.jpg"] = packed.getvalue()
    bad["name-\x1b[31m\n\u202e<img src=x>.jpg"] = b"no picture"
    bad["empty.jpg"] = b""
    for name, data in {**good, **bad}.items():
        (photos / name).write_bytes(data)
    told = dict.fromkeys(bad, "ImageError: ")
    (photos / "sparse.jpg").touch()
    os.truncate(photos / "sparse.jpg", 10 * 2**30 if seed % 50 == 49 else SPARSE_BYTES)
    (photos / "loop.jpg").symlink_to("loop.jpg")
    (photos / "dangling.jpg").symlink_to("nowhere.jpg")
    (photos / "vanishing.jpg").write_bytes(forms["JPEG"])
    (photos / "moving.jpg").write_bytes(forms["JPEG"])
    told |= {"sparse.jpg": "ImageError: ", "loop.jpg": "OSError: ", "dangling.jpg": "FileNotFoundError: "}
    return set(good), told | {
        "vanishing.jpg": "FileNotFoundError: ",
        "moving.jpg": ("SourceChanged: ", "ImageError: "),
    }


def add_no_files(photos):
    """Add what is no file under names of pictures; return name -> what its error says where it is named itself."""
    (photos / "folder.jpg").mkdir()
    os.mkfifo(photos / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as listener, suppress(OSError):  # the path may be too long for one
        listener.bind(str(photos / "socket.jpg"))
    (photos / "zero.jpg").symlink_to("/dev/zero")
    (photos / "full.jpg").symlink_to("/dev/full")
    (photos / "to-fifo.jpg").symlink_to("fifo.jpg")
    names = ("folder", "fifo", "socket", "zero", "full", "to-fifo")
    return {f"{name}.jpg": "SourceError: " for name in names if os.path.lexists(photos / f"{name}.jpg")}


def fake_ghostscript(folder):
    """Put programs of Ghostscript's names into a folder, each leaves a mark; return (that folder, the mark)."""
    folder.mkdir()
    mark = folder / "started"
    for name in ("gs", "gswin32c", "gswin64c", "gsc"):
        (folder / name).write_text(f"#!/bin/sh\ntouch '{mark}'\nexit 1\n")
        (folder / name).chmod(0o755)
    return folder, mark


def run_strange(seed, folder):
    """Run a graph over strange files: each bad one is reported once, with its name and a reason; the good are done."""
    rng = random.Random(seed)
    good, told = draw_strange(folder / "photos", seed)
    no_files = add_no_files(folder / "photos")
    listing = ("paths", "folder", "glob")[seed % 3]
    told |= no_files if listing == "paths" else {}
    programs, mark = fake_ghostscript(folder / "bin")
    env = environment(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    executor = ("threads", "processes", "serial")[seed % 3]
    program = start(
        "pictures_hostile.py", folder, executor, rng.choice(("exact", "fast")), listing, cwd=folder, env=env
    )
    printed, errors = program.communicate(timeout=100)
    assert 0 == program.returncode, errors
    result = json.loads(printed.splitlines()[-1])
    outcomes = {}
    for name, outcome, error in result["rows"]:
        assert name not in outcomes, f"{name!r} is reported twice"
        outcomes[name] = outcome
        assert outcome == ("done" if name in good else "failed"), (name, error)
        if name in told:
            assert error.startswith(told[name]), (name, error)
            shown = Path(name).stem.split("\x1b")[0]
            assert shown in error, f"{name!r} is not named by {error!r}"
            assert len(error) > 25, error
    assert good | set(told) == set(outcomes)
    assert good == {path.name.removesuffix(".png") for path in (folder / "out").glob("[!.]*")}
    assert not mark.exists(), "Ghostscript was started"
    assert result["grown_kb"] < LIMIT_KB, result["grown_kb"]
    return len(outcomes)


def main(folder, executor, shrink, listing):
    """Run as a program, with a file that vanishes once it is listed, and one that is written to all the time."""
    photos = folder / "photos"
    items = {"paths": sorted(photos.iterdir()), "folder": photos, "glob": str(photos / "*.*")}[listing]
    is_over = threading.Event()

    lengths = random.Random(1)

    def move_once():
        with (photos / "moving.jpg").open("r+b") as file:
            file.seek(lengths.randrange(1, 9000))
            file.write(b"more")
            file.truncate()

    def move():
        while not is_over.wait(0.0005):
            move_once()

    def vanish(_event):
        (photos / "vanishing.jpg").unlink(missing_ok=True)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    move_once()  # from now on it is no whole picture at any moment
    mover = threading.Thread(target=move)
    mover.start()
    try:
        report = thumbs.bind(shrink=shrink).run(
            items,
            out=folder / "out",
            cache=folder / "cache",
            executor=executor,
            jobs=2,
            progress=False,
            listeners=[vanish],
        )
    finally:
        is_over.set()
        mover.join()
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    rows = [(Path(row.source).name, str(row.outcome), row.error) for row in report.rows]
    print(json.dumps({"rows": rows, "grown_kb": max(peaks) - before}))


def run_mutants(seed, folder):
    """Try mutants in a process that may die of them; return how many were tried."""
    program = start("mutants.py", seed, MUTANTS_AT_ONCE, cwd=folder)
    printed, errors = program.communicate(timeout=110)
    at = (folder / "at").read_text() if (folder / "at").exists() else "none"
    assert 0 == program.returncode, f"died at mutant {at} with {program.returncode}: {errors[-3000:]}"
    result = json.loads(printed.splitlines()[-1])
    assert result["grown_kb"] < LIMIT_KB, result
    assert result["slowest"][0] < mutants.LIMIT_S, result
    assert MUTANTS_AT_ONCE == sum(result["outcomes"].values())
    assert min(result["outcomes"].get(name, 0) for name in ("picture", "ImageError")) > MUTANTS_AT_ONCE // 20
    return MUTANTS_AT_ONCE


def run_cuts(seed, folder):
    """Cut every file at every per cent in another process; return how many were tried."""
    program = start("-c", "import mutants, sys; print(mutants.cut_all(int(sys.argv[1])))", seed, cwd=folder)
    printed, errors = program.communicate(timeout=110)
    assert 0 == program.returncode, errors[-3000:]
    return int(printed)


TRIALS = (
    Trial(
        "R11",
        "mutants",
        "a damaged picture is one clear error or a picture, within 10 s and 500 MB",
        "mutants",
        10_000,
        1_000_000,
        run_mutants,
    ),
    Trial(
        "R11",
        "cuts",
        "of a file that is cut at each per cent, an error or the whole picture",
        "cut files",
        3000,
        100_000,
        run_cuts,
    ),
    Trial(
        "R11",
        "strange-files",
        "in a whole run each bad file is reported once, with name and reason, and the good are done",
        "files",
        200,
        10_000,
        run_strange,
    ),
)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
