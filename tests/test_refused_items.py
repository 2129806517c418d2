"""Items that their source refuses: each is told in its row, and costs nothing else."""

from pathlib import Path

import attrs
import pytest

from creevey_graph import Graph, SkipItem, step
from creevey_graph.sources import url_list


@attrs.frozen
class Refusing:
    """A list of files, of which some are refused. Args: source: The list. refusals: Position -> why."""

    source: object
    refusals: dict

    def __iter__(self):
        for item in self.source:
            yield attrs.evolve(item, refusal=self.refusals.get(item.index))

    def __len__(self):
        return len(self.source)

    input_root = None
    columns = ()


@step(writes="path")
def copy_text(text, path):
    Path(path).write_text(text)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CREEVEY_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def copying():
    graph = Graph("copying")
    text = graph.add(step(Path.read_text, name="read"), self=graph.input("file", Path))
    graph.add(copy_text, text=text, path="{name}")
    return graph


@pytest.fixture
def texts(tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(3)]
    for path in paths:
        path.write_text(path.name)
    return paths


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_a_refusal_is_the_row_of_its_item_alone(copying, texts, tmp_path, executor):
    """A SkipItem leaves the item out, another exception fails it, and neither output appears."""
    source = Refusing(url_list(texts), {0: SkipItem("seen before"), 2: ValueError("no such bucket")})

    report = copying.run(source, out=tmp_path / "out", executor=executor, jobs=2, progress=False)

    assert [
        ("skipped", "seen before"),
        ("done", None),
        ("failed", "ValueError: no such bucket"),
    ] == [(str(row.outcome), row.error) for row in report.rows]
    assert ["1.txt"] == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_what_a_refused_item_made_earlier_stays_its_own(copying, texts, tmp_path):
    """An output of an item that is left out this time is no orphan, and is up to date when it comes back."""
    copying.run(texts, out=tmp_path / "out", progress=False)

    refusing = Refusing(url_list(texts), {0: SkipItem("not today"), 1: ValueError("not today")})
    report = copying.run(refusing, out=tmp_path / "out", progress=False, prune=True)
    back = copying.run(texts, out=tmp_path / "out", progress=False)

    assert ["skipped", "failed", "cached"] == [str(row.outcome) for row in report.rows]
    assert ((), 0) == (report.orphans, report.pruned)
    assert not back.executed
    assert ["0.txt", "1.txt", "2.txt"] == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_a_plan_counts_what_is_refused_as_the_run_will(copying, texts, tmp_path):
    """Left out is nothing to do; refused with an error is an item that the run reports as failed."""
    source = Refusing(url_list(texts), {0: SkipItem("not today"), 1: ValueError("broken")})

    plan = copying.plan(source, out=tmp_path / "out")

    assert (3, 1, 1) == (plan.total, plan.up_to_date, plan.unreadable)
