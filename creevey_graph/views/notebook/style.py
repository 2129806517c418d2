"""
How what notebooks show looks.

Every rule begins with `.creevey`, so that nothing else on the page is touched, and outweighs what JupyterLab and the
classic notebook say of tables. Colours follow the notebook's own theme where it tells it (JupyterLab and what nbconvert
makes for it by `data-jp-theme-light`, VS Code by a class of the body), else the system's. Where a viewer takes styles
away (GitHub), what stands in `creevey-drawn` stays hidden and `creevey-plain` is seen instead.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from creevey_graph.views.markup import Markup
from creevey_graph.views.palette import INKS, STALE

COLOURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "paper": ("#ffffff", "#15181c"),
        "ink": ("#1b2026", "#e7eaee"),
        "muted": ("#545d67", "#a4adb7"),
        "line": ("#d3d9df", "#333b44"),
        "track": ("#e3e7eb", "#323942"),
        "card": ("#f6f7f9", "#1e2329"),
        "added": ("#e3f4e8", "#15301f"),
        "removed": ("#fcebe9", "#3a1c1a"),
        "stale": (STALE.light, STALE.dark),
        **{str(outcome): (ink.light, ink.dark) for outcome, ink in INKS.items()},
    }
)
"""Name -> on light and on dark paper; text in ink, muted, stale or an outcome's has a contrast of 4.5 on each."""
_THEMES = (
    ("light", ('[data-jp-theme-light="true"]', ".vscode-light", ".notebook_app")),
    ("dark", ('[data-jp-theme-light="false"]', ".vscode-dark", ".vscode-high-contrast")),
)
_RULES = """
.creevey{box-sizing:border-box;max-width:100%;padding:10px 12px;border:1px solid var(--cv-line);border-radius:6px;\
background:var(--cv-paper);color:var(--cv-ink);font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;\
text-align:left;overflow-wrap:break-word}
.creevey *{box-sizing:border-box}
.creevey p{margin:0 0 6px}
.creevey .creevey-title{font-size:15px;font-weight:650;margin:0 0 2px}
.creevey .creevey-title small{font-size:12px;font-weight:400;color:var(--cv-muted)}
.creevey .creevey-head{font-weight:650;margin:12px 0 2px}
.creevey .creevey-muted,.creevey summary{color:var(--cv-muted)}
.creevey summary{cursor:pointer;margin:4px 0}
.creevey details{margin:6px 0 0;background:none;border:0;padding:0}
.creevey.creevey code,.creevey.creevey pre{font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;\
background:none;color:inherit;padding:0;border:0;margin:0}
.creevey.creevey pre{margin:4px 0;padding:6px 8px;background:var(--cv-card);border-radius:4px;overflow-x:auto;white-space:pre}
.creevey.creevey pre.creevey-wrapped{white-space:pre-wrap}
.creevey.creevey pre.creevey-plain{display:none}
.creevey .creevey-drawn[hidden]{display:block!important;overflow-x:auto;flex:0 1 auto;max-width:100%;min-width:0}
.creevey .creevey-drawn svg{display:block;max-width:100%;min-width:calc(.72*var(--cv-drawn,0px));height:auto}
.creevey .creevey-beside{display:flex;flex-wrap:wrap;gap:8px 20px;align-items:flex-start}
.creevey .creevey-beside .creevey-told{flex:1 1 480px;min-width:0;max-width:100%;overflow-x:auto}
.creevey table.creevey-table{border-collapse:collapse;border:0;margin:4px 0;width:auto;table-layout:auto;\
font-size:12px;color:inherit;background:none;display:table}
.creevey table.creevey-table thead{border:0;background:none}
.creevey table.creevey-table tbody tr,.creevey table.creevey-table thead tr{background:none;border:0}
.creevey table.creevey-table tbody tr:hover{background:var(--cv-card)}
.creevey table.creevey-table th,.creevey table.creevey-table td{padding:3px 14px 3px 0;border:0;\
border-bottom:1px solid var(--cv-line);text-align:left;vertical-align:top;white-space:normal;max-width:34em;\
overflow-wrap:break-word;font-weight:400;background:none}
.creevey table.creevey-table td.creevey-prose{min-width:10em}
.creevey table.creevey-table td.creevey-long{overflow-wrap:anywhere;min-width:9em}
.creevey .creevey-scroll{overflow-x:auto;max-width:100%}
.creevey table.creevey-table th{color:var(--cv-muted);font-weight:400;white-space:nowrap}
.creevey table.creevey-table .creevey-n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.creevey table.creevey-table td b,.creevey p b{font-weight:650}
.creevey table.creevey-table b.creevey-name{white-space:nowrap}
.creevey table.creevey-table th code{color:var(--cv-ink)}
.creevey .creevey-bar{display:flex;gap:1px;height:8px;margin:6px 0;border-radius:4px;overflow:hidden;\
background:var(--cv-track);max-width:520px}
.creevey table .creevey-bar{width:90px;margin:6px 0 0}
.creevey .creevey-bar span{display:block;height:100%;min-width:2px}
.creevey .creevey-bar .creevey-hollow{background:var(--cv-paper);border:1.5px solid var(--cv-done);box-sizing:border-box}
.creevey.creevey .creevey-strip{display:grid;grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:10px;\
margin:6px 0 0;padding:0;list-style:none}
.creevey.creevey .creevey-strip li{margin:0;padding:8px;border:1px solid var(--cv-line);border-radius:6px;min-width:0;\
list-style:none;background:var(--cv-card)}
.creevey .creevey-strip img{display:block;max-width:100%;height:auto;margin:0 auto 6px;border-radius:2px}
.creevey .creevey-strip .creevey-value{display:block;font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;\
margin:0 0 6px;overflow-wrap:anywhere}
.creevey .creevey-strip small{display:block;font-size:11.5px;color:var(--cv-muted)}
.creevey.creevey .creevey-strip li.creevey-differs{border-color:var(--cv-stale);box-shadow:inset 0 0 0 1px var(--cv-stale)}
.creevey .creevey-added{background:var(--cv-added);color:var(--cv-done)}
.creevey .creevey-removed{background:var(--cv-removed);color:var(--cv-failed)}
.creevey .creevey-stale{color:var(--cv-stale)}
@media print{.creevey{break-inside:avoid}}
"""


def style() -> Markup:
    """Return the element that every output carries, as each may be the only one: no `<` and no `&` in it."""
    return Markup(f"<style>{''.join(_lines())}</style>")


def _lines() -> Iterator[str]:
    yield f".creevey{{{_variables(0)}}}"
    yield f"@media (prefers-color-scheme:dark){{.creevey{{{_variables(1)}}}}}"
    for place, (_, marks) in enumerate(_THEMES):
        yield f"{','.join(f'{mark} .creevey' for mark in marks)}{{{_variables(place)}}}"
    for name in COLOURS:
        yield f".creevey .creevey-ink-{name}{{color:var(--cv-{name})}}"
        yield f".creevey .creevey-fill-{name}{{background:var(--cv-{name})}}"
    yield _RULES


def _variables(place: int) -> str:
    scheme = _THEMES[place][0]
    return f"color-scheme:{scheme};" + "".join(
        f"--cv-{name}:{both[place]};" for name, both in COLOURS.items()
    )
