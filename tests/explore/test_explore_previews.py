"""Previews: what a changed parameter changes, what is used again, what is told, and that nothing is written."""

import threading
from pathlib import Path

import pytest
from exploring import awaited
from PIL import Image
from runs import draw

from creevey_graph import SkipItem, graph, step
from creevey_graph.events import Outcome, Row
from creevey_graph.explore.items import Items
from creevey_graph.explore.kept import Held, Kept, size_of
from creevey_graph.explore.loaded import Loaded
from creevey_graph.explore.previews import Asked, Previews, changed_settings
from creevey_graph.explore.turns import Superseded, TooLong, Turns
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image
from creevey_graph.sources import open_source


@step
def tinted(image: Image.Image, *, red: int = 0) -> Image.Image:
    if red > 255:
        raise ValueError(f"red must be at most 255 (got {red})")
    if red < 0:
        raise SkipItem("too little red")
    return image.point(lambda level: min(255, level + red))


@graph
def colours(
    photo: Path, *, red: int = 0, size: tuple[int, int] = (16, 16), name: str = "{stem}", secret=None
):
    loaded = load_image(photo)
    image = tinted(trim(loaded, bottom=4), red=red)
    small = resize(image, size)
    return {"file": write_image(small, f"{name}.png"), "brightness": mean_brightness(image)}


@pytest.fixture
def photo(tmp_path):
    draw(tmp_path / "a.png", 1)
    return tmp_path / "a.png"


@pytest.fixture
def previews(photo):
    made = Previews(Loaded(colours), Items(None), limit_s=60)
    yield made
    made.close()


def asked(path, *settings, **facts):
    row = facts.pop("row", Row(Path(path).name, str(path), Outcome.DONE))
    return Asked(0, row, settings=settings, **facts)


def by_node(preview):
    return {picture["node"]: picture for picture in preview["pictures"]}


def test_there_is_a_picture_after_every_step(previews, photo):
    """In the order they run, the source first; a value that is none is told, and what would be written too."""
    preview = previews.of(asked(photo))

    assert ["", "load_image", "trim", "tinted"] == [picture["node"] for picture in preview["pictures"]][:4]
    assert {"resize", "write_image", "mean_brightness"} == {
        picture["node"] for picture in preview["pictures"][4:]
    }
    shown = by_node(preview)
    assert ("photo", "40 \u00d7 30 RGB") == (shown[""]["label"], shown[""]["was"])
    assert "40 \u00d7 26 RGB" == shown["trim"]["was"]
    assert shown["resize"]["src"].startswith("data:image/")
    assert "would write 'a.png'" == shown["write_image"]["text"]
    assert shown["mean_brightness"]["text"].startswith("float")
    assert ("", "", 0, "a.png") == (preview["error"], preview["step"], preview["row"], preview["key"])
    assert {"load_image", "trim", "tinted", "resize", "mean_brightness"} == set(preview["seconds"])


@pytest.mark.parametrize(
    ("setting", "run"),
    [
        ("size=8,8", {"resize"}),
        ("red=9", {"tinted", "resize", "mean_brightness"}),
        ("name=b", set()),
        ("red=0", set()),
    ],
)
def test_a_changed_parameter_changes_what_is_below_it_only(previews, photo, setting, run):
    """Everything else is taken from the preview before: the picture is not loaded again."""
    before = by_node(previews.of(asked(photo)))

    preview = previews.of(asked(photo, setting))

    after = by_node(preview)
    assert run == set(preview["ran"])
    changed = {node for node in after if after[node] != before[node]}
    assert changed - {"write_image"} == run
    assert ("write_image" in changed) is (setting == "name=b")


def test_a_value_that_is_used_again_is_not_changed_by_who_used_it(photo):
    """A step that draws on its picture gets a copy of what is kept."""

    @step
    def drawn_on(image: Image.Image, *, level: int = 0) -> Image.Image:
        image.putpixel((0, 0), (level, 0, 0))
        return image

    @graph
    def drawing(photo: Path, *, level: int = 0):
        loaded = load_image(photo)
        return {"first": drawn_on(loaded, level=level), "second": drawn_on(loaded, level=7)}

    previews = Previews(Loaded(drawing), Items(None), limit_s=60)
    first = by_node(previews.of(asked(photo)))
    second = by_node(previews.of(asked(photo, "level=255")))
    previews.close()

    assert first["load_image"] == second["load_image"]
    assert first["drawn_on_2"] == second["drawn_on_2"]
    assert first["drawn_on"] != second["drawn_on"]


def test_an_edited_picture_is_seen(previews, photo):
    """What is kept stands for the file's content, not for its name."""
    before = by_node(previews.of(asked(photo)))
    draw(photo, 2)

    assert before["load_image"] != by_node(previews.of(asked(photo)))["load_image"]


def test_an_error_is_told_with_its_step_and_what_was_made_until_then(previews, photo):
    """The pictures before it are there."""
    preview = previews.of(asked(photo, "red=999"))

    assert ("tinted", "ValueError: red must be at most 255 (got 999)") == (preview["step"], preview["error"])
    assert ["", "load_image", "trim"] == [picture["node"] for picture in preview["pictures"]]
    assert {"name": "red", "text": "999", "changed": True} in preview["parameters"]


def test_a_step_that_ends_the_program_costs_its_preview_only(photo):
    """`KeyboardInterrupt` of a step is no Ctrl-C, which goes to the main thread."""

    @step
    def ending(image: Image.Image) -> Image.Image:
        raise KeyboardInterrupt

    @graph
    def ended(photo: Path):
        return {"image": ending(load_image(photo))}

    previews = Previews(Loaded(ended), Items(None), limit_s=60)
    preview = previews.of(asked(photo))
    previews.close()

    assert ("ending", "StepError: step 'ending' raised KeyboardInterrupt") == (
        preview["step"],
        preview["error"],
    )
    assert ["", "load_image"] == [picture["node"] for picture in preview["pictures"]]


def test_a_skipped_item_is_told(previews, photo):
    """It is no error of a kind, but words."""
    assert "left out: too little red" == previews.of(asked(photo, "red=-1"))["error"]


def test_a_missing_file_is_told(previews, tmp_path):
    """As is one that is no picture."""
    (tmp_path / "no.png").write_text("no picture")

    assert "gone.png" in previews.of(asked(tmp_path / "gone.png"))["error"]
    broken = previews.of(asked(tmp_path / "no.png"))
    assert ("load_image", True) == (broken["step"], "no.png" in broken["error"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("size=8", "parameter size: expected 2 whole numbers with commas between, such as 16,16 (got '8')"),
        (
            "red=__import__('os').system('true')",
            "parameter red: expected a whole number (got '__import__('os').system('true')')",
        ),
        (
            "rde=1",
            "parameter: graph 'colours' has no parameter 'rde'; did you mean 'red'? (has: name, red, secret, size)",
        ),
        ("red", "parameter takes NAME=VALUE"),
        ("=", "parameter: graph 'colours' has no parameter ''"),
        ("red=\x1b[31m\u202e<script>", "(got '\\x1b[31m\\u202e<script>')"),
        ("red=" + "9" * 10_000, "parameter red: expected a whole number"),
        (
            "name=../../evil",
            "UsageError: node 'write_image': the output path of item 'a.png' must stay inside the output folder",
        ),
        ("size=0,0", "resize"),
    ],
)
def test_hostile_values_are_text(previews, photo, setting, told):
    """What cannot be read, or used, is told in the panel; nothing is run for it."""
    preview = previews.of(asked(photo, setting))

    assert told in preview["error"]
    assert "\x1b" not in preview["error"]


def test_the_parameters_are_told_as_they_are_typed(previews, photo):
    """With what was changed marked; typed back as they are they change nothing."""
    preview = previews.of(asked(photo, "red=9"))

    assert [
        {"name": "red", "text": "9", "changed": True},
        {"name": "size", "text": "16,16", "changed": False},
        {"name": "name", "text": "{stem}", "changed": False},
        {"name": "secret", "text": "none", "changed": False},
    ] == preview["parameters"]
    again = previews.of(
        asked(photo, *(f"{one['name']}={one['text']}" for one in Loaded(colours).parameters()))
    )
    assert ("", []) == (again["error"], [one for one in again["parameters"] if one["changed"]])


def test_the_last_value_of_a_name_counts():
    """As with `--set` given twice."""
    assert ("red=2", "size=1,1") == changed_settings(["red=1", "size=1,1", "red=2"])


def test_nothing_is_written(previews, photo, tmp_path, monkeypatch):
    """No file of the folder changes, whatever is asked for: no output, no cache, no byte code."""
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*")}
    for settings in ((), ("red=3",), ("red=999",), ("size=x",)):
        previews.of(asked(photo, *settings))

    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*")}


# --- items -----------------------------------------------------------------------------------------


def test_an_item_is_found_from_where_the_run_named_it(previews, photo, monkeypatch, tmp_path_factory):
    """A run in another folder named its files from there; the folder it listed tells where that was."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    preview = previews.of(
        asked(photo, row=Row("a.png", "photos/a.png", Outcome.DONE), root=str(photo.parent))
    )

    assert "" == preview["error"]


def test_an_item_is_found_by_its_key_among_the_items(photo):
    """Where the items are named, several inputs are no trouble."""

    @step
    def pasted(image: Image.Image, other: Image.Image) -> Image.Image:
        return Image.blend(image, other, 0.5)

    @graph
    def pairs(photo: Path, other: Path):
        return {"both": pasted(load_image(photo), load_image(other))}

    source = open_source([{"photo": photo, "other": photo, "id": "x"}], ("photo", "other"))
    key = next(iter(source)).key
    with_items = Previews(Loaded(pairs, columns=source.columns), Items(source), limit_s=60)
    without = Previews(Loaded(pairs), Items(None), limit_s=60)
    row = Row(key, "made up", Outcome.DONE)

    assert "pasted" in by_node(with_items.of(asked(photo, row=row)))
    assert (
        "there is no item 'other' among these items"
        in with_items.of(asked(photo, row=Row("other", "", Outcome.DONE)))["error"]
    )
    assert (
        "name the items too: creevey-graph explore GRAPH ITEMS" in without.of(asked(photo, row=row))["error"]
    )
    with_items.close()
    without.close()


def test_columns_of_a_row_stand_in_its_output_path(photo):
    """What a run was told of an item beside its file is in its row."""

    @graph
    def labelled(photo: Path):
        return write_image(load_image(photo), "{label}/{stem}.png")

    previews = Previews(Loaded(labelled), Items(None), limit_s=60)
    with_label = previews.of(
        asked(photo, row=Row("a.png", str(photo), Outcome.DONE, fields={"label": "cats"}))
    )
    without = previews.of(asked(photo))
    previews.close()

    assert "would write 'cats/a.png'" == by_node(with_label)["write_image"]["text"]
    assert "has none" in without["error"]


def test_without_a_graph_the_files_are_shown(photo):
    """The source, and the outputs where they are."""
    previews = Previews(None, Items(None))
    row = Row("a.png", str(photo), Outcome.DONE, outputs=("a.png", "gone.png"))

    preview = previews.of(asked(photo, row=row, out=str(photo.parent)))

    assert [("source", True), ("a.png", True), ("gone.png", False)] == [
        (one["label"], bool(one["src"])) for one in preview["pictures"]
    ]
    assert ("", []) == (preview["error"], preview["parameters"])


@pytest.mark.parametrize("output", ["../a.png", "{photo}", "link.png"])
def test_a_report_names_no_output_outside_its_folder(photo, tmp_path, output):
    """A report from somebody else would have pictures of ours shown: `..`, whole paths and links are not followed."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link.png").symlink_to(photo)
    row = Row("a.png", "a.png", Outcome.DONE, outputs=(output.format(photo=photo),))

    preview = Previews(None, Items(None)).of(asked(photo, row=row, out=str(tmp_path / "out")))

    assert "" == preview["pictures"][1]["src"]
    assert preview["pictures"][1]["text"].endswith(": not there any more")


# --- turns -----------------------------------------------------------------------------------------


def ask_in_thread(turns, make, answers, name):
    def work():
        try:
            answers[name] = turns.ask(make)
        except Exception as exc:  # noqa: BLE001 - looked at by the test
            answers[name] = exc

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_latest_wins():
    """Of those that wait only the last is made; the one in hand ends at its next step."""
    turns, answers = Turns(60), {}
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def first(check):
        begun.set()
        go_on.wait(60)
        check()
        made.append("first")

    def later(name):
        return lambda _: made.append(name) or name

    threads = [ask_in_thread(turns, first, answers, "first")]
    begun.wait(60)
    threads.append(ask_in_thread(turns, later("second"), answers, "second"))
    threads[0].join(60)  # it is told at once that a later one was asked for
    threads.append(ask_in_thread(turns, later("third"), answers, "third"))
    threads[1].join(60)
    go_on.set()
    threads[2].join(60)
    turns.close()

    assert (Superseded, Superseded, "third") == (
        type(answers["first"]),
        type(answers["second"]),
        answers["third"],
    )
    assert ["third"] == made


def test_a_step_that_takes_too_long_is_told_and_goes_on(photo):
    """What it makes is there when it is asked for again."""
    go_on, begun = threading.Event(), threading.Event()

    @step
    def slow(image: Image.Image) -> Image.Image:
        begun.set()
        go_on.wait(60)
        return image

    @graph
    def slowly(photo: Path):
        return {"image": slow(load_image(photo))}

    previews = Previews(Loaded(slowly), Items(None), limit_s=0.05)
    told = previews.of(asked(photo))
    while not begun.is_set():  # the limit may end before the picture is loaded
        told = previews.of(asked(photo))
    assert "takes longer than 0.05 s" in told["error"]
    assert "where it never ends, start explore again" in told["error"]
    go_on.set()
    until = 200
    while told["error"] and until:
        told, until = previews.of(asked(photo)), until - 1
    previews.close()

    assert "" == told["error"]
    assert "slow" in by_node(told)


def test_who_waits_is_let_go_at_the_end():
    """Ctrl-C does not wait for a step."""
    turns, answers = Turns(60), {}
    begun, go_on = threading.Event(), threading.Event()
    thread = ask_in_thread(turns, lambda _: begun.set() or go_on.wait(60), answers, "one")
    begun.wait(60)
    turns.close()
    thread.join(60)
    go_on.set()

    assert isinstance(answers["one"], Superseded)


def test_too_long_is_no_later_one():
    """Who waited in vain is told so, and nothing else is begun for it."""
    turns = Turns(0.01)
    go_on = threading.Event()
    with pytest.raises(TooLong):
        turns.ask(lambda _: go_on.wait(60))
    made = []
    with pytest.raises(TooLong):
        turns.ask(lambda _: made.append("later"))
    go_on.set()
    awaited(lambda: turns._waiting is None)
    turns.limit_s = 60

    assert "now" == turns.ask(lambda _: "now")
    assert [] == made
    turns.close()


# --- what is kept ----------------------------------------------------------------------------------


def test_what_is_kept_is_bounded():
    """The values that were asked for last stay; one that is too large is not kept at all."""
    kept = Kept(most_bytes=10_000)
    for name in "abcdef":
        kept.put(name, Held(b"x" * 2_000, {}, 0.0))
        kept.get("a")
    kept.put("large", Held(b"x" * 6_000, {}, 0.0))
    kept.put("once", Held(iter([1]), {}, 0.0))
    kept.put(None, Held(1, {}, 0.0))

    assert kept.bytes <= 10_000
    assert ("a", "f") == tuple(name for name in ("a", "b", "c", "f", "large", "once") if kept.get(name))
    kept.clear()
    assert (0, 0) == (len(kept), kept.bytes)


@pytest.mark.parametrize(
    ("value", "least"),
    [
        (Image.new("RGB", (100, 100)), 30_000),
        (Image.new("F", (100, 100)), 40_000),
        (b"x" * 5_000, 5_000),
        ([b"x" * 5_000] * 4, 20_000),
        ({"a": "x" * 5_000}, 5_000),
        (object(), 0),
    ],
)
def test_sizes_are_about_right(value, least):
    """Pictures count by their pixels."""
    assert least <= size_of(value) <= 2 * least + 3_000
