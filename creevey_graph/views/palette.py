"""The colours of outcomes, the same in every view: for light and for dark paper, and for terminals."""

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from creevey_graph.events import Outcome


@attrs.frozen
class Ink:
    """
    One colour.

    Args:
        light: On white, as "#rrggbb"; text in it has a contrast of at least 4.5 on #ffffff.
        dark: The same on #15181c.
        terminal: Name of it for `click.style`.
    """

    light: str
    dark: str
    terminal: str


INKS: Mapping[Outcome, Ink] = MappingProxyType(
    {
        Outcome.DONE: Ink("#1f7a43", "#56c482", "green"),
        Outcome.CACHED: Ink("#51718f", "#8fb0cf", "blue"),
        Outcome.RESTORED: Ink("#0f766e", "#3fbfb3", "cyan"),
        Outcome.SKIPPED: Ink("#8a6100", "#d9a93a", "yellow"),
        Outcome.FAILED: Ink("#b42318", "#f2857b", "red"),
        Outcome.CANCELLED: Ink("#6b7076", "#989fa6", "bright_black"),
    }
)
"""Outcome -> its colour."""
STALE = Ink("#b45309", "#f0a45d", "magenta")
"""Marks nodes that would run since something changed."""
CHANGED = "▲"
"""Stands before a node that differs from what it was, where a view is text."""
