"""The colours of outcomes as CSS variables, for light and dark paper."""

from creevey_graph.views.palette import INKS, STALE


def colours() -> str:
    """Return one rule: `--done`, `--failed` … as they stand in the palette, each after the page's scheme."""
    inks = {**{str(outcome): ink for outcome, ink in INKS.items()}, "stale": STALE}
    lines = [f"  --{name}: light-dark({ink.light}, {ink.dark});" for name, ink in inks.items()]
    return "\n".join([":root {", *lines, "}"])
