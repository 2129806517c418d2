"""SVG elements as text, and the pen that gives a mark its class or its plain colours."""

from typing import NewType

import attrs

from creevey_graph.views import quoting
from creevey_graph.views.marks.inks import FONT, ROOT, Theme, plain_attributes

Markup = NewType("Markup", str)
"""Text that is SVG already."""
NAMESPACE = "http://www.w3.org/2000/svg"


def quoted(text: str) -> Markup:
    """
    Return *text* as XML text or the inside of an attribute: never markup, never a character XML refuses.

    >>> quoted('<b>"x"')
    '&lt;b&gt;&quot;x&quot;'
    """
    return Markup(quoting.quoted(text))


def figure(number: float) -> str:
    """
    Return a coordinate, to a hundredth.

    >>> figure(12.0), figure(0.125), figure(-0.001)
    ('12', '0.12', '0')
    """
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def joined(*parts: Markup) -> Markup:
    """Return SVG one after another."""
    return Markup("".join(parts))


@attrs.frozen
class Pen:
    """
    Draws marks.

    Args:
        plain: The paper that colours are chosen for and written down at each mark; None: classes, for CSS.
    """

    plain: Theme | None = None

    def mark(self, tag: str, classes: str = "", *inside: Markup, **attributes: float | str) -> Markup:
        """
        Return an element; "_" in the name of an attribute stands for "-".

        Args:
            tag: Its name.
            classes: Of the table of styles.
            inside: What stands in it.
            attributes: Numbers and texts; texts are quoted here.
        """
        named = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        if self.plain is not None:
            styled: dict[str, float | str] = dict(plain_attributes(classes, self.plain))
            named = {**styled, **named}
        elif classes:
            named = {"class": classes, **named}
        told = "".join(
            f' {name}="{quoted(value) if isinstance(value, str) else figure(value)}"'
            for name, value in named.items()
        )
        return Markup(f"<{tag}{told}>{joined(*inside)}</{tag}>" if inside else f"<{tag}{told}/>")

    def words(self, classes: str, x: float, y: float, text: str) -> Markup:
        """Return a line of text, its base line at *y*."""
        return self.mark("text", classes, quoted(text), x=x, y=y)

    def told(self, lines: list[str]) -> Markup:
        """Return a tooltip."""
        return Markup(f"<title>{chr(10).join(quoted(line) for line in lines if line)}</title>")

    def root(self, width: float, height: float, label: str, inside: list[Markup], style: str) -> Markup:
        """Return the whole drawing, a line an element."""
        sheet = [Markup(f"<style>\n{style}</style>")] if style else []
        attributes: dict[str, float | str] = {
            "xmlns": NAMESPACE,
            "width": width,
            "height": height,
            "viewBox": f"0 0 {figure(width)} {figure(height)}",
            "role": "graphics-document",
            "aria-label": label,
        }
        if self.plain is None:
            attributes = {"class_": ROOT, **attributes}
        else:
            attributes |= {"font-family": FONT, "xml:space": "preserve"}  # librsvg drops spaces at an end
        lines = "\n".join(["", *sheet, *inside, ""])
        return self.mark("svg", "", Markup(lines), **attributes)
