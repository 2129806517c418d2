"""A plan at a terminal: what changed stands out, and why is told of each node."""

import terminal_samples as samples

from creevey_graph.estimate import estimate_text
from creevey_graph.paint import unpainted
from creevey_graph.screen import Screen
from creevey_graph.state import state_of
from creevey_graph.views.explained import emphasized
from creevey_graph.views.planned import plan_lines


def shown(plan, width):
    return unpainted("\n".join(plan_lines(plan, Screen(width), "accept")))


def test_where_all_is_new_nothing_is_told_twice():
    """One reason for all of it stands below the table, and not at every node."""
    assert 1 == shown(samples.first_plan(), 80).count("new item")


def test_a_node_that_feeds_a_changed_one_says_so():
    """Though some items are new or lost their output, most run for the edit below."""
    whys = {name: node.why for name, node in state_of(samples.edited_plan()).nodes.items()}

    assert "made again for trim: its values are not kept" == whys["load_image"]
    assert samples.TONE_CHANGED == whys["tone"]
    assert "input changed: by 'tone' above" == whys["resize"]
    plan = samples.edited_plan()
    plan.reasons["new item"] = 5_000
    assert "new item" == state_of(plan).nodes["load_image"].why


def test_why_stands_beside_a_node_where_there_is_room():
    """Else below it."""
    plan = samples.edited_plan()
    wide, narrow = shown(plan, 200), shown(plan, 80)

    assert any("▲ tone" in line and "code changed" in line for line in wide.splitlines())
    assert not any("▲ tone" in line and "code changed" in line for line in narrow.splitlines())
    assert samples.TONE_CHANGED in narrow


def test_an_estimate_says_what_it_knows():
    """Nothing where nothing was measured; what is not measured yet is named; no more jobs than items."""
    assert "" == estimate_text({"a": 3}, {}, jobs=2)
    assert "" == estimate_text({}, {"a": 1.0}, jobs=2)
    assert "about 3.0 s of work: a (3 items at 1.0 s each); with 2 jobs about 1.5 s" == estimate_text(
        {"a": 3}, {"a": 1.0}, jobs=2
    )
    told = estimate_text({"a": 1, "b": 1, "c": 1}, {"a": 60.0, "b": 1.0}, jobs=8)
    assert "about 1 min 1 s of work, mostly a (1 item at 1 min 0 s each); not measured yet: c" == told


def test_what_differs_in_an_edited_line_stands_out():
    """Words, not letters; lines that have little in common are left alone."""
    removed, added = emphasized(
        ["    -a = one(b)", "    -nothing like it"], ["    +a = two(b)", "    +x = 3", "    +y"]
    )

    assert "\x1b[31m    -a = \x1b[0m\x1b[31;7mone\x1b[0m\x1b[31m(b)\x1b[0m" == removed[0]
    assert "\x1b[32m    +a = \x1b[0m\x1b[32;7mtwo\x1b[0m\x1b[32m(b)\x1b[0m" == added[0]
    assert ["\x1b[31m    -nothing like it\x1b[0m", "\x1b[32m    +y\x1b[0m"] == [removed[1], added[2]]
