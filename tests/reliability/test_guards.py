"""The table of guards fits the code: each stands there once, and the tests that hold it exist."""

from pathlib import Path

import pytest
from guards import GUARDS

import creevey_graph

PACKAGE = Path(creevey_graph.__file__).parent
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_in_the_code_once(guard):
    """Its text is what the module holds, something else takes its place, and its tests are there."""
    text = (PACKAGE / guard.path).read_text(encoding="utf-8")

    assert 1 == text.count(guard.old)
    assert guard.new != guard.old
    for test in guard.tests:
        path, _, names = test.partition("::")
        function = names.partition("[")[0].rpartition("::")[2]
        assert function in (ROOT / path).read_text(encoding="utf-8")


def test_every_guard_has_a_name_of_its_own():
    """The command takes out guards by name."""
    assert len(GUARDS) == len({guard.name for guard in GUARDS})


def test_the_readme_tells_how_many_there_are():
    """And claims no more."""
    assert f"each of {len(GUARDS)} guards taken out" in (ROOT / "README.md").read_text(encoding="utf-8")
