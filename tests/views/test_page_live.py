"""The live page in a real browser, against a loopback server that a test holds in its hands."""

import copy
import threading

import pytest
from live_peer import LIVE, LivePeer
from page_samples import STEPS, graph_svg, page_sample, picture_of

from creevey_graph.views.page.html import render_page

PARAMETERS = [{"name": "size", "text": "(224, 224)"}, {"name": "strength", "text": "0.8"}]


def rows_message(data, numbers, *, texts=(), contiguous=True):
    """Return the message that tells of some rows of *data*."""
    rows = data["rows"]
    columns = {name: [values[row] for row in numbers] for name, values in rows.items() if name != "fields"}
    columns["fields"] = {name: [values[row] for row in numbers] for name, values in rows["fields"].items()}
    begin = numbers[0] if contiguous else -1
    return {"from": begin, "index": list(numbers), "rows": columns, "texts": list(texts)}


def without_rows(data, *, keep=0):
    """Return *data* as it is before most rows came."""
    early = copy.deepcopy(data)
    for name, values in early["rows"].items():
        if name != "fields":
            del values[keep:]
    early["rows"]["fields"] = {name: values[:keep] for name, values in data["rows"]["fields"].items()}
    early["details"], early["sheets"], early["histograms"] = {}, {"failed": [], "sample": []}, []
    return early


@pytest.fixture
def live(open_page):
    """Serve data as a live page and open it; returns the server and the page."""
    opened = []

    def live(data, **options):
        html = render_page({**data, "parameters": PARAMETERS}, graph_svg(), live=LIVE)
        peer = LivePeer(html, **options)
        peer.__enter__()
        page = open_page(peer.url)
        opened.append((peer, page))
        return peer, page

    yield live
    for peer, page in opened:
        page.close()
        peer.__exit__()


def is_shown(page, text):
    page.wait_for_function("text => document.getElementById('shown').textContent === text", arg=text)


def test_rows_arrive_in_any_order(live):
    """Rows are added by number, in runs and one by one; gaps are no rows; a row that comes again is the new one."""
    data = page_sample(60)
    peer, page = live(without_rows(data))
    is_shown(page, "0 of 0 rows")
    peer.send("rows", rows_message(data, range(10)))
    is_shown(page, "10 of 10 rows")
    peer.send("rows", rows_message(data, [50, 20, 59], contiguous=False))
    is_shown(page, "13 of 13 rows")
    changed = copy.deepcopy(data)
    changed["rows"]["outcome"][3] = 4
    changed["rows"]["error"][3] = len(data["texts"])
    changed["rows"]["fields"]["__proto__"] = ["own"] * 60
    peer.send("rows", rows_message(changed, [3], texts=["OSError: <b>new</b>"], contiguous=False))
    peer.send("rows", rows_message(data, range(10, 20)))
    is_shown(page, "23 of 23 rows")
    page.locator("#search").fill('"<b>new</b>"')

    is_shown(page, "1 of 23 rows")
    assert data["rows"]["key"][3] in page.locator("tr.item").text_content()
    assert page.evaluate("({})[3]") is None


def test_a_column_that_is_empty_no_more_is_shown(live):
    """Reasons that come with the rows have their column, though no field of the rows changed its width."""
    data = page_sample(60)
    data["rows"]["fields"] = {}
    data["rows"]["reason"] = [0] * 60
    peer, page = live(without_rows(data))
    assert 0 == page.locator('.items th[data-column="reason"]').count()
    peer.send("rows", rows_message(data, range(10)))
    is_shown(page, "10 of 10 rows")

    assert 1 == page.locator('.items th[data-column="reason"]').count()


def test_the_bar_of_a_run_that_goes_on_is_as_long_as_it_has_come(live):
    """Of 60 items 15 ended: three quarters of the bar are empty; an item that is only planned took no time."""
    data = page_sample(60)
    data["run"].update(finished=False, counts={"done": 14, "failed": 1})
    data["outcomes"] = [*data["outcomes"], "planned"]
    data["rows"]["outcome"][0] = len(data["outcomes"]) - 1
    _, page = live(data)
    ends = "rects => Math.max(...rects.map(rect => rect.x.baseVal.value + rect.width.baseVal.value))"

    assert 250 == round(page.locator("#tally rect").evaluate_all(ends))
    assert "" == page.locator("tr.item").first.locator(".number").first.inner_text()


def test_place_filter_and_selection_stay_as_rows_arrive(live):
    """Where one reads and what is chosen does not move, however many rows come above it; the counts grow."""
    data = page_sample(600)
    peer, page = live(without_rows(data, keep=300))
    page.locator('.items th[data-column="seconds"] button').click()
    page.locator("#search").fill("photo")
    page.locator(".scroller").evaluate("each => { each.scrollTop = 2000; }")
    page.wait_for_function("() => document.querySelector('tr.item').getAttribute('aria-rowindex') > 20")
    line = page.locator("tr.item").nth(12)
    chosen = line.get_attribute("id")
    line.click()
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash")
    place = page.locator(f"#{chosen}").bounding_box()
    peer.send("rows", rows_message(data, range(300, 600)))
    is_shown(page, "600 of 600 rows")

    assert place == page.locator(f"#{chosen}").bounding_box()
    assert chosen == page.locator("table.items").get_attribute("aria-activedescendant")
    assert "photo" == page.locator("#search").input_value()
    assert "ascending" == page.locator('th[data-column="seconds"]').get_attribute("aria-sort")


def test_the_head_is_the_same_from_the_server_as_from_the_file(live):
    """What scripts write of a run is, to the letter, what the page has without them."""
    data = page_sample(60)
    peer, page = live(data)
    parts = ("ended", "tally", "facts", "notices")
    html = "ids => ids.map(id => document.getElementById(id).innerHTML)"
    before = page.evaluate(html, parts)
    runs = [
        {},
        {"interrupted": True},
        {"stopped": "<b>", "notices": [], "jobs": 0, "left_out": 3, "orphan_count": 1200},
        {"finished": False, "items_per_second": None, "cache_hit_rate": 0.99949, "seconds": 3725.2},
        {
            "seconds": 59.96,
            "counts": {"done": 1, "cached": 123_456, "failed": 3},
            "items_per_second": 1234.56,
        },
        {"seconds": 0.0421, "total": 1_000_000, "out": "", "executor": ""},
        {"finished": False, "total": 1000, "counts": {"done": 90, "failed": 1}},
        {"finished": False, "planned": True, "counts": {}},
    ]
    for change in runs:
        run = {**data["run"], **change}
        peer.send("run", run)
        page.evaluate("() => { document.getElementById('facts').dataset.seen = ''; }")
        peer.send("timeline", {"width_s": 1.0, "bins": [{"done": len(str(change)) + 1}]})
        page.wait_for_function(
            "words => document.querySelector('#timeline svg').getAttribute('aria-label').includes(words)",
            arg=f" {len(str(change)) + 1} items in",
        )
        fresh = page.context.new_page()
        fresh.set_content(render_page({**data, "run": run}, ""))
        assert fresh.evaluate(html, parts) == page.evaluate(html, parts)
        fresh.close()

    assert before != page.evaluate(html, parts)


def test_state_and_graph_are_drawn_anew(live, watch):
    """The steps' table and the drawing follow the run; of a drawing only shapes and text are kept."""
    data = page_sample(60)
    peer, page = live(data)
    page.locator('[data-node="resize"]').click()
    state = copy.deepcopy(data["state"])
    state["nodes"]["sepia"]["counts"] = {"done": 4321}
    svg = graph_svg().replace(
        "</svg>",
        '<script>window.harmed = 1</script><foreignObject><b xmlns="http://www.w3.org/1999/xhtml">x</b></foreignObject>'
        '<rect onclick="window.harmed = 2" style="fill: red" width="1" height="1"/><text class="fresh">new</text></svg>',
    )
    peer.send("state", {"state": state, "graph_svg": svg})
    page.locator("#graph .fresh").wait_for()

    assert "4,321" in page.locator("#steps").inner_text()
    assert (
        0
        == page.locator(
            "#graph script, #graph foreignObject, #graph b, #graph [onclick], #graph svg [style]"
        ).count()
    )
    assert page.evaluate("window.harmed") is None
    assert "true" == page.locator('[data-node="resize"]').get_attribute("aria-pressed")
    peer.send("state", {"state": state, "graph_svg": "<svg no graph"})
    peer.send("end", {})
    page.get_by_text("The run has ended").wait_for()
    assert 1 == page.locator("#graph .fresh").count()
    assert all("Content Security Policy" in problem for problem in watch.problems)
    watch.problems.clear()


def test_the_end_is_told_and_asks_no_more(live):
    """After the end the page says so, and does not connect again when the server hangs up."""
    data = page_sample(60)
    peer, page = live(without_rows(data))
    page.get_by_text("Live", exact=True).wait_for()
    peer.send("rows", rows_message(data, range(60)))
    peer.send("end", {})
    page.get_by_text("The run has ended").wait_for()
    peer.hang_up()

    is_shown(page, "60 of 60 rows")
    assert 1 == peer.streams
    assert "The run has ended" == page.locator("#link-state").inner_text()


def test_a_server_that_goes_away_is_told(live, watch):
    """The page says that nobody answers, and goes on with what it has; so does the panel of an item."""
    data = page_sample(60)
    peer, page = live(data)
    page.get_by_text("Live", exact=True).wait_for()
    peer.hang_up()
    page.get_by_text("The server has gone away; this is what it had told.").wait_for()
    peer.close()
    page.locator(".chip.failed").click()
    page.locator("tr.item").first.click()
    page.get_by_text("The server has gone away; there is no preview.").wait_for()

    assert page.locator(".error-text").is_visible()
    assert all("Failed to load resource" in problem for problem in watch.problems)
    watch.problems.clear()


def test_a_later_run_has_a_page_of_its_own(live):
    """When the server turns to another run the page is loaded anew."""
    data = page_sample(12)
    peer, page = live(data)
    page.get_by_text("Live", exact=True).wait_for()
    peer.send("end", {"follows": True})
    page.get_by_text("The run has ended; the next one will be shown").wait_for()
    peer.html = render_page({**data, "title": "the_next"}, graph_svg())
    peer.send("reset", {"title": "the_next"})

    page.get_by_role("heading", name="the_next").wait_for()


def answering(query):
    """Answer as a server does: pictures after every step, an error where the size is none."""
    row = int(query["row"][0])
    settings = dict(each.split("=", 1) for each in query.get("set", []))
    is_bad = settings.get("size") == "0"
    pictures = [
        picture_of(row, "", "source"),
        *(picture_of(row, name) for name in STEPS[: 2 if is_bad else 4]),
    ]
    pictures[-1]["was"] = f"made with {settings or 'nothing'}"
    given = [
        {
            "name": each["name"],
            "text": settings.get(each["name"], each["text"]),
            "changed": each["name"] in settings,
        }
        for each in PARAMETERS
    ]
    error = "ValueError: <b>size</b> must be > 0" if is_bad else ""
    return 200, {
        "row": row,
        "key": "",
        "pictures": pictures,
        "error": error,
        "step": "resize" if is_bad else "",
        "seconds": {"trim": 0.5},
        "parameters": given,
    }


def test_an_item_is_previewed_with_other_parameters(live):
    """The panel asks for the item's pictures; a changed parameter asks again; errors are text; Reset goes back."""
    data = page_sample(60)
    peer, page = live(data, answer=answering)
    page.locator("tr.item").nth(2).click()
    strip = page.locator("#item .strip")
    page.get_by_text("made with nothing").wait_for()
    assert {"token": ["t0ken"], "row": ["2"]} == peer.asked[-1]
    assert 5 == strip.locator("img").count()
    page.get_by_label("strength").fill("0.5")
    page.get_by_text("made with {'strength': '0.5'}").wait_for()
    assert ["strength=0.5"] == peer.asked[-1]["set"]
    page.get_by_role("textbox", name="size").fill("0")
    page.get_by_text("resize: ValueError: <b>size</b> must be > 0").wait_for()
    assert ["size=0", "strength=0.5"] == peer.asked[-1]["set"]
    assert 3 == strip.locator("img").count()
    assert not strip.evaluate("each => each.classList.contains('old')")
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("made with nothing").wait_for()

    assert "0.8" == page.get_by_label("strength").input_value()
    assert "0.500" in page.locator("#item").inner_text()


def test_a_value_that_is_refused_leaves_the_pictures(live):
    """They fade and stay, so that the field does not jump from under the hand that types into it."""

    def answer(query):
        status, given = answering(query)
        return (status, {**given, "pictures": [], "error": "size: no"}) if "set" in query else (status, given)

    _, page = live(page_sample(60), answer=answer)
    page.locator("tr.item").nth(2).click()
    page.get_by_text("made with nothing").wait_for()
    place = page.get_by_label("strength").bounding_box()
    page.get_by_label("strength").fill("much")
    page.get_by_text("size: no").wait_for()

    assert 5 == page.locator("#item .strip.old img").count()
    assert place == page.get_by_label("strength").bounding_box()


def test_keys_typed_into_a_parameter_are_its_own(live):
    """The letters j and k in an input do not leave the item."""
    _, page = live(page_sample(60), answer=answering)
    page.locator("tr.item").nth(2).click()
    page.get_by_text("made with nothing").wait_for()
    page.get_by_label("strength").press("End")
    page.get_by_label("strength").press_sequentially("jk")
    page.get_by_text("made with {'strength': '0.8jk'}").wait_for()

    assert page.url.endswith("#row=2")


def test_the_latest_answer_wins(live):
    """An answer that comes after a later question was asked is not shown."""
    first, told = threading.Event(), []

    def answer(query):
        told.append(query)
        if len(told) == 2:
            first.wait(10)
        return answering(query)

    _, page = live(page_sample(60), answer=answer)
    page.locator("tr.item").nth(2).click()
    page.get_by_text("made with nothing").wait_for()
    page.evaluate(
        """() => {
          window.seen = "";
          const item = document.getElementById("item");
          new MutationObserver(() => { window.seen += item.textContent; }).observe(item, { subtree: true, childList: true });
        }"""
    )
    page.get_by_label("strength").fill("0.1")
    page.wait_for_function("() => document.querySelector('.preview-state').textContent.startsWith('Making')")
    page.get_by_label("strength").fill("0.2")
    page.get_by_text("made with {'strength': '0.2'}").wait_for()
    first.set()
    page.get_by_label("strength").fill("0.3")
    page.get_by_text("made with {'strength': '0.3'}").wait_for()

    seen = page.evaluate("window.seen")
    assert "'0.2'" in seen
    assert "'0.1'" not in seen
    assert "gone away" not in seen


def test_a_refusal_is_told_in_words(live, watch):
    """An answer that is none, or no JSON, is a sentence in the panel."""
    _, page = live(page_sample(60), answer=lambda _: (500, {"error": "<b>no</b> graph here"}))
    page.locator("tr.item").nth(2).click()
    page.get_by_text("The server said 500: <b>no</b> graph here").wait_for()

    assert all("500" in problem for problem in watch.problems)
    watch.problems.clear()
