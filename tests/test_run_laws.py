"""Laws over small drawn graphs: any executor is serial, a second run executes nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import NUMBERS, as_text, failing
from strategies_graphs import drawn_graphs
from witness import facts_of

from creevey_graph import GraphError, graph


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_graphs(), executor=st.sampled_from(["threads", "serial"]))
def test_any_executor_gives_what_serial_gives_and_a_second_run_executes_nothing(
    tmp_path_factory, drawn, executor
):
    """A drawn graph gives the numbers that plain calls give; again, nothing is executed for the same rows."""
    cache = tmp_path_factory.mktemp("cache")
    rows = [{"number": number} for number in range(3)]

    first = drawn.graph().run(rows, cache=cache, executor=executor, jobs=2, progress=False)
    second = drawn.graph().run(rows, cache=cache, executor="serial", progress=False)

    for row, number in zip(first.rows, range(3), strict=True):
        assert drawn.expected(number) == dict(row.fields)
    assert [dict(row.fields) for row in first.rows] == [dict(row.fields) for row in second.rows]
    assert not second.executed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_graphs(), data=st.data())
def test_one_changed_parameter_executes_exactly_its_descendants(tmp_path_factory, drawn, data):
    """Of nodes that are kept, the changed one and those below it run; results are those of no cache."""
    cache = tmp_path_factory.mktemp("cache")
    rows = [{"number": number} for number in range(2)]
    drawn.graph().run(rows, cache=cache, executor="serial", progress=False)
    node = data.draw(st.sampled_from(range(len(drawn.nodes))), label="changed node")
    changed = drawn.changed(node)

    report = changed.graph().run(rows, cache=cache, executor="serial", progress=False)

    for row, number in zip(report.rows, range(2), strict=True):
        assert changed.expected(number) == dict(row.fields)
    executed = set(report.executed)
    below = changed.below(node)
    assert below & changed.kept() <= executed
    assert executed - below <= changed.not_kept()
    back = drawn.graph().run(rows, cache=cache, executor="serial", progress=False)
    assert not back.executed
    assert [drawn.expected(number) for number in range(2)] == [dict(row.fields) for row in back.rows]


def test_rows_do_not_depend_on_how_many_work_at_once(go, tmp_path):
    """The same rows in the same order with one worker and with four."""
    told = [
        [
            facts_of(row)
            for row in go(failing, NUMBERS, executor="threads", jobs=jobs, cache=tmp_path / f"c{jobs}").rows
        ]
        for jobs in (1, 4)
    ]

    assert told[0] == told[1]


def test_a_named_output_called_like_a_fixed_column_is_refused(go):
    """Before anything runs, since the report would show the one for the other."""
    with pytest.raises(GraphError, match="'source'"):
        go(colliding(), NUMBERS)


def colliding():
    @graph
    def collides(number: int):
        return {"source": as_text(number)}

    return collides
