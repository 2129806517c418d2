"""
Compare programs as whole processes: alternately, with medians, ranges and ratios pair by pair.

Used by `headline.py` and `tiny_items.py`; runs nothing by itself. A load that changes while a
benchmark goes on hits both halves of a pair alike, so the ratio of pairs is what to quote; seconds
alone compare only within one table.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

import creevey_graph

WARM_UPS = 1
"""Rounds that are run first and not counted: they fill the system's file cache."""


@attrs.frozen
class Run:
    """
    One process, from its start to its end.

    Args:
        seconds: Wall time.
        peak_mb: Largest resident set of the process or any one of its workers, in MB (10**6 bytes).
        output: What it printed.
    """

    seconds: float
    peak_mb: float
    output: str = attrs.field(default="", repr=False)


@attrs.frozen
class Case:
    """
    What is compared.

    Args:
        name: What the table calls it.
        commands: Contender -> arguments of its process; the first is measured against the second.
        prepare: Called before every pair, not timed.
    """

    name: str
    commands: Mapping[str, Sequence[str]]
    prepare: Callable[[], None] = lambda: None


@attrs.frozen
class Timing:
    """
    The runs of one case, warm-ups left out.

    Args:
        name: The case's.
        runs: Contender -> its runs, in order; those of one place were run side by side in time.
    """

    name: str
    runs: Mapping[str, Sequence[Run]]

    def seconds(self, contender: str) -> list[float]:
        return [run.seconds for run in self.runs[contender]]

    def peak_mb(self, contender: str) -> float:
        return max(run.peak_mb for run in self.runs[contender])

    def ratios(self) -> list[float]:
        """Return first / second contender, pair by pair."""
        ours, theirs = list(self.runs)[:2]
        return [a / b for a, b in zip(self.seconds(ours), self.seconds(theirs), strict=True)]


def run_once(command: Sequence[str]) -> Run:
    """
    Run *command* with this interpreter's package on its path.

    Raises:
        SystemExit: It failed; says what it wrote to stderr.
    """
    root = str(Path(creevey_graph.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    began = time.perf_counter()
    # What is installed has its bytecode; ours here must not be compiled anew in every process.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONPATH": paths},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = process.stdout.read(), process.stderr.read()  # both short
    # wait4 knows the largest process among the child and those it waited for. The child is counted
    # from the fork on, with our size: so this process imports nothing large.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode:
        sys.exit(f"{' '.join(command)}\nended with {process.returncode}:\n{errors}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit / 1e6, output)


def measure(cases: Sequence[Case], rounds: int) -> list[Timing]:
    """
    Run every case *rounds* times, and `WARM_UPS` times before that.

    A round goes through the cases in order, so that a rerun finds what the cold run before it left.
    In every second round the contenders change places.
    """
    runs: dict[str, dict[str, list[Run]]] = {
        case.name: {name: [] for name in case.commands} for case in cases
    }
    for number in range(-WARM_UPS, rounds):
        for case in cases:
            case.prepare()
            for name in list(case.commands)[:: 1 if number % 2 == 0 else -1]:
                run = run_once(case.commands[name])
                if number >= 0:
                    runs[case.name][name].append(run)
    return [Timing(name, of_case) for name, of_case in runs.items()]


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """
    Return median and range as text.

    >>> spread([1.0, 3.0, 2.0])
    '2.00 (1.00-3.00)'
    """
    low, middle, high = (
        form.format(value) for value in (min(values), statistics.median(values), max(values))
    )
    return f"{middle} ({low}-{high})"


def format_timings(timings: Sequence[Timing]) -> str:
    """Return the table: one line per case, seconds as median (range)."""
    names = list(timings[0].runs)
    head = ["case", *(f"{name} s" for name in names), "ratio", *(f"{name} MB" for name in names)]
    lines = [
        [
            timing.name,
            *(spread(timing.seconds(name)) for name in names),
            spread(timing.ratios()),
            *(f"{timing.peak_mb(name):.0f}" for name in names),
        ]
        for timing in timings
    ]
    return format_table([head, *lines])


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text as lines with aligned columns, the first row as head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def timings_to_json(timings: Sequence[Timing]) -> list[dict[str, Any]]:
    """Return the measured figures as plain data."""
    return [
        {
            "case": timing.name,
            "seconds": {name: [round(value, 4) for value in timing.seconds(name)] for name in timing.runs},
            "median_s": {name: round(statistics.median(timing.seconds(name)), 4) for name in timing.runs},
            "peak_mb": {name: round(timing.peak_mb(name), 1) for name in timing.runs},
            "ratios": [round(ratio, 4) for ratio in timing.ratios()],
            "median_ratio": round(statistics.median(timing.ratios()), 4),
        }
        for timing in timings
    ]


def facts() -> dict[str, Any]:
    """Return what a figure depends on besides the code."""
    return {
        "python": sys.version.split()[0],
        "system": sys.platform,
        "processors": processors(),
        "load": round(os.getloadavg()[0], 2),
    }


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def write_json(path: str, data: Mapping[str, Any]) -> None:
    """Write *data* and `facts` to a file, or to stdout where *path* is "-"."""
    text = json.dumps({**facts(), **data}, indent=1) + "\n"
    if path == "-":
        sys.stdout.write(text)
    else:
        Path(path).write_text(text, encoding="utf-8")
