"""The first failures of a run, told as they come; more are only counted."""

from creevey_graph.events import Row
from creevey_graph.text import first_line, safe_text

MOST = 5


class ToldFailures:
    """State: how many failures were told."""

    def __init__(self) -> None:
        self._told = 0

    def told(self, row: Row) -> str:
        """Return the line of a failed item, inert; "" for other items, for those beyond `MOST`, and old failures."""
        if not row.failed_now or self._told > MOST:
            return ""
        self._told += 1
        if self._told > MOST:
            return "failed: more items, which are counted from here on"
        where = f" (step {safe_text(row.step)})" if row.step else ""
        return f"failed: {safe_text(row.key)}{where}: {first_line(row.error or 'no error text')}"
