"""A real notebook: cells are run by a kernel, and what they leave behind is what a saved notebook has."""

import re

import pytest
from runs import draw

nbclient = pytest.importorskip("nbclient", reason="nbclient, nbformat and ipykernel run notebooks")
nbformat = pytest.importorskip("nbformat", reason="nbclient, nbformat and ipykernel run notebooks")
pytest.importorskip("ipykernel", reason="nbclient, nbformat and ipykernel run notebooks")

HTML, TEXT, SVG = "text/html", "text/plain", "image/svg+xml"
TONE = """
@step
def tone(image: Image.Image, *, gain: float = 1.0) -> Image.Image:
    "Lift the tones of a picture."
    return image.point(lambda level: level * gain + {lift})

@graph
def toned(photo: Path, *, gain: float = 1.0):
    "Trimmed and toned."
    image = tone(trim(load_image(photo), bottom=2), gain=gain)
    return {{"file": write_image(image, "{{stem}}.png"), "brightness": mean_brightness(image)}}
"""
CELLS = {
    "setup": """
from pathlib import Path
from PIL import Image
from creevey_graph import Cache, graph, step
from creevey_graph.images import load_image, mean_brightness, trim, write_image
WHERE = {"out": "out", "cache": "cache"}
""",
    "declared": TONE.format(lift=0),
    "step": "tone",
    "graph": "toned",
    "plan": 'toned.plan("photos", **WHERE)',
    "run": 'report = toned.run("photos", executor="threads", **WHERE)\nreport',
    "rows": "report.rows",
    "preview": 'before = toned.preview("photos/0.png")\nbefore',
    "broken": 'toned.preview("photos/broken.png", on_error="keep")',
    "edited": TONE.format(lift=20),
    "stale": 'toned.plan("photos", **WHERE)',
    "explanation": 'toned.explain("photos/0.png", **WHERE)',
    "comparison": 'before.compare(toned.preview("photos/0.png"))',
    "again": 'toned.run("photos", executor="processes", jobs=2, **WHERE)',
    "cache": 'Cache("cache")',
    "twice": 'toned.run("photos", **WHERE).executed',
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Return cell -> its outputs, of a notebook over three pictures and a broken one."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "photos").mkdir()
    for seed in range(3):
        draw(folder / "photos" / f"{seed}.png", seed)
    (folder / "photos" / "broken.png").write_bytes((folder / "photos" / "0.png").read_bytes()[:300])
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        client = nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}})
        client.execute()
    nbformat.validate(notebook)
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def shown(outputs, name):
    """Return what the last value of a cell shows."""
    results = [output for output in outputs[name] if output.output_type == "execute_result"]
    assert 1 == len(results)
    return results[0].data


def told(outputs, name):
    """Return the words of the HTML that a cell shows."""
    text = re.sub(r"<(style|svg)\b.*?</\1>", "", shown(outputs, name)[HTML], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_no_cell_writes_to_stdout_or_stderr(outputs):
    """No warning, no bar of text, nothing on red: not from threads, nor from processes."""
    streams = {
        name: one.text for name, all_of in outputs.items() for one in all_of if one.output_type == "stream"
    }

    assert {} == streams


@pytest.mark.parametrize(
    "name",
    [
        "step",
        "graph",
        "plan",
        "run",
        "rows",
        "preview",
        "broken",
        "stale",
        "explanation",
        "comparison",
        "again",
        "cache",
    ],
)
def test_every_object_leaves_html_and_text(outputs, name):
    """Which a saved notebook shows without running anything; of a graph a drawing besides."""
    kinds = set(shown(outputs, name))

    assert {HTML, TEXT} | ({SVG} if name == "graph" else set()) == kinds
    assert "<script" not in shown(outputs, name)[HTML]


@pytest.mark.parametrize("name", ["run", "again"])
def test_a_run_leaves_one_line_of_how_it_ended(outputs, name):
    """However often it was drawn."""
    lines = [one.data[TEXT] for one in outputs[name] if one.output_type == "display_data"]

    assert 1 == len(lines)
    assert re.fullmatch(r"toned: 4 items in [\d.]+ (ms|s), 3 done, 1 failed", lines[0])


def test_the_first_plan_has_all_to_do(outputs):
    """As new items."""
    assert "4 of 4 items to do" in told(outputs, "plan")
    assert "new item" in told(outputs, "plan")


def test_the_report_tells_what_failed_and_how_to_go_on(outputs):
    """The item, the step, its error, and the code that raises it here."""
    text = told(outputs, "run")

    assert "3 done , 1 failed" in text
    assert re.search(r"broken\.png load_image ImageError: ", text)
    assert "report.failed[0].reproduce()" in text


def test_the_preview_shows_the_picture_after_every_step(outputs):
    """In the order they run, beside the graph."""
    text = shown(outputs, "preview")[HTML]

    assert ["photo", "load_image", "trim", "tone"] == re.findall(r'<img [^>]*alt="(\w+):', text)
    assert "<svg" in text
    assert "failed at load_image" in told(outputs, "broken")


def test_an_edit_in_a_later_cell_is_the_reason(outputs):
    """Of the step alone, with the code before and now; cells are called cells."""
    assert "code changed: step 'tone'" in told(outputs, "stale").replace("&#x27;", "'")
    text = told(outputs, "explanation")
    assert "- return image.point(lambda level: level * gain + 0)" in re.sub(r"\s+", " ", text)
    assert "+ return image.point(lambda level: level * gain + 20)" in re.sub(r"\s+", " ", text)
    assert "notebook cell (before)" in text
    assert "differs: tone, mean_brightness" in told(outputs, "comparison")


def test_functions_of_a_notebook_run_in_processes(outputs):
    """The edited step runs there, and in a third run nothing but what failed is tried."""
    assert "processes" in told(outputs, "again")
    assert "code changed" in told(outputs, "again")
    assert "Counter()" == shown(outputs, "twice")[TEXT]
