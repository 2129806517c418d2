"""
The page of a large run, without pictures: seconds to write it, and its size, per number of rows.

    python benchmarks/page.py --counts 10000 100000 --rounds 3

The run is made up: its journal is written line by line as a run writes it, every hundredth item failed. No other tool
known to us writes such a page; beside it stands what writing the same rows as CSV takes.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from creevey_graph import Outcome, Report, Row
from creevey_graph.events import ItemFinished, RunFinished, RunStarted
from creevey_graph.journal import Journal

FAILED_EVERY = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{'rows':>10} {'page s':>8} {'cpu s':>8} {'MB':>7} {'csv s':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in asked.counts:
            write_journal(folder / "run.jsonl", count)
            rounds = [measured(folder) for _ in range(asked.rounds)]
            page_s, cpu_s, csv_s = (statistics.median(column) for column in zip(*rounds, strict=True))
            size_mb = (folder / "run.html").stat().st_size / 1e6
            print(f"{count:>10,} {page_s:>8.2f} {cpu_s:>8.2f} {size_mb:>7.1f} {csv_s:>7.2f}")


def write_journal(path: Path, count: int) -> None:
    journal = Journal(path)
    columns = ("brightness", "width", "file")
    journal(
        RunStarted(
            "made_up", count, columns, "threads", "20260101-000000-1", nodes=("load", "resize", "save")
        )
    )
    for index in range(count):
        journal(ItemFinished(index, row_of(index), ("load", "resize", "save"), at_s=index / 1000))
    journal(RunFinished(count / 1000))
    journal.close()


def row_of(index: int) -> Row:
    key = f"class_{index % 10}/IMG_{index:07d}.jpg"
    if index % FAILED_EVERY == 0:
        return Row(key, f"photos/{key}", Outcome.FAILED, "load", "ImageError: truncated picture", "new item")
    fields = {"brightness": index * 7919 % 2550 / 10, "width": 640 + index % 5, "file": key}
    seconds = {"load": 0.01, "resize": 0.004, "save": 0.002}
    return Row(key, f"photos/{key}", Outcome.DONE, None, None, "new item", seconds, (key,), fields)


def measured(folder: Path) -> tuple[float, float, float]:
    """Return wall and processor seconds for a page, from reading the journal on, and wall seconds for a CSV."""
    began, began_cpu = time.perf_counter(), time.process_time()
    Report.load(folder / "run.jsonl").to_html(folder / "run.html", seconds=0)
    page = time.perf_counter() - began, time.process_time() - began_cpu
    began = time.perf_counter()
    Report.load(folder / "run.jsonl").to_csv(folder / "run.csv")
    return *page, time.perf_counter() - began


if __name__ == "__main__":
    main()
