"""Values are nobody else's: what one step changes, no other step sees."""

import gc
import weakref
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw
from runs import (
    NUMBERS,
)

from creevey_graph import graph, step


@step
def as_picture(number: int) -> Image.Image:
    image = Image.new("RGB", (4, 4), (number, 10, 10))
    image.format = "TEST"
    return image


def paste(image):
    image.paste((255, 255, 255), (0, 0, 4, 4))


def put_pixel(image):
    image.putpixel((0, 0), (255, 255, 255))


def pixel_access(image):
    image.load()[0, 0] = (255, 255, 255)


def draw_on(image):
    ImageDraw.Draw(image).rectangle((0, 0, 4, 4), fill="white")


def info(image):
    image.info["note"] = "changed"


@step(cache="always")
def pixels(image: Image.Image) -> tuple:
    return tuple(image.get_flattened_data()), dict(image.info), image.format


@pytest.mark.parametrize("mutate", [paste, put_pixel, pixel_access, draw_on, info])
@pytest.mark.parametrize("order", [(True, False), (False, True), (True, False, True)])
def test_a_picture_that_a_step_changes_is_changed_for_that_step_alone(go, mutate, order):
    """Whoever comes first, the other branches see the picture that was returned, format included."""

    def changing(image: Image.Image) -> int:
        before = pixels.func(image)
        mutate(image)
        assert before != pixels.func(image) or mutate is info
        return 1

    changer = step(changing, name="changer", cache="never")

    @graph
    def branches(number: int):
        image = as_picture(number)
        made = {}
        for place, changes in enumerate(order):
            made[f"branch_{place}"] = (changer if changes else pixels)(image)
        return made

    report = go(branches, NUMBERS[:2])
    report.raise_for_failures()

    for row in report.rows:
        for place, changes in enumerate(order):
            if not changes:
                data, note, kind = row.fields[f"branch_{place}"]
                assert [[int(row.key), 10, 10]] * 16 == data
                assert ({}, "TEST") == (note, kind)


def test_arrays_and_lists_that_a_step_changes_are_changed_for_that_step_alone(go):
    """In place arithmetic and list.append reach no other branch, no retry and not the cache."""
    tries = Counter()

    @step(cache="always")
    def make(number: int) -> dict:
        return {"array": np.arange(3) + number, "list": [number]}

    @step(cache="never", retries=1)
    def spoil(made: dict) -> str:
        seen = f"{made['array'].tolist()} {made['list']}"
        made["array"] += 100
        made["list"].append("spoilt")
        tries[made["list"][0]] += 1
        if tries[made["list"][0]] == 1:
            raise OSError("again")
        return seen

    @step(cache="never")
    def look(made: dict) -> str:
        return f"{made['array'].tolist()} {made['list']}"

    @graph
    def spoiling(number: int):
        made = make(number)
        return {"first": spoil(made), "second": look(made), "third": spoil(made, name="spoil_again")}

    for _ in range(2):
        tries.clear()
        report = go(spoiling, NUMBERS[:2])
        report.raise_for_failures()
        for row in report.rows:
            number = int(row.key)
            expected = f"{[number, number + 1, number + 2]} {[number]}"
            assert [expected] * 3 == [row.fields[name] for name in ("first", "second", "third")]


@step(borrows=True)
def lent(image: Image.Image) -> Image.Image:
    return image


@step(borrows=True)
def view(array: np.ndarray) -> np.ndarray:
    return array[1:]


def test_a_borrowing_step_that_gives_its_argument_back_makes_no_two_names_for_one_value(go):
    """Shipped steps return the very picture where there is nothing to do: a later change must not reach it."""

    def whiten(image: Image.Image) -> int:
        paste(image)
        return 1

    whitener = step(whiten, name="whitener", cache="never")

    @graph
    def lending(number: int):
        image = as_picture(number)
        same = lent(image)
        return {"white": whitener(image), "pixels": pixels(same)}

    @graph
    def lending_back(number: int):
        image = as_picture(number)
        return {"white": whitener(lent(image)), "pixels": pixels(image)}

    for lends in (lending, lending_back):
        report = go(lends, NUMBERS[1:2])
        report.raise_for_failures()
        assert [[1, 10, 10]] * 16 == report.rows[0].fields["pixels"][0]


def test_a_view_of_an_array_is_not_changed_with_the_array(go):
    """Numpy slices share memory; what was made of a lent array is kept apart from it."""

    def add(array: np.ndarray) -> int:
        array += 100
        return 1

    adder = step(add, name="adder", cache="never")
    total = step(lambda array: int(array.sum()), name="total", cache="never")

    @graph
    def slices(array: np.ndarray):
        copied = step(np.array, name="copied", cache="never")(array)
        part = view(copied)
        return {"changed": adder(copied), "total": total(part)}

    report = go(slices, [{"array": np.arange(4)}])
    report.raise_for_failures()

    assert report.rows[0].fields["total"] == 6


def test_the_users_own_values_are_never_changed(go):
    """An array or picture that is an item's value is the user's, also for the last step that reads it."""

    def spoil(array: np.ndarray) -> int:
        array += 1
        return int(array.sum())

    spoiler = step(spoil, name="spoiler")

    @graph
    def spoils(array: np.ndarray):
        return {"sum": spoiler(array)}

    array = np.arange(4)
    assert go(spoils, [{"array": array}]).rows[0].fields["sum"] == 10
    assert [0, 1, 2, 3] == array.tolist()
    assert not go(spoils, [{"array": array}]).executed


def test_constants_are_not_changed_between_items(go):
    """A list given as a parameter is the same for every item, whatever a step does to it."""

    @step
    def collect(number: int, *, seen: list) -> list:
        seen.append(number)
        return seen

    @graph
    def collecting(number: int, *, seen=()):
        return {"seen": collect(number, seen=[])}

    assert [[0], [1], [2]] == [row.fields["seen"] for row in go(collecting, NUMBERS[:3]).rows]


def test_a_generator_that_two_steps_need_is_an_error_not_an_empty_second_reading(go):
    """What can be read once only would be empty for the second reader; the error says: return a list."""
    numbers = step(lambda number: (n for n in range(number)), name="numbers")
    total = step(sum, name="total")

    @graph
    def once(number: int):
        return {"total": total(numbers(number))}

    @graph
    def twice(number: int):
        made = numbers(number)
        return {"total": total(made), "again": total(made)}

    assert [{"total": 6}] == [dict(row.fields) for row in go(once, [{"number": 4}]).rows]
    report = go(twice, [{"number": 5}])
    assert "read only once" in report.failed[0].error


class Weakly:
    """A value that can be watched."""


def test_values_are_released_after_their_last_reader(go):
    """While a later step runs, values that nobody will read again are gone."""
    alive, seen = weakref.WeakSet(), []

    def make(number: int) -> Weakly:
        value = Weakly()
        alive.add(value)
        return value

    makes = step(make, name="makes", cache="never")
    passes = step(lambda _value: 1, name="passes", cache="never", borrows=True)

    def count(_: int) -> int:
        gc.collect()
        seen.append(len(alive))
        return 1

    counts = step(count, name="counts", cache="never")

    @graph
    def releasing(number: int):
        return {"alive": counts(passes(makes(number)))}

    go(releasing, NUMBERS[:3]).raise_for_failures()

    assert [0, 0, 0] == seen
