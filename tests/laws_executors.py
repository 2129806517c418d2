"""Laws that every executor keeps: `check_pool` for the workers, `check_executor` for whole runs."""

from pathlib import Path

from witness import facts_of, outputs_of

from creevey_graph import SkipItem, graph, step
from creevey_graph.executors import open_pool

ITEMS = 23


@step
def odd_one_out(number: int) -> int:
    if number % 7 == 3:
        raise SkipItem(f"{number} is left out")
    if number % 11 == 5:
        raise ValueError(f"{number} is no good")
    return number * number


@step(writes="path")
def write_number(number: int, path: Path) -> Path:
    path.write_text(f"{number}\n", encoding="utf-8")
    return path


@graph
def squares(number: int):
    square = odd_one_out(number)
    return {"square": square, "file": write_number(square, "{key}.txt")}


def echo(tasks, is_stopping, recorder):
    """Return the tasks, as far as nobody says stop, and where they ran is told."""
    done = []
    for task in tasks:
        if is_stopping():
            break
        recorder.mark(task, 0)
        done.append(task)
    return done


def check_pool(make_pool, *, can_stop=True):
    """
    Check the workers of one executor.

    Args:
        make_pool: (work, jobs) -> pool.
        can_stop: False for executors of others', which cannot be asked.

    Raises:
        AssertionError: A result is missing, changed or in another order, or stop is not honoured.
    """
    pool = make_pool(echo, 2)
    try:
        chunks = [list(range(start, start + 5)) for start in range(0, 40, 5)] + [[]]
        futures = [pool.submit(chunk) for chunk in chunks]
        results = [future.result(timeout=60) for future in futures]
        assert chunks == results, f"results must be the tasks in order (got {results})"
        pool.stop()
        after = pool.submit([1, 2, 3]).result(timeout=60)
        expected = [] if can_stop else [1, 2, 3]
        assert expected == after, f"after stop a chunk must give {expected} (got {after})"
    finally:
        pool.close()


def check_executor(executor, folder):
    """
    Check that a run gives the same with *executor* as one item after the other, cold and again.

    Args:
        executor: What `Graph.run` takes.
        folder: An empty folder to work in.

    Raises:
        AssertionError: Rows, outputs or what is executed differ.
    """
    told = {}
    for name, chosen in (("serial", "serial"), ("other", executor)):
        for attempt in (1, 2):
            report = squares.run(
                [{"number": number} for number in range(ITEMS)],
                out=folder / name,
                cache=folder / f"cache-{name}",
                executor=chosen,
                jobs=2,
                progress=False,
            )
            rows = [facts_of(row) for row in report.rows]
            assert len(rows) == ITEMS, f"expected a row for each of {ITEMS} items (got {len(rows)})"
            told[name, attempt] = (rows, dict(report.executed), outputs_of(folder / name))
    for attempt in (1, 2):
        for expected, actual in zip(told["serial", attempt], told["other", attempt], strict=True):
            assert expected == actual, f"run {attempt} differs from serial: {expected} != {actual}"


__all__ = ["ITEMS", "check_executor", "check_pool", "echo", "open_pool", "squares"]
