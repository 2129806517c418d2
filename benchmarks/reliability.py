"""
The reliability plan for hours: every trial of tests/reliability, seed after seed, resumable.

Run from the root of a clone that has the test extra: `python -m benchmarks.reliability --hours 8`. Trials take
turns, the one that is furthest from what a release asks first; each batch of seeds runs in a process of
its own, so that a hang is told as one and costs its limit. Every seed is a line of the state file; a later
call goes on from there. It ends with a table, and with exit status 1 where a promise was broken.
"""

import argparse
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]
BATCH_S = 20.0
START_S = 60.0
"""A worker may take so long to import everything, besides the limit of its first seed."""

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reliability"), str(ROOT / "tests")]

from trial import Trial, try_until  # noqa: E402 - stands in the tests


@attrs.define
class Standing:
    """How far a trial is: next_seed; units tried; broken, hangs; seconds; units with the code as it is now."""

    next_seed: int = 0
    units: int = 0
    broken: int = 0
    hangs: int = 0
    seconds: float = 0.0
    now: int = 0


def main() -> int:
    options = read_options()
    trials = chosen(import_module(options.plan).all_trials(), options.only)
    if options.worker:
        return work(trials[options.worker], options.first, options.seconds, options.units)
    if options.list:
        for title, trial in trials.items():
            print(f"{title:28} {trial.gate:>7,} of {trial.release:>9,} {trial.unit}: {trial.what}")
        return 0
    code = digest_of_code()
    standings = read_state(options.state, trials, code)
    missing = {title: why for title, trial in trials.items() if (why := trial.missing())}
    try:
        for title, line in run_trials(trials, missing, standings, options):
            note(options.state, {"title": title, "code": code, **line}, standings)
    except KeyboardInterrupt:
        print("\ninterrupted; the state is kept", file=sys.stderr)
    print(table(trials, missing, standings))
    print(f"\nstate: {options.state} (call again to go on); code {code}")
    return 1 if any(s.broken or s.hangs for s in standings.values()) else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("--hours", type=float, default=0.1, help="how long to go on (default 0.1)")
    parser.add_argument("--only", nargs="+", default=[], metavar="R", help='rows or titles: "R1", "R4-files"')
    parser.add_argument(
        "--state", type=Path, default=Path("reliability.jsonl"), help="where every seed is noted"
    )
    parser.add_argument("--list", action="store_true", help="print the trials and their figures, run nothing")
    parser.add_argument("--plan", default="plan", help=argparse.SUPPRESS)  # another one, of a test
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=BATCH_S, help=argparse.SUPPRESS)
    parser.add_argument("--units", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def chosen(trials: dict[str, Trial], only: list[str]) -> dict[str, Trial]:
    """Return the trials that *only* names, all of them where it names none."""
    known = {*trials, *(trial.id for trial in trials.values())}
    if unknown := [name for name in only if name not in known]:
        sys.exit(f"no trial {', '.join(unknown)} (has: {', '.join(trials)})")
    return {title: trial for title, trial in trials.items() if not only or {title, trial.id} & {*only}}


def digest_of_code() -> str:
    """Return 12 digits that change with any file of the package."""
    whole = hashlib.sha256()
    for path in sorted((ROOT / "creevey_graph").rglob("*.py")):
        whole.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:12]


# --- state ---------------------------------------------------------------------------------


def read_state(path: Path, trials: dict[str, Trial], code: str) -> dict[str, Standing]:
    """Return title -> how far it is; a line that was cut short by a kill counts as not tried."""
    standings = {title: Standing() for title in trials}
    for text in path.read_text().splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line["title"] in standings:
            add(standings[line["title"]], line, is_now=line["code"] == code)
    return standings


def add(standing: Standing, line: dict[str, object], *, is_now: bool) -> None:
    standing.next_seed = max(standing.next_seed, int(line["seed"]) + 1)
    standing.units += int(line["units"])
    standing.now += int(line["units"]) if is_now else 0
    standing.broken += line["outcome"] == "broken"
    standing.hangs += line["outcome"] == "hang"
    standing.seconds += float(line["seconds"])


def note(path: Path, line: dict[str, object], standings: dict[str, Standing]) -> None:
    with path.open("ab+") as file:
        is_cut = (
            file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) + 1 and file.read(1) != b"\n"
        )  # by a kill
        file.write(b"\n" * bool(is_cut) + json.dumps(line).encode() + b"\n")
    add(standings[line["title"]], line, is_now=True)
    if line["outcome"] != "ok":
        print(f"{line['title']} seed {line['seed']}: {line['outcome']}\n{line['told']}", file=sys.stderr)


# --- running -------------------------------------------------------------------------------


def run_trials(
    trials: dict[str, Trial],
    missing: dict[str, str],
    standings: dict[str, Standing],
    options: argparse.Namespace,
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (title, line) for each seed until the time is over, or all that a release asks for is tried."""
    ends = time.monotonic() + options.hours * 3600

    def share(title: str) -> float:
        return standings[title].units / trials[title].release

    while time.monotonic() < ends:
        waiting = [title for title in trials if title not in missing and share(title) < 1]
        if not waiting:
            return
        title = min(waiting, key=share)
        print(
            f"{title} from seed {standings[title].next_seed} ({share(title):.1%} of a release)",
            file=sys.stderr,
        )
        left = min(BATCH_S, ends - time.monotonic())
        lines = batch(trials[title], standings[title], left, options.plan)
        yield from ((title, line) for line in lines)


def batch(trial: Trial, standing: Standing, seconds: float, plan: str) -> Iterator[dict[str, object]]:
    """Yield a line for each seed that one worker process tries; the last of them where it hangs or dies."""
    command = [sys.executable, "-m", "benchmarks.reliability", "--worker", trial.title]
    first = standing.next_seed
    command += ["--first", str(first), "--seconds", str(seconds), "--plan", plan]
    command += ["--units", str(trial.release - standing.units)]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for text in worker.stdout:
            lines.put(text)
        lines.put("")

    threading.Thread(target=listen, daemon=True).start()
    limit_s, seed, told = trial.limit_s + START_S, first, ""
    try:
        while told := lines.get(timeout=limit_s):
            line = json.loads(told)
            seed, limit_s = line["seed"] + 1, trial.limit_s
            yield line
        if worker.wait():
            yield failure(seed, "broken", f"its process ended with {worker.returncode}", 0.0)
    except queue.Empty:
        yield failure(seed, "hang", f"no end within {limit_s:g} s", limit_s)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def failure(seed: int, outcome: str, told: str, seconds: float) -> dict[str, object]:
    return {"seed": seed, "units": 0, "outcome": outcome, "seconds": seconds, "told": told}


def work(trial: Trial, first: int, seconds: float, most: int) -> int:
    """Try seeds in this process for *seconds*, and until *most* units have been tried; a line of JSON for each."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a trial prints is no line of ours
    began = time.monotonic()
    seed, tried = first, 0
    while seed == first or (time.monotonic() - began < seconds and tried < most):
        folder = Path(tempfile.mkdtemp(prefix="creevey-reliability-"))
        started = time.monotonic()
        try:
            units = 0

            def counted(number: int, place: Path) -> int:
                nonlocal units
                units = trial.run(number, place)
                return units

            try_until(attrs.evolve(trial, run=counted), 1, folder, seed)
            line = {"seed": seed, "units": units, "outcome": "ok", "told": ""}
        except Exception:  # noqa: BLE001 - whatever it is, it is told and the next seed is tried
            line = failure(seed, "broken", traceback.format_exc()[-4000:], 0.0)
        line["seconds"] = round(time.monotonic() - started, 3)
        print(json.dumps(line), file=out, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        seed, tried = seed + 1, tried + line["units"]
    return 0


# --- telling -------------------------------------------------------------------------------


def table(trials: dict[str, Trial], missing: dict[str, str], standings: dict[str, Standing]) -> str:
    """Return what was asked and reached, a line a trial, then the totals."""
    rows = [("trial", "asked", "tried", "this code", "broken", "hangs", "s", "of")]
    for title, trial in trials.items():
        s = standings[title]
        told = f"not tried: {missing[title]}" if title in missing else f"{trial.unit}: {trial.what}"
        numbers = (f"{trial.release:,}", f"{s.units:,}", f"{s.now:,}", s.broken, s.hangs, f"{s.seconds:,.0f}")
        rows.append((title, *map(str, numbers), told))
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, 7)), row[7]])
        for row in rows
    ]
    total = Counter(
        tried=sum(s.units for s in standings.values()), broken=sum(s.broken for s in standings.values())
    )
    hangs = sum(s.hangs for s in standings.values())
    return "\n".join([*lines, "", f"{total['tried']:,} tried, {total['broken']:,} broken, {hangs:,} hangs"])


if __name__ == "__main__":
    sys.exit(main())
