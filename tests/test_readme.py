"""The README's examples are run as printed."""

import doctest
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_runs_as_printed(tmp_path, monkeypatch):
    """Every example in the README gives the output that is printed there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREEVEY_CACHE_DIR", raising=False)

    failed, attempted = doctest.testfile(str(README), module_relative=False, optionflags=0)

    assert failed == 0
    assert attempted > 15
