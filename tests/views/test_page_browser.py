"""The page of a run in a real browser: what is seen, clicked and typed. `watch` holds every test to no console error."""

import csv
import io
import re
from itertools import pairwise

import pytest
from page_samples import graph_svg, hostile_sample, page_sample

from creevey_graph.shape import Shape, ShapeNode
from creevey_graph.views.page.html import render_page
from creevey_graph.views.svg import draw_svg


def shown(page):
    """Return what the line above the table says."""
    return page.locator("#shown").inner_text()


def cells(page, column):
    """Return the texts of one column, of the rows that are in the document."""
    heads = page.locator(".items thead th").evaluate_all("heads => heads.map(head => head.dataset.column)")
    at = heads.index(column)
    return page.locator("tr.item").evaluate_all(
        f"lines => lines.map(line => line.children[{at}].textContent)"
    )


def head(page, column):
    """Return the button of a column."""
    return page.locator(f'.items th[data-column="{column}"] button')


# --- filters -----------------------------------------------------------------------------------


def test_chips_carry_the_count_of_each_outcome(show):
    """Every outcome that is there has a chip with its number of rows, as the run counted them."""
    data = page_sample(200)
    page = show(data)
    chips = page.locator(".chip:visible").all_inner_texts()

    assert [
        f"{name} {data['run']['counts'][name]}"
        for name in data["outcomes"]
        if data["run"]["counts"].get(name)
    ] == chips


def test_rows_are_filtered_by_outcome(show):
    """A chip leaves the rows of its outcome, a second one adds its own, and pressed again it lets go."""
    data = page_sample(200)
    counts = data["run"]["counts"]
    page = show(data)
    page.locator(".chip.failed").click()
    assert f"{counts['failed']} of 200 rows" == shown(page)
    assert {"failed"} == set(cells(page, "outcome"))
    assert "true" == page.locator(".chip.failed").get_attribute("aria-pressed")
    page.locator(".chip.skipped").click()
    assert f"{counts['failed'] + counts['skipped']} of 200 rows" == shown(page)
    page.locator(".chip.failed").click()
    page.locator(".chip.skipped").click()

    assert "200 of 200 rows" == shown(page)


def test_rows_are_filtered_by_step(show):
    """The list of steps, and a click or Enter on a node of the graph, leave the rows that ended there."""
    data = page_sample(200)
    expected = f"{data['rows']['step'].count(3)} of 200 rows"
    page = show(data)
    page.get_by_label("Step", exact=True).select_option("resize")
    assert expected == shown(page)
    page.get_by_role("button", name="Clear filters").click()
    node = page.locator('[data-node="resize"]')
    node.click()
    assert expected == shown(page)
    assert "true" == node.get_attribute("aria-pressed")
    node.press("Enter")
    assert "200 of 200 rows" == shown(page)
    node.press("Enter")
    assert "resize" == page.get_by_label("Step", exact=True).input_value()

    assert expected == shown(page)


def test_rows_are_filtered_by_reason(show):
    """A kind of reason takes all that are about something; one of them alone can be chosen too."""
    data = page_sample(200)
    reasons = data["rows"]["reason"]
    page = show(data)
    page.get_by_label("Reason").select_option(
        label=f"code changed, any ({reasons.count(1) + reasons.count(2)})"
    )
    assert f"{reasons.count(1) + reasons.count(2)} of 200 rows" == shown(page)
    page.get_by_label("Reason").select_option(
        label=f"\u00a0\u00a0code changed: step `sepia` ({reasons.count(2)})"
    )

    assert f"{reasons.count(2)} of 200 rows" == shown(page)
    assert {"code changed: step `sepia`"} == set(cells(page, "reason"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("photo 17.jpg", ["photo", "17.jpg"]),
        ('"photo 17.jpg"', ["photo 17.jpg"]),
        ("PIXEL 8", ["pixel", "8"]),
        ("cannot identify", ["cannot", "identify"]),
        ("elsewhere", ["elsewhere"]),
        ("2048 d750", ["2048", "d750"]),
        ("no such thing", ["no", "such", "thing"]),
        ("   ", []),
    ],
)
def test_rows_are_filtered_by_text(show, query, words):
    """Every word must stand in the key, source, error or a field, in capitals or not; quoted words stand together."""
    data = page_sample(200, keys=[f"photo {number}.jpg" for number in range(200)])
    data["rows"]["source"][5] = "/elsewhere/a.jpg"
    page = show(data)
    page.locator("#search").press_sequentially(query)
    found = [row for row in range(200) if all(word in text_of(data, row) for word in words)]

    assert f"{len(found)} of 200 rows" == shown(page)


def text_of(data, row):
    """Return what a search looks at."""
    rows = data["rows"]
    error = data["texts"][rows["error"][row]] if rows["error"][row] >= 0 else ""
    fields = [str(values[row]) for values in rows["fields"].values() if values[row] is not None]
    return "\n".join([rows["key"][row], rows["source"][row] or "", error, *fields]).lower()


def test_filters_work_together_and_tell_how_many_rows_are_left(show):
    """Chips count what the other filters leave; a live region tells the number; one button clears all."""
    data = page_sample(200)
    page = show(data)
    page.locator("#search").fill("shelf 001")
    page.locator(".chip.failed").click()
    failed = sum(outcome == 4 for outcome in data["rows"]["outcome"][100:])

    assert f"{failed} of 200 rows" == shown(page)
    assert f"failed {failed}" == page.locator(".chip.failed").inner_text()
    page.wait_for_function(
        "text => document.getElementById('announcer').textContent === text", arg=f"{failed} of 200 rows"
    )
    assert "polite" == page.locator("#announcer").get_attribute("aria-live")
    page.get_by_role("button", name="Clear filters").click()
    assert "200 of 200 rows" == shown(page)
    assert "" == page.locator("#search").input_value()
    assert not page.get_by_role("button", name="Clear filters").is_visible()


def test_a_filter_that_leaves_nothing_says_so(show):
    """An empty table is no riddle, and does not move what stands below it."""
    page = show(200)
    before = page.locator("#histograms").bounding_box()
    page.locator("#search").fill("no such thing")

    assert page.get_by_text("No row passes these filters.").is_visible()
    assert before == page.locator("#histograms").bounding_box()


# --- sorting -----------------------------------------------------------------------------------


def natural(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text.lower())]


@pytest.mark.parametrize("column", ["key", "seconds", "field:brightness", "field:camera", "error", "outcome"])
def test_rows_are_sorted_both_ways_by_any_column(show, column):
    """A click sorts upwards, a second one downwards, a third as the run had it; rows without a value come last."""
    data = page_sample(25)
    rows = data["rows"]
    values = {
        "key": [natural(key) for key in rows["key"]],
        "error": [data["texts"][at].lower() if at >= 0 else None for at in rows["error"]],
        "field:camera": [name and natural(name) for name in rows["fields"]["camera"]],
        "field:brightness": rows["fields"]["brightness"],
    }
    values = values.get(column) or rows[column]
    there = [at for at in range(25) if values[at] is not None]
    empty = [rows["key"][at] for at in range(25) if values[at] is None]
    up = [rows["key"][at] for at in sorted(there, key=lambda at: values[at])]
    down = [rows["key"][at] for at in sorted(there, key=lambda at: values[at], reverse=True)]
    page = show(data, viewport={"width": 1600, "height": 1600})
    head(page, column).click()
    assert up + empty == cells(page, "key")
    assert "ascending" == page.locator(f'th[data-column="{column}"]').get_attribute("aria-sort")
    head(page, column).press("Enter")
    assert down + empty == cells(page, "key")
    assert "descending" == page.locator(f'th[data-column="{column}"]').get_attribute("aria-sort")
    head(page, column).click()

    assert rows["key"] == cells(page, "key")
    assert 0 == page.locator("[aria-sort]").count()


def test_numbers_in_names_sort_as_numbers(show):
    """Photo 9 comes before photo 10."""
    page = show(page_sample(3, keys=["photo 10", "photo 9", "Photo 1"]))
    head(page, "key").click()

    assert ["Photo 1", "photo 9", "photo 10"] == cells(page, "key")


def test_columns_are_chosen(show):
    """The menu shows and hides columns, outputs and every field among them."""
    page = show(20)
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Outputs").check()
    page.get_by_role("checkbox", name="camera").uncheck()
    page.keyboard.press("Escape")
    heads = page.locator(".items thead th").evaluate_all("heads => heads.map(head => head.dataset.column)")

    assert "outputs" in heads
    assert "field:camera" not in heads
    assert not page.get_by_label("Outputs").is_visible()


# --- an item -----------------------------------------------------------------------------------


def test_an_item_is_opened_by_mouse_and_closed_by_escape(show):
    """A click shows the item's pictures, error, traceback, fields and commands; Esc goes back to where one was."""
    data = page_sample(200)
    row = data["sheets"]["failed"][0]
    page = show(data)
    page.locator(".chip.failed").click()
    page.locator("tr.item").first.click()
    panel = page.get_by_role("dialog", name=data["rows"]["key"][row])
    about = data["details"][str(row)]

    assert panel.is_visible()
    assert page.url.endswith(f"#row={row}")
    assert len(about["pictures"]) == panel.locator(".strip li").count()
    assert data["texts"][data["rows"]["error"][row]] == panel.locator(".error-text").inner_text()
    assert about["traceback"] == panel.get_by_label("Traceback").last.inner_text()
    assert about["reproduce"] == panel.get_by_label("Commands").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash && !document.querySelector('dialog[open]')")
    assert "grid" == page.evaluate("document.activeElement.getAttribute('role')")


def test_an_item_is_opened_and_left_by_keyboard_alone(show):
    """Arrows and j move in the table, Enter opens, j and the right arrow go on, k goes back, Esc closes."""
    data = page_sample(200)
    page = show(data)
    page.locator("table.items").focus()
    for key in ("ArrowDown", "ArrowDown", "j", "k", "Enter"):
        page.keyboard.press(key)
    title = page.locator("#item-title")
    assert data["rows"]["key"][1] == title.inner_text()
    for key, row in (("j", 2), ("ArrowRight", 3), ("k", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        page.wait_for_function(
            "text => document.getElementById('item-title').textContent === text", arg=data["rows"]["key"][row]
        )
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash")

    assert "row-2" == page.locator("table.items").get_attribute("aria-activedescendant")


def test_a_link_opens_its_item_and_back_closes_it(show):
    """#row=7 opens the item with the page; the browser's way back closes one that was opened by hand."""
    data = page_sample(200)
    page = show(data, address="#row=7")
    assert page.get_by_role("dialog", name=data["rows"]["key"][7]).is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash")
    page.locator("tr.item").nth(2).click()
    page.wait_for_selector("#item[open]")
    page.go_back()
    page.wait_for_selector("#item", state="hidden")

    assert "" == page.evaluate("location.hash")


@pytest.mark.parametrize("address", ["#row=999", "#row=-1", "#row=1e9", "#row=", "#nothing", "#row=<b>"])
def test_a_link_to_no_item_opens_nothing(show, address):
    """A number that no row has is no trouble."""
    page = show(20, address=address)

    assert 0 == page.locator("dialog[open]").count()
    assert "20 of 20 rows" == shown(page)


def test_one_item_follows_the_other_in_the_order_of_the_table(show):
    """The next item is the next row as filtered and sorted; at the ends there is none."""
    data = page_sample(200)
    failed = sum(outcome == 4 for outcome in data["rows"]["outcome"])
    page = show(data)
    page.locator(".chip.failed").click()
    head(page, "key").click()
    head(page, "key").click()
    expected = cells(page, "key")
    page.locator("tr.item").first.click()
    page.wait_for_selector("#item[open]")
    assert page.get_by_label("Previous item").is_disabled()
    seen = [page.locator("#item-title").inner_text()]
    for at in range(2, failed + 1):
        page.get_by_label("Next item").click()
        page.wait_for_function(
            "text => document.querySelector('.place').textContent === text", arg=f"{at} of {failed}"
        )
        seen.append(page.locator("#item-title").inner_text())

    assert expected == seen
    assert page.get_by_label("Next item").is_disabled()


def test_a_picture_is_enlarged(show):
    """A click on a thumbnail shows it large, arrows go to the next step's, Esc leaves the item open."""
    data = page_sample(200)
    row = data["sheets"]["sample"][0]
    page = show(data, address=f"#row={row}")
    thumb = page.get_by_role("button", name="Enlarge source")
    small = thumb.locator("img").bounding_box()["width"]
    thumb.click()
    large = page.locator(".zoom img")
    assert large.bounding_box()["width"] > 2 * small
    page.keyboard.press("ArrowRight")
    assert page.locator(".zoom [role=status]").inner_text().startswith("load_image")
    page.keyboard.press("Escape")

    assert not large.is_visible()
    assert page.locator("#item[open]").is_visible()


def test_the_commands_are_copied(show):
    """The button puts the commands on the clipboard, as they stand."""
    data = page_sample(200)
    row = data["sheets"]["failed"][0]
    page = show(data, address=f"#row={row}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Copied").wait_for()

    assert data["details"][str(row)]["reproduce"] == page.evaluate("navigator.clipboard.readText()")


def test_marked_rows_are_copied_and_saved(show):
    """Space and Shift mark rows; keys are copied and rows saved as CSV of what is marked, else of what is shown."""
    data = page_sample(200)
    data["rows"]["key"][1] = '=cmd|"x"!A0, a'
    page = show(data, permissions=["clipboard-read", "clipboard-write"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert ["shelf 000/photo 0.jpg", '\'=cmd|"x"!A0, a'] == [line["key"] for line in lines[:2]]
    assert 200 == len(lines)
    assert str(data["rows"]["fields"]["camera"][0] or "") == lines[0]["camera"]
    page.locator("table.items").focus()
    for key in ("ArrowDown", "Space", "ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert "200 of 200 rows · 3 marked" == shown(page)
    page.get_by_role("button", name="Copy keys").click()
    page.get_by_text("3 keys copied").wait_for()
    assert data["rows"]["key"][:3] == page.evaluate("navigator.clipboard.readText()").split("\n")
    page.locator("table.items").focus()
    page.keyboard.press("Escape")

    assert "200 of 200 rows" == shown(page)


# --- figures -----------------------------------------------------------------------------------


def test_a_bar_of_a_histogram_filters_by_its_range(show):
    """A click leaves as many rows as the bar counts; a second one lets go; the pill takes it away too."""
    data = page_sample(200)
    histogram = data["histograms"][0]
    page = show(data)
    bars = page.get_by_role("group", name="Distribution of brightness").get_by_role("button")
    for at in (0, 11, len(histogram["counts"]) - 1):
        bars.nth(at).click()
        assert f"{histogram['counts'][at]} of 200 rows" == shown(page)
    bars.last.press("Enter")
    assert "200 of 200 rows" == shown(page)
    bars.first.click()
    page.get_by_role("button", name=re.compile("^Remove filter brightness")).click()
    assert "200 of 200 rows" == shown(page)
    page.get_by_role("button", name=f"{histogram['missing']} missing").first.click()

    assert f"{histogram['missing']} of 200 rows" == shown(page)


def test_a_value_of_a_field_filters_by_it(show):
    """Categories are bars too, truth values among them; what is missing is no value."""
    data = page_sample(200)
    page = show(data)
    for field, text, value in (("camera", "X100", "X100"), ("portrait", "True", True)):
        page.get_by_role("button", name=re.compile(f"^{field}: {text}:")).click()
        assert f"{data['rows']['fields'][field].count(value)} of 200 rows" == shown(page)
        page.get_by_role("button", name="Clear filters").click()


def test_a_contact_sheet_opens_its_items(show):
    """Failures and the sample stand as pictures; a click opens the item, arrows move among them."""
    data = page_sample(200)
    page = show(data)
    failed = page.get_by_role("list", name=re.compile("^Failures")).get_by_role("button")
    assert len(data["sheets"]["failed"]) == failed.count()
    assert failed.count() == page.get_by_role("list", name=re.compile("^Failures")).locator("img").count()
    failed.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("#item[open]")

    assert page.url.endswith(f"#row={data['sheets']['failed'][1]}")


def test_a_sheet_of_failures_says_where_each_failed(show):
    """The step stands under the picture: many failures of one step are seen at a glance."""
    data = page_sample(200)
    page = show(data)
    row = data["sheets"]["failed"][0]

    assert (
        f"at {data['steps'][data['rows']['step'][row]]}"
        in page.locator("#sheet-failed ~ ul .tile").first.inner_text()
    )


def test_a_wide_graph_shows_its_beginning(show):
    """Its left end is often empty paper; the first node stands in the middle instead."""
    page = show(60, svg=draw_svg(wide_graph(), with_style=False, with_header=False))
    place = page.locator("#graph").bounding_box()
    first = page.locator("#graph [data-node]").first.bounding_box()

    assert page.locator("#graph").evaluate("each => each.scrollLeft") > 0
    assert abs(place["x"] + place["width"] / 2 - first["x"] - first["width"] / 2) < 2


def wide_graph():
    """Return a graph of one node that feeds eight pairs."""
    nodes = [ShapeNode("load", "load")]
    edges = [("photo", "load", ("path",))]
    for number in range(8):
        nodes += [ShapeNode(f"shrink_picture_{number}", "shrink"), ShapeNode(f"measure_{number}", "measure")]
        edges += [
            ("load", f"shrink_picture_{number}", ("image",)),
            (f"shrink_picture_{number}", f"measure_{number}", ("image",)),
        ]
    return Shape("wide", ("photo",), tuple(nodes), tuple(edges))


def test_the_graph_is_one_stop_of_the_tab_key(show):
    """A graph of 120 nodes is passed by one press; arrows move among its nodes, Enter chooses."""
    data = page_sample(200)
    page = show(data)
    nodes = page.locator("#graph [role=button]")
    assert 1 == page.locator('#graph [role=button][tabindex="0"]').count()
    nodes.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "true" == nodes.nth(1).get_attribute("aria-pressed")
    page.keyboard.press("Tab")

    assert 0 == page.locator("#graph :focus").count()


def test_many_steps_do_not_push_the_items_away(show):
    """A table of 120 steps scrolls in its own place; a long name is cut, and stands whole in its tooltip."""
    data = page_sample(60)
    state = data["state"]["nodes"][data["steps"][0]]
    names = [f"a_step_with_a_name_that_is_too_long_to_stand_in_a_table_{number}" for number in range(120)]
    data["steps"] = [*data["steps"], *names]
    data["state"]["nodes"].update(dict.fromkeys(names, state))
    page = show(data)
    name = page.locator("#steps tbody th button").last

    assert page.locator("#steps").bounding_box()["height"] <= 900
    assert name.bounding_box()["width"] <= 200
    assert name.get_attribute("title").startswith(names[-1])


def test_the_timeline_and_the_steps_tell_their_figures_in_words(show):
    """A picture has a sentence for those who do not see it, and the steps are a table."""
    data = page_sample(200)
    page = show(data)
    words = page.locator("#timeline svg").get_attribute("aria-label")
    table = page.get_by_role("table", name="Seconds and cache hits per step")

    assert words.startswith("Items ended a second: 200 items in 42.0 s, at most ")
    assert data["steps"] == table.locator("tbody th button").all_inner_texts()
    assert 6 == page.get_by_role("rowheader").and_(table.locator("th")).count()


def test_few_items_in_many_bins_are_put_together(show):
    """One item in each short bin would be noise: bins are joined, and no item is lost or counted twice."""
    data = page_sample(59)
    data["timeline"] = {"width_s": 0.05, "bins": [{"done": 1} if at % 3 == 0 else {} for at in range(177)]}
    page = show(data)

    assert (
        page.locator("#timeline svg")
        .get_attribute("aria-label")
        .startswith("Items ended a second: 59 items in 8.8 s")
    )
    assert 12 <= page.locator("#timeline svg g").count() <= 24
    assert 59 == sum(
        int(text) for text in re.findall(r": (\d+) done", page.locator("#timeline svg").text_content())
    )


def test_a_long_path_is_cut_in_its_folder(show):
    """What tells a picture from its neighbours is its name: that is seen whole."""
    page = show(page_sample(3, keys=[f"{'very/long/folder/' * 20}name {number}.jpg" for number in range(3)]))
    name = page.locator("tr.item .path span").nth(1)

    assert "name 0.jpg" == name.inner_text()
    assert name.evaluate("each => each.scrollWidth <= each.clientWidth")


# --- many rows ---------------------------------------------------------------------------------


def test_a_hundred_thousand_rows_are_fluent(show):
    """Few rows are in the document at any place; the last is there at the end; a filter looks at every one."""
    data = page_sample(100_000, pictures=4)
    page = show(data)
    assert 100 > page.locator("tr.item").count()
    assert "100001" == page.locator("table.items").get_attribute("aria-rowcount")
    page.locator("table.items").focus()
    page.keyboard.press("End")
    page.locator("#row-99999").wait_for()
    assert 100 > page.locator("tr.item").count()
    assert "100001" == page.locator("#row-99999").get_attribute("aria-rowindex")
    box, outer = page.locator("#row-99999").bounding_box(), page.locator(".scroller").bounding_box()
    assert box["y"] + box["height"] <= outer["y"] + outer["height"]
    page.locator("#search").fill('"photo 9999"')
    expected = sum("photo 9999" in key for key in data["rows"]["key"])
    assert f"{expected} of 100,000 rows" == shown(page)
    page.locator("#search").fill("")
    head(page, "seconds").click()
    head(page, "seconds").click()

    assert f"{max(data['rows']['seconds']):.3f}" == cells(page, "seconds")[0]


def test_a_letter_more_looks_only_at_what_was_left(show):
    """Work, not time: typing on tests the rows that the letters before had found."""
    page = show(2_000)
    page.evaluate(
        """() => {
          window.looked = 0;
          const includes = String.prototype.includes;
          String.prototype.includes = function (...given) { window.looked += 1; return includes.apply(this, given); };
        }"""
    )
    looked = []
    for query in ("1", "19", "199", "1999"):
        page.evaluate("window.looked = 0")
        page.locator("#search").fill(query)
        looked.append(page.evaluate("window.looked"))

    assert looked == sorted(looked, reverse=True)
    assert looked[0] >= 2_000 > 20 * looked[-1]


# --- what is held against the page -------------------------------------------------------------


def test_hostile_names_stay_text(show, watch):
    """Markup in names, fields, steps, texts and the graph is shown as it is written: nothing of it runs or loads."""
    data = hostile_sample()
    page = show(data)
    page.locator("summary", has_text="Columns").click()
    for row in range(len(data["rows"]["key"])):
        page.evaluate("row => { location.hash = `row=${row}`; }", row)
        page.wait_for_function(
            "text => document.getElementById('item-title').textContent === text", arg=data["rows"]["key"][row]
        )
    allowed = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('*')].map(each => each.localName))]"
    )

    assert page.evaluate("window.harmed") is None
    assert not {"iframe", "object", "embed", "base", "form"} & set(allowed)
    assert 3 == page.locator("script").count()
    assert 0 == page.locator("body link, body b:text-is('x'), img[src=x], svg[onload]").count()
    assert [] == page.evaluate(
        "() => [...document.querySelectorAll('*')].flatMap(each => [...each.attributes])"
        ".filter(each => each.name.startsWith('on') || /^\\s*javascript:/i.test(each.value) && /^(href|src|action)$/.test(each.name)).map(each => each.name)"
    )
    assert [page.url.split("#")[0]] == [
        url.split("#")[0] for url in watch.requests if not url.startswith("data:")
    ]


def test_a_graph_named_like_markup_stays_text(show):
    """Labels in the manner of Graphviz's HTML are text of the drawing."""
    data = page_sample(20)
    data["steps"] = ["<<b>x</b>>", *data["steps"][1:]]
    page = show(data, svg=graph_svg(data["steps"]))
    page.locator("[data-node]").first.click()

    assert "<<b>x</b>>" == page.locator("[data-node] text").first.text_content()
    assert "<<b>x</b>>" == page.get_by_label("Step", exact=True).input_value()


def test_the_policy_stops_a_script_that_came_in_anyway(show, watch):
    """Even if markup got in, its script, its handlers and its pictures from elsewhere do nothing."""
    page = show(20)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.harmed = 1";
          document.body.append(script);
          const box = document.createElement("div");
          box.innerHTML = "<img src=x onerror='window.harmed = 2'><img src='http://127.0.0.1:9/a.png'>";
          document.body.append(box);
        }"""
    )
    page.wait_for_function("() => document.querySelectorAll('div > img').length === 2")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    assert page.evaluate("window.harmed") is None
    assert all("Content Security Policy" in problem for problem in watch.problems)
    assert 3 <= len(watch.problems)
    watch.problems.clear()


# --- everybody ---------------------------------------------------------------------------------


def test_the_page_reads_without_scripts(show):
    """Title, counts, graph, failures and a note are seen; controls that would do nothing are not."""
    data = page_sample(200)
    page = show(data, java_script_enabled=False)

    assert page.get_by_role("heading", name="training_set").is_visible()
    assert page.get_by_text("Finished in 42.1 s").is_visible()
    assert page.locator("#graph svg").is_visible()
    assert data["run"]["counts"]["failed"] == page.locator(".failures li:visible").count()
    assert page.locator("noscript").inner_text().startswith("This page shows its table of items")
    assert 0 == page.locator("button:visible, input:visible, #items:visible").count()


def test_paper_gets_what_can_be_read_on_it(show):
    """In print there are no controls, the failures are listed and the first rows stand open, in dark ink."""
    data = page_sample(1_000)
    page = show(data, color_scheme="dark")
    page.emulate_media(media="print")
    page.locator("#row-99").wait_for()

    assert 100 == page.locator("tr.item").count()
    assert 0 == page.locator(".tools:visible, .filters:visible, .actions:visible").count()
    assert data["run"]["counts"]["failed"] == page.locator(".failures li:visible").count()
    scroller = page.locator(".scroller").evaluate("each => [each.scrollHeight, each.clientHeight]")
    assert scroller[0] == scroller[1]
    assert page.get_by_text("The first 100 of 1,000 rows:").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.pdf().startswith(b"%PDF-")
    page.emulate_media(media="screen")
    page.wait_for_function("() => document.querySelectorAll('tr.item').length < 100")


CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [red, green, blue] = rgba(colour).slice(0, 3).map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    throw new Error("no ground");
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest("button:disabled, script, .unseen")) continue;
    const style = getComputedStyle(element);
    const isDrawn = element.namespaceURI.endsWith("svg");
    const [one, other] = [isDrawn ? style.fill : style.color, ground(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found.push(`${walk.currentNode.data.trim().slice(0, 40)} (${element.localName}.${element.className}): ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(show, scheme):
    """All text is at least 4.5 to 1 against its ground (WCAG AA), chosen chips, rows and an open item included."""
    data = page_sample(60)
    data["run"].update(interrupted=True)
    page = show(data, color_scheme=scheme)
    assert [] == page.evaluate(CONTRASTS)
    for chip in page.locator(".chip:visible").all():
        chip.click()
    page.locator("table.items").focus()
    for key in ("Home", "Space", "ArrowDown"):
        page.keyboard.press(key)
    page.get_by_role("button", name=re.compile("^camera: X100")).click()
    page.evaluate(f"location.hash = 'row={data['sheets']['failed'][0]}'")
    page.wait_for_selector("#item[open]")
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")

    assert [] == page.evaluate(CONTRASTS)


def test_the_theme_is_chosen_and_remembered(show):
    """The button goes from the system's to light to dark; the page opens with it the next time."""
    page = show(5, color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.locator("#theme").click()
    assert light == page.evaluate(ground)
    page.locator("#theme").click()
    dark = page.evaluate(ground)
    assert "Theme: dark" == page.locator("#theme").inner_text()
    assert light != dark
    page.reload()
    assert dark == page.evaluate(ground)
    page.locator("#theme").click()

    assert light == page.evaluate(ground)


def test_keys_find_the_search_and_the_help(show):
    """/ goes to the search, ? shows the keys; typed into the search they are letters."""
    page = show(5)
    page.keyboard.press("/")
    assert "search" == page.evaluate("document.activeElement.id")
    page.keyboard.type("a/?")
    assert "a/?" == page.locator("#search").input_value()
    page.locator("#search").blur()
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")

    assert not page.get_by_role("dialog", name="Keys").is_visible()


def test_the_page_has_landmarks_headings_and_names(show):
    """One banner, one main part, a search; headings without gaps; every control, picture and dialog has a name."""
    data = page_sample(60)
    page = show(data)
    for role in ("banner", "main", "contentinfo", "search", "grid"):
        assert 1 == page.get_by_role(role).count(), role
    levels = page.locator("h1:visible, h2:visible, h3:visible").evaluate_all(
        "all => all.map(each => Number(each.localName[1]))"
    )
    assert 1 == levels.count(1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [] == nameless(page)
    page.evaluate(f"location.hash = 'row={data['sheets']['failed'][0]}'")
    page.wait_for_selector("#item[open]")

    assert [] == nameless(page)
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.hash")
    page.reload()
    page.keyboard.press("Tab")
    assert "Skip to the items" == page.evaluate("document.activeElement.textContent")


def nameless(page):
    """Return the roles in the accessibility tree that need a name and have none."""
    needs = {
        "button",
        "textbox",
        "searchbox",
        "combobox",
        "checkbox",
        "link",
        "image",
        "grid",
        "dialog",
        "table",
        "region",
    }
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    nodes = [node for node in tree if not node["ignored"] and node["role"]["value"] in needs]
    assert len(nodes) > 5
    return [node["role"]["value"] for node in nodes if not node.get("name", {}).get("value", "").strip()]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(show, width):
    """What is wide scrolls in its own place; the page fits a telephone."""
    data = page_sample(60)
    data["title"] = "a_graph_with_a_name_that_is_far_too_long_to_fit_anywhere_" * 3
    data["run"].update(notices=["x" * 500], out="/" + "y" * 300)
    data["steps"][0] = "a_step_with_a_name_" * 6
    page = show(data, viewport={"width": width, "height": 800})

    assert width >= page.evaluate("document.documentElement.scrollWidth")
    page.evaluate(f"location.hash = 'row={data['sheets']['failed'][0]}'")
    page.wait_for_selector("#item[open]")
    assert width >= page.locator("#item").bounding_box()["width"]
    assert width >= page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize(("wanted", "expected"), [("reduce", []), ("no-preference", ["arrive"])])
def test_motion_stops_where_none_is_wanted(show, wanted, expected):
    """The panel slides in, and with reduced motion it is there at once."""
    page = show(20, reduced_motion=wanted)
    names = page.evaluate(
        "() => { document.querySelector('tr.item').click(); return document.getAnimations().map(each => each.animationName); }"
    )

    assert expected == names


def test_an_empty_run_is_a_page_too(show):
    """No item, no field, no state: nothing breaks."""
    data = page_sample(0, fields=False)
    data.update(state={"title": "", "nodes": {}}, timeline={"width_s": 0.05, "bins": []})
    data["run"].update(counts={}, items_per_second=None, cache_hit_rate=None)
    page = show(data, svg="")

    assert "0 of 0 rows" == shown(page)
    assert page.get_by_text("No item has ended yet.").is_visible()
    assert not page.locator("#sheets, #histograms").first.is_visible()


def test_rows_that_were_left_out_are_told(show):
    """A page of a huge run has a part of its rows, and says so."""
    data = page_sample(20)
    data["run"]["rows_left_out"] = 300_000

    assert "20 of 20 rows (300,000 more are not in this page)" == shown(show(data))


def test_the_page_is_one_file(show, watch):
    """Nothing but the page itself is asked for."""
    page = show(200)
    page.locator("tr.item").first.click()
    page.wait_for_selector("#item[open]")

    assert [page.url.split("#")[0]] == [url for url in watch.requests if not url.startswith("data:")]
    assert 'src="http' not in render_page(page_sample(3), "")
