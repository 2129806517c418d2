"""Output templates: an item's path below `out`."""

import os
import re
from pathlib import Path, PurePosixPath

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creevey_graph import outputs
from creevey_graph.errors import GraphError, UsageError
from creevey_graph.outputs import FIELDS, parse_template, safe_name, safe_path
from creevey_graph.sources import Item


def make_item(source="photos/cats/tom.v2.jpeg", key="cats/tom.v2.jpeg", index=7, **columns):
    """Return an item as a source makes it."""
    return Item(index, key, source, (source,), columns)


def render(template, item=None, digest="d1"):
    """Return the path a template gives."""
    item = item or make_item()
    return parse_template("write", template, tuple(item.columns)).render(item, digest)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{stem}.png", "tom.v2.png"),
        ("{name}", "tom.v2.jpeg"),
        ("all{suffix}", "all.jpeg"),
        ("{parent}/{stem}.png", "cats/tom.v2.png"),
        ("{key}.png", "cats/tom.v2.jpeg.png"),
        ("{digest}.png", "d1.png"),
        ("{index:05d}.png", "00007.png"),
        ("one.png", "one.png"),
        ("a/../{stem}.png", "tom.v2.png"),
        ("./{stem}//x.png", "tom.v2/x.png"),
        (Path("a") / "{stem}.png", "a/tom.v2.png"),
        (PurePosixPath("a/{stem}.png"), "a/tom.v2.png"),
        (lambda item: f"{item.index}.png", "7.png"),
        (lambda item: Path("a") / item.key, "a/cats/tom.v2.jpeg"),
    ],
)
def test_a_template_is_filled_from_the_item(template, path):
    """Each field stands for what DESIGN says; a callable is asked."""
    assert path == render(template)


def test_item_columns_are_fields():
    """A table's columns can name folders and files, with format specs."""
    item = make_item(label="cat", score=0.51)

    assert "cat/tom.v2-0.5.png" == render("{label}/{stem}-{score:.1f}.png", item)


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("../../etc", "_.._etc"),
        ("/etc/passwd", "_etc_passwd"),
        ("a\x00b", "a_b"),
        ("..", "_"),
        (".hidden", "hidden"),
        ('a<b>:"|?*\\', "a_b_______"),
        ("line\nbreak", "line_break"),
        ("trailing. .", "trailing"),
        pytest.param("\ud800", "_", id="half a character"),
        pytest.param("\udc80", "_", id="a byte that is no text"),
        ("x" * 300, "x" * 200),
        ("é" * 300, "é" * 100),
        ("x" * 199 + ".y", "x" * 199),
    ],
)
def test_a_column_is_made_safe(label, folder):
    """What comes from a table is one plain file name, whatever it holds."""
    assert f"{folder}/tom.v2.png" == render("{label}/{stem}.png", make_item(label=label))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b/c%20d.jpg", "c d.jpg"),
        ("https://a.example/b/..%2f..%2fetc%2fpasswd", "_.._etc_passwd"),
        ("https://a.example/b/%2e%2e", "_"),
        ("https://a.example/b/%00.jpg", "_.jpg"),
        ("https://a.example/c.jpg?size=/../x#y", "c.jpg"),
        ("https://a.example/", "item"),
        ("https://a.example", "item"),
    ],
)
def test_the_name_in_a_url_is_decoded_and_made_safe(url, name):
    """A server cannot choose where a file lands."""
    assert f"{name}.png" == render("{name}.png", make_item(url, url))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{stm}.png", "node 'write': output template '{stm}.png' has no field 'stm'; did you mean 'stem'?"),
        ("{}.png", "has no field ''"),
        ("{0}.png", "has no field '0'"),
        ("{labl}.png", "did you mean 'label'?"),
        ("{stem.png", "output template '{stem.png' cannot be read"),
        ("", "must be a template such as '{stem}.jpg', or a function of the item (got '')"),
        (None, "(got None)"),
        (3, "(got 3)"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_before_anything_runs(template, message):
    """Fields are checked against the item's columns when the graph is made ready."""
    with pytest.raises(GraphError) as caught:
        parse_template("write", template, ("label",))

    assert message in str(caught.value)


def test_the_fields_offered_are_those_there_are():
    """Every documented field renders."""
    for field in FIELDS:
        assert render(f"x{{{field}}}")


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_a_column_without_a_value_is_named(nothing):
    """An item without a label was written to `None/` in silence."""
    with pytest.raises(UsageError) as caught:
        render("{label}/{stem}.png", make_item(label=nothing))

    assert (
        "node 'write': output template '{label}/{stem}.png' needs a value in column 'label', and item "
        "'cats/tom.v2.jpeg' has none; give it one, or use another field"
    ) == str(caught.value)
    assert "tom.v2-0" == render("{stem}-{label}", make_item(label=0))
    assert "tom.v2" == render("{stem}", make_item(label=nothing))


def test_an_empty_field_is_asked_about():
    """A path that begins with "/" is mostly one whose first field is empty."""
    with pytest.raises(UsageError, match="is a field in front of '/' empty"):
        render("{parent}/{stem}.png", attrs.evolve(make_item(), key="tom.png"))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("../{stem}.png", "must stay inside the output folder (got '../tom.v2.png')"),
        ("/{stem}.png", "must stay inside the output folder (got '/tom.v2.png')"),
        ("a/../../{stem}.png", "must stay inside the output folder"),
        ("x" * 216, "has a name over 215 bytes"),
        (".", "is empty; use a field such as {stem}"),
        ("a/..", "is empty"),
        ("{stem:d}", "does not fit item 'cats/tom.v2.jpeg'"),
        ("{stem.nothing}", "does not fit item"),
        ("{index:{stem}}", "does not fit item"),
        (lambda _: "", "is empty"),
        (lambda _: "../x", "must stay inside"),
        (lambda _: Path("/etc/x"), "must stay inside"),
        (lambda _: "a\x00b", "must stay inside"),
        (lambda _: None, "output path function must return text or a path (got None for 'cats/tom.v2.jpeg')"),
        (lambda _: b"x", "must return text or a path (got b'x'"),
        (
            lambda item: item.columns["label"],
            "output path function failed for item 'cats/tom.v2.jpeg' (KeyError('label'))",
        ),
    ],
)
def test_a_path_that_cannot_be_used_is_an_error_that_names_node_and_item(template, message):
    """Nothing is written outside `out`, and no path is guessed."""
    with pytest.raises(UsageError) as caught:
        render(template)

    assert "node 'write'" in str(caught.value)
    assert message in str(caught.value)


def test_names_in_messages_are_inert():
    """An item's key cannot colour a terminal."""
    with pytest.raises(UsageError) as caught:
        render("../x", make_item(key="\x1b[31mred"))

    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "suffix"),
    [
        ("{stem}.jpg", ".jpg"),
        ("{stem}.tar.gz", ".gz"),
        ("a.b/{stem}", None),
        ("{name}", None),
        ("{stem}{suffix}", None),
        ("{stem}.{suffix}", None),
        ("{stem}-small", None),
        ("{stem}/one.png", ".png"),
        ("{stem}/one", ""),
        ("one.png", ".png"),
        ("one", ""),
        (lambda _: "x.jpg", None),
    ],
)
def test_the_suffix_is_known_only_where_every_item_has_it(template, suffix):
    """A suffix that a field may bring is not claimed: it would miss that the encoder changed."""
    assert suffix == parse_template("write", template, ()).suffix


def test_only_templates_with_digest_need_one():
    """Content is read for a path only where the path holds it."""
    assert parse_template("write", "{digest:.8}.png", ()).needs_digest
    assert not parse_template("write", "{stem}.png", ()).needs_digest


texts = st.text(st.characters(), max_size=20) | st.text("./\\ %2ef\x00:", max_size=12)


@given(texts, texts, st.sampled_from(["{label}", "{key}", "{parent}", "{stem}", "{name}", "{suffix}"]), texts)
def test_no_item_escapes_from_the_output_folder(source, key, field, label):
    """Whatever an item is called, its path is below `out`, or an error."""
    item = make_item(source, key, label=label)
    for template in (field, f"{field}.png", f"{field}/x.png", f"a/{field}", f"x{field}/y"):
        try:
            path = render(template, item)
        except UsageError:
            continue
        landed = os.path.normpath(os.path.join("/out/folder", path))  # noqa: PTH118
        assert landed.startswith("/out/folder/")
        assert "\x00" not in path


@given(texts)
def test_a_safe_name_is_one_part_of_a_path(text):
    """No separator, no control character, no leading dot, at most 200 bytes; empty only for nothing."""
    name = safe_name(text)

    assert not set(name) & set('/\\\x00<>:"|?*')
    assert not name.startswith(".")
    assert len(name.encode()) <= 200
    assert bool(name) == bool(text)


@given(texts)
def test_a_safe_path_is_relative_and_stays_below(text):
    """Its parts are safe names, ".." is left out."""
    path = safe_path(text)

    assert not path.startswith("/")
    assert not any(part.startswith(".") for part in path.split("/"))


@given(
    st.text(alphabet="ab./\\é\x00 ", max_size=12)
    | st.sampled_from(
        ["a", "a/b", "a.b/c.d", "..", "a/..", "./a", "a//b", "a/", "/a", ".a", "a/.b", "a" * 230]
    )
)
def test_usual_paths_are_checked_as_all_are(text):
    """The quick way gives what the thorough way gives, for whatever text."""

    def checked():
        try:
            return outputs._checked("node", "key", text)
        except UsageError as exc:
            return str(exc)

    quick = checked()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "_UNUSUAL", re.compile(""))
        assert quick == checked()


@given(st.text(alphabet="ab./é", min_size=1, max_size=8))
def test_names_are_split_as_paths_are(name):
    """Name, stem and suffix are those of a path."""
    path = PurePosixPath(name)

    assert (path.name, path.stem, path.suffix) == outputs._split(name)
