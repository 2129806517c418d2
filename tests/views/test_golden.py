"""Every view of every sample graph is what its golden file shows; `python tests/views/samples.py` writes them anew."""

import pytest
from samples import GOLDEN, all_samples, drawn, golden_of

from creevey_graph.views import VIEWS

NAMES = (
    "single",
    "headline",
    "headline_after_edit",
    "failures",
    "copies",
    "two_inputs",
    "forty",
    "every_mark",
    "hostile",
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return all_samples(tmp_path_factory.mktemp("samples"))


def test_every_sample_has_its_golden_files(samples):
    """One a view, and no file that nothing makes."""
    assert set(NAMES) == set(samples)
    expected = {golden_of(name, view) for name in NAMES for view in VIEWS}
    assert set() == {path for path in GOLDEN.iterdir() if path.stem in NAMES} ^ expected


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_what_its_golden_file_shows(samples, name, view):
    """To the character, in every process."""
    expected = golden_of(name, view).read_text(encoding="utf-8")

    assert expected == drawn(name, view, samples)
