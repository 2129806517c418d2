"""The page of `explore` in a real browser, beside a real run in another process."""

import contextlib
import subprocess
import sys

import pytest
from PIL import Image

from creevey_graph.explore.items import Items
from creevey_graph.explore.loaded import Loaded
from creevey_graph.explore.pages import LOOKS, Pages
from creevey_graph.explore.previews import Previews
from creevey_graph.explore.server import Explorer
from creevey_graph.explore.watch import Watch

PROGRAM = """
import sys
from pathlib import Path
from PIL import Image
from creevey_graph import graph, step
from creevey_graph.images import load_image, resize, write_image

@step
def inverted(image: Image.Image, *, level: int = 255) -> Image.Image:
    if image.width == 17:
        raise ValueError("<script>alert(1)</script>")
    return image.point(lambda value: max(0, level - value))

@graph
def small(photo: Path, *, level: int = 255, size: tuple[int, int] = (8, 8)):
    return write_image(resize(inverted(load_image(photo), level=level), size), "{stem}.png")

def go_on(event):
    if type(event).__name__ == "ItemFinished":
        print(event.index, flush=True)
        sys.stdin.readline()

if __name__ == "__main__":
    small.run("photos", out="out", cache="cache", executor="serial", progress=False, listeners=[go_on])
"""
HOSTILE = "2<img src=x onerror=alert(1)>.png"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "graph.py").write_text(PROGRAM)
    (tmp_path / "photos").mkdir()
    for number, name in enumerate(("0.png", "1.png", HOSTILE, "3.png")):
        Image.new("RGB", (17 if number == 3 else 40, 30), (60 * number, 90, 30)).save(
            tmp_path / "photos" / name
        )
    return tmp_path


@contextlib.contextmanager
def explored(place, monkeypatch):
    """Serve the real page of what runs in *place*."""
    from creevey_graph.cli.options import opened_graph

    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # as the command does
    loaded = Loaded(opened_graph("graph.py", ()), lambda: opened_graph("graph.py", ()))
    explorer = Explorer(
        Watch(LOOKS, folder=place / "cache", graph="small"),
        Previews(loaded, Items(None)),
        Pages("No run.", loaded.parameters),
    )
    explorer.start()
    try:
        yield explorer
    finally:
        explorer.close()
        sys.modules.pop("graph", None)


@contextlib.contextmanager
def running(place):
    """Run the graph in another process, an item at a time: `next()` lets it go on to the next."""
    process = subprocess.Popen(
        [sys.executable, "graph.py"], cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def step():
        process.stdin.write("\n")
        process.stdin.flush()

    try:
        assert process.stdout.readline().strip().isdigit()
        yield step
        process.stdin.close()
        assert 0 == process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()


def shown(page, text):
    page.wait_for_function(
        "text => document.getElementById('shown')?.textContent === text", arg=text, timeout=30_000
    )


def sources(page):
    return page.eval_on_selector_all("#item .strip img", "images => images.map((image) => image.src)")


def test_rows_arrive_an_item_is_opened_and_a_parameter_changes_its_picture(place, open_page, monkeypatch):
    """The page waits for a run, follows it, and shows what a parameter would do; a failure is told as text."""
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    with explored(place, monkeypatch) as explorer:
        page = open_page(explorer.url)
        assert "Waiting for a run" in page.title()
        with running(place) as go_on:
            shown(page, "1 of 1 row")
            go_on()
            shown(page, "2 of 2 rows")
            go_on()
            shown(page, "3 of 3 rows")
            out = {path: path.read_bytes() for path in (place / "out").glob("*.png")}
            page.get_by_text(HOSTILE, exact=True).first.click()
            page.wait_for_function("() => document.querySelectorAll('#item .strip img').length >= 4")
            first = sources(page)
            page.locator("input[data-parameter=level]").fill("40")
            page.wait_for_function(
                "given => document.querySelectorAll('#item .strip img')[2]?.src !== given", arg=first[2]
            )
            second = sources(page)
            page.locator("input[data-parameter=level]").fill("x")
            page.get_by_text("parameter level: expected a whole number (got 'x')").wait_for()
            assert out == {path: path.read_bytes() for path in (place / "out").glob("*.png")}
            page.get_by_role("button", name="Reset", exact=True).click()
            page.keyboard.press("Escape")
            go_on()
        shown(page, "4 of 4 rows")
        page.get_by_text("The run has ended").first.wait_for()
        page.get_by_text("3.png", exact=True).first.click()
        page.locator("#item pre", has_text="ValueError").first.wait_for()
        page.get_by_text("inverted: ValueError: <script>alert(1)</script>").wait_for()

    assert first[:2] == second[:2]  # the file and the loaded picture stay
    assert first[2] != second[2]
    assert before == {path: path.read_bytes() for path in before}
    assert not (place / "__pycache__").exists()


def test_the_next_run_is_shown_by_itself(place, open_page, monkeypatch):
    """A page of a run that has ended loads itself again once there is a later one."""
    with explored(place, monkeypatch) as explorer:
        page = open_page(explorer.url)
        with running(place):
            shown(page, "1 of 1 row")
        shown(page, "4 of 4 rows")
        page.get_by_text("The run has ended").first.wait_for()
        page.reload()  # the whole page of a run that has ended
        shown(page, "4 of 4 rows")
        Image.new("RGB", (40, 30)).save(place / "photos" / "9.png")
        (place / "out" / "0.png").unlink()
        with running(place):
            shown(page, "4 of 4 rows")
            page.wait_for_function(
                "() => document.querySelectorAll('tr.item .restored, tr.item .cached').length > 0"
            )
        shown(page, "5 of 5 rows")


@pytest.mark.parametrize("leaves", ["Escape", "back", "link"])
def test_the_next_run_waits_for_an_open_item(place, open_page, monkeypatch, leaves):
    """Who tries a parameter keeps what they typed, and previews of it; the new run is shown once they close it."""
    with explored(place, monkeypatch) as explorer:
        with running(place):
            pass
        page = open_page(explorer.url)
        shown(page, "4 of 4 rows")
        if leaves == "link":
            page.goto(f"{explorer.url}#row=0")
            page.reload()
        else:
            page.get_by_text("0.png", exact=True).first.click()
        level = page.locator("input[data-parameter=level]")
        level.fill("40")
        page.wait_for_function("() => document.querySelectorAll('#item .strip img').length >= 4")
        first = sources(page)
        with running(place):
            page.get_by_text("Another run has begun; it is shown once this is closed.").wait_for()
            assert "40" == level.input_value()
            level.fill("90")
            page.wait_for_function(
                "given => document.querySelectorAll('#item .strip img')[2]?.src !== given", arg=first[2]
            )
            if leaves == "back":
                page.go_back()
            else:
                page.keyboard.press("Escape")
            page.wait_for_function(
                "() => document.querySelectorAll('tr.item .restored, tr.item .cached').length > 0"
            )
        shown(page, "4 of 4 rows")
        assert "#row" not in page.url
