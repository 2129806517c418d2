"""A finished run, for every export."""

import pytest
from squares import rows_of, squares


@pytest.fixture
def made(tmp_path):
    """Run `squares` over a number of rows; gives the report."""

    def run(count_or_rows=5, graph=squares, **options):
        rows = rows_of(count_or_rows) if isinstance(count_or_rows, int) else count_or_rows
        options.setdefault("cache", tmp_path / "cache")
        return graph.run(rows, out=tmp_path / "out", executor="serial", progress=False, **options)

    return run
