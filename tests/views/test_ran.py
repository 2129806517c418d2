"""What a run did per node, at a terminal."""

from creevey_graph import Report
from creevey_graph.events import ItemFinished, Outcome, Row, RunStarted
from creevey_graph.paint import unpainted
from creevey_graph.views.ran import ran_lines


def report_of(tmp_path, count):
    """Return the report of a run in which one of *count* nodes ran."""
    names = tuple(f"n_{number}" for number in range(count))
    report = Report(tmp_path / "run.jsonl")
    row = Row("a", "a", Outcome.DONE, seconds={"n_3": 0.5})
    for event in (
        RunStarted("g", 1, (), "auto", "20260101", nodes=names),
        ItemFinished(0, row, executed=("n_3",)),
    ):
        report.add(event, 0)
    return report


def test_of_many_nodes_the_idle_ones_are_counted(tmp_path):
    """A run of 120 nodes in which one had to run tells of that one, not of 119 bars of the cache."""
    lines = [unpainted(line) for line in ran_lines(report_of(tmp_path, 120), 80)]

    assert ["step", "n_3"] == [line.split()[0] for line in lines[:-1]]
    assert "  119 more steps: nothing to do" == lines[-1]


def test_of_few_nodes_all_are_told(tmp_path):
    """What was cached is worth a line where there is room for it."""
    assert 6 == len(list(ran_lines(report_of(tmp_path, 5), 80)))
