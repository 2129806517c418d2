"""Graphs, pictures and words that the tests of runs share."""

import importlib
from pathlib import Path

import numpy as np
from PIL import Image

from creevey_graph import graph, step
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image

EXECUTORS = ("serial", "threads", "processes")
NUMBERS = [{"number": number} for number in range(8)]


def draw(path, seed, size=(40, 30)):
    noise = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@graph
def thumbs(photo: Path, *, size: tuple[int, int] = (16, 16), bottom: int = 4):
    image = trim(load_image(photo), bottom=bottom)
    small = resize(image, size, fit="fill")
    return {"file": write_image(small, "{stem}.png"), "brightness": mean_brightness(image)}


def outcomes(report):
    return [str(row.outcome) for row in report.rows]


def counted(monkeypatch, calls, name):
    owner, _, attribute = name.rpartition(".")
    module, _, cls = owner.rpartition(".")
    holder = (
        getattr(importlib.import_module(module), cls)
        if cls.lstrip("_")[:1].isupper()
        else importlib.import_module(owner)
    )
    function = getattr(holder, attribute)

    def count(*args, **kwargs):
        calls[attribute] += 1
        return function(*args, **kwargs)

    monkeypatch.setattr(holder, attribute, count)


@step
def as_text(number: int, *, mark=None) -> str:
    return f"{number} {mark!r}"


@graph
def marking(number: int, *, mark=None):
    return {"text": as_text(number, mark=mark)}


@step(writes="path")
def save_text(text, path: Path) -> Path:
    path.write_text(str(text), encoding="utf-8")
    return path


@graph
def writing(number: int):
    return {"file": save_text(number, "{key}.txt")}


@step
def text_in(path: Path) -> str:
    return f"{path.name} {path.read_text()}"


@step
def fail_from(number: int, *, least: int = 3) -> int:
    if number >= least:
        raise ValueError(f"{number} is {least} or more")
    return number


@graph
def failing(number: int, *, least: int = 3):
    return {"number": fail_from(number, least=least)}
