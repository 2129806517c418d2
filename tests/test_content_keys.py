"""Content keys: a refactored step that gives what it gave stops the change there."""

from collections import Counter
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from runs import EXECUTORS, NUMBERS, counted, save_text
from strategies_graphs import drawn_graphs

from creevey_graph import Report, graph, step
from creevey_graph.cache import Cache
from creevey_graph.contents import content_of, content_of_record, hash_bytes
from creevey_graph.freeze import freeze
from creevey_graph.ledger import Ledger


def half(number: int) -> int:
    return number // 2


def double(number: int) -> int:
    return 2 * number


def describe(number: int) -> str:
    return f"number {number}"


def chain(half_version="1", double_version="1", describe_version="1", double_cache="auto"):
    """Make half -> double -> describe; another version of a step is a refactored one."""

    @graph(name="chain")
    def made(number: int):
        halved = step(half, version=half_version)(number)
        doubled = step(double, version=double_version, cache=double_cache)(halved)
        return {"text": step(describe, version=describe_version)(doubled)}

    return made


def texts(report):
    return [row.fields["text"] for row in report.rows]


EXPECTED = [f"number {2 * (number // 2)}" for number in range(8)]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_of_a_refactored_step_with_the_same_output_that_step_alone_runs(go, executor):
    """Nothing below it runs, whatever the executor; results stay."""
    go(chain(), NUMBERS, executor=executor, jobs=2)

    report = go(chain(half_version="2"), NUMBERS, executor=executor, jobs=2)

    assert {"half": 8} == dict(report.executed)
    assert texts(report) == EXPECTED
    assert not go(chain(half_version="2"), NUMBERS).executed


def test_the_change_stops_at_each_step_of_a_chain_in_turn(go):
    """The refactored step runs, for what is above it is in the cache and what is below has the same inputs."""
    go(chain(), NUMBERS)
    first = go(chain(half_version="2"), NUMBERS)
    second = go(chain(half_version="2", double_version="2"), NUMBERS)
    third = go(chain(half_version="2", double_version="2", describe_version="2"), NUMBERS)

    assert [{"half": 8}, {"double": 8}, {"describe": 8}] == [dict(r.executed) for r in (first, second, third)]
    assert not go(chain(), NUMBERS).executed


def test_refactored_steps_at_both_ends_run_and_what_is_between_does_not(go):
    """The value between them is read from the cache, by content."""
    go(chain(), NUMBERS)

    report = go(chain(half_version="2", describe_version="2"), NUMBERS)

    assert {"half": 8, "describe": 8} == dict(report.executed)
    assert texts(report) == EXPECTED


def test_a_step_that_is_never_kept_runs_and_the_change_stops_below_it(go):
    """Its value must be made to be known; what reads it finds its own."""
    go(chain(double_cache="never"), NUMBERS)

    report = go(chain(half_version="2", double_cache="never"), NUMBERS)

    assert {"half": 8, "double": 8} == dict(report.executed)


def test_items_that_come_to_the_same_share_what_is_below(go):
    """A new item whose first step gives what an old one's gave runs that step alone."""
    go(chain(), [{"number": 2}])

    report = go(chain(), [{"number": 2}, {"number": 3}])

    assert {"half": 1} == dict(report.executed)
    assert texts(report) == ["number 2", "number 2"]


def test_a_changed_output_runs_what_is_below(go):
    """A step that gives something else for some items stops nothing for those."""
    go(chain(), NUMBERS)

    def rounded(number: int) -> int:
        return number // 2 if number else 7

    @graph(name="chain")
    def other(number: int):
        return {"text": step(describe, version="1")(step(double, version="1")(step(rounded)(number)))}

    report = go(other, NUMBERS)

    assert {"rounded": 8, "double": 1, "describe": 1} == dict(report.executed)
    assert texts(report) == ["number 14", *EXPECTED[1:]]


@step
def add(first: int, second: int) -> int:
    return first + second


def diamond(version):
    @graph(name="diamond")
    def made(number: int):
        top = step(half, version=version)(number)
        left, right = step(double, name="left")(top), step(describe, name="right")(top)
        return {"sum": add(left, top), "both": step(pair)(left, right)}

    return made


def pair(left, right) -> list:
    return [left, right]


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_the_change_stops_at_the_top_of_a_diamond(go, executor):
    """Both arms and what joins them stay."""
    go(diamond("1"), NUMBERS)

    assert {"half": 8} == dict(go(diamond("2"), NUMBERS, executor=executor, jobs=2).executed)


def writing(version):
    @graph(name="writing")
    def made(number: int):
        file = save_text(step(half, version=version)(number), "{key}.txt")
        return {"file": file, "size": step(size_of)(file)}

    return made


def size_of(path: Path) -> int:
    return len(path.read_text())


def test_a_cut_off_at_a_writer_leaves_its_output_untouched(go, tmp_path):
    """The file is not written again, and what reads it does not run."""
    go(writing("1"), NUMBERS)
    before = {path: path.stat() for path in (tmp_path / "out").iterdir()}

    report = go(writing("2"), NUMBERS)

    assert {"half": 8} == dict(report.executed)
    assert before == {path: path.stat() for path in (tmp_path / "out").iterdir()}
    assert len(before) == 8


def test_a_lost_output_is_restored_from_what_is_found_by_content(go, tmp_path):
    """The writer does not run."""
    go(writing("1"), NUMBERS)
    (tmp_path / "out" / "0.txt").unlink()

    report = go(writing("2"), NUMBERS)

    assert {"half": 8} == dict(report.executed)
    assert (tmp_path / "out" / "0.txt").read_text() == "0"


def numbers_to(number: int) -> list:
    return list(range(number))


def take_last(numbers: list) -> int:
    return numbers.pop() if numbers else -1


def mutating(version, cache, take_version="1"):
    @graph(name="mutating")
    def made(number: int):
        numbers = step(numbers_to, version=version, cache=cache)(number)
        return {"last": step(take_last, version=take_version)(numbers), "sum": step(total)(numbers)}

    return made


def total(numbers: list) -> int:
    return sum(numbers)


@pytest.mark.parametrize("cache", ["auto", "never"])
def test_a_step_that_changes_its_argument_is_known_by_what_it_was_given(go, cache):
    """The content is taken before the step runs, kept or not."""
    first = go(mutating("1", cache), NUMBERS)

    second = go(mutating("2", cache), NUMBERS)

    assert {"numbers_to": 8} == dict(second.executed)
    assert [dict(row.fields) for row in first.rows] == [dict(row.fields) for row in second.rows]
    third = go(mutating("2", cache, take_version="2"), NUMBERS)
    assert third.executed["take_last"] == 8
    assert "total" not in third.executed


def test_on_a_cold_cache_nothing_is_looked_up_by_content(go, monkeypatch):
    """Each node is looked up once an item, by lineage, and asked once whether it has content keys at all."""
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.has_content")

    go(chain(), NUMBERS)

    assert {"lookup": 3 * 8, "has_content": 2} == calls


def test_what_is_found_by_content_is_not_opened_unless_a_step_reads_it(go, monkeypatch):
    """A cut-off opens no blob, and looks each key up once."""
    go(chain(), NUMBERS)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.load")

    go(chain(half_version="2"), NUMBERS)

    assert {"lookup": (3 + 2) * 8} == calls


def test_the_next_run_finds_by_lineage_what_was_found_by_content(go, monkeypatch):
    """The record stands under the new lineage key too, so that a change further down looks up once a node."""
    go(chain(), NUMBERS)
    go(chain(half_version="2"), NUMBERS)
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cache.Cache.lookup")

    report = go(chain(half_version="2", describe_version="2"), NUMBERS)

    assert {"describe": 8} == dict(report.executed)
    assert {"lookup": 2 * 8} == calls


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_a_damaged_value_found_by_content_is_made_again(go, tmp_path, executor):
    """The value between two refactored steps is damaged: its step runs, and the next run is whole again."""
    go(chain(), [{"number": 3}])
    with Cache(tmp_path / "cache") as cache:
        doubled = next(r for r in records_of(cache) if r.step == "double")
        cache._store.set(doubled.blob_key, b"CRVYdamaged")

    report = go(chain("2", "1", "2"), [{"number": 3}], executor=executor, jobs=2)

    assert {"half": 1, "double": 1, "describe": 1} == dict(report.executed)
    assert texts(report) == ["number 2"]
    assert {"half": 1, "describe": 1} == dict(go(chain("3", "1", "3"), [{"number": 3}]).executed)


def records_of(cache):
    keys = [key for key in cache._store if key.startswith("r")]
    return [cache.lookup(key[1:]) for key in keys]


def test_refresh_runs_everything_and_keeps_it_by_content_too(go):
    """Nothing is looked up then; a later refactoring stops as after any run."""
    go(chain(), NUMBERS)

    assert go(chain("2"), NUMBERS, refresh=True).executed.total() == 3 * 8
    assert {"half": 8} == dict(go(chain("3"), NUMBERS).executed)


def test_a_plan_counts_as_to_run_what_a_run_may_find_by_content(go, tmp_path):
    """It runs nothing, so that it cannot know."""
    go(chain(), NUMBERS)

    plan = chain("2").plan(NUMBERS, out=tmp_path / "out", cache=tmp_path / "cache")

    assert [8, 8, 8] == [count.runs for count in plan.nodes.values()]


def test_a_plan_uses_content_keys_where_records_tell_the_inputs(go, tmp_path):
    """Where the values above are in the cache, what is below is found by content, and nothing would run."""
    go(chain(), [{"number": 4}])
    go(halves("2"), [{"number": 4}])  # another graph knows the refactored step's value already

    plan = chain("2").plan([{"number": 4}], cache=tmp_path / "cache")

    assert plan.to_do == 0


def halves(version):
    @graph(name="halves")
    def made(number: int):
        return {"half": step(half, version=version)(number)}

    return made


# --- what has no content key ---------------------------------------------------------------


class Label:
    """Its method may change while what it holds stays."""


@attrs.frozen
class Named:
    name: str


@pytest.mark.parametrize(
    "value",
    [
        Path("a.txt"),
        [1, {"mask": Path("a.txt")}],
        Named("a"),
        [Named("a")],
        Label(),
        (number for number in range(3)),
        int,
    ],
)
def test_values_that_tell_less_than_steps_may_use_have_no_content(value):
    """A path stands for a file, an instance for methods: neither is in a digest."""
    assert content_of(value) is None


def test_text_that_names_a_file_has_no_content(tmp_path, monkeypatch):
    """What reads it may read the file."""
    monkeypatch.chdir(tmp_path)
    assert content_of("mask.txt") is not None
    Path("mask.txt").write_text("1", encoding="utf-8")

    assert content_of("mask.txt") is None


def test_pictures_count_by_what_they_hold_and_not_with_what_was_pinned_to_them():
    """A plain picture has content; one with an attribute of the user's, or from a plugin, has none."""
    image = Image.new("RGB", (4, 3))
    assert content_of(image) == content_of(image.copy()) != content_of(Image.new("RGB", (4, 3), "red"))

    image.label = "cat"

    assert content_of(image) is None
    assert content_of([image]) is None


def test_an_opened_picture_has_no_content(tmp_path):
    """Its plugin knows more than its pixels: quantisation tables, tags, frames."""
    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")

    with Image.open(tmp_path / "a.png") as image:
        assert content_of(image) is None


def mask_name(number: int, *, folder: str) -> str:
    return f"{folder}/{number // 100}.txt"


def read_mask(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def test_a_step_below_the_name_of_a_file_runs_again(go, tmp_path):
    """Stopping there would keep what an edited file held."""

    def masks(version):
        @graph(name="masks")
        def made(number: int):
            return {"text": step(read_mask)(step(mask_name, version=version)(number, folder=str(tmp_path)))}

        return made

    (tmp_path / "0.txt").write_text("old", encoding="utf-8")
    go(masks("1"), [{"number": 3}])
    (tmp_path / "0.txt").write_text("new", encoding="utf-8")

    assert texts(go(masks("2"), [{"number": 3}])) == ["new"]


def test_a_step_below_one_that_is_not_pure_runs_every_time(go):
    """Whatever that gives, nothing below is looked up or kept."""

    @graph
    def drawing(number: int):
        return {"text": step(describe)(step(half, pure=False)(number))}

    go(drawing, NUMBERS)

    assert {"half": 8, "describe": 8} == dict(go(drawing, NUMBERS).executed)


# --- large inputs --------------------------------------------------------------------------


class Clock:
    """A clock that only the steps move."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()


def draw_large(number: int) -> Image.Image:
    return Image.new("RGB", (600, 400), (number, 0, 0))


def measure_red(image: Image.Image, *, seconds: float) -> int:
    CLOCK.now += seconds
    return image.getpixel((0, 0))[0]


def large(version, seconds):
    @graph(name="large")
    def made(number: int):
        image = step(draw_large, version=version)(number)
        return {"red": step(measure_red, version="1", depends_on=[])(image, seconds=seconds)}

    return made


@pytest.mark.parametrize(("seconds", "hashed", "executed"), [(1.0, 8, 0), (0.001, 1, 8)])
def test_large_inputs_are_hashed_for_steps_that_take_much_longer(go, monkeypatch, seconds, hashed, executed):
    """A dear step does not run on a picture it knows; a cheap one runs on all alike, and hashes but the first."""
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cutoff.content_of")
    monkeypatch.setattr("creevey_graph.execution.perf_counter", CLOCK)

    go(large("1", seconds), NUMBERS)

    assert {"content_of": hashed} == calls
    assert executed == go(large("2", seconds), NUMBERS).executed["measure_red"]


def cut(image: Image.Image, box: tuple) -> int:
    return image.crop(box).getpixel((0, 0))[0]


def boxed(version):
    @graph(name="boxed")
    def made(number: int):
        image = step(draw_large, version="1")(number)
        box = step(lambda number: (0, 0, 2, 2) if number >= 0 else (), name="box", version=version)(number)
        return {"red": step(cut, version="1")(image, box)}

    return made


def test_a_step_of_a_large_input_stops_at_a_small_one_that_is_what_it_was(go, monkeypatch):
    """The picture is not digested for a quick step: it counts by how it was made, the box by what it is."""
    monkeypatch.setattr("creevey_graph.execution.perf_counter", CLOCK)
    go(boxed("1"), NUMBERS)

    report = go(boxed("2"), NUMBERS)

    assert {"box": 8} == {name: count for name, count in report.executed.items() if name != "draw_large"}


def test_it_is_told_where_the_change_stopped(go):
    """The report counts the nodes that did not have to run after all, on disk too."""
    go(boxed("1"), NUMBERS)

    report = go(boxed("2"), NUMBERS)
    loaded = Report.load(report.path)

    assert {"red": 8} == {"red": report.spared["cut"]}
    assert loaded.spared == report.spared
    assert not go(boxed("2"), NUMBERS).spared


def test_what_a_step_takes_is_known_to_the_next_run(go, monkeypatch, tmp_path):
    """So that all items are treated alike, the first ones too."""
    monkeypatch.setattr("creevey_graph.execution.perf_counter", CLOCK)
    go(large("1", 0.5), NUMBERS)
    fingerprint = freeze(large("1", 0.5)).nodes[1].fingerprint

    with Cache(tmp_path / "cache") as cache:
        assert 0.5 == Ledger(cache).seconds(fingerprint)
        assert Ledger(cache, refresh=True).seconds(fingerprint) is None


def test_the_size_of_a_value_is_told_without_looking_through_it():
    """Pictures by their bands, containers by their first parts."""
    image = Image.new("RGB", (600, 400))

    assert [720_000, 240_000, 7_200_000] == [
        hash_bytes(value) for value in (image, image.convert("L"), [image] * 10)
    ]


# --- laws ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_graphs(), data=st.data(), executor=st.sampled_from(["serial", "threads"]))
def test_below_a_refactored_node_nothing_that_is_kept_runs(tmp_path_factory, drawn, data, executor):
    """The node runs, and else only what is never kept; results are those of no cache, before and after."""
    cache = tmp_path_factory.mktemp("cache")
    rows = [{"number": number} for number in range(2)]
    drawn.graph().run(rows, cache=cache, executor=executor, jobs=2, progress=False)
    node = data.draw(st.sampled_from(range(len(drawn.nodes))), label="refactored node")
    refactored = drawn.refactored(node)

    report = refactored.graph().run(rows, cache=cache, executor=executor, jobs=2, progress=False)
    again = refactored.graph().run(rows, cache=cache, executor="serial", progress=False)

    assert {f"n{node}"} <= set(report.executed) <= {f"n{node}"} | drawn.not_kept()
    assert not again.executed
    for row, number in zip(report.rows, range(2), strict=True):
        assert drawn.expected(number) == dict(row.fields)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_graphs(), data=st.data())
def test_results_are_those_of_no_cache_whatever_is_edited_and_lost(tmp_path_factory, drawn, data):
    """Edits that change values and edits that do not, with records and values lost or damaged in between."""
    cache = tmp_path_factory.mktemp("cache")
    rows = [{"number": number} for number in range(2)]
    for _ in range(data.draw(st.integers(2, 4), label="runs")):
        executor = data.draw(st.sampled_from(["serial", "threads"]))
        report = drawn.graph().run(rows, cache=cache, executor=executor, jobs=2, progress=False)

        assert [drawn.expected(number) for number in range(2)] == [dict(row.fields) for row in report.rows]
        assert not drawn.graph().run(rows, cache=cache, executor="serial", progress=False).executed
        place = data.draw(st.sampled_from(range(len(drawn.nodes))), label="edited node")
        drawn = data.draw(st.sampled_from([drawn.changed, drawn.refactored, drawn.restored]))(place)
        with Cache(cache) as opened:
            keys = sorted(opened._store)
            losses = st.sets(st.sampled_from(keys), max_size=6) if keys else st.just(set())
            for key in data.draw(losses, label="lost or damaged"):
                if data.draw(st.booleans()):
                    del opened._store[key]
                else:
                    opened._store.set(key, b"CRVYdamaged")


def test_a_record_of_text_that_names_a_file_tells_no_content(go, tmp_path, monkeypatch):
    """Also where the text comes from the cache."""
    monkeypatch.chdir(tmp_path)
    go(chain(), [{"number": 3}])
    with Cache(tmp_path / "cache") as cache:
        record = next(r for r in records_of(cache) if r.step == "describe")
    assert content_of_record(record) is not None
    Path("number 2").write_text("", encoding="utf-8")

    assert content_of_record(record) is None
