"""Rows of a report as a pandas frame."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_MOST = 2**63


def to_frame(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> "pd.DataFrame":
    """
    Return rows as a frame indexed by key; whole numbers stay whole (`object` where needed).

    Args:
        rows: Column -> value, each.
        names: The columns, in order; one of them is "key".

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra, and 0.7 s to import
    except ImportError as exc:
        raise ImportError("to_pandas needs pandas; pip install 'creevey_graph[pandas]'") from exc
    flat = list(rows)
    data = {name: pd.Series([row.get(name) for row in flat], dtype=object) for name in names}
    frame = pd.DataFrame(data, columns=list(names))
    for name in names:
        values = [row.get(name) for row in flat]
        if values and all(type(value) is float for value in values):
            frame[name] = frame[name].astype(float)
        elif values and all(type(value) is int and abs(value) < _MOST for value in values):
            frame[name] = frame[name].astype("int64")
    return frame.set_index("key")
