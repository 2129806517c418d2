"""What objects show in notebooks: static HTML that is inert, bounded and well-formed, and text whatever happens."""

import html
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_samples import ITEMS, golden_of, normalised, numbers, objects
from runs import draw

from creevey_graph import Cache, Graph, Plan, Preview, Report, Row, graph, step
from creevey_graph.cache import care
from creevey_graph.changes import Change
from creevey_graph.display import mimebundle
from creevey_graph.events import ItemFinished, ItemsCached, Outcome, Reason, RunFinished, RunStarted
from creevey_graph.explanation import Explanation, NodeExplanation
from creevey_graph.images import load_image
from creevey_graph.plan import Action, NodeCount
from creevey_graph.rows import Rows
from creevey_graph.shape import Shape, ShapeNode, ShapeParameter
from creevey_graph.views.markup import tag
from creevey_graph.views.notebook import SHOWN, pieces, steps, strip
from creevey_graph.views.notebook.style import COLOURS, style
from creevey_graph.views.quoting import inert

KINDS = ("graph", "plan", "report", "rows", "row", "step", "cache", "explanation", "preview", "comparison")
HOSTILE = (
    "<script>alert(1)</script>",
    "</style></script></pre><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "]]>--><!--",
    "' onmouseover='alert(1)' \" onfocus=\"x",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egnp.exe\u2066",
    "\ud800 lone \udcff",
    "https://example.org/<b>?a=1&b=2",
    "\x00\ufffe\uffff",
)
TAGS = {
    "div",
    "style",
    "p",
    "b",
    "small",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "pre",
    "code",
    "ul",
    "li",
    "img",
    "br",
}
ATTRIBUTES = {"class", "style", "hidden", "open", "title", "align", "scope", "src", "width", "height", "alt"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    return objects(folder), folder


def html_of(shown):
    return mimebundle(shown)["text/html"]


def parsed(text):
    """Return the element, without the drawings in it, whose own tests hold them."""
    tree = ET.fromstring(text)
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag.endswith("}svg"):
                parent.remove(child)
    return tree


def check_inert(text):
    """Check that HTML holds the elements and attributes that we make, and nothing that runs or asks."""
    tree = parsed(text)
    for element in tree.iter():
        assert element.tag in TAGS
        assert set(element.attrib) <= ATTRIBUTES
        assert element.get("src", "data:image/").startswith("data:image/")
        assert re.fullmatch(r"|width:[\d.e-]+%|--cv-drawn:[\d.]+px", element.get("style", ""))
    assert "<!" not in text
    return tree


# --- bundles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_every_object_shows_html_and_text(shown, name):
    """As its `_repr_mimebundle_`, which is what a notebook asks; graphs are a drawing too."""
    bundle = shown[0][name]._repr_mimebundle_()

    drawn = {"image/svg+xml"} if name == "graph" else set()
    assert {"text/html", "text/plain"} | drawn == set(bundle)
    assert all(isinstance(text, str) and text for text in bundle.values())


def test_every_kind_is_in_the_samples(shown):
    """A class that notebooks show is tested here."""
    assert set(SHOWN) == {kind for kind in SHOWN for one in shown[0].values() if isinstance(one, kind)}


@pytest.mark.parametrize("name", KINDS)
def test_html_is_what_its_golden_file_shows(shown, name):
    """But for times, sizes, places, pictures and the drawing."""
    expected = golden_of(name).read_text(encoding="utf-8")

    assert expected == normalised(html_of(shown[0][name]), shown[1])


@pytest.mark.parametrize("name", KINDS)
def test_html_is_well_formed_and_inert(shown, name):
    """Nothing in it runs, asks a server, or stays open."""
    tree = check_inert(html_of(shown[0][name]))

    assert "creevey" == tree.get("class")


@pytest.mark.parametrize("name", KINDS)
def test_text_is_the_repr_but_for_graphs(shown, name):
    """What a terminal shows stays what it was; of a graph it is the tree that `draw` gives."""
    expected = shown[0][name].draw() if name == "graph" else repr(shown[0][name])

    assert expected == shown[0][name]._repr_mimebundle_()["text/plain"]


def test_all_of_it_can_stand_in_one_document_twice(shown):
    """Nothing has an id, so none clash; HTML parsers leave nothing open either."""
    document = "".join(html_of(one) for one in shown[0].values()) * 2

    ids = []

    class Reader(HTMLParser):
        opened = 0

        def handle_starttag(self, tag, attributes):
            ids.extend(value for name, value in attributes if name == "id")
            self.opened += tag not in {"img", "br"}

        def handle_endtag(self, tag):
            self.opened -= tag not in {"img", "br"}

        def handle_startendtag(self, _, attributes):
            ids.extend(value for name, value in attributes if name == "id")

    reader = Reader()
    reader.feed(document)
    assert (0, len(set(ids))) == (reader.opened, len(ids))


@settings(max_examples=30, deadline=None)
@given(
    include=st.none() | st.sets(st.sampled_from(["text/html", "text/plain", "image/svg+xml", "image/png"])),
    exclude=st.none() | st.sets(st.sampled_from(["text/html", "text/plain", "image/svg+xml"])),
)
def test_only_what_is_asked_for_is_made(include, exclude):
    """What is both included and excluded is left out, as IPython says; what is nothing of ours is not made up."""
    whole = numbers._repr_mimebundle_()

    bundle = numbers._repr_mimebundle_(include=include, exclude=exclude)

    wanted = set(whole) if include is None else set(whole) & include
    assert wanted - (exclude or set()) == set(bundle)
    assert whole == {**whole, **bundle}


def test_ipython_shows_the_bundle(shown):
    """Its formatter finds it, and asks no other way."""
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()

    bundle, _ = formatter.format(shown[0]["report"])

    assert shown[0]["report"]._repr_mimebundle_() == bundle


# --- whatever happens --------------------------------------------------------------------------


def test_a_drawing_that_fails_costs_the_drawing_alone(shown, monkeypatch):
    """The tables tell the same."""

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(pieces, "draw_svg", fail)

    for name in ("graph", "plan", "report", "preview"):
        assert "<svg" not in html_of(shown[0][name])
        assert "creevey-told" in html_of(shown[0][name])


def test_html_that_fails_costs_the_html_alone(tmp_path):
    """Of a report whose file is gone, the text stays."""
    report = numbers.run(ITEMS, progress=False, cache=tmp_path / "cache", out=tmp_path / "out")
    report.path.unlink()

    assert {"text/plain": repr(report)} == report._repr_mimebundle_()


def test_a_graph_in_the_making_is_shown_as_text():
    """It cannot be drawn yet, and that is no error in a notebook."""
    making = Graph("making")

    assert {"text/plain": repr(making)} == making._repr_mimebundle_()


def test_a_value_that_cannot_be_told_is_told_so():
    """Its `__repr__` is any code."""

    class Odd:
        def __repr__(self):
            raise ValueError("odd")

    preview = Preview("a")
    preview["odd"] = Odd()

    bundle = preview._repr_mimebundle_()
    assert "<Preview: cannot be told (ValueError)>" == bundle["text/plain"]
    assert "Odd" in bundle["text/html"]


def test_a_report_of_an_older_run_has_no_drawing(shown):
    """Its file tells no shape; the rest is shown."""
    report = Report.load(shown[0]["report"].path)
    report.shape = {"name": "numbers"}

    text = html_of(report)
    assert "<svg" not in text
    assert "graph.reproduce(report.failed[0], items)" in text


# --- hostile names -----------------------------------------------------------------------------


def hostile_objects(text, path):
    """Return objects that hold *text* wherever something from outside may stand."""
    node = ShapeNode(
        "node", text, arguments=((text, text),), policy=text, columns=(text,), about=text, place=text
    )
    writer = ShapeNode("writer", text, "writer", output=text, group=(text,))
    edges = (("in", "node", (text,)), ("node", "writer", (text,)))
    parameters = (ShapeParameter(text, text, (("node", text),)),)
    shape = Shape(text, ("in",), (node, writer), edges, parameters, text)
    plan = Plan(
        text,
        3,
        0,
        {"node": NodeCount(runs=3), "writer": NodeCount(kept=3)},
        {"node": text, "writer": text},
        {text: 3},
        orphans=(text,),
        untracked=(text,),
        accepted=(text,),
        notices=(text,),
        changes={"node": text},
        shape=shape,
    )
    row = Row(
        text,
        text,
        Outcome.FAILED,
        text,
        text,
        text,
        {text: 1.0},
        (text,),
        {text: text, "other": [text]},
        text,
    )
    report = Report(path)
    report.add(RunStarted(text, 1, (text,), text, text, nodes=("node", text)), -1)
    report.add(ItemFinished(0, row), -1)
    report.add(RunFinished(1.0, stopped=text, orphans=(text,)), -1)
    change = Change(Reason.CODE_CHANGED, text, text, (text,), text or "f", f"{text}\nold\n", f"{text}\nnew\n")
    explained = NodeExplanation(text, Action.RUN, text, text, (change,), (text,), text)
    explanation = Explanation(text, text, text, text, text, (explained,))
    preview = Preview(text, text, shape)
    preview.update({"in": text, "node": {text: text}, text: [text]})
    preview.outcome, preview.step, preview.error = Outcome.FAILED, text, text
    return [plan, report, report.rows, row, explanation, preview, preview.compare(Preview(text))]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(text, tmp_path):
    """In every place of every object: no element, attribute or reference comes of them."""
    for one in hostile_objects(text, tmp_path / "run.jsonl"):
        told = "".join(check_inert(html_of(one)).itertext())
        assert inert(text)[:12] in told


@settings(max_examples=40, deadline=None)
@given(text=st.text())
def test_any_text_stays_text(text, tmp_path_factory):
    """Whatever it is, the HTML is well-formed, and holds no character that a terminal would obey."""
    for one in hostile_objects(text, tmp_path_factory.getbasetemp() / "run.jsonl"):
        found = html_of(one)
        check_inert(found)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", found)


@given(text=st.text(), value=st.text())
def test_what_is_put_into_an_element_comes_out_of_it(text, value):
    """The one quoter neither loses nor adds: text and attributes are what they were, made inert."""
    found = ET.fromstring(tag("p", text, title=value))

    assert (inert(text), inert(value)) == (found.text or "", found.get("title"))


def test_a_step_hides_what_is_not_recorded(shown):
    """The token that was bound to an ignored parameter; what its options are stands there."""
    text = html_of(shown[0]["step"])

    assert "s3cret" not in text
    for told in ("bound token", "bound number", "retries", "Halve a number.", "kept where small"):
        assert told in text


# --- bounds ------------------------------------------------------------------------------------


def test_a_report_of_a_million_rows_is_as_short_as_another(tmp_path, monkeypatch):
    """Its counts are shown, and no rows are read but those of the first failures."""
    million = 10**6
    report = Report(tmp_path / "run.jsonl")
    report.add(RunStarted("many", million, (), "serial", "1", nodes=("halve",)), -1)
    report.add(ItemsCached(range(100, million), b"", cached=million - 300, skipped=200), 0)
    for index in range(100):
        row = Row(f"item {index}", "", Outcome.FAILED, "halve", "ValueError: no", traceback="x" * 10**5)
        report.add(ItemFinished(99 - index, row), -1)
    report.add(RunFinished(1.0), -1)
    monkeypatch.setattr("creevey_graph.rows.read_rows", lambda *_: iter(()))
    asked, of = [], Rows.of

    def counted(rows, numbers):
        numbers = list(numbers)
        asked.append(numbers)
        return of(rows, numbers)

    monkeypatch.setattr(Rows, "of", counted)

    text = html_of(report)

    assert [[0, 1, 2, 3, 4]] == asked
    assert len(text) < 60_000
    assert "999,700 cached" in text
    assert "item 99" in text
    assert "and 95 more in report.failed" in text


def test_rows_show_the_first_ones(tmp_path):
    """And say of how many."""
    items = [{"number": number} for number in range(50)]
    report = numbers.run(items, progress=False, executor="serial", cache=False, out=tmp_path / "out")

    text = html_of(report.rows)

    assert "the first 20 of 50 rows" in text
    assert 21 == text.count("<tr>")
    assert "squared" in text


def test_a_large_cache_is_not_counted_while_one_waits(shown, monkeypatch):
    """Its size at most, and how to have it counted."""
    monkeypatch.setattr(steps, "MOST_COUNTED", 3)
    monkeypatch.setattr(care, "count", None)

    text = html_of(shown[0]["cache"])

    assert "records, at most" in text
    assert "cache.info()" in text


def test_a_cache_that_cannot_be_read_says_why(shown, tmp_path):
    """In place of its counts."""
    cache = Cache(tmp_path / "cache")
    cache._store = {}

    assert "could not be opened" in html_of(cache)


def test_a_large_graph_is_told_as_a_table(monkeypatch):
    """A drawing of it would make the notebook heavy."""
    monkeypatch.setattr(pieces, "MOST_DRAWN", 2)

    text = html_of(numbers)

    assert "<svg" not in text
    assert '<details open="open">' in text


def test_a_preview_of_many_values_shows_the_first(monkeypatch):
    """And how many more there are."""
    monkeypatch.setattr(strip, "MOST_SHOWN", 2)
    preview = Preview("a")
    preview.update({f"node_{number}": number for number in range(5)})

    assert "and 3 more values" in html_of(preview)


# --- previews ----------------------------------------------------------------------------------


def test_a_strip_has_the_picture_after_every_step(shown):
    """In the order they run: pictures with a text for who does not see them, numbers as text, no path as a picture."""
    tree = parsed(html_of(shown[0]["preview"]))

    cards = [card.find("b").text for card in tree.iter("li")]
    assert ["image", "gray", "width"] == cards
    assert ["image: 40 \u00d7 30 RGB", "gray: 40 \u00d7 30 L"] == [
        image.get("alt") for image in tree.iter("img")
    ]
    assert "int 40" in "".join(tree.itertext())


def test_a_comparison_marks_what_differs(shown):
    """In both strips, and in a line of text."""
    tree = parsed(html_of(shown[0]["comparison"]))

    marked = [card.find("b").text for card in tree.iter("li") if card.get("class")]
    assert ["gray", "gray"] == marked
    assert "differs: gray" in "".join(tree.itertext())


def test_a_picture_that_is_not_decoded_stays_so(tmp_path):
    """Showing it decodes a copy."""
    draw(tmp_path / "a.jpg", 1, size=(400, 300))
    shrinking = graph_of_loading()

    preview = shrinking.preview(tmp_path / "a.jpg")
    html_of(preview)

    picture = preview["load_image"]
    assert ("DeferredImage", None) == (type(picture).__name__, picture._im)


def graph_of_loading():
    @graph
    def loading(photo: Path):
        return load_image(photo, shrink="fast")

    return loading


# --- looks -------------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("ink", ["ink", "muted", "stale", *map(str, Outcome)])
def test_text_has_contrast(ink, place):
    """At least 4.5 on paper and on cards, light and dark (WCAG 2.2, 1.4.3)."""
    for ground in ("paper", "card"):
        assert contrast(COLOURS[ink][place], COLOURS[ground][place]) >= 4.5


@pytest.mark.parametrize(("ink", "ground"), [("done", "added"), ("failed", "removed")])
def test_lines_of_code_have_contrast(ink, ground):
    """What was added and removed can be read on its own ground."""
    for place in (0, 1):
        assert contrast(COLOURS[ink][place], COLOURS[ground][place]) >= 4.5


def test_styles_touch_nothing_else():
    """Every rule is about what lies inside our own frame, and asks for nothing."""
    css = style().removeprefix("<style>").removesuffix("</style>")
    assert not re.search(r"url\(|@import|expression|[<&]", css)
    inner = re.sub(r"@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\}", r"\1", css)
    for rule in re.findall(r"([^{}]+)\{", inner):
        assert all(".creevey" in selector for selector in rule.split(","))


def test_what_needs_styles_is_hidden_where_they_are_taken_away(shown):
    """A viewer that strips them shows the tree of a graph, and no words of a drawing without their places."""
    tree = ET.fromstring(html_of(shown[0]["graph"]))

    drawn = next(one for one in tree.iter("div") if one.get("class") == "creevey-drawn")
    plain = next(one for one in tree.iter("pre") if one.get("class") == "creevey-plain")
    assert "hidden" == drawn.get("hidden")
    assert html.unescape(numbers.draw()) == plain.text


def test_a_step_of_many_parameters_takes_a_line_for_each():
    """A signature of one line would not fit."""

    @step
    def many(
        first_of_all: int,
        *,
        second_of_all: str = "a long text",
        third_of_all: str = "another one",
        fourth: int = 4,
    ) -> tuple[int, ...]:
        return (first_of_all,)

    assert "\n    *,\n    second_of_all" in html_of(many)


def test_a_plan_has_hollow_bars_and_the_words_of_drawings(shown):
    """What would run is an outline, called "to run"; a run calls the same "ran"; the graph's name stands once."""
    made, _ = shown
    found = {kind: html_of(made[kind]) for kind in ("plan", "report")}
    texts = {kind: "".join(parsed(text).itertext()) for kind, text in found.items()}

    assert (True, False) == tuple('class="creevey-hollow"' in text for text in found.values())
    assert (True, True) == ("to run" in texts["plan"], "ran" in texts["report"])
    assert not any('class="heading"' in text for text in found.values())
