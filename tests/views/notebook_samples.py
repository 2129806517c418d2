"""
What notebooks are shown in the tests: one object of each kind, and the HTML of each as a golden file.

`python tests/views/notebook_samples.py` writes the golden files anew; look at the difference before it is committed.
"""

import re
import tempfile
from pathlib import Path

from PIL import Image

from creevey_graph import Cache, SkipItem, graph, step
from creevey_graph.views.notebook import mimebundle

GOLDEN = Path(__file__).parents[1] / "golden"
ITEMS = [{"number": number} for number in (4, 90, 91, 6)]


@step(ignore=["token"], retries=1)
def halve(number: int, *, token: str = "") -> int:
    """
    Halve a number.

    Args:
        number: Below 90.
        token: Opens nothing.
    """
    if number == 90:
        raise ValueError("<b>ninety</b>")
    if number == 91:
        raise SkipItem("ninety-one")
    return number // 2


@step(writes="path")
def save_text(text: int, path: Path) -> Path:
    path.write_text(str(text), encoding="utf-8")
    return path


@step
def power(number: int, *, exponent: int = 2) -> int:
    return number**exponent


@graph
def numbers(number: int, *, exponent: int = 2):
    """Powers of halves."""
    squared = power(halve(number), exponent=exponent)
    return {"squared": squared, "file": save_text(squared, "{key}.txt")}


@step
def gray(image: Image.Image, *, level: int = 0) -> Image.Image:
    """Make a picture gray."""
    if image.width == 13:
        raise ValueError("thirteen")
    return image.convert("L").point(lambda value: max(value, level))


@step
def width(image: Image.Image) -> int:
    return image.width


@graph
def pictures(image: Image.Image, *, level: int = 0):
    return {"width": width(gray(image, level=level))}


def drawn(size=(40, 30)):
    """Return a picture with an edge in it."""
    image = Image.new("RGB", size, "#2f7d4f")
    image.paste("#f0c020", (5, 5, 9, 9))
    return image


def objects(folder):
    """Return name -> an object of each kind that notebooks show."""
    run = {"out": folder / "out", "cache": folder / "cache"}
    report = numbers.run(ITEMS, executor="serial", progress=False, **run)
    cubed = numbers.bind(exponent=3)
    preview = pictures.preview({"image": drawn()})
    return {
        "graph": numbers,
        "plan": cubed.plan(ITEMS, **run),
        "report": report,
        "rows": report.rows,
        "row": report.failed[0],
        "step": halve.bind(token="s3cret", number=7),
        "cache": Cache(folder / "cache"),
        "explanation": cubed.explain(report.rows[0].key, among=ITEMS, **run),
        "preview": preview,
        "comparison": preview.compare(pictures.bind(level=200).preview({"image": drawn()})),
    }


def normalised(html, folder):
    """Return HTML without what differs from run to run, an element a line where rows and blocks begin."""
    for text, stands in (
        (r"<style>.*?</style>", "<style/>"),
        (r"<svg .*?</svg>", "<svg/>"),
        (r"--cv-drawn:[\d.]+px", "--cv-drawn:"),
        (r"data:image/\w+;base64,[\w+/=]+", "data:"),
        (r"<pre>Traceback.*?</pre>", "<pre>Traceback</pre>"),
        (rf'(?: class="[^"]*")?><code>{re.escape(str(folder))}', "><code>FOLDER"),
        (r"(about )?(&lt; 1 ms|\b[\d.]+ (ms|s))(?!\w)", "TIME"),
        (r"[\d.]+ (B|KiB)\b", "SIZE"),
        (r"<td class=\"n\" align=\"right\"></td>(?=<td align=\"left\">parameter|</tr>)", ""),
        (r"<(p|div|table|tr|li|ul|details|pre)\b", r"\n<\1"),
    ):
        html = re.sub(text, stands, html, flags=re.DOTALL)
    return f"{html.strip()}\n"


def golden_of(name):
    """Return the golden file of an object."""
    return GOLDEN / f"notebook_{name}.html"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for kind, shown in objects(Path(made)).items():
            golden_of(kind).write_text(
                normalised(mimebundle(shown)["text/html"], Path(made)), encoding="utf-8"
            )
