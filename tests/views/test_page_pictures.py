"""Pictures of a page: after every step, of a sample and of failures, made again without writing or asking anybody."""

import base64
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from runs import EXECUTORS, draw, thumbs
from servers import PictureServer

from creevey_graph import Report, SkipItem, download, graph, step
from creevey_graph.images import load_image, resize, trim, write_image
from creevey_graph.previews import output_at
from creevey_graph.views.page import page_data, write_page
from creevey_graph.views.page.strips import Strips
from creevey_graph.views.page.writing import AS_NOW, OTHER_GRAPH


def data_in(page):
    """Return the data of a page, as a browser would read it."""
    text = Path(page).read_text(encoding="utf-8")
    return json.loads(
        re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    )


def pictures_of(data, key):
    """Return label -> whether there is a picture, or the text in its place."""
    detail = data["details"][str(data["rows"]["key"].index(key))]
    return {
        picture["label"]: bool(picture["src"]) or picture["text"] for picture in detail.get("pictures", [])
    }


def files_below(folder):
    return sorted(
        (path.relative_to(folder).as_posix(), path.stat().st_mtime_ns) for path in folder.rglob("*")
    )


calls: list[str] = []


@step
def sharpen(image: Image.Image) -> Image.Image:
    calls.append("sharpen")
    if image.width == 41:
        raise ValueError("odd")
    if image.width == 42:
        raise SkipItem("even")
    return image


@graph
def sharp(photo: Path):
    return {"file": write_image(resize(sharpen(trim(load_image(photo), bottom=1)), (9, 9)), "{stem}.png")}


@pytest.fixture
def mixed(tmp_path):
    """Draw a good picture, one that fails in the middle, one that is left out, and a broken one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, width in (("good", 40), ("middle", 41), ("left", 42)):
        draw(folder / f"{name}.png", 1, (width, 30))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    return folder


@pytest.mark.parametrize("executor", EXECUTORS)
def test_there_is_a_picture_after_every_step(go, mixed, tmp_path, executor):
    """Up to the step that failed, whatever the run was done by; of those left out none; nothing is written."""
    report = go(sharp, mixed, executor=executor)
    before = files_below(tmp_path)

    data = page_data(report, pictures=Strips(report.out, report.previewer, seconds=60))

    steps = ["photo", "load_image", "trim"]
    assert dict.fromkeys([*steps, "sharpen", "resize", "write_image"], True) == pictures_of(data, "good.png")
    assert dict.fromkeys(steps, True) == pictures_of(data, "middle.png")
    broken = pictures_of(data, "broken.png")
    assert ["photo"] == list(broken)
    assert "header cannot be read" in broken["photo"]
    assert [2] == [n for n, key in enumerate(data["rows"]["key"]) if key == "left.png"]
    assert "2" not in data["details"]
    assert before == files_below(tmp_path)


def test_the_step_that_failed_is_not_run_again(go, mixed):
    """It may take the process with it."""
    report = go(sharp, mixed)
    calls.clear()

    page_data(report, pictures=Strips(report.out, report.previewer, seconds=60), sample=0)

    assert [] == calls


def test_the_pictures_are_those_of_the_steps(go, mixed):
    """What resize gave is nine pixels wide, and is not the source."""
    report = go(sharp, mixed)
    data = page_data(report, pictures=Strips(report.out, report.previewer, seconds=60))

    pictures = data["details"][str(data["rows"]["key"].index("good.png"))]["pictures"]

    assert ["", "load_image", "trim", "sharpen", "resize", "write_image"] == [p["node"] for p in pictures]
    assert ["40 × 30 RGB", "40 × 29 RGB", "9 × 9 RGB"] == [pictures[n]["was"] for n in (0, 2, 4)]
    assert (9, 9) == (pictures[4]["width"], pictures[4]["height"])


def test_a_second_run_shows_its_cached_items(go, photos, tmp_path):
    """Nothing had to run; the pictures are there all the same, and a run without outputs has them too."""
    go(thumbs, photos)
    report = go(thumbs, photos)

    shown = pictures_of(page_data(report, pictures=Strips(report.out, report.previewer, seconds=60)), "a.png")

    assert all(shown[name] is True for name in ("photo", "load_image", "trim", "resize", "write_image"))
    assert shown["mean_brightness"].startswith("float ")


def test_a_run_without_outputs_and_cache_has_pictures(photos):
    """Its steps are run again."""

    @graph
    def loaded(photo: Path):
        return {"width": resize(load_image(photo), (5, 5))}

    report = loaded.run(photos, cache=False, progress=False)

    data = page_data(report, pictures=Strips(report.out, report.previewer, seconds=60))
    assert {"photo": True, "load_image": True, "resize": True} == pictures_of(data, "a.png")
    shutil.rmtree(report.path.parent)


def test_a_report_read_from_a_file_shows_what_lies_on_disk(go, photos, tmp_path):
    """The source and the outputs; the page says how to get the rest, and with the graph it has it."""
    loaded = Report.load(go(thumbs, photos).path)

    data = data_in(loaded.to_html(tmp_path / "run.html"))
    assert {"source": True, "a.png": True} == pictures_of(data, "a.png")
    assert "creevey-graph report" in data["details"]["0"]["note"]

    data = data_in(loaded.to_html(tmp_path / "run.html", graph=thumbs))
    assert True is pictures_of(data, "a.png")["trim"]
    data = data_in(loaded.to_html(tmp_path / "run.html", graph=thumbs, items=photos))
    assert True is pictures_of(data, "a.png")["write_image"]
    (photos / "a.png").unlink()
    data = data_in(Report.load(loaded.path).to_html(tmp_path / "run.html"))
    assert pictures_of(data, "a.png")["source"].endswith("not there any more")


def test_pictures_made_by_the_graph_of_today_say_so(go, photos, tmp_path):
    """Nobody takes a step as it was edited since for what the run showed; the run's own page needs no such word."""
    report = go(thumbs, photos)
    loaded = Report.load(report.path)
    pages = (
        report.to_html(tmp_path / "own.html"),
        loaded.to_html(tmp_path / "same.html", graph=thumbs),
        loaded.to_html(tmp_path / "other.html", graph=thumbs.bind(size=(5, 5))),
    )

    notes = [data_in(page)["details"]["0"].get("note", "") for page in pages]

    assert ["", AS_NOW, OTHER_GRAPH] == notes


def test_items_that_are_not_given_any_more_are_told(go, photos, tmp_path):
    """They keep what lies on disk; others have their steps."""
    loaded = Report.load(go(thumbs, photos).path)

    data = data_in(loaded.to_html(tmp_path / "run.html", graph=thumbs, items=[photos / "b.png"]))

    assert "trim" in pictures_of(data, "b.png")
    assert "not among those" in data["details"]["0"]["note"]
    assert {"source": True, "a.png": True} == pictures_of(data, "a.png")


def test_outputs_outside_the_folder_are_not_read(tmp_path):
    """Neither above it, nor by an absolute path, nor through a link; a report may come from anywhere."""
    out = tmp_path / "out"
    out.mkdir()
    draw(out / "in.png", 1)
    draw(tmp_path / "secret.png", 1)
    (out / "link.png").symlink_to(tmp_path / "secret.png")

    assert out / "in.png" == output_at(out, "in.png")
    for path in (
        "../secret.png",
        str(tmp_path / "secret.png"),
        "link.png",
        "gone.png",
        "",
        "a\0b",
        "x" * 5000,
    ):
        assert output_at(out, path) is None
    assert output_at("", "in.png") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_source_that_is_no_file_is_not_waited_for(go, photos, tmp_path):
    """A report may say that a picture came from a pipe."""
    loaded = Report.load(go(thumbs, photos).path)
    for path in photos.iterdir():
        path.unlink()
        os.mkfifo(path)

    assert True is not pictures_of(data_in(loaded.to_html(tmp_path / "run.html")), "a.png")["source"]


def served(tmp_path):
    draw(tmp_path / "a.png", 1)
    return PictureServer({f"/{n}.png": (tmp_path / "a.png").read_bytes() for n in range(3)})


@graph
def fetched(url: str):
    return {"file": write_image(trim(load_image(download(url, allow_private=True)), bottom=2), "{stem}.png")}


def test_no_server_is_asked_for_a_page(go, tmp_path):
    """What was downloaded is read from the cache; without one the download is left out, and the outputs shown."""
    with served(tmp_path) as server:
        urls = [server.url(f"/{n}.png") for n in range(3)]
        report = go(fetched, urls)
        asked = dict(server.gets)
        kept = page_data(report, pictures=Strips(report.out, report.previewer, seconds=60))
        again = data_in(Report.load(report.path).to_html(tmp_path / "run.html", graph=fetched))
        asked_kept = dict(server.gets)
        bare = go(fetched, urls, cache=False, out=tmp_path / "bare")
        asked_bare = dict(server.gets)
        none = page_data(bare, pictures=Strips(bare.out, bare.previewer, seconds=60))
        gets = dict(server.gets)

    key = kept["rows"]["key"][0]
    for data in (kept, again):
        assert True is pictures_of(data, key)["download"]
        assert True is pictures_of(data, key)["trim"]
    shown = pictures_of(none, none["rows"]["key"][0])
    assert "no server is asked" in shown["download"]
    assert "trim" not in shown
    assert True is shown["write_image"]
    assert asked == asked_kept
    assert asked_bare == gets
    shutil.rmtree(bare.path.parent)


def test_a_step_that_does_something_is_not_run_to_be_looked_at(photos, tmp_path):
    """`pure=False` says that a call is more than its value."""
    ran = []

    @step(pure=False)
    def announced(image: Image.Image) -> Image.Image:
        ran.append(1)
        return image

    @graph
    def announcing(photo: Path):
        return {"size": resize(announced(load_image(photo)), (5, 5))}

    report = announcing.run(photos, cache=tmp_path / "cache", executor="serial", progress=False)
    count = len(ran)

    shown = pictures_of(page_data(report, pictures=Strips("", report.previewer, seconds=60)), "a.png")

    assert count == len(ran)
    assert "pure=False" in shown["announced"]
    assert "resize" not in shown


class Clock:
    """Goes on by so much each time it is asked."""

    def __init__(self, step_s):
        self.now_s, self.step_s = 0.0, step_s

    def __call__(self):
        self.now_s += self.step_s
        return self.now_s


def test_time_for_pictures_runs_out(go, photos):
    """The first have theirs, the others say why not; failures and the sample take turns."""
    report = go(thumbs, photos)

    data = page_data(report, pictures=Strips(report.out, report.previewer, seconds=5, clock=Clock(1)))

    notes = [data["details"][n].get("note", "") for n in ("0", "1", "2")]
    assert "" == notes[0]
    assert "the 5 s for pictures of a page were used up" in notes[2]
    assert "pictures" not in data["details"]["2"]


def test_a_dear_step_is_left_out_where_time_is_short(photos, tmp_path):
    """A step that took longer than there is time is not begun; the page says what it takes."""

    @step(cache="never")
    def slow(image: Image.Image) -> Image.Image:
        return image

    @graph
    def slowly(photo: Path):
        return {"size": slow(load_image(photo))}

    report = slowly.run(photos, cache=tmp_path / "cache", executor="serial", progress=False)
    row = report.rows[0]
    row.seconds["slow"] = 30.0
    report.previewer.find([row])

    shown = list(report.previewer.shown(row, report.previewer._clock() + 10))

    assert ("slow", "left out: it takes 30.0 s") == (shown[-1].name, shown[-1].note)


def test_room_for_pictures_runs_out(tmp_path, photos, monkeypatch, go):
    """All of them together stay below a bound."""
    monkeypatch.setattr("creevey_graph.views.page.strips.ROOM", 7_000)
    report = go(thumbs, photos)

    data = page_data(report, pictures=Strips(report.out, report.previewer, seconds=60))

    assert "MB for pictures of a page were used up" in data["details"]["2"]["note"]


def test_a_page_with_its_pictures_is_small(tmp_path):
    """24 good and 200 failed items of noise, which compresses badly: below 5 MB with all that is around them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(230):
        draw(folder / f"{number}.png", number, (41 if number < 202 else 160, 160))

    report = sharp.run(folder, out=tmp_path / "out", cache=tmp_path / "cache", progress=False)
    page = report.to_html(tmp_path / "run.html", seconds=120)

    data = data_in(page)
    assert (200, 24) == (len(data["sheets"]["failed"]), len(data["sheets"]["sample"]))
    assert page.stat().st_size < 5_000_000
    sizes = [
        len(base64.b64decode(picture["src"].partition(",")[2]))
        for detail in data["details"].values()
        for picture in detail.get("pictures", ())
    ]
    assert max(sizes) <= 6_000


def test_items_of_a_table_are_found_by_key(tmp_path, photos):
    """Two inputs and a column: both are shown, and what they were made into."""

    @step
    def over(image: Image.Image, mask: Image.Image) -> Image.Image:
        return Image.blend(image, mask, 0.5)

    @graph
    def blended(photo: Path, mask: Path):
        return {"file": write_image(over(load_image(photo), load_image(mask)), "{key}.png")}

    items = [{"photo": str(photos / "a.png"), "mask": str(photos / f"{m}.png"), "label": m} for m in "bc"]
    report = blended.run(items, out=tmp_path / "out", cache=tmp_path / "cache", progress=False)
    loaded = Report.load(report.path)

    for data in (
        page_data(report, pictures=Strips(report.out, report.previewer, seconds=60)),
        data_in(write_page(loaded, tmp_path / "run.html", graph=blended, items=items)),
    ):
        shown = pictures_of(data, data["rows"]["key"][1])
        assert (
            dict.fromkeys(["photo", "mask", "load_image", "load_image_2", "over", "write_image"], True)
            == shown
        )
    alone = data_in(write_page(loaded, tmp_path / "run.html", graph=blended))
    assert "cannot be shown" in alone["details"]["0"]["note"]


def test_texts_between_steps_are_not_told(tmp_path, photos):
    """A value that the report does not hold may be anything, a token too: a page tells its length."""

    @step
    def signed(photo: Path) -> str:
        return "s3cret"

    @step
    def length(text: str) -> int:
        return len(text)

    @graph
    def private(photo: Path):
        return {"n": length(signed(photo))}

    report = private.run(photos, cache=tmp_path / "cache", progress=False)
    page = report.to_html(tmp_path / "run.html")

    assert "s3cret" not in page.read_text(encoding="utf-8")
    assert {"photo": True, "signed": "text of 6 characters", "length": "int 6"} == pictures_of(
        data_in(page), "a.png"
    )
