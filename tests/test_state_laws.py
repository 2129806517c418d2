"""What a run says of its nodes, against a count of what the steps themselves noticed."""

import os
from collections import Counter, defaultdict
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creevey_graph import Report, SkipItem, step
from creevey_graph.events import Outcome
from creevey_graph.facade import Graph
from creevey_graph.state import state_of
from creevey_graph.views.page import page_data

EDITS = ("nothing", "factor", "version", "refresh", "heal", "lose", "block", "edit", "gone", "more", "stop")


class World:
    """What befalls items, and what ran. State: fates = (node, item) -> "skip" or "fail"; ran = such pairs."""

    def __init__(self):
        self.fates, self.ran = {}, set()

    def __deepcopy__(self, _):
        return self  # constants are copied before a step has them

    def meet(self, node, item):
        fate = self.fates.get((node, item.name))
        if fate == "skip":
            raise SkipItem("left out")
        if fate == "fail":
            raise ValueError("broken")
        self.ran.add((node, item.name))


def text_of(value):
    return value.read_text() if isinstance(value, Path) else value


def mix(item, first, second, *, factor=1, node="", world=None):
    world.meet(node, item)
    return f"{text_of(first)}{text_of(second)}{factor}"[-20:]


def write(item, first, target, *, factor=1, node="", world=None):
    world.meet(node, item)
    target.write_text(f"{text_of(first)}{factor}")
    return target


def graph_of(nodes, world):
    """Declare a graph of (is writer, two places it reads, factor, cache, version)."""
    made = Graph("drawn")
    places = {-1: made.input("photo")}
    for place, (is_writer, first, second, factor, cache, version) in enumerate(nodes):
        name, ignored = f"n{place}", ["world", "node"]
        given = {"item": places[-1], "first": places[first], "factor": factor, "node": name, "world": world}
        if is_writer:
            writes = step(write, name=name, ignore=ignored, version=version, writes="target")
            places[place] = made.add(writes, name, target=f"{{name}}_{name}.txt", **given)
        else:
            mixes = step(mix, name=name, ignore=ignored, version=version, cache=cache)
            places[place] = made.add(mixes, name, second=places[second], **given)
    read = {place for node in nodes for place in node[1:3]}
    made.output(
        {f"n{place}": places[place] for place, node in enumerate(nodes) if not node[0] and place not in read}
    )
    return made


@st.composite
def drawn_nodes(draw):
    nodes = []
    for _ in range(draw(st.integers(1, 5))):
        readable = st.sampled_from([-1, *(place for place, node in enumerate(nodes) if not node[0])])
        cache = draw(st.sampled_from(["auto", "always", "never"]))
        first, is_writer = draw(readable), draw(st.booleans())
        nodes.append((is_writer, first, first if is_writer else draw(readable), 0, cache, "v"))
    return nodes


def expected(report, world, before, after):
    """Return node -> outcome -> items, of what ran, was written anew, and where each row says it ended."""
    counts = defaultdict(Counter)
    for row in report.rows:
        name, is_behind = Path(row.key).name, row.step is None and row.outcome is Outcome.FAILED
        for node in report.nodes:
            output = f"{name}_{node}.txt"
            if row.outcome is Outcome.CANCELLED:
                outcome = Outcome.CANCELLED
            elif node == row.step:
                outcome, is_behind = row.outcome, True
            elif (node, name) in world.ran:
                outcome = Outcome.DONE
            elif is_behind:
                outcome = Outcome.CANCELLED
            else:
                outcome = Outcome.CACHED if before.get(output) == after.get(output) else Outcome.RESTORED
            counts[node][outcome] += 1
    return {node: dict(outcomes) for node, outcomes in counts.items()}


def inodes_in(folder):
    return {path.name: path.stat().st_ino for path in folder.iterdir()} if folder.is_dir() else {}


def edited(kind, draw, nodes, world, folders):
    """Do what is to be noticed; return the nodes as they are then."""
    place = draw(st.integers(0, len(nodes) - 1))
    writer, first, second, factor, cache, version = nodes[place]
    folder, out = folders
    sources, outputs = sorted(folder.iterdir()), sorted(path for path in out.glob("*.txt") if path.is_file())
    if kind == "heal":
        world.fates.clear()
    elif kind in ("lose", "block") and outputs:
        path = draw(st.sampled_from(outputs))
        path.unlink()
        if kind == "block":
            (path / "in the way").mkdir(parents=True)
    elif kind in ("edit", "gone") and len(sources) > 1:
        path = draw(st.sampled_from(sources))
        path.write_text("other") if kind == "edit" else path.unlink()
    elif kind == "more":
        (folder / f"more{len(sources)}").write_text("more")
    changed = (writer, first, second, factor + (kind == "factor"), cache, version + "x" * (kind == "version"))
    return [*nodes[:place], changed, *nodes[place + 1 :]]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(nodes=drawn_nodes(), data=st.data())
def test_every_view_counts_what_happened(tmp_path_factory, nodes, data):
    """After each of some edits: state, saved report, page and timeline agree with the steps; a plan is no less."""
    folder, world = tmp_path_factory.mktemp("drawn"), World()
    sources, out = folder / "in", folder / "out"
    sources.mkdir()
    for name in "abcd":
        (sources / name).write_text(name)
        os.utime(sources / name, (1e9, 1e9))
        fate = data.draw(st.sampled_from(["", "", "skip", "fail"]))
        world.fates[f"n{data.draw(st.integers(0, len(nodes) - 1))}", name] = fate
    items = [sources / name for name in "abcd"]
    for kind in ("nothing", *data.draw(st.lists(st.sampled_from(EDITS), max_size=3))):
        nodes = edited(kind, data.draw, nodes, world, (sources, out))
        items = list(dict.fromkeys([*items, *sorted(sources.iterdir())]))
        run = {"out": out, "cache": folder / "cache", "refresh": kind == "refresh"}
        plan = graph_of(nodes, world).plan(items, **run)
        world.ran.clear()
        before = inodes_in(out)

        report = graph_of(nodes, world).run(
            items,
            executor=data.draw(st.sampled_from(["serial", "threads"])),
            on_error="stop" if kind == "stop" else "continue",
            progress=False,
            **run,
        )

        counts = expected(report, world, before, inodes_in(out))
        loaded = Report.load(report.path)
        page = page_data(loaded)
        bins = sum((Counter(one) for one in page["timeline"]["bins"]), Counter())
        assert counts == {name: dict(node.counts) for name, node in state_of(report).nodes.items()}
        assert counts == {name: dict(node.counts) for name, node in state_of(loaded).nodes.items()}
        assert counts == {name: node["counts"] for name, node in page["state"]["nodes"].items()}
        assert page["run"]["counts"] == dict(bins)
        ran = Counter(node for node, _ in world.ran)
        assert all(ran[name] <= plan.nodes[name].runs for name in plan.nodes)
