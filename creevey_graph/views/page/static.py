"""
The parts of the page that show without JavaScript: what the run was, how it ended, and what failed.

Everything is text from outside, and quoted. `js/run.js` writes the same elements when a
live run goes on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from creevey_graph.events import Outcome
from creevey_graph.views.quoting import quoted

MOST_FAILURES = 200
"""As many are listed without JavaScript, and on paper."""
BAR = 1000
"""Length of a bar, in its own units."""
_LEAST = 4
_MINUTE_S = 60


def ended(run: Mapping[str, Any]) -> str:
    """Return how a run ended: its kind for the eye, and words."""
    kind, words = _ending(run)
    return f'<span class="{kind}">{quoted(words)}</span>'


def _ending(run: Mapping[str, Any]) -> tuple[str, str]:
    seen = sum(run["counts"].values())
    of = f"{seen:,} of {run['total']:,} items ended"
    if run["interrupted"]:
        return "bad", f"Interrupted: {of}"
    if run["stopped"]:
        return "bad", f"Stopped: {run['stopped']}"
    if run.get("planned"):
        return "open", "What a run would do"
    if not run["finished"]:
        return "open", f"Not finished: {of}"
    failed = run["counts"].get(Outcome.FAILED, 0)
    took = f"in {duration(run['seconds'])}"
    return ("bad", f"Finished {took}, {failed:,} failed") if failed else ("good", f"Finished {took}")


def tally(run: Mapping[str, Any]) -> str:
    """Return the counts of outcomes: a bar, as long as the run has come, and a line of figures."""
    counts = run["counts"]
    shown = [(outcome, counts[outcome]) for outcome in Outcome if counts.get(outcome)]
    words = ", ".join(f"{count:,} {outcome}" for outcome, count in shown) or "no item ended"
    rects = "".join(
        f'<rect class="{outcome}" x="{x:.2f}" width="{width:.2f}" height="10"></rect>'
        for outcome, x, width in spans(shown, 0 if run["finished"] else run["total"])
    )
    figures = "".join(f'<li class="{outcome}"><b>{count:,}</b> {outcome}</li>' for outcome, count in shown)
    return (
        f'<svg class="bar" viewBox="0 0 {BAR} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{words}">{rects}</svg><ul class="legend">{figures}</ul>'
    )


def spans(shown: list[tuple[Outcome, int]], whole: int = 0) -> Iterator[tuple[Outcome, float, float]]:
    """
    Yield (outcome, where its part of a bar begins, how long it is); the smallest part can still be seen.

    Args:
        shown: Counts of outcomes, none of them 0.
        whole: What a full bar stands for, at least what there is.
    """
    have = sum(count for _, count in shown)
    total = max(have, whole)
    widths = [max(_LEAST, BAR * count / total) for _, count in shown]
    x, scale = 0.0, min(1.0, BAR * have / total / sum(widths)) if widths else 1.0
    for (outcome, _), width in zip(shown, widths, strict=True):
        yield outcome, x, width * scale
        x += width * scale


def facts(run: Mapping[str, Any]) -> str:
    """Return the figures of a run as a list of terms; those that are not known are left out."""
    return "".join(f"<div><dt>{quoted(name)}</dt><dd>{quoted(text)}</dd></div>" for name, text in _facts(run))


def _facts(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Items", f"{run['total']:,}"
    if not run.get("planned"):
        yield "Time", duration(run["seconds"])
    if run.get("items_per_second") is not None:
        yield "Items/s", f"{run['items_per_second']:,.1f}"
    if run.get("cache_hit_rate") is not None:
        yield "Cache hits", f"{100 * run['cache_hit_rate']:.1f} %"
    if run.get("executor"):
        yield "Executor", f"{run['executor']} \u00d7 {run['jobs']}" if run.get("jobs") else run["executor"]
    for name, key in (("Left out", "left_out"), ("Damaged", "damaged"), ("Orphans", "orphan_count")):
        if run.get(key):
            yield name, f"{run[key]:,}"
    for name, key in (("Output", "out"), ("Run", "run_id"), ("Journal", "report")):
        if run.get(key):
            yield name, run[key]


def notices(run: Mapping[str, Any]) -> str:
    """Return what the run told, "" where it told nothing."""
    told = [f"<li>{quoted(text)}</li>" for text in run.get("notices") or ()]
    return f'<ul class="notices" aria-label="Notices">{"".join(told)}</ul>' if told else ""


def failures(data: Mapping[str, Any]) -> str:
    """Return the first failures as a list, "" where nothing failed."""
    rows, steps, texts = data["rows"], data["steps"], data["texts"]
    failed = data["outcomes"].index(Outcome.FAILED)
    numbers = [number for number, outcome in enumerate(rows["outcome"]) if outcome == failed]
    if not numbers:
        return ""
    items = []
    for number in numbers[:MOST_FAILURES]:
        step, error = rows["step"][number], rows["error"][number]
        at = f" <span>{quoted(steps[step])}</span>" if step >= 0 else ""
        told = f"<p>{quoted(texts[error])}</p>" if error >= 0 else ""
        items.append(f"<li><bdi>{quoted(rows['key'][number])}</bdi>{at}{told}</li>")
    left = len(numbers) - MOST_FAILURES
    more = f"<p>… and {left:,} more, in the table of items.</p>" if left > 0 else ""
    return f'<ol class="failures">{"".join(items)}</ol>{more}'


def duration(seconds: float) -> str:
    """
    Return *seconds* in words.

    >>> duration(0.0421), duration(42.13), duration(3_725)
    ('0.042 s', '42.1 s', '1 h 2 min')
    """
    if seconds < 1:
        return f"{seconds:.3f} s"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds + 0.5), _MINUTE_S)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours:,} h {minutes_left} min" if hours else f"{minutes} min {rest} s"
