r"""
The small project that `edit_cases.py` edits: five steps over three files of numbers.

    loaded -> trimmed -> toned -> saved
                     \-> brightness

A "picture" is a file of whole numbers, so that a case takes milliseconds and every system can store
it. Each thing that an edit may touch (constants of all kinds, helpers near and far, classes, closures,
tables) is used by one step, and its value reaches the output: an edit that is missed gives another file.

Names are chosen to suit all systems: parameters are called like the steps that feed them, which is how
Hamilton wires, and helpers begin with an underscore, since it takes any other function for a node.
"""

from pathlib import Path

ITEMS = {"a": "9 250 17 88 3 5 60", "b": "12 11 40 41 2 9", "c": "200 210 7 99 1 1 8 30"}
"""Stem -> text of an input file."""

STEPS = '''"""The steps: a picture is a list of whole numbers, one a pixel."""

import enum
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import settings
import shapes.curves
import tools
import tools as kit
from framework import step, writer
from settings import LIMIT
from shapes.masks import masked
from tools import shifted

SIZE = 40
BOX = (1, 2)
WEIGHTS = {"low": 1, "high": 3}
BLOCKED = {7, 11, 13}
NESTED = {"gain": [1, (2, 3)]}
PLACE = Path("masks/one.png")
WORD = re.compile(r"[0-9]+")


class Mode(enum.Enum):
    SOFT = 1
    HARD = 2


MODE = Mode.SOFT


@dataclass(frozen=True)
class Lens:
    width: int = 3
    bend: int = 1


LENS = Lens(width=5)


class Tool:
    pressure = 2

    def pressed(self, value):
        return value + self.pressure


class Brush(Tool):
    hardness = 3

    def __init__(self, radius):
        self.radius = radius

    def painted(self, value):
        return self.pressed(value) * self.hardness + self.spread

    @property
    def spread(self):
        return self.radius * 2


BRUSH = Brush(4)


def _gained(gain):
    def _inside(value):
        return value * gain

    return _inside


_doubled = _gained(2)


def _mixed(value, weight=1, *, shade=1):
    return value * weight + shade


_half = functools.partial(_mixed, weight=2)


def _darker(value):
    return value - 1


def _lighter(value):
    return value + 1


TABLE = {"dark": _darker, "light": _lighter}
CHAIN = [lambda value: value + 5, lambda value: value * 2]
_flipped = lambda value: 255 - value


def _counted(extra):
    def decorate(func):
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            return func(*args, **kwargs) + extra

        return wrapper

    return decorate


def _inner(value):
    return value + 1


def _levelled(value):
    """Level one pixel."""
    return _inner(value) * 2


def _fallen(value):
    return value if value < 50 else _fallen(value - 50)


def _unrelated(value):
    return value


@step
def loaded(path: Path) -> list[int]:
    """Read the pixels."""
    return [int(word) for word in WORD.findall(path.read_text())]


@step
def trimmed(loaded: list[int], bottom: int = 1) -> list[int]:
    """Cut the bottom off, then level what is left."""
    kept = loaded[: len(loaded) - bottom]
    levels = [_levelled(value) for value in kept if value not in BLOCKED]
    by_constants = [SIZE, *BOX, WEIGHTS["high"], NESTED["gain"][1][0], len(PLACE.name), MODE.value]
    by_others = [LENS.width * LENS.bend, settings.OFFSET, *(min(value, LIMIT) for value in kept)]
    return levels + by_constants + by_others


@step
def toned(trimmed: list[int], *, strength: int = 2) -> list[int]:
    """Paint every pixel."""
    painted = [BRUSH.painted(value) for value in trimmed]
    way = "light"
    made = [_doubled(3), _half(4), TABLE[way](5), CHAIN[0](6), CHAIN[1](7), _flipped(8), _fallen(130)]
    far = [shifted(1), tools.scaled(2), shapes.curves.bent(3), kit.rounded(4), masked(5)]
    return [value * strength for value in painted + made + far]


@writer
def saved(toned: list[int], target: Path) -> Path:
    """Write the pixels to a file."""
    target.write_text(" ".join(str(value) for value in toned))
    return target


@step
@_counted(100)
def brightness(trimmed: list[int]) -> int:
    """Sum the pixels."""
    from sums import totalled

    return totalled(trimmed)
'''

TOOLS = '''"""Helpers in a module of their own."""

from settings import ORIGIN


def shifted(value):
    return value + ORIGIN


def scaled(value, factor=3):
    return value * factor


def rounded(value):
    return value // 2 * 2
'''

SUMS = "def totalled(values):\n    return sum(values)\n"

SETTINGS = '"""Constants in a module of their own."""\n\nLIMIT = 240\nOFFSET = 17\nORIGIN = 4\n'

CURVES = "def bent(value):\n    return value * value\n"

MASKS = """from . import edges
from .curves import bent


def masked(value):
    return bent(value) + edges.found(value)
"""

EDGES = "def found(value):\n    return value - 1\n"

PROJECT = {
    "steps.py": STEPS,
    "tools.py": TOOLS,
    "sums.py": SUMS,
    "settings.py": SETTINGS,
    "shapes/__init__.py": "",
    "shapes/curves.py": CURVES,
    "shapes/masks.py": MASKS,
    "shapes/edges.py": EDGES,
    "masks/levels.dat": "1 2 3",
    "parameters.json": '{"strength": 2}',
}
"""Path -> text; `framework.py`, `flow.py` and `main.py` come from the system that runs it."""


def write_project(folder: Path, texts: dict[str, str]) -> None:
    """Write the texts and the inputs into *folder*, made where missing."""
    inputs = {f"inputs/{stem}.dat": text for stem, text in ITEMS.items()}
    for name, text in {**texts, **inputs}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
