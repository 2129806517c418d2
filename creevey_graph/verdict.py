"""What went wrong in a run, in one line."""

from collections import Counter
from typing import Protocol

from creevey_graph.events import Outcome, Row
from creevey_graph.text import first_line, safe_text


class Ended(Protocol):
    """What is asked of a report; what each is stands there."""

    total: int
    stopped: str
    interrupted: bool
    counts: Counter[Outcome]


def failure_text(report: Ended, first: Row | None) -> str:
    """Say what went wrong; *first*: the row of the first item that failed, None where none did."""
    if first is not None:
        where = f" in step '{first.step}'" if first.step else ""
        return (
            f"{report.counts[Outcome.FAILED]} of {report.total} items failed; first: {safe_text(first.key)}{where}: "
            f"{first_line(first.error or '')} (all of them: report.failed)"
        )
    if report.interrupted:
        left = report.counts[Outcome.CANCELLED]
        return f"the run was interrupted; {'1 item is' if left == 1 else f'{left} items are'} left"
    return report.stopped or "the run did not come to its end"
