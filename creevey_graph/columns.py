"""Columns of text and numbers, and lists of names, as people read them."""

from collections.abc import Sequence

from creevey_graph.text import safe_text


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = (0,)) -> list[str]:
    """
    Return lines of aligned columns, two spaces between and before.

    Args:
        head: Titles.
        rows: Cells; what comes from outside is made inert.
        left: Columns that are text; the others are numbers, aligned on the right.

    >>> table(["step", "ran"], [["load", "12"], ["resize", "3"]])
    ['  step    ran', '  load     12', '  resize    3']
    """
    cells = [[safe_text(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"  {'  '.join(padded)}".rstrip()

    return [line(row) for row in cells]


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
