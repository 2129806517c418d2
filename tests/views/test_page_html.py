"""The page of a run as text: what holds before any browser reads it."""

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_samples import HOSTILE, graph_svg, hostile_sample, page_sample

from creevey_graph.text import safe_text
from creevey_graph.views.page.html import SCRIPTS, in_script, render_page
from creevey_graph.views.page.static import MOST_FAILURES
from creevey_graph.views.palette import INKS

JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
LIVE = {"token": "t", "events": "/events", "preview": "/preview", "thumb": "/thumb"}


class Read(HTMLParser):
    """
    What an HTML parser makes of a page.

    State: tags = (name, attributes), in order; texts = tag -> the text in each element of it.
    """

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def policy(self):
        return next(attrs["content"] for tag, attrs in self.tags if attrs.get("http-equiv") == "Content-Security-Policy")


@given(JSONS)
def test_data_in_a_script_is_read_back_and_holds_no_markup(data):
    """Any JSON comes back the same, and no character in it can end the script or begin a comment."""
    text = in_script(data)

    assert data == json.loads(text)
    assert not set("<>&\u2028\u2029") & set(text)
    text.encode()


def test_a_number_that_is_not_finite_is_refused():
    """JSON has no NaN: a page with one would not open at all."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        in_script({"mean": float("nan")})


@pytest.mark.parametrize("live", [None, LIVE])
def test_the_policy_names_every_script_and_style_by_digest(live):
    """What runs and what dresses the page is what stands in it, to the letter, and nothing else may be loaded."""
    page = render_page(page_sample(3), graph_svg(), style="svg { color: red }", live=live)
    read = Read(page)
    policy = dict(part.split(" ", 1) for part in read.policy().split("; "))
    scripts = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall("<style>(.*?)</style>", page, re.DOTALL)

    assert "'none'" == policy["default-src"] == policy["base-uri"] == policy["form-action"]
    assert digests(scripts) == policy["script-src"].split()
    assert digests(styles) == policy["style-src"].split()
    assert (2, 2) == (len(scripts), len(styles))
    assert ("'self' data:", "'self'") == (policy["img-src"], policy["connect-src"]) if live else policy["img-src"] == "data:"
    assert (live is not None) == ("connect-src" in policy)


def digests(texts):
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts]


def test_scripts_read_no_markup_and_evaluate_no_text():
    """Data reaches the page as text: none of the ways that would read it as markup or code stands in a script."""
    script = "\n".join(source(f"js/{name}.js") for name in SCRIPTS)

    assert [] == re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc|</", script)
    assert 1 == script.count("parseFromString")  # the graph of a live page, and only shapes of it are kept
    assert "</" not in source("page.css")


def source(name):
    return files("creevey_graph.views.page").joinpath(name).read_text(encoding="utf-8")


def test_every_script_file_is_part_of_the_page():
    """None is forgotten in the list that puts them together."""
    names = {path.name.removesuffix(".js") for path in files("creevey_graph.views.page").joinpath("js").iterdir()}

    assert names == set(SCRIPTS)


def test_hostile_texts_stay_text():
    """Names that try to be markup make no element, no attribute and no comment: the tags are those of a page without."""
    plain = page_sample(len(HOSTILE))
    hostile = hostile_sample()
    for data in (plain, hostile):
        data["rows"]["outcome"] = [4] * len(HOSTILE)
        data["rows"]["step"] = data["rows"]["error"] = [0] * len(HOSTILE)
        data["run"]["notices"] = data["run"]["notices"][:1] * 3
        data["run"]["stopped"] = hostile["run"]["stopped"]
        data["run"]["counts"] = {"failed": len(HOSTILE)}
    tags = [[(tag, set(attrs)) for tag, attrs in Read(render_page(data, "")).tags] for data in (plain, hostile)]

    assert tags[0] == tags[1]


def test_the_page_tells_the_essential_without_scripts():
    """Title, how it ended, counts, figures, notices, the graph and the failures stand in the markup itself."""
    data = page_sample(200)
    data["rows"]["key"][data["sheets"]["failed"][0]] = safe_text("a <b> & 'c'.jpg")
    read = Read(render_page(data, graph_svg()))
    failed = data["run"]["counts"]["failed"]

    assert ["training_set"] == read.texts["h1"]
    assert f"Finished in 42.1 s, {failed} failed" in read.texts["span"]
    assert "a <b> & 'c'.jpg" in read.texts["bdi"]
    assert failed == len(read.texts["bdi"])
    assert {"200", "42.1 s", "61.7 %", "processes × 2"} <= set(read.texts["dd"])
    assert {name for name in data["steps"]} <= set(read.texts["text"])
    assert 1 == len(read.texts["noscript"])


def test_many_failures_are_listed_in_part():
    """The list without scripts is bounded, and tells how many it leaves out."""
    data = page_sample(MOST_FAILURES + 50)
    data["rows"]["outcome"] = [4] * (MOST_FAILURES + 50)
    read = Read(render_page(data, ""))

    assert MOST_FAILURES == len(read.texts["bdi"])
    assert "… and 50 more, in the table of items." in read.texts["p"]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"interrupted": True}, "bad", "Interrupted: 12 of 15 items ended"),
        ({"stopped": "3 failures"}, "bad", "Stopped: 3 failures"),
        ({"finished": False}, "open", "Not finished: 12 of 15 items ended"),
        ({}, "good", "Finished in 42.1 s"),
        ({"counts": {"done": 11, "failed": 1}}, "bad", "Finished in 42.1 s, 1 failed"),
    ],
)
def test_how_the_run_ended_stands_out(change, kind, words):
    """One sentence tells it, in the colour of good news or bad."""
    data = page_sample(12)
    data["run"].update({"total": 15, "counts": {"done": 12}}, **change)
    page = render_page(data, "")

    assert f'<span class="{kind}">{words}</span>' in page


def test_the_page_has_the_colours_of_the_palette():
    """Each outcome has its ink of views/palette.py, for light and for dark."""
    page = render_page(page_sample(1), "")

    for outcome, ink in INKS.items():
        assert f"--{outcome}: light-dark({ink.light}, {ink.dark});" in page


def test_rendering_leaves_the_data_alone():
    """A page is made from data that others may read on."""
    data = page_sample(5)
    before = copy.deepcopy(data)
    render_page(data, "", live=LIVE)

    assert before == data


def test_an_empty_run_has_a_page():
    """No item, no failure, nothing known: still a page."""
    data = page_sample(0)
    data["run"].update(items_per_second=None, cache_hit_rate=None, executor="", notices=[], counts={})
    read = Read(render_page(data, ""))

    assert "Finished in 42.1 s" in read.texts["span"]
    assert any("no item ended" == attrs.get("aria-label") for _, attrs in read.tags)
