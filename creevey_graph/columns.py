"""Columns of text and numbers, and lists of names, as people read them."""

from collections.abc import Sequence

import attrs

from creevey_graph.paint import painted
from creevey_graph.text import safe_text
from creevey_graph.width import MORE, cut, width_of

LEAST_TEXT = 12
"""Columns that are left of a text that is cut; what would have fewer is left out, where it may be."""
LEAST_NAME, USUAL_NAME = 8, 20
"""Columns that are left of a name; so many it keeps as long as there is something to leave out."""
_GAP = "  "


@attrs.frozen
class Cell:
    """
    A cell with a look.

    Args:
        text: What stands in it.
        style: Its colour, as `paint.painted` takes it.
        is_drawn: Whether *text* is painted already, and nothing from outside: a bar.
    """

    text: str
    style: str = ""
    is_drawn: bool = False


def table(
    head: Sequence[str | Cell],
    rows: Sequence[Sequence[str | Cell]],
    *,
    left: Sequence[int] = (0,),
    width: int | None = None,
    shrink: Sequence[int] = (),
    drop: Sequence[int] = (),
) -> list[str]:
    """
    Return lines of aligned columns, two spaces between and before.

    Args:
        head: Titles.
        rows: Cells; what comes from outside is made inert.
        left: Columns that are text; the others are numbers, aligned on the right.
        width: What a line may take; None for anything. Names, in the first column, are cut last.
        shrink: Columns of text that are cut where lines are too long, the first of them first.
        drop: Columns that are left out where cutting does not do, the first of them first.

    >>> table(["step", "ran"], [["load", "12"], ["resize", "3"]])
    ['  step    ran', '  load     12', '  resize    3']
    >>> table(["step", "why"], [["load", "forced: as it was asked"]], left=(0, 1), width=20, shrink=[1])
    ['  step  why', '  load  forced: as…']
    """
    cells = [[_inert(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width_of(row[column].text) for row in cells) for column in range(len(head))]
    if width is not None:
        widths = _fitted(widths, width, shrink, drop)

    def line(row: Sequence[Cell]) -> str:
        shown = [
            _shown(cell, widths[column], is_right=column not in left)
            for column, cell in enumerate(row)
            if widths[column] >= 0
        ]
        return f"{_GAP}{_GAP.join(shown)}".rstrip()

    return [line(row) for row in cells]


def _inert(cell: str | Cell) -> Cell:
    if isinstance(cell, str):
        return Cell(safe_text(cell))
    return cell if cell.is_drawn else attrs.evolve(cell, text=safe_text(cell.text))


def _shown(cell: Cell, width: int, *, is_right: bool) -> str:
    text = cell.text
    if not cell.is_drawn and width_of(text) > width:
        text = _cut_at_word(text, width)
    spaces = " " * max(width - width_of(text), 0)
    shown = painted(text, cell.style)
    return spaces + shown if is_right else shown + spaces


def _cut_at_word(text: str, width: int) -> str:
    """Return *text* cut to *width* columns: after a word, unless that would cost half of them."""
    shown = cut(text, width).removesuffix(MORE)
    if not text[len(shown) :].startswith(" ") and (place := shown.rfind(" ")) >= len(shown) // 2:
        shown = shown[:place]
    return shown.rstrip(" :,;(") + MORE


def _fitted(natural: Sequence[int], width: int, shrink: Sequence[int], drop: Sequence[int]) -> list[int]:
    """Return a width for each column so that a line fits; -1 for those that are left out."""
    widths = list(natural)
    least = [min(size, LEAST_TEXT) if column in shrink else size for column, size in enumerate(natural)]
    least[0] = min(natural[0], USUAL_NAME)
    for column in drop:
        if _total(least) <= width:
            break
        widths[column] = least[column] = -1
    least[0] = min(natural[0], LEAST_NAME)
    for column in (*shrink, 0):
        if widths[column] >= 0:
            widths[column] -= max(0, min(widths[column] - least[column], _total(widths) - width))
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(len(_GAP) + size for size in widths if size >= 0)


def counted(count: int, noun: str) -> str:
    """
    Return a number and its noun.

    >>> counted(1, "item"), counted(2000, "item"), counted(2, "entry")
    ('1 item', '2,000 items', '2 entries')
    """
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else several}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """
    Return the first names, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return safe_text(", ".join(names[:most])) + more
