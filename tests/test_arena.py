"""Pillow keeps memory of pictures while a run goes on, and gives it back."""

import pytest
from PIL import Image

from creevey_graph import graph, step
from creevey_graph.arena import BLOCKS, blocks_kept


@step
def blocks(number: int) -> int:
    return Image.core.get_blocks_max()


@graph
def told(number: int):
    return {"blocks": blocks(number)}


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_a_run_keeps_blocks_and_gives_them_back(executor):
    """Steps see it in every executor; this process is as it was afterwards."""
    report = told.run([{"number": 1}, {"number": 2}], executor=executor, cache=False, progress=False)

    assert [BLOCKS] * 2 == [row.fields["blocks"] for row in report.rows]
    assert 0 == Image.core.get_blocks_max()


def test_what_the_user_chose_stays(monkeypatch):
    """Neither the variable of Pillow's nor a number that was set is overruled."""
    Image.core.set_blocks_max(3)
    try:
        with blocks_kept():
            assert 3 == Image.core.get_blocks_max()
        assert 3 == Image.core.get_blocks_max()
    finally:
        Image.core.set_blocks_max(0)
    monkeypatch.setenv("PILLOW_BLOCKS_MAX", "0")
    with blocks_kept():
        assert 0 == Image.core.get_blocks_max()
