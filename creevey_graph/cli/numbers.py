"""A run in numbers as lines: counts, rates, the most frequent troubles, versions."""

from collections.abc import Iterator, Mapping
from typing import Any

from creevey_graph import Report
from creevey_graph.columns import counted, table
from creevey_graph.sizes import bytes_text
from creevey_graph.text import safe_text


def numbers_lines(report: Report, width: int | None = None) -> Iterator[str]:
    """Yield what `Report.summary` has, for people; tables are at most *width* columns wide."""
    summary = report.summary()
    yield f"{safe_text(summary['graph'])}: {counted(summary['total'], 'item')} in {summary['seconds']:.1f} s"
    yield from table(["outcome", "items"], [[name, f"{n:,}"] for name, n in summary["counts"].items() if n])
    yield from _rates(summary)
    if ran := [step for step in summary["steps"] if step["ran"] or step["spared"]]:
        yield from table(
            ["step", "ran", "spared", "seconds"],
            [[s["step"], f"{s['ran']:,}", f"{s['spared']:,}", f"{s['seconds']:.2f}"] for s in ran],
            width=width,
        )
    yield from _troubles("errors", summary["top_errors"])
    yield from _troubles("left out", summary["top_skips"])
    if versions := summary["versions"]:
        yield "versions: " + safe_text(", ".join(f"{name} {text}" for name, text in versions.items()))


def _rates(summary: Mapping[str, Any]) -> Iterator[str]:
    rates = []
    if (rate := summary["items_per_second"]) is not None:
        rates.append(f"{rate:,.1f} items/s")
    for name in ("read", "written"):
        if (size := summary[f"bytes_{name}"]) is not None:
            per_second = summary[f"bytes_{name}_per_second"]
            each = "" if per_second is None else f" ({bytes_text(int(per_second))}/s)"
            rates.append(f"{bytes_text(size)} {name}{each}")
    if (share := summary["cache_hit_rate"]) is not None:
        rates.append(f"{share:.0%} from the cache")
    if summary["executor"] and summary["jobs"]:
        rates.append(f"{safe_text(summary['executor'])}, {counted(summary['jobs'], 'job')}")
    if rates:
        yield f"rates: {'; '.join(rates)}"


def _troubles(title: str, troubles: list[Mapping[str, Any]]) -> Iterator[str]:
    if not troubles:
        return
    yield f"{title}:"
    for trouble in troubles:
        name = f"{trouble['error_class']}: " if trouble.get("error_class") else ""
        where = f"  (step {trouble['step']})" if trouble["step"] else ""
        yield f"  {trouble['count']:,} x {safe_text(name + trouble['message'])}{safe_text(where)}"
        yield f"    first: {safe_text(trouble['first_key'])}"
