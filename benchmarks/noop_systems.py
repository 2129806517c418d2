"""
The systems of `noop.py`: how each is brought to a state where nothing is left to do, and asked again.

Every system brings N small files through three trivial steps (a number is read, doubled, and described
in a file of its own). `prepare` leaves a state that a real first run would leave; that it is a genuine
no-op, and not a system that looks away, is checked by what the program prints in every measured run.
"""

import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import attrs
from timing import run_once

FILES_PER_FOLDER = 1000


@attrs.frozen
class System:
    """
    One system.

    Args:
        name: What the table calls it.
        prepare: Called with the folder and N; brings all up to date, and returns the command that
            is measured.
        is_noop: Whether what the command printed says that nothing was done for N files.
        module: What must be importable; "" for none.
        program: What must be on the path; "" for none.
        most: N above which it is left out where nothing else is asked for: it would take minutes.
    """

    name: str
    prepare: Callable[[Path, int], list[str]]
    is_noop: Callable[[str, int], bool]
    module: str = ""
    program: str = ""
    most: int = 1_000_000


def names(count: int) -> Iterator[str]:
    """Yield "0000/000000" for every file: a thousand in a folder."""
    for number in range(count):
        yield f"{number // FILES_PER_FOLDER:04d}/{number:06d}"


def write_inputs(folder: Path, count: int) -> None:
    for number, name in enumerate(names(count)):
        path = folder / "inputs" / f"{name}.dat"
        if not number % FILES_PER_FOLDER:
            path.parent.mkdir(parents=True)
        path.write_text(f"{number}\n", encoding="utf-8")


def write_outputs(folder: Path, count: int, suffixes: tuple[str, ...]) -> None:
    """Write what the steps would have: suffixes in order, so that each file is newer than what it is made of."""
    for suffix in suffixes:
        for number, name in enumerate(names(count)):
            path = folder / f"{name}{suffix}"
            if not number % FILES_PER_FOLDER:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"number {2 * number}", encoding="utf-8")


def write_program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


# --- creevey_graph --------------------------------------------------------------------------

OURS = '''
import resource
import sys
from pathlib import Path


def memory(name):
    """Return a figure of /proc/self/status in MB; ru_maxrss counts from the fork on, with the parent's size."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


bare_mb = memory("VmRSS")

from creevey_graph import graph, step


@step
def read(path: Path) -> int:
    return int(path.read_text())


@step
def double(number: int) -> int:
    return 2 * number


@step(writes="target")
def describe(number: int, target: Path) -> Path:
    target.write_text(f"number {number}")
    return target


@graph
def tiny(path: Path):
    return {"file": describe(double(read(path)), "{parent}/{stem}.txt")}


if __name__ == "__main__":
    folder, executor = sys.argv[1:]
    report = tiny.run(
        f"{folder}/inputs/**/*.dat", out=f"{folder}/out-ours", cache=f"{folder}/cache-ours",
        executor=executor, progress=False,
    )
    report.raise_for_failures()
    counts = {str(outcome): count for outcome, count in report.counts.items() if count}
    print(sum(report.executed.values()), counts, memory("VmHWM") - bare_mb, sep=";")
'''


def prepare_ours(folder: Path, count: int) -> list[str]:
    command = [sys.executable, write_program(folder, "ours.py", OURS), str(folder), "auto"]
    executed = run_once(command).output.partition(";")[0]
    if int(executed) != 3 * count:
        sys.exit(f"creevey_graph: expected {3 * count} executed steps at first (got {executed})")
    return command


def is_ours_noop(output: str, count: int) -> bool:
    executed, counts, _ = output.split(";")
    return executed == "0" and counts == str({"cached": count})


def grown_mb(output: str) -> float:
    """Return how far our process grew beyond a bare interpreter, in MB."""
    return float(output.split(";")[2])


# --- a manifest by hand ---------------------------------------------------------------------

MANIFEST = """
import hashlib
import os
import sqlite3
import sys

folder = sys.argv[1]
found = {}
for entry in os.scandir(f"{folder}/inputs"):
    for file in os.scandir(entry.path):
        stat = file.stat()
        found[f"{entry.name}/{file.name[:-4]}"] = (stat.st_size, stat.st_mtime_ns)
table = sqlite3.connect(f"{folder}/manifest.db")
rows = table.execute("SELECT name, size, mtime, digest, out_size, out_mtime FROM files").fetchall()
done = 0
for name, size, mtime, digest, out_size, out_mtime in rows:
    if found.pop(name, None) != (size, mtime):
        continue
    try:
        out = os.stat(f"{folder}/out-manifest/{name}.txt")
    except OSError:
        continue
    done += (out.st_size, out.st_mtime_ns) == (out_size, out_mtime)
print(done, len(rows) - done + len(found))
"""


def prepare_manifest(folder: Path, count: int) -> list[str]:
    write_outputs(folder / "out-manifest", count, (".txt",))
    with sqlite3.connect(folder / "manifest.db") as table:
        columns = "name TEXT PRIMARY KEY, size INT, mtime INT, digest TEXT, out_size INT, out_mtime INT"
        table.execute(f"CREATE TABLE files ({columns})")
        table.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", manifest_rows(folder, count))
    return [sys.executable, write_program(folder, "manifest.py", MANIFEST), str(folder)]


def manifest_rows(folder: Path, count: int) -> Iterator[tuple[str, int, int, str, int, int]]:
    for number, name in enumerate(names(count)):
        stat = (folder / "inputs" / f"{name}.dat").stat()
        out = (folder / "out-manifest" / f"{name}.txt").stat()
        # a digest is as long as any other
        yield name, stat.st_size, stat.st_mtime_ns, f"{number:064x}", out.st_size, out.st_mtime_ns


# --- make and ninja -------------------------------------------------------------------------


def prepare_make(folder: Path, count: int) -> list[str]:
    write_outputs(folder / "out-make", count, (".txt",))
    outputs = " ".join(f"out-make/{name}.txt" for name in names(count))
    rules = "".join(f"out-make/{name}.txt: inputs/{name}.dat\n\t@./three $< $@\n" for name in names(count))
    write_program(folder, "Makefile", f"all: {outputs}\n.PHONY: all\n{rules}")
    return ["make", "-rR", "-C", str(folder), "all"]  # without built-in rules it is quicker


def prepare_make_steps(folder: Path, count: int) -> list[str]:
    """Three rules a file, one a step, each with its file."""
    write_outputs(folder / "out-make-3", count, (".1", ".2", ".txt"))
    rules = []
    for name in names(count):
        made = f"out-make-3/{name}"
        chain = (f"inputs/{name}.dat", f"{made}.1", f"{made}.2", f"{made}.txt")
        rules += [f"{target}: {source}\n\t@./step $< $@\n" for source, target in pairwise(chain)]
    outputs = " ".join(f"out-make-3/{name}.txt" for name in names(count))
    write_program(folder, "steps.mk", f"all: {outputs}\n.PHONY: all\n{''.join(rules)}")
    return ["make", "-rR", "-C", str(folder), "-f", "steps.mk", "all"]


def prepare_ninja(folder: Path, count: int) -> list[str]:
    """One edge a file, that runs all three steps: as little as it can be asked."""
    edges = [(f"out-ninja/{name}.txt", f"inputs/{name}.dat") for name in names(count)]
    write_outputs(folder / "out-ninja", count, (".txt",))
    return ninja_command(folder, "ninja", edges)


def prepare_ninja_steps(folder: Path, count: int) -> list[str]:
    """Three edges a file, one a step, each with its file."""
    edges: list[tuple[str, str]] = []
    for name in names(count):
        made = f"out-ninja-3/{name}"
        edges += [
            (f"{made}.1", f"inputs/{name}.dat"),
            (f"{made}.2", f"{made}.1"),
            (f"{made}.txt", f"{made}.2"),
        ]
    write_outputs(folder / "out-ninja-3", count, (".1", ".2", ".txt"))
    return ninja_command(folder, "ninja-3", edges)


def ninja_command(folder: Path, name: str, edges: list[tuple[str, str]]) -> list[str]:
    """Write the build file and the log of a first run: thousands of shells are not needed for that."""
    build = folder / f"build-{name}"
    build.mkdir()
    lines = [f"build ../{made}: steps ../{source}\n" for made, source in edges]
    write_program(build, "build.ninja", f"rule steps\n  command = ./three $in $out\n{''.join(lines)}")
    log = ["# ninja log v5\n"]
    for made, source in edges:
        mtime = (folder / made).stat().st_mtime_ns
        log.append(f"0\t1\t{mtime}\t../{made}\t{ninja_hash(f'./three ../{source} ../{made}'):x}\n")
    write_program(build, ".ninja_log", "".join(log))
    return ["ninja", "-C", str(build)]


def ninja_hash(command: str) -> int:
    """
    Return what ninja's log (version 5) keeps of a command: MurmurHash64A.

    >>> f"{ninja_hash('touch o1'):x}"
    '55095c6b6fe19795'
    """
    data, multiplier, mask = command.encode(), 0xC6A4A7935BD1E995, 2**64 - 1
    result = 0xDECAFBADDECAFBAD ^ (len(data) * multiplier & mask)
    whole = len(data) // 8
    for (part,) in struct.iter_unpack("<Q", data[: whole * 8]):
        mixed = part * multiplier & mask
        result = (result ^ ((mixed ^ mixed >> 47) * multiplier & mask)) * multiplier & mask
    if rest := data[whole * 8 :]:
        result = (result ^ int.from_bytes(rest, "little")) * multiplier & mask
    result = (result ^ result >> 47) * multiplier & mask
    return result ^ result >> 47


# --- doit and joblib ------------------------------------------------------------------------

DODO = """
from pathlib import Path

DOIT_CONFIG = {"dep_file": "doit.db"}


def three(source, target):
    target.write_text(f"number {2 * int(source.read_text())}")


def task_tiny():
    for source in sorted(Path("inputs").glob("*/*.dat")):
        target = Path("out-doit", source.parent.name, source.stem + ".txt")
        yield {
            "name": source.stem, "actions": [(three, (source, target))],
            "file_dep": [str(source)], "targets": [str(target)],
        }
"""


def prepare_doit(folder: Path, count: int) -> list[str]:
    write_outputs(folder / "out-doit", count, (".txt",))
    write_program(folder, "dodo.py", DODO)
    command = [sys.executable, "-m", "doit", "-d", str(folder), "-f", str(folder / "dodo.py"), "run"]
    run_once(command)
    return command


def is_doit_noop(output: str, count: int) -> bool:
    lines = output.splitlines()
    return len(lines) == count and all(line.startswith("-- ") for line in lines)


JOBLIB = """
import sys
from pathlib import Path

from joblib import Memory

folder = Path(sys.argv[1])
memory = Memory(folder / "cache-joblib", verbose=0)
ran = 0


@memory.cache
def three(source, target):
    global ran
    ran += 1
    text = f"number {2 * int(Path(source).read_text())}"
    Path(target).write_text(text)
    return text


if __name__ == "__main__":
    done = 0
    for source in sorted(folder.glob("inputs/*/*.dat")):
        three(str(source), str(folder / "out-joblib" / source.parent.name / f"{source.stem}.txt"))
        done += 1
    print(ran, done)
"""


def prepare_joblib(folder: Path, count: int) -> list[str]:
    write_outputs(folder / "out-joblib", count, (".txt",))
    command = [sys.executable, write_program(folder, "with_joblib.py", JOBLIB), str(folder)]
    run_once(command)
    return command


SYSTEMS = (
    System("creevey_graph", prepare_ours, is_ours_noop),
    System("manifest by hand", prepare_manifest, lambda output, count: output.split() == [str(count), "0"]),
    System("ninja", prepare_ninja, lambda output, _: "no work to do" in output, program="ninja"),
    System(
        "ninja, 3 edges", prepare_ninja_steps, lambda output, _: "no work to do" in output, program="ninja"
    ),
    System(
        "make, 3 rules",
        prepare_make_steps,
        lambda output, _: "Nothing to be done" in output,
        program="make",
    ),
    System("make", prepare_make, lambda output, _: "Nothing to be done" in output, program="make"),
    System("doit", prepare_doit, is_doit_noop, module="doit", most=10_000),
    System(
        "joblib",
        prepare_joblib,
        lambda output, count: output.split() == ["0", str(count)],
        "joblib",
        most=50_000,
    ),
)
