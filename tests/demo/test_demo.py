"""The demo: it goes as it claims, and would say if it did not."""

import attrs
import pytest
from click.testing import CliRunner

from creevey_graph.cli import main
from creevey_graph.demo import run as demo_run
from creevey_graph.demo.acts import ACTS


def test_the_demo_goes_as_it_claims(tmp_path, monkeypatch):
    """Five runs, their counts, the graph, and exit code 0; the current folder stays as it is."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["demo", "--count", "8"])
    lines = result.stdout.splitlines()
    told = {line.split()[0]: line.split()[1:] for line in lines if line}

    assert (0, "") == (result.exit_code, result.stderr)
    assert "graph thumbnails" in lines
    assert [
        "   reason: new item",
        "   reason: parameter changed: resize.size (224, 224) -> (128, 128)",
        "   reason: code changed: new node 'mean_brightness'",
        "   reason: code changed: step 'warm'",
    ] == [line for line in lines if "reason: " in line]
    assert ["8", "0", "0", "0", "0"] == told["GETs"]
    assert ["8", "0", "0", "0", "0"] == told["download"]
    assert ["8", "0", "8*", "8*", "8*"] == told["load_image"]
    assert ["8", "0", "8*", "0", "8"] == told["warm"]
    assert ["8", "0", "8", "0", "8"] == told["write_image"]
    assert ["-", "-", "-", "8", "0"] == told["mean_brightness"]
    assert lines[-1] == "All counts are as claimed."
    assert list(tmp_path.iterdir()) == []


def test_what_the_demo_made_can_be_kept(tmp_path):
    """--keep leaves pictures, thumbnails, cache and a page; a folder that is in use is refused."""
    kept = tmp_path / "kept"
    assert CliRunner().invoke(main, ["demo", "--count", "2", "--keep", str(kept)]).exit_code == 0
    assert ["IMG_0001.png", "IMG_0002.png"] == sorted(path.name for path in (kept / "out").iterdir())
    assert len(list((kept / "served").iterdir())) == 2
    assert "IMG_0002" in (kept / "run.html").read_text(encoding="utf-8")

    again = CliRunner().invoke(main, ["demo", "--count", "2", "--keep", str(kept)])
    assert again.exit_code == 2
    assert "is not empty; name a new folder" in again.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"downloads": True}, "run 'again': expected 2 GETs (got 0)"),
        ({"runs": ("trim",)}, "run 'again': expected trim to run 2 times (got 0)"),
    ],
)
def test_a_wrong_claim_is_found_out(monkeypatch, wrong, told):
    """The check can fail: a claim that does not hold is named, and exits 1."""
    acts = (ACTS[0], attrs.evolve(ACTS[1], **wrong))
    monkeypatch.setattr(demo_run, "ACTS", acts)
    result = CliRunner().invoke(main, ["demo", "--count", "2"])

    assert result.exit_code == 1
    assert "error: the demo did not go as claimed" in result.stderr
    assert told in result.stderr
