"""What is kept by `cache="auto"`: judged by what the first items took, then sticky, and told in words."""

import itertools
from collections import Counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from runs import NUMBERS, counted, draw, thumbs

from creevey_graph import graph, step
from creevey_graph.cache import Cache
from creevey_graph.codecs import CODECS
from creevey_graph.codecs.picture import PICTURE
from creevey_graph.freeze import freeze
from creevey_graph.images import load_image, resize
from creevey_graph.keeping import Keeping, Made
from creevey_graph.ledger import Ledger, decode_notes, encode_notes
from creevey_graph.policy import MEASURED, Measure, judged, middle, pays, shown_policy

# What a node and its values take, as measured on this machine (figures in the policy's docstrings).
SLOW_STEP = Measure(1.2, 0.02, 0.01, 0.02, 3_000_000)
PHOTO_640 = Measure(0.004, 0.0012, 0.0006, 0.0009, 921_600)
PHOTO_12_MPX = Measure(0.12, 0.09, 0.04, 0.03, 36_000_000)
RESIZED_12_MPX = Measure(0.12, 0.0006, 0.0003, 0.0004, 150_528)
RESIZED_640 = Measure(0.006, 0.0006, 0.0003, 0.0004, 150_528)
SLOW_AND_HUGE = Measure(0.9, 0.01, 0.01, 0.01, 60_000_000)
DEAR_TO_ENCODE = Measure(0.5, 0.02, 0.01, 0.01, 2_000_000)
SLOW_TO_ENCODE = Measure(0.5, 0.4, 0.1, 0.1, 2_000_000)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (SLOW_STEP, True),
        (RESIZED_12_MPX, True),
        (RESIZED_640, False),
        (attrs.evolve(RESIZED_12_MPX, saves_s=0.019), False),
        (PHOTO_640, False),
        (PHOTO_12_MPX, False),
        (SLOW_AND_HUGE, False),
        (SLOW_TO_ENCODE, False),
    ],
)
def test_a_value_is_kept_where_it_saves_more_than_it_takes(measure, expected):
    """Twenty times the seconds to encode, write and read it, and a second for 50 MB."""
    assert pays(measure) is expected


def test_three_items_decide_and_the_middle_one_counts():
    """The first one pays for imports; a single hiccup decides nothing."""
    cheap, hiccup = PHOTO_640, attrs.evolve(PHOTO_640, saves_s=5.0, size_bytes=1000)

    assert [None, None, False] == [judged([hiccup, cheap, cheap][:count]) for count in (1, 2, 3)]
    assert judged([SLOW_STEP, cheap, SLOW_STEP]) is True
    assert middle([hiccup, cheap, cheap]) == cheap


@given(
    st.lists(
        st.builds(Measure, *[st.floats(0, 1e3, allow_nan=False)] * 4, size_bytes=st.integers(0, 2**50)),
        max_size=MEASURED,
    )
)
def test_measures_come_back_as_they_were_stored(measures):
    """Exactly, so that a decision stays."""
    assert decode_notes(encode_notes(measures, 1.5)) == (tuple(measures), 1.5)


@pytest.mark.parametrize("data", [None, b"", b"{}", b"[1]", b"[[1,2,3]]", b'[["a",0,0,0,0]]', b"\xff"])
def test_stored_measures_of_another_form_are_none(data):
    """Then all is measured anew."""
    assert decode_notes(data) == ((), None)


def test_a_ledger_takes_in_three_measures_and_no_more():
    """What is decided stays, and is stored as often as it changed."""
    ledger = Ledger(None)
    told = [ledger.fold([("f", measure)]) for measure in (PHOTO_640, PHOTO_640, PHOTO_640, SLOW_STEP)]

    assert [1, 1, 1, 0] == [len(changed) for changed in told]
    assert decode_notes(told[2]["f"]) == ((PHOTO_640,) * 3, None)
    assert ledger.verdict("f") is False


# --- whole runs ----------------------------------------------------------------------------


class Clock:
    """A clock that only the steps move."""

    now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()


@pytest.fixture
def clock(monkeypatch):
    """Let steps take what they say and everything else nothing."""
    monkeypatch.setattr("creevey_graph.execution.perf_counter", CLOCK)
    return CLOCK


@pytest.fixture
def encodes(monkeypatch):
    """Count pictures that are encoded, by size."""
    calls = Counter()

    def encode(value):
        calls[value.size] += 1
        return PICTURE.split(value)

    counting = attrs.evolve(PICTURE, split=encode)
    table = {**CODECS, "picture": counting}
    monkeypatch.setattr("creevey_graph.codecs.CODECS", table)
    return calls


@step(version="1")
def paint(number: int, *, seconds: float) -> Image.Image:
    CLOCK.now += seconds
    return Image.new("RGB", (50, 40), (number, 0, 0))


@step(version="1")
def shrink(image: Image.Image) -> Image.Image:
    return image.resize((20, 20))


def painting(seconds, width="1"):
    @graph(name="painting")
    def made(number: int):
        return {"red": step(red_of, version=width)(shrink(paint(number, seconds=seconds)))}

    return made


def red_of(image: Image.Image) -> int:
    return image.getpixel((0, 0))[0]


def test_cheap_pictures_are_neither_kept_nor_encoded(go, clock, encodes):
    """That they cannot pay is known without encoding one; a changed step below runs all again."""
    go(painting(0.01), NUMBERS)

    assert encodes == {}
    assert {"paint": 8, "shrink": 8, "red_of": 8} == dict(go(painting(0.01, "2"), NUMBERS).executed)


def test_a_slow_step_is_kept_where_its_picture_is_small(go, clock):
    """A changed step below reads what it gave; what is made of it in no time is made again."""
    go(painting(0.3), NUMBERS)

    report = go(painting(0.3, "2"), NUMBERS)

    assert {"shrink": 8, "red_of": 8} == dict(report.executed)
    assert list(range(8)) == [row.fields["red"] for row in report.rows]


def test_one_item_of_a_slow_step_is_kept_before_it_is_decided(go, clock):
    """A set of one is worth keeping too."""
    go(painting(60.0), NUMBERS[:1])

    assert {"shrink": 1, "red_of": 1} == dict(go(painting(60.0, "2"), NUMBERS[:1]).executed)


def test_undecided_values_are_encoded_three_times_at_most(go, clock, encodes, monkeypatch):
    """Where only the measured costs speak against keeping."""
    monkeypatch.setattr("creevey_graph.keeping.pays", lambda _: False)
    monkeypatch.setattr("creevey_graph.policy.pays", lambda _: False)

    go(painting(0.3), NUMBERS)

    assert {(50, 40): 3, (20, 20): 3} == encodes


def test_large_values_of_a_decided_step_are_not_encoded_any_more(go, clock, monkeypatch):
    """Lists as well as pictures: three are written to find out what that takes, and taken away again."""
    monkeypatch.setattr("creevey_graph.keeping.pays", lambda _: False)
    monkeypatch.setattr("creevey_graph.policy.pays", lambda _: False)
    sizes = Counter()
    prepare = Cache.prepare

    def counting(cache, key, record, payload, **facts):
        sizes[len(payload) > 64 * 1024] += 1
        return prepare(cache, key, record, payload, **facts)

    monkeypatch.setattr(Cache, "prepare", counting)

    @graph
    def listing(number: int):
        return {"count": step(len, version="1")(step(slow_list, version="1")(number))}

    go(listing, NUMBERS)

    assert {True: 3, False: 8} == sizes


def slow_list(number: int) -> list:
    CLOCK.now += 0.3
    return list(range(100_000))


def test_encoding_writing_and_reading_are_measured_one_by_one(tmp_path):
    """By the clock that is handed in; a value that pays is kept at once."""
    ticks = itertools.accumulate([0.0, 0.01, 0.02, 0.04])
    node = freeze(painting(0.0)).nodes[0]
    with Cache(tmp_path / "cache") as cache:
        keeping = Keeping(cache, Ledger(cache), clock=lambda: next(ticks))
        image = Image.new("RGB", (200, 100))
        record = keeping.keep(Made(node, "a" * 64, None, 1.0, 2.0), image)

        assert (1.0, 2.0, "paint") == (record.seconds, record.saves_s, record.step)
        assert [record] == [entry.record for entry in keeping.entries]
        found, value = keeping.load(node, None)
        assert (True, image) == (found, value)
    (fingerprint, measure), *more = keeping.measured
    assert (node.fingerprint, []) == (fingerprint, more)
    assert [0.01, 0.02, 0.04] == pytest.approx([measure.encode_s, measure.write_s, measure.read_s])
    assert (2.0, record.size, True) == (measure.saves_s, measure.size_bytes, measure.is_picture)


def test_pictures_are_not_hashed_for_a_step_whose_own_are_not_kept(go, clock, monkeypatch):
    """Until that is decided they are; what is kept below needs its input's digest every time."""
    calls = Counter()
    counted(monkeypatch, calls, "creevey_graph.cutoff.content_of")

    go(painting(0.01), NUMBERS)

    assert {"content_of": MEASURED + 8} == calls


def test_damaged_measures_are_none_and_are_healed(tmp_path):
    """The step is measured anew."""
    fingerprint = "a" * 64
    with Cache(tmp_path / "cache") as cache:
        cache.put_measures(Ledger(None).fold([(fingerprint, SLOW_STEP)]))
        assert Ledger(cache).measures(fingerprint) == (SLOW_STEP,)
        cache._store.set(f"m{fingerprint}", b"CRVYdamaged")

        assert Ledger(cache).measures(fingerprint) == ()
        cache.heal(cache.take_troubles()[0])
        assert f"m{fingerprint}" not in cache._store


def test_a_decision_stays_until_the_step_is_edited_or_all_is_made_anew(go, clock, tmp_path):
    """A later run that is slower by chance changes nothing; `refresh` measures anew."""
    policies = []
    for seconds, refresh in ((0.01, False), (5.0, False), (5.0, True), (0.01, False)):
        CLOCK.extra = seconds
        go(slowed(), NUMBERS, refresh=refresh)
        policies.append(slowed().plan(NUMBERS, cache=tmp_path / "cache").policies["paint_by_clock"])

    assert [
        "recomputed: quick to make again (10.0 ms an item)",
        "recomputed: quick to make again (10.0 ms an item)",
        "kept: saves 5.0 s an item, 6.0 KiB",
        "kept: saves 5.0 s an item, 6.0 KiB",
    ] == policies


def slowed():
    @graph(name="slowed")
    def made(number: int):
        return {"red": step(red_of, pure=False)(step(paint_by_clock, version="1")(number))}

    return made


def paint_by_clock(number: int) -> Image.Image:
    CLOCK.now += CLOCK.extra
    return Image.new("RGB", (50, 40), (number, 0, 0))


def test_what_a_value_saves_counts_the_unkept_steps_above_it(go, clock, tmp_path):
    """A cheap step below a slow one that is not kept stands in for both."""

    @graph
    def summed(number: int):
        image = step(paint.func, cache="never", version="1")(number, seconds=0.4)
        return {"red": step(red_of, version="1")(shrink(image))}

    go(summed, NUMBERS[:4])

    with Cache(tmp_path / "cache") as cache:
        records = [cache.lookup(key[1:]) for key in cache._store if key.startswith("r")]
    saved = {record.step: round(record.saves_s, 6) for record in records}
    assert {"shrink": 0.4, "red_of": 0.0} == saved


def test_nothing_is_looked_up_for_what_is_decided_not_to_be_kept(go, clock, monkeypatch):
    """A picture that is made again costs no look-up, in the first run and later."""
    asked = []
    lookup = Cache.lookup
    monkeypatch.setattr(Cache, "lookup", lambda cache, key: asked.append(key) or lookup(cache, key))

    go(painting(0.01), NUMBERS)
    go(painting(0.01, "2"), NUMBERS)

    # Of each run the only node that may be kept; in the first one the pictures too, until they are decided.
    assert len(asked) <= 2 * 8 + 2 * MEASURED
    asked.clear()
    go(painting(0.01, "3"), NUMBERS)
    assert len(asked) == 8


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_what_workers_measure_is_stored(go, photos, tmp_path, executor):
    """The next run starts from it."""
    go(thumbs, photos, executor=executor, jobs=2)

    policies = thumbs.plan(photos, out=tmp_path / "out", cache=tmp_path / "cache").policies

    assert policies["resize"].startswith("recomputed: ")
    assert {"kept where small", "kept: final encoding"} == {
        policies[name] for name in ("mean_brightness", "write_image")
    }


def test_ordinary_photos_are_not_kept(go, tmp_path):
    """Load and resize of 640x480 pictures end as they began: only what is small and final is stored."""
    for number in range(4):
        draw(tmp_path / f"{number}.png", number, size=(640, 480))

    @graph
    def small(photo):
        image = load_image(photo)
        return {"red": step(red_of)(image), "size": step(width)(resize(image, (224, 224)))}

    report = go(small, f"{tmp_path}/*.png")

    assert report.ok
    with Cache(tmp_path / "cache") as cache:
        info = cache.info()
    assert info["bytes"] < 10_000


def width(image: Image.Image) -> int:
    return image.width


@step
def many(number: int) -> list:
    return list(range(100_000))


def test_large_lists_are_weighed_and_not_kept_where_they_cost_more_than_they_save(go, clock, tmp_path):
    """As they were before; the plan says what was found."""

    @graph
    def listing(number: int):
        return {"count": step(len, version="1")(many(number))}

    go(listing, NUMBERS)

    policy = listing.plan(NUMBERS, cache=tmp_path / "cache").policies["many"]
    assert policy.startswith("recomputed: quick to make again")


def test_small_values_are_kept_of_a_step_whose_large_ones_are_not(go, clock):
    """As they always were: what three large ones took says nothing of them."""

    def listing(version):
        @graph(name="listing")
        def made(number: int):
            return {"count": step(len, version=version)(step(some, version="1")(number))}

        return made

    go(listing("1"), NUMBERS)

    assert {"some": 4, "len": 8} == dict(go(listing("2"), NUMBERS).executed)


def some(number: int) -> list:
    return list(range(100_000 if number < 4 else 10))


# --- in words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "measures", "expected"),
    [
        (paint, None, "kept where it pays"),
        (paint, (), "undecided: measured in the next run"),
        (paint, (SLOW_STEP,), "undecided: measured on 1 of 3 items"),
        (paint, (SLOW_STEP,) * 3, "kept: saves 1.2 s an item, 2.9 MiB"),
        (paint, (SLOW_TO_ENCODE,) * 3, "recomputed: cheaper than reading (500.0 ms against 600.0 ms)"),
        (paint, (PHOTO_640,) * 3, "recomputed: quick to make again (4.0 ms an item)"),
        (paint, (SLOW_AND_HUGE,) * 3, "recomputed: saving 900.0 ms an item is not worth 57.2 MiB"),
        (paint, (DEAR_TO_ENCODE,) * 3, "recomputed: saves 500.0 ms an item, keeping takes 40.0 ms"),
        (step(red_of), None, "kept where small"),
        (step(red_of), (), "kept where small"),
        (step(red_of, pure=False), (), "not kept: not pure"),
        (step(red_of, cache="never"), (), "not kept: as ordered"),
        (step(red_of, cache="always"), (), "kept: as ordered"),
    ],
)
def test_what_becomes_of_values_is_told_in_words(made, measures, expected):
    """With the figures, where they are known."""
    assert shown_policy(made, measures) == expected
