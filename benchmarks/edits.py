"""
The table of edits, side by side: creevey_graph, joblib.Memory, Hamilton, pipefunc and redun.

    pip install 'creevey_graph[bench]'
    python benchmarks/edits.py                                # all systems, all edits: some minutes
    python benchmarks/edits.py --systems joblib --only helper # edits with "helper" in their name

Every system gets the project of `edit_project.py` in the words of its own users, with all values stored,
and is run once. Then, for each edit of `edit_cases.py`: the state after that run is restored, the edit
is made, and a fresh process brings all up to date. The outputs are compared with those of the same edited
program without any cache:

    right        outputs are right and no step ran that need not
    n too many   right, but steps ran n times more than needed
    STALE        an output or a value is not what the edited program makes
    LOST         an output is missing
    warned       stale, and said before that this cannot be seen
    error        the program failed

Before that, each adapter must have made the right outputs cold and executed nothing when run again; for
that the step that writes is remembered like the others. Half a minute a system where nothing else runs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edit_case import Change, EditCase, make_changes
from edit_cases import BELOW_LOADED, CASES, COUNT
from edit_project import write_project
from edit_systems import OURS, PLAIN, RIVALS, System
from timing import format_table, processors, write_json

import creevey_graph

SYSTEMS = {system.name: system for system in (OURS, *RIVALS)}
LIMIT_S = 60
VERDICTS = ("right", "too many", "STALE", "LOST", "warned", "error")


class ProgramError(Exception):
    """A program did not come to its end; holds what it wrote to stderr."""


class Bench:
    """
    One system's folder: always the same path, since some systems' keys hold paths.

    State: bases = changes of the setup -> folder with the project as its first run left it.
    """

    def __init__(self, system: System, folder: Path) -> None:
        self.system = system
        self.project = folder / "project"
        self._folder = folder
        self._bases: dict[tuple[Change, ...], Path] = {}

    def run(self) -> dict[str, Any]:
        """Run the project in a fresh process and return what it printed."""
        root = str(Path(creevey_graph.__file__).parents[1])
        unset = {"PYTHONHASHSEED", "PYTHONPATH", "CREEVEY_CACHE_DIR"}
        env = {name: value for name, value in os.environ.items() if name not in unset}
        # an edit within a second that keeps a file's size would run the old bytecode
        env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": root}
        process = subprocess.run(
            [sys.executable, "main.py", "--plain"],
            cwd=self.project,
            env=env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if process.returncode:
            raise ProgramError(process.stderr)
        printed: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
        return printed

    def play(self, case: EditCase) -> dict[str, Any]:
        """
        Return what the program printed after the edit.

        Raises:
            ProgramError: It failed.
        """
        before = make_changes(self.system.texts(), case.setup)
        self._restore(self._bases.get(case.setup) or self._make_base(case.setup))
        after = make_changes(before, case.changes)
        self._edit(before, after)
        if case.act is not None:
            case.act(self.project)
        if case.then_reverted:
            self.run()
            self._edit(after, before)
        return self.run()

    def _edit(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        old, new = self.system.finish(before), self.system.finish(after)
        for name in new:
            if old[name] != new[name]:
                (self.project / name).write_text(new[name], encoding="utf-8")

    def _make_base(self, setup: tuple[Change, ...]) -> Path:
        shutil.rmtree(self.project, ignore_errors=True)
        write_project(self.project, self.system.finish(make_changes(self.system.texts(), setup)))
        cold, again = self.run(), self.run()
        if cold["executed"] != BELOW_LOADED:
            sys.exit(f"{self.system.name}: expected every step to run (got {cold['executed']})")
        if self.system is not PLAIN and (again["executed"] or again["outputs"] != cold["outputs"]):
            sys.exit(f"{self.system.name}: expected a rerun to execute nothing (got {again['executed']})")
        base = self._folder / f"base-{len(self._bases)}"
        shutil.copytree(self.project, base)
        self._bases[setup] = base
        return base

    def _restore(self, base: Path) -> None:
        shutil.rmtree(self.project)
        shutil.copytree(base, self.project)  # keeps the times of files


def main() -> None:
    options = parse_options()
    systems = [SYSTEMS[name] for name in options.systems]
    for system in systems:
        if find_spec(system.module) is None:
            sys.exit(f"{system.name} is not installed; pip install 'creevey_graph[bench]'")
    cases = [case for case in CASES if options.only in case.name]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="creevey-edits-") as text:
        folder = Path(text)
        plain = Bench(PLAIN, folder / "plain")
        truth = {case.name: plain.play(case) for case in cases if not case.ours_only}
        with ThreadPoolExecutor(options.jobs) as pool:
            columns = list(pool.map(lambda system: judge_all(system, folder, cases, truth), systems))
    seconds = time.perf_counter() - began
    print(f"{len(cases)} edits, {len(systems)} systems, {COUNT} items, fresh processes, {seconds:.0f} s")
    rows = [[case.name, *(column[index] for column in columns)] for index, case in enumerate(cases)]
    print(format_table([["edit", *options.systems], *rows, *count_verdicts(columns)]))
    if options.json:
        edits = {name: dict(zip(options.systems, verdicts, strict=True)) for name, *verdicts in rows}
        write_json(options.json, {"edits": edits})


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), help="all of them")
    parser.add_argument("--only", default="", metavar="TEXT", help="edits with this in their name")
    parser.add_argument("--jobs", type=int, default=processors(), help="systems at once (the processors)")
    parser.add_argument("--json", metavar="FILE", help='also write the table as JSON ("-": to stdout)')
    return parser.parse_args()


def judge_all(
    system: System, folder: Path, cases: Sequence[EditCase], truth: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return the system's column: a verdict per case, "-" for what it has no word for."""
    bench = Bench(system, folder / system.module)
    return [judge(bench, case, truth.get(case.name)) for case in cases]


def judge(bench: Bench, case: EditCase, truth: Mapping[str, Any] | None) -> str:
    """Return the verdict; without *truth*, that of the program's own run without a cache."""
    if case.ours_only and bench.system is not OURS:
        return "-"
    try:
        printed = bench.play(case)
    except ProgramError as exc:
        print(f"{bench.system.name}, {case.name}:\n{exc}", file=sys.stderr)
        return "error"
    outputs, values = (
        (truth["outputs"], truth["values"])
        if truth is not None
        else (printed["plain_outputs"], printed["plain_values"])
    )
    if printed["outputs"].keys() != outputs.keys():
        return "LOST"
    if printed["outputs"] != outputs or printed["values"] != values:
        told = any(case.untracked in line for line in printed["warned"])
        return "warned" if case.untracked and told else "STALE"
    surplus = sum((Counter(printed["executed"]) - Counter(case.expected)).values())
    return f"{surplus} too many" if surplus else "right"


def count_verdicts(columns: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the closing lines of the table: per verdict, how often each system got it."""
    counts = [Counter(verdict.lstrip("0123456789 ") for verdict in column) for column in columns]
    return [[f"= {verdict}", *(str(count[verdict]) for count in counts)] for verdict in VERDICTS]


if __name__ == "__main__":
    main()
