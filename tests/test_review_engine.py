"""Defects of the incremental engine that a review found: each run is compared with one that has no cache."""

from pathlib import Path

import numpy as np
import pytest
from runs import NUMBERS, save_text

from creevey_graph import graph, step
from creevey_graph.codecs import Codec
from creevey_graph.errors import GraphError
from creevey_graph.ingredients import code_part

FEW = NUMBERS[:2]


def fields(report):
    return [dict(row.fields) for row in report.rows]


def write_tile(number: int, *, folder: str, shape: str, mark: str):
    """Write a file, and return what leads to it: its name in a list or a dict, or its folder's."""
    place = Path(folder, f"tiles-{number}")
    place.mkdir(exist_ok=True)
    Path(place, "a").write_text(f"{mark}{number}")
    name = str(place / "a")
    return {"list": [name], "dict": {"file": name}, "folder": str(place), "array": np.array([name])}[shape]


def read_tile(place, *, shape: str) -> str:
    name = {"list": lambda: place[0], "dict": lambda: place["file"], "folder": lambda: f"{place}/a"}
    return Path(name.get(shape, lambda: str(place[0]))()).read_text()


def tiles(folder, shape, mark):
    @graph(name="tiles")
    def made(number: int):
        place = step(write_tile)(number, folder=str(folder), shape=shape, mark=mark)
        return {"text": step(read_tile)(place, shape=shape)}

    return made


@pytest.mark.parametrize("shape", ["list", "dict", "folder", "array"])
def test_a_step_below_names_of_files_within_a_value_runs_again(go, tmp_path, shape):
    """A step that wrote other files of the same names was cut off: what reads them stayed as it was."""
    go(tiles(tmp_path, shape, "A"), FEW)

    report = go(tiles(tmp_path, shape, "B"), FEW)

    assert [{"text": "B0"}, {"text": "B1"}] == fields(report)
    assert {"write_tile": 2, "read_tile": 2} == dict(report.executed)


@step
def folder_of(path: Path) -> str:
    return path.parent.name


@graph
def labelled(number: int):
    return {"folder": folder_of(save_text(number, "{key}.txt"))}


def test_a_step_that_uses_the_text_of_a_written_path_runs_for_another_output_folder(tmp_path):
    """Its key held the path below the output folder only: another folder's name was reported."""
    labelled.run(FEW, out=tmp_path / "one", cache=tmp_path / "cache", progress=False)

    report = labelled.run(FEW, out=tmp_path / "two", cache=tmp_path / "cache", progress=False)

    assert [{"folder": "two"}] * 2 == fields(report)


def ordered_array(number: int) -> np.ndarray:
    array = np.arange(6).reshape(2, 3)
    return np.asfortranarray(array) if number else array


def as_it_lies(array: np.ndarray) -> list:
    return array.ravel("K").tolist()


def arrays(version):
    @graph(name="arrays")
    def made(number: int):
        return {"flat": step(as_it_lies, version=version)(step(ordered_array)(number))}

    return made


def test_arrays_of_two_memory_orders_are_kept_apart(go):
    """They had one digest, so that the second came back in the order of the first."""
    first = go(arrays("1"), FEW)
    again = go(arrays("2"), FEW)

    assert [{"flat": [0, 1, 2, 3, 4, 5]}, {"flat": [0, 3, 1, 4, 2, 5]}] == fields(first)
    assert fields(first) == fields(again)


def one_row_thrice(number: int) -> list:
    return [[number]] * 3


def count_up(rows: list) -> list:
    rows[0][0] += 1
    return list(rows)


def sharing(version):
    @graph(name="sharing")
    def made(number: int):
        return {"rows": step(count_up, version=version)(step(one_row_thrice)(number))}

    return made


def test_a_value_with_one_list_in_three_places_is_not_kept(go):
    """From the cache it would come back as three lists, and a step that changes one would change one."""
    first = go(sharing("1"), FEW)
    again = go(sharing("2"), FEW)

    assert [{"rows": [[1]] * 3}, {"rows": [[2]] * 3}] == fields(first) == fields(again)


def three_rows(number: int) -> list:
    return [[number] for _ in range(3)]


def test_rows_that_are_one_list_are_not_taken_for_equal_ones(go):
    """A step that changes its argument gives something else for each: the change does not stop here."""
    go(sharing("1"), FEW)

    @graph(name="sharing")
    def other(number: int):
        return {"rows": step(count_up, version="1")(step(three_rows)(number))}

    assert [{"rows": [[1], [0], [0]]}, {"rows": [[2], [1], [1]]}] == fields(go(other, FEW))


@step
def with_words(number: int, *, words: str = "") -> str:
    return f"{number} {Path(words).read_text()}"


@graph
def worded(number: int, *, words: str = ""):
    return {"text": with_words(number, words=words)}


def test_a_parameter_that_is_the_name_of_a_file_counts_with_what_the_file_holds(go, tmp_path):
    """As text its name alone counted, and nothing told that the file was not tracked."""
    words = tmp_path / "words.txt"
    words.write_text("one")
    go(worded.bind(words=str(words)), FEW)
    words.write_text("two")

    report = go(worded.bind(words=str(words)), FEW)

    assert [{"text": "0 two"}, {"text": "1 two"}] == fields(report)
    assert {"(by content)"} == {row.reason[-12:] for row in report.rows}


def suffixed(suffix):
    def inner(number: int) -> str:
        return f"{number}{suffix}"

    return inner


@graph
def closures(number: int, *, second: str = "1"):
    one, other = step(suffixed("a"), version="1"), step(suffixed("b"), version=second)
    return {"one": one(number), "other": other(number)}


def test_two_functions_of_one_name_and_version_in_a_graph_are_an_error(go):
    """A version stands for the code, and nothing else told them apart: one had the results of the other."""
    with pytest.raises(GraphError, match="'inner' and 'inner_2': two different functions of one name"):
        go(closures, FEW)
    assert [{"one": "0a", "other": "0b"}, {"one": "1a", "other": "1b"}] == fields(
        go(closures.bind(second="2"), FEW)
    )


def test_functions_of_one_version_in_modules_of_one_last_name_are_apart():
    """cats.steps and dogs.steps were the same place: the last part of a module's name alone counted."""

    def prints_in(module):
        func = suffixed("a")
        func.__module__ = module
        return code_part("node", step(func, version="1"))["code"]

    assert prints_in("cats.steps") != prints_in("dogs.steps")


@step
def size_of(path: Path) -> int:
    return len(path.read_text())


@graph
def sized(path: Path):
    return {"size": size_of(path)}


@pytest.mark.parametrize("asked", ["set/a.txt", "a.txt"])
def test_a_text_file_that_was_an_item_can_be_explained(tmp_path, monkeypatch, asked):
    """It was taken for a list of items, and its first line for a name."""
    monkeypatch.chdir(tmp_path)
    Path("set").mkdir()
    Path("set/a.txt").write_text("words, and no names")
    sized.run("set/*", cache="cache", progress=False)

    assert "up to date" in str(sized.explain(asked, cache="cache"))


class Box:
    """A value that only a codec of its step can tell."""

    def __init__(self, number):
        self.number = number


BOX = Codec(
    "box", lambda value: isinstance(value, Box), lambda box: b"%d" % box.number, lambda data: Box(int(data))
)


@step(codec=BOX, cache="always")
def boxed(number: int) -> Box:
    return Box(number)


def unboxed(box: Box) -> int:
    return box.number


def boxes(version):
    @graph(name="boxes")
    def made(number: int):
        return {"number": step(unboxed, version=version)(boxed(number))}

    return made


def test_a_value_of_any_class_is_kept_by_the_codec_of_its_step(go):
    """It was not, for want of a digest by content, though its codec's bytes stand for it."""
    go(boxes("1"), FEW)

    report = go(boxes("2"), FEW)

    assert {"unboxed": 2} == dict(report.executed)
    assert [{"number": 0}, {"number": 1}] == fields(report)
