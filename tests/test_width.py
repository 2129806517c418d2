"""How wide text is at a terminal, and that cutting and breaking it keeps to the width."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creevey_graph.columns import Cell, table
from creevey_graph.paint import color_wish, painted, unpainted
from creevey_graph.text import safe_text
from creevey_graph.width import MORE, broken, cut, width_of

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab .:/文件カ한é\u0301\u0308👍🏽\ufe0f❤🇩🇪①½\u1112\u1161\u11ab"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
).map(safe_text)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("a.jpg", 5),
        ("文件.jpg", 8),
        ("カタ", 4),
        ("ｶﾀ", 2),
        ("한", 2),
        (unicodedata.normalize("NFD", "한국"), 4),
        ("é", 1),
        (unicodedata.normalize("NFD", "é"), 1),
        ("👍", 2),
        ("👍🏽", 2),
        ("❤\ufe0f", 2),
        ("🇩🇪", 2),
        (painted("文件", "bold red"), 4),
    ],
)
def test_width_is_that_of_the_cells_a_terminal_takes(text, width):
    """Wide characters take two, marks none, and a colour nothing."""
    assert width == width_of(text)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 50), st.sampled_from(["end", "middle"]))
def test_what_is_cut_fits_and_says_so(text, width, at):
    """Never wider than asked for; whole where it fits; the ends are those of the text."""
    shown = cut(text, width, at=at)

    assert width_of(shown) <= width
    assert (shown == text) == (width_of(text) <= width)
    if shown not in (text, ""):
        begins, _, ends = shown.rpartition(MORE) if at == "end" else shown.partition(MORE)
        assert at == "middle" or (text.startswith(begins) and ends == "")
        if at == "middle" and MORE not in text:
            assert text.startswith(begins)
            assert text.endswith(ends)
            assert not ends or unicodedata.category(ends[0]) not in ("Mn", "Me")


@settings(deadline=None)
@given(TEXTS, st.integers(12, 60))
def test_breaking_keeps_every_word(text, width):
    """Lines are not wider than asked for, unless a single word is; no word is lost or torn."""
    lines = broken(text, width)

    assert text.split(" ") == text.split(" ")
    assert [w for w in text.split(" ") if w] == [w for line in lines for w in line.split(" ") if w]
    for line in lines:
        assert width_of(line) <= width or len(line.strip(" ").split(" ")) == 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.integers(0, 10**9), TEXTS), min_size=1, max_size=6),
    st.integers(40, 120),
)
def test_a_table_fits_and_its_columns_stand_below_each_other(rows, width):
    """Whatever is in its cells, every line fits, and numbers end in one column."""
    cells = [[Cell(name, "red"), f"{count}", told] for name, count, told in rows]

    lines = table(["step", "runs", "why"], cells, left=(0, 2), width=width, shrink=(2,), drop=(2,))

    assert len(rows) + 1 == len(lines)
    assert max(map(width_of, lines)) <= width
    ends = set()
    for (_, count, _), line in zip(rows, lines[1:], strict=True):
        before, found, _ = unpainted(line)[2:].rpartition(f"{count}")
        if unpainted(line).count(f"{count}") == 1:
            ends.add(width_of(before + found))
    assert len(ends) <= 1


def test_a_table_without_a_width_is_whole():
    """A pipe gets every character, whatever might be cut or left out at a terminal."""
    long = "x" * 300

    assert [f"  {'step':300}  why", f"  {long}  {long}"] == table(
        ["step", "why"], [[long, long]], left=(0, 1), shrink=(1,), drop=(1,)
    )


@pytest.mark.parametrize(
    ("environ", "wish"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, True),
        ({"CLICOLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_the_environment_says_whether_there_are_colours(environ, wish):
    """As is customary: NO_COLOR first, then what forces them, then what a terminal can do."""
    assert wish is color_wish(environ)
