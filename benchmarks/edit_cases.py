"""
The table of edits: what is changed in the project of `edit_project.py`, and which steps must run.

Read by `tests/test_edits.py`, which holds creevey_graph to it, and by `edits.py`, which asks the others.
A step whose output is the same after the edit stops the change there (early cut-off), so the expected
counts are what is needed and no more. Every step's value is stored: nothing runs only to feed another.
"""

import os
from collections.abc import Mapping

from edit_case import (
    EditCase,
    add_input,
    copy_input,
    damage_output,
    decorated,
    edit_input,
    edit_input_secretly,
    in_file,
    in_steps,
    input_file,
    output_file,
    truncate_output,
    uses,
)

COUNT = 3
NOTHING: Mapping[str, int] = {}
BELOW_TONED = {"toned": COUNT, "saved": COUNT}
BELOW_TRIMMED = {"trimmed": COUNT, **BELOW_TONED, "brightness": COUNT}
BELOW_LOADED = {"loaded": COUNT, **BELOW_TRIMMED}
BRIGHTNESS = {"brightness": COUNT}
ONE_ITEM = dict.fromkeys(BELOW_LOADED, 1)


LIBRARY = (
    "site-packages/dots/__init__.py",
    "",
    '__version__ = "1.4.2"\n\n\ndef dot(value):\n    return value\n',
)
NUMPY = ("steps.py", "SIZE = 40\n", "import numpy as np\n\nSIZE = 40\nMATRIX = np.array([[1, 2], [3, 4]])\n")
UNSEEN = ("tools.py", "def rounded", "def unseen(value):\n    return value + 70\n\n\ndef rounded")
HIDDEN = ("steps.py", "SIZE = 40\n", "SIZE = 40\nHIDDEN = 3\n")

COSMETIC = (
    in_steps("comment", NOTHING, "    kept = loaded", "    # what is left\n    kept = loaded"),
    in_steps("docstring", NOTHING, "Cut the bottom off, then", "Cut off the bottom; then"),
    in_steps("docstring of a helper", NOTHING, "Level one pixel.", "Level a pixel, twice."),
    in_steps("annotation", NOTHING, "toned: list[int], target", "toned: list, target"),
    in_steps("annotation of a local", NOTHING, "    kept = loaded", "    kept: list[int] = loaded"),
    in_steps(
        "formatting", NOTHING, "BRUSH.painted(value) for", "BRUSH.painted(\n        (value),\n    ) for"
    ),
    in_steps("blank lines", NOTHING, '    way = "light"\n', '\n    way = "light"\n\n'),
    in_steps("quotes", NOTHING, 'way = "light"', "way = 'light'"),
    EditCase(
        "function moved in its file",
        NOTHING,
        (
            ("steps.py", "def _inner(value):\n    return value + 1\n\n\n", ""),
            ("steps.py", "@writer\n", "def _inner(value):\n    return value + 1\n\n\n@writer\n"),
        ),
    ),
    in_steps("unused import", NOTHING, "import enum\n", "import enum\nimport itertools\n"),
    in_steps(
        "unrelated function in the same file",
        NOTHING,
        "    return value\n\n\n@step",
        "    return 1\n\n\n@step",
    ),
    in_file(
        "unrelated function in another file",
        NOTHING,
        "tools.py",
        "def shifted",
        "def other():\n    pass\n\n\ndef shifted",
    ),
)

OWN_CODE = (
    in_steps("own code of the first step", BELOW_LOADED, "[int(word) for", "[int(word) + 1 for"),
    in_steps("own code in the middle", BELOW_TRIMMED, "return levels + by_con", "return levels[:2] + by_con"),
    in_steps("own code near the end", BELOW_TONED, "value * strength for", "value + strength for"),
    in_steps("own code of the writer", {"saved": COUNT}, '" ".join(', '", ".join('),
    in_steps(
        "own code of the other branch", BRIGHTNESS, "return totalled(trimmed)", "return -totalled(trimmed)"
    ),
    in_steps("default", BELOW_TRIMMED, "bottom: int = 1", "bottom: int = 2"),
    in_steps("default of a helper", BELOW_TONED, "weight=1, *", "weight=3, *", setup=uses("_mixed(2)")),
    in_steps("keyword default of a helper", BELOW_TONED, "*, shade=1", "*, shade=2"),
    in_file("graph parameter", BELOW_TONED, "parameters.json", "2", "3"),
)

HELPERS = (
    in_steps("helper", BELOW_TRIMMED, "return _inner(value) * 2", "return _inner(value) * 4"),
    in_steps(
        "helper's helper",
        BELOW_TRIMMED,
        "return value + 1\n\n\ndef _levelled",
        "return value + 3\n\n\ndef _levelled",
    ),
    in_steps("recursive helper", BELOW_TONED, "_fallen(value - 50)", "_fallen(value - 40)"),
    in_file("from x import f", BELOW_TONED, "tools.py", "value + ORIGIN", "value - ORIGIN"),
    in_file("import x; x.f", BELOW_TONED, "tools.py", "return value * factor", "return value + factor"),
    in_file("default of x.f", BELOW_TONED, "tools.py", "factor=3", "factor=4"),
    in_file(
        "import pkg.mod; pkg.mod.f", BELOW_TONED, "shapes/curves.py", "value * value", "value * value + 1"
    ),
    in_file("import x as y; y.f", BELOW_TONED, "tools.py", "value // 2 * 2", "value // 3 * 3"),
    in_file("relative import", BELOW_TONED, "shapes/edges.py", "value - 1", "value - 2"),
    in_file("import inside a function", BRIGHTNESS, "sums.py", "sum(values)", "sum(values) * 2"),
    in_steps("closure value", BELOW_TONED, "_doubled = _gained(2)", "_doubled = _gained(5)"),
    in_steps("code of a closure", BELOW_TONED, "return value * gain", "return value + gain"),
    in_steps("partial in a global", BELOW_TONED, "_mixed, weight=2", "_mixed, weight=4"),
    in_steps("function of a partial", BELOW_TONED, "value * weight + shade", "value * weight - shade"),
    in_steps(
        "function in a table",
        BELOW_TONED,
        "def _lighter(value):\n    return value + 1",
        "def _lighter(value):\n    return value + 2",
    ),
    in_steps("entry of a table", BELOW_TONED, '"light": _lighter', '"light": _darker'),
    in_steps("lambda", BELOW_TONED, "255 - value", "254 - value"),
    in_steps("second lambda of a line", BELOW_TONED, "lambda value: value * 2]", "lambda value: value * 3]"),
    in_steps("user's own decorator", BRIGHTNESS, "(*args, **kwargs) + extra", "(*args, **kwargs) - extra"),
    in_steps("argument of a decorator", BRIGHTNESS, "@_counted(100)", "@_counted(101)"),
)

CONSTANTS = (
    in_steps("constant: int", BELOW_TRIMMED, "SIZE = 40", "SIZE = 41"),
    in_steps("constant: tuple", BELOW_TRIMMED, "BOX = (1, 2)", "BOX = (2, 2)"),
    in_steps("constant: dict", BELOW_TRIMMED, '"high": 3', '"high": 4'),
    in_steps("constant: set", BELOW_TRIMMED, "{7, 11, 13}", "{9, 41, 210}"),
    in_steps("constant: nested", BELOW_TRIMMED, "[1, (2, 3)]", "[1, (5, 3)]"),
    in_steps("constant: enum", BELOW_TRIMMED, "MODE = Mode.SOFT", "MODE = Mode.HARD"),
    in_steps("value of an enum's member", BELOW_TRIMMED, "SOFT = 1", "SOFT = 6"),
    in_steps("constant: dataclass", BELOW_TRIMMED, "Lens(width=5)", "Lens(width=6)"),
    in_steps("default of a dataclass", BELOW_TRIMMED, "bend: int = 1", "bend: int = 2"),
    in_steps("constant: Path", BELOW_TRIMMED, "masks/one.png", "masks/three.png"),
    in_steps("constant: regex", BELOW_LOADED, "[0-9]+", "[0-9]"),
    in_steps("constant: array", BELOW_TONED, "[3, 4]", "[3, 5]", setup=uses("int(MATRIX[1, 1])", NUMPY)),
    in_file("constant by from-import", BELOW_TRIMMED, "settings.py", "LIMIT = 240", "LIMIT = 4"),
    in_file("constant by module", BELOW_TRIMMED, "settings.py", "OFFSET = 17", "OFFSET = 18"),
    in_file("constant of a helper elsewhere", BELOW_TONED, "settings.py", "ORIGIN = 4", "ORIGIN = 5"),
    in_steps(
        "constant of one item's effect",
        {"trimmed": COUNT, "toned": 1, "saved": 1, "brightness": 1},
        "{7, 11, 13}",
        "{7, 11, 17}",
    ),
)

CLASSES = (
    in_steps("class attribute", BELOW_TONED, "hardness = 3", "hardness = 4"),
    in_steps("inherited attribute", BELOW_TONED, "pressure = 2", "pressure = 3"),
    in_steps("method", BELOW_TONED, "* self.hardness + self.spread", "* self.hardness - self.spread"),
    in_steps("inherited method", BELOW_TONED, "value + self.pressure", "value - self.pressure"),
    in_steps("property", BELOW_TONED, "self.radius * 2", "self.radius * 3"),
    in_steps("attribute of an instance", BELOW_TONED, "BRUSH = Brush(4)", "BRUSH = Brush(5)"),
)

SAME_RESULT = (
    in_steps("first step, same output", {"loaded": COUNT}, "[int(word) for", "[int(str(word)) for"),
    in_steps(
        "middle step, same output",
        {"trimmed": COUNT},
        "levels + by_constants + by_others",
        "[*levels, *by_constants, *by_others]",
    ),
    in_steps(
        "last step but one, same output", {"toned": COUNT}, "value * strength for", "strength * value for"
    ),
    in_steps(
        "helper, same output", {"trimmed": COUNT}, "return _inner(value) * 2", "return 2 * _inner(value)"
    ),
    in_steps("constant without effect", {"trimmed": COUNT}, "{7, 11, 13}", "{7, 11, 13, 1000}"),
    EditCase(
        "input reformatted",
        {"loaded": 1},
        act=lambda folder: input_file(folder, "b").write_text("12  11 40 41 2 9\n"),
    ),
)

REVERTED = (
    EditCase(
        "own code, reverted",
        NOTHING,
        (("steps.py", "value * strength for", "value + strength for"),),
        then_reverted=True,
    ),
    EditCase(
        "constant elsewhere, reverted",
        NOTHING,
        (("settings.py", "OFFSET = 17", "OFFSET = 18"),),
        then_reverted=True,
    ),
    EditCase(
        "default, reverted",
        NOTHING,
        (("steps.py", "bottom: int = 1", "bottom: int = 2"),),
        then_reverted=True,
    ),
)

NAMES = (
    EditCase("last step renamed", NOTHING, (("*", "brightness", "light_sum"),)),
    EditCase(
        "step renamed",
        NOTHING,
        (
            ("steps.py", "def trimmed(", "def cut("),
            ("flow.py", "trimmed(", "cut("),
            ("flow.py", " trimmed,", " cut,"),
        ),
        ours_only=True,
    ),
    EditCase(
        "module of the steps renamed",
        {"trimmed": 3},  # an enum and a dataclass among its constants are values of the module's classes
        (("*", "steps", "stages"),),
        act=lambda folder: (folder / "steps.py").rename(folder / "stages.py"),
    ),
)

VERSIONS = (
    in_file(
        "library's minor version",
        {"toned": COUNT},
        "site-packages/dots/__init__.py",
        "1.4.2",
        "1.5.0",
        setup=uses("dots.dot(9)", LIBRARY, ("steps.py", "import tools\n", "import dots\nimport tools\n")),
    ),
    in_file(
        "library's patch version",
        NOTHING,
        "site-packages/dots/__init__.py",
        "1.4.2",
        "1.4.3",
        setup=uses("dots.dot(9)", LIBRARY, ("steps.py", "import tools\n", "import dots\nimport tools\n")),
    ),
    EditCase(
        "version= raised",
        {"toned": COUNT},
        (("steps.py", 'version="1"', 'version="2"'),),
        setup=decorated('version="1"'),
        ours_only=True,
    ),
    EditCase(
        "own code below a version=",
        NOTHING,
        (("steps.py", "value * strength for", "strength * value for"),),
        setup=decorated('version="1"'),
        ours_only=True,
    ),
    EditCase(
        "file of depends_on=",
        {"toned": COUNT},
        (("masks/levels.dat", "1 2 3", "1 2 4"),),
        setup=decorated('depends_on=["masks/levels.dat"]'),
        ours_only=True,
    ),
    EditCase(
        "function of depends_on=",
        {"toned": COUNT},
        (("steps.py", "    return value\n\n\n@step", "    return -value\n\n\n@step"),),
        setup=decorated("depends_on=[_unrelated]"),
        ours_only=True,
    ),
)

FILES = (
    EditCase("file added", ONE_ITEM, act=add_input),
    EditCase("file removed", NOTHING, act=lambda folder: input_file(folder, "c").unlink()),
    EditCase(
        "file renamed", NOTHING, act=lambda folder: input_file(folder, "c").rename(input_file(folder, "d"))
    ),
    EditCase("file copied", NOTHING, act=copy_input),
    EditCase("file touched", NOTHING, act=lambda folder: os.utime(input_file(folder, "a"))),
    EditCase("file edited", ONE_ITEM, act=edit_input),
    EditCase("file edited, same size and time", ONE_ITEM, act=edit_input_secretly),
    EditCase("output deleted", NOTHING, act=lambda folder: output_file(folder, "a").unlink()),
    EditCase("output modified", NOTHING, act=damage_output),
    EditCase("output truncated", NOTHING, act=truncate_output),
    EditCase("output touched", NOTHING, act=lambda folder: os.utime(output_file(folder, "a"))),
)

UNTRACKED = (
    EditCase(
        "function by a computed name",
        NOTHING,
        (("tools.py", "value + 70", "value + 71"),),
        setup=uses('getattr(tools, "un" + "seen")(1)', UNSEEN),
        untracked="getattr(tools, 'un' + 'seen')",
    ),
    EditCase(
        "file read inside",
        NOTHING,
        (("masks/levels.dat", "1 2 3", "1 2 4 5"),),
        setup=uses('len(Path("masks/levels.dat").read_text())'),
        untracked="the file of Path('masks/levels.dat')",
    ),
    EditCase(
        "name inside eval",
        NOTHING,
        (("steps.py", "HIDDEN = 3", "HIDDEN = 4"),),
        setup=uses('eval("HIDDEN + 1")', HIDDEN),
        untracked="eval('HIDDEN + 1')",
    ),
)

CASES = (
    *COSMETIC,
    *OWN_CODE,
    *HELPERS,
    *CONSTANTS,
    *CLASSES,
    *SAME_RESULT,
    *REVERTED,
    *NAMES,
    *VERSIONS,
    *FILES,
    *UNTRACKED,
)
