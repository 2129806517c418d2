"""The graph as a small page of its own: the SVG, on light or dark paper, that can be scrolled on a narrow screen."""

import hashlib
import re
from base64 import b64encode

from creevey_graph.shape import Shape
from creevey_graph.state import GraphState
from creevey_graph.views.marks.inks import COLOURS
from creevey_graph.views.marks.pen import quoted
from creevey_graph.views.svg import draw_svg, svg_style

_LEAST_SCALE = 0.72
"""A wide graph shrinks to this on a narrow screen, then it scrolls: its smallest text stays at 8 px."""
_WIDTH = re.compile(r'<svg [^>]*?\bwidth="([0-9.]+)"')
_STYLE = """
:root {{ color-scheme: light dark; }}
body {{ margin: 0; background: {light}; }}
@media (prefers-color-scheme: dark) {{ body {{ background: {dark}; }} }}
main {{ overflow-x: auto; padding: 8px; }}
main svg {{ display: block; margin: 0 auto; width: 100%; height: auto; min-width: {least}px; max-width: {most}px; }}
"""


def draw_html(shape: Shape, state: GraphState | None = None) -> str:
    """Return the graph as an HTML document: no script, no request, one style sheet that its policy names."""
    drawing = draw_svg(shape, state, with_style=False)
    found = _WIDTH.search(drawing)
    assert found is not None
    width = float(found[1])
    light, dark = COLOURS["paper"]
    page = _STYLE.format(light=light, dark=dark, least=round(_LEAST_SCALE * width), most=round(width))
    style = f"{page}{svg_style()}"
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{quoted(shape.name)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f'<main tabindex="0" aria-label="{quoted(shape.name)}">',
            drawing,
            "</main>",
            "</body>",
            "</html>",
        ]
    )
