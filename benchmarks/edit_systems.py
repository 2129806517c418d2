"""
The systems that the table of edits is put to: how their users would write the project of `edit_project.py`.

Each `System` turns the same texts into a program: its own decorators, imports and flow. `python main.py`
in the project's folder brings everything up to date and prints one JSON object: `executed` (step ->
times), `outputs` (stem -> digest of the file), `values` (stem -> brightness), `warned` (lines).
"""

import ast
import re
from collections.abc import Mapping

import attrs
from edit_project import PROJECT

ENDING = """

def digests(folder):
    files = sorted(Path(folder).glob("*.dat"))
    stems = {path.stem for path in Path("inputs").glob("*.dat")}
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.stem in stems}


def tell(executed, values, warned=(), **more):
    print(json.dumps({"executed": executed, "outputs": digests("out"), "values": values, "warned": warned, **more}))
"""

BEGINNING = """import collections
import hashlib
import json
import sys
from pathlib import Path

sys.path.append("site-packages")
parameters = json.loads(Path("parameters.json").read_text())
items = [(path, Path("out", path.name)) for path in sorted(Path("inputs").glob("*.dat"))]
Path("out").mkdir(exist_ok=True)
"""

RAN = """

def ran(name):
    with open("ran.log", "a") as log:
        log.write(name + "\\n")


def steps_that_ran():
    log = Path("ran.log")
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return collections.Counter(names)
"""

CALLS = """
from framework import steps_that_ran
from steps import brightness, loaded, saved, toned, trimmed

values = {}
for path, target in items:
    image = trimmed(loaded(path))
    saved(toned(image, **parameters), target)
    values[path.stem] = brightness(image)
tell(steps_that_ran(), values)
"""
"""What users of plain functions, and of functions that remember, write."""


@attrs.frozen
class System:
    """
    One system.

    Args:
        name: What the table calls it.
        module: What must be importable; "" for none.
        imports: What stands for `from framework import step, writer` in the steps' file.
        step: The decorator of a step; "{name}" is the step's name.
        writer: The decorator of the step that writes.
        framework: Text of `framework.py`.
        flow: Text of `flow.py`.
        main: What `main.py` does between its beginning and its end.
        spelling: Pattern -> text: how the system's users spell paths and files.
        counts: True where the system says itself what it executed.
    """

    name: str
    module: str
    imports: str
    step: str
    writer: str
    main: str
    framework: str = ""
    flow: str = ""
    spelling: Mapping[str, str] = attrs.field(factory=dict)
    counts: bool = False

    def texts(self) -> dict[str, str]:
        """Return path -> text of the whole project, before `finish`."""
        framework = f"import collections\nfrom pathlib import Path\n{self.framework}{RAN}"
        own = {"framework.py": framework, "flow.py": self.flow, "main.py": BEGINNING + ENDING + self.main}
        return {**PROJECT, **own}

    def finish(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return the texts as this system's users write them; what an edit wrote is left as it is."""
        return {name: self._steps(text) if "@step\n" in text else text for name, text in texts.items()}

    def _steps(self, text: str) -> str:
        if not self.counts:
            text = log_calls(text)
        text = text.replace("from framework import step, writer", self.imports)
        for mark, decorator in (("@step", self.step), ("@writer", self.writer)):
            pattern = re.compile(rf"^{mark}\n((?:@.*\n)*)def (\w+)", re.MULTILINE)
            text = pattern.sub(
                lambda found, decorator=decorator: (
                    f"{decorator.format(name=found[2])}\n{found[1]}def {found[2]}".lstrip("\n")
                ),
                text,
            )
        for pattern_text, spelled in self.spelling.items():
            text = re.sub(pattern_text, spelled, text)
        return text


def log_calls(text: str) -> str:
    """Return *text* with a call of `ran` at the beginning of every step, below its docstring."""
    lines = text.splitlines(keepends=True)
    marks = {"step", "writer"}
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and marks & {
            getattr(mark, "id", "") for mark in node.decorator_list
        }:
            lines.insert(node.body[0].end_lineno or 0, f'    ran("{node.name}")\n')
    return "".join(lines)


OURS = System(
    name="creevey_graph",
    module="creevey_graph",
    imports="from creevey_graph import step",
    step='@step(cache="always")',
    writer='@step(writes="target", cache="always")',
    flow="""from pathlib import Path

from creevey_graph import graph
from steps import brightness, trimmed, loaded, saved, toned


@graph
def flow(path: Path, *, strength: int = 2):
    image = trimmed(loaded(path))
    return {"file": saved(toned(image, strength=strength), "{stem}.dat"), "value": brightness(image)}
""",
    main="""
from flow import flow


def values_of(report):
    report.raise_for_failures()
    return {Path(row.source).stem: row.fields["value"] for row in report.rows}


made = flow.bind(**parameters)
report = made.run("inputs/*.dat", out="out", cache="cache", executor="serial", progress=False)
more = {}
if "--plain" in sys.argv:
    plain = made.run("inputs/*.dat", out="plain", cache=False, executor="serial", progress=False)
    more = {"plain_outputs": digests("plain"), "plain_values": values_of(plain)}
tell(report.executed, values_of(report), [*report.notices, *made.untracked()], **more)
""",
    counts=True,
)

PLAIN = System("no cache", "", "from framework import ran", "", "", CALLS)

JOBLIB = System(
    name="joblib",
    module="joblib",
    imports="from framework import memory, ran",
    step="@memory.cache",
    writer="@memory.cache",
    framework='from joblib import Memory\n\nmemory = Memory("cache", verbose=0)\n',
    main=CALLS,
)

HAMILTON = System(
    name="Hamilton",
    module="hamilton",
    imports="from framework import ran",
    step="",
    writer="",
    main="""
from hamilton import driver, telemetry

import steps
from framework import steps_that_ran

telemetry.disable_telemetry()
flow = driver.Builder().with_modules(steps).with_cache(path="cache").build()
values = {}
for path, target in items:
    inputs = {"path": str(path), "target": str(target), **parameters}
    values[path.stem] = flow.execute(["saved", "brightness"], inputs=inputs)["brightness"]
tell(steps_that_ran(), values)
""",
    # a Path has no hash there: all that is made of one would run every time
    spelling={
        r"(_flipped = .*\n)": r'\1_flipped.__name__ = "_flipped"\n',  # else it is taken for a node
        r"path: Path": "path: str",
        r"path\.read_text": "Path(path).read_text",
        r"target: Path\) -> Path": "target: str) -> str",
        r"target\.write_text": "Path(target).write_text",
    },
)

PIPEFUNC = System(
    name="pipefunc",
    module="pipefunc",
    imports="from framework import ran\nfrom pipefunc import pipefunc",
    step='@pipefunc(output_name="{name}", cache=True)',
    writer='@pipefunc(output_name="{name}", cache=True)',
    main="""
from pipefunc import Pipeline

from framework import steps_that_ran
from steps import brightness, loaded, saved, toned, trimmed

nodes = [loaded, trimmed, toned, saved, brightness]
flow = Pipeline(nodes, cache_type="disk", cache_kwargs={"cache_dir": "cache"})
values = {}
for path, target in items:
    # a default that is left out of a call keeps the disk cache from being used
    known = {**flow.defaults, **parameters, "path": path}
    flow.run("saved", kwargs={**known, "target": target})
    values[path.stem] = flow.run("brightness", kwargs={name: known[name] for name in ("path", "bottom")})
tell(steps_that_ran(), values)
""",
)

REDUN = System(
    name="redun",
    module="redun",
    imports='from framework import ran\nfrom redun import File, task\n\nredun_namespace = "edits"',
    step="@task()",
    writer="@task()",
    flow="""from redun import File, task
from steps import brightness, loaded, saved, toned, trimmed

redun_namespace = "edits"


@task()
def one(path, target, strength):
    image = trimmed(loaded(path))
    return [saved(toned(image, strength=strength), target), brightness(image)]


@task()
def flow(items, strength):
    return [one(File(path), target, strength) for path, target in items]
""",
    main="""
import logging

from redun import Scheduler
from redun.config import Config

from flow import flow
from framework import steps_that_ran

logging.getLogger("redun").setLevel(logging.WARNING)
scheduler = Scheduler(config=Config({"backend": {"db_uri": "sqlite:///redun.db"}}))
scheduler.load()
found = scheduler.run(flow([[str(path), str(target)] for path, target in items], **parameters))
values = {path.stem: value for (path, _), (_, value) in zip(items, found)}
tell(steps_that_ran(), values)
""",
    spelling={
        r"path: Path": "path: File",
        r"path\.read_text": "path.read",
        r"target: Path\) -> Path": "target: str) -> File",
        r"    target\.write_text\(": "    file = File(target)\n    file.write(",
        r"return target": "return file",
    },
)

RIVALS = (JOBLIB, HAMILTON, PIPEFUNC, REDUN)
