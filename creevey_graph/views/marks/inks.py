"""
How every mark looks: one table from its class to its properties, as a style sheet or as plain attributes.

Values in braces are colours of `COLOURS`. A style sheet has them as CSS variables with a light and a dark
value; converters, many of which know no variables, get an attribute with the colour itself.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from creevey_graph.views.palette import INKS, STALE

Theme = Literal["light", "dark"]
ROOT = "creevey-graph"
"""Class of the `<svg>` element, which every rule begins with."""
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Ubuntu, 'Helvetica Neue', Arial, sans-serif"
)

COLOURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "paper": ("#ffffff", "#15181c"),
        "card": ("#f8f9fa", "#1e2329"),
        "border": ("#87919c", "#66717d"),
        "ink": ("#1b2026", "#e7eaee"),
        "muted": ("#545d67", "#a4adb7"),
        "line": ("#7c8793", "#717c88"),
        "group": ("#f1f3f5", "#1a1e23"),
        "group-border": ("#d3d9df", "#333b44"),
        "track": ("#e3e7eb", "#323942"),
        "input": ("#4450a8", "#a3adf2"),
        "input-card": ("#eff0fb", "#23263c"),
        "writer": ("#84367c", "#df9bd7"),
        "writer-card": ("#f9f0f8", "#33233a"),
        "stale": (STALE.light, STALE.dark),
        "stale-card": ("#fdf3e7", "#32271b"),
        "heat": ("#f6dcc0", "#4d3a24"),
        **{str(outcome): (ink.light, ink.dark) for outcome, ink in INKS.items()},
    }
)
"""Name -> on light and on dark paper. Text in ink, muted, or a colour of outcomes has a contrast of 4.5 at least."""

_TEXT = {"font-size": "12px"}
_SMALL = {"font-size": "11px"}
STYLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "paper": {"fill": "{paper}"},
        "heading": {"fill": "{ink}", "font-size": "17px", "font-weight": "650"},
        "said": {"fill": "{ink}", **_TEXT},
        "aside": {"fill": "{muted}", **_TEXT},
        "name": {"fill": "{ink}", "font-size": "13px", "font-weight": "650"},
        "detail": {"fill": "{muted}", **_SMALL},
        "column": {"fill": "{ink}", **_SMALL},
        "output": {"fill": "{ink}", **_SMALL},
        "figures": {"fill": "{muted}", **_SMALL, "font-variant-numeric": "tabular-nums"},
        "at-end": {"text-anchor": "end"},
        "in-middle": {"text-anchor": "middle"},
        "card": {"fill": "{card}", "stroke": "{border}", "stroke-width": "1.25"},
        "card-input": {"fill": "{input-card}", "stroke": "{input}"},
        "card-writer": {"fill": "{writer-card}", "stroke": "{writer}"},
        "card-parameter": {"fill": "{paper}", "stroke": "{muted}", "stroke-dasharray": "3 2.5"},
        "card-stale": {"stroke": "{stale}", "stroke-width": "1.5"},
        "card-changed": {"fill": "{stale-card}", "stroke": "{stale}", "stroke-width": "2.5"},
        "inner": {"fill": "none"},
        "tab": {"fill": "{track}"},
        "icon": {"fill": "none", "stroke": "{muted}", "stroke-width": "1.5", "stroke-linecap": "round"},
        "icon-line": {"stroke": "{ink}", "stroke-width": "1.2"},
        "kept": {"fill": "{muted}"},
        "mark": {"fill": "none", "stroke": "{muted}", "stroke-width": "1.25"},
        "line": {"fill": "none", "stroke": "{line}", "stroke-width": "1.4"},
        "line-parameter": {"stroke-dasharray": "3 3", "stroke-width": "1.1"},
        "line-stale": {"stroke": "{stale}", "stroke-width": "1.8"},
        "head": {"fill": "{line}"},
        "head-stale": {"fill": "{stale}"},
        "label": {"fill": "{muted}", "font-size": "10.5px"},
        "back": {"fill": "{paper}"},
        "back-group": {"fill": "{group}"},
        "group": {"fill": "{group}", "stroke": "{group-border}", "stroke-width": "1"},
        "fan": {"fill": "none", "stroke": "{group-border}", "stroke-width": "1"},
        "group-name": {"fill": "{muted}", **_SMALL, "font-weight": "600"},
        "track": {"fill": "{track}"},
        "hollow": {"fill": "{paper}", "stroke": "{done}", "stroke-width": "1.2"},
        "heat": {"fill": "{heat}"},
        "tag": {"fill": "{stale}"},
        "tag-text": {"fill": "{paper}", "font-size": "10px", "font-weight": "650"},
        "reason": {"fill": "{stale}", **_SMALL},
        **{f"fill-{outcome}": {"fill": f"{{{outcome}}}"} for outcome in INKS},
    }
)
"""Class -> properties; where an element has several, later ones overrule earlier ones, as they stand here."""

_CHOSEN = {
    "light": ('[data-theme="light"]', '[data-jp-theme-light="true"]', ".vscode-light"),
    "dark": ('[data-theme="dark"]', '[data-jp-theme-light="false"]', ".vscode-dark"),
}
"""What says on the drawing, or above it, that it lies on light or dark paper whatever the system prefers."""


def style_sheet() -> str:
    """Return the CSS of every drawing: no `<`, `&` or `]]>` in it, so that it can stand in XML and in HTML."""
    return "\n".join(_rules()) + "\n"


def _rules() -> Iterator[str]:
    yield f".{ROOT} {{ {_variables(0)} color-scheme: light; font-family: {FONT}; }}"
    yield f"@media (prefers-color-scheme: dark) {{ .{ROOT} {{ {_variables(1)} color-scheme: dark; }} }}"
    for place, (theme, marks) in enumerate(_CHOSEN.items()):
        chosen = ", ".join(f"{mark} .{ROOT}, .{ROOT}{mark}" for mark in marks)
        yield f"{chosen} {{ {_variables(place)} color-scheme: {theme}; }}"
    for name, properties in STYLES.items():
        yield f".{ROOT} .{name} {{ {_declared(properties)} }}"
    yield f".{ROOT} text {{ user-select: text; }}"
    yield f".{ROOT} .node:hover .card {{ stroke-width: 2.5; }}"
    yield f".{ROOT} .edge:hover .line {{ stroke: var(--cg-ink); stroke-width: 2.2; }}"
    yield f"@media print {{ .{ROOT} {{ {_variables(0)} }} }}"


def _variables(place: int) -> str:
    return " ".join(f"--cg-{name}: {both[place]};" for name, both in COLOURS.items())


def _declared(properties: Mapping[str, str]) -> str:
    return " ".join(
        f"{name}: {f'var(--cg-{value[1:-1]})' if value.startswith('{') else value};"
        for name, value in properties.items()
    )


def plain_attributes(classes: str, theme: Theme) -> dict[str, str]:
    """
    Return what the style sheet would say of an element with *classes*, as attributes.

    >>> plain_attributes("card card-stale", "light")["stroke"]
    '#b45309'
    """
    place = 0 if theme == "light" else 1
    names = classes.split()
    merged = {key: value for name, row in STYLES.items() if name in names for key, value in row.items()}
    return {
        key: COLOURS[value[1:-1]][place] if value.startswith("{") else value for key, value in merged.items()
    }
