"""`cache info|verify|gc|clear` and `run --cache-size` on the command line: what they tell, and exit codes."""

import json

import pytest

from creevey_graph import Cache
from creevey_graph.cache import Lock, Record

RUN = ("run", "graph.py", "photos", "--out", "out", "--no-progress")


def held(folder):
    return Cache(folder / ".creevey").info()


def value_files(folder):
    return sorted((folder / ".creevey" / "store").rglob("*.val"))


@pytest.mark.parametrize("command", ["info", "verify", "gc", "clear"])
def test_a_cache_that_is_not_there_is_told_and_not_made(cli, folder, command):
    """Nothing to do is no error, in both forms."""
    told, data = cli("cache", command), cli("cache", command, "--json")

    assert (0, 0) == (told.exit_code, data.exit_code)
    assert "nothing has been kept there yet" in told.stdout
    assert json.loads(data.stdout)["exists"] is False
    assert not (folder / ".creevey").exists()


def test_info_tells_per_step(cli, folder):
    """A line for each step, and the totals; the same as data."""
    cli(*RUN)
    told = cli("cache", "info").stdout
    data = json.loads(cli("cache", "info", "--json").stdout)

    assert held(folder)["steps"] == data["steps"]
    assert {"write_image", "mean_brightness"} & {step["step"] for step in data["steps"]}
    for step in data["steps"]:
        assert f"  {step['step']}  " in told
    assert "saves" in told.splitlines()[1]
    assert data["bytes"] == sum(step["bytes"] for step in data["steps"])
    assert data["index_bytes"] > 0


def test_verify_tells_that_all_is_whole(cli):
    """Exit code 0, and how much was read."""
    cli(*RUN)
    told, data = cli("cache", "verify"), cli("cache", "verify", "--json")

    assert (0, 0) == (told.exit_code, data.exit_code)
    assert "nothing is damaged" in told.stdout
    assert (True, 0) == (json.loads(data.stdout)["ok"], json.loads(data.stdout)["damaged_values"])


def damage_one(folder):
    store = Cache(folder / ".creevey")._store
    with store.transact():
        store._sql(
            "UPDATE Cache SET value = x'00' WHERE rowid = (SELECT min(rowid) FROM Cache WHERE key LIKE 'b%')"
        )


def test_verify_tells_what_it_removed_and_ends_with_one(cli, folder):
    """Damage found is exit code 1, once: it is mended."""
    cli(*RUN)
    damage_one(folder)
    told = cli("cache", "verify")
    again = cli("cache", "verify")

    assert (1, 0) == (told.exit_code, again.exit_code)
    assert "1 value damaged: removed, a run makes it again" in told.stdout
    damage_one(folder)
    data = cli("cache", "verify", "--json")
    assert (1, False) == (data.exit_code, json.loads(data.stdout)["ok"])


def test_a_value_that_was_dropped_is_no_damage(cli, folder):
    """Its record stays; what is there is whole, and that is what the last line says."""
    cli(*RUN)
    with Cache(folder / ".creevey") as cache:
        cache._store._sql(
            "DELETE FROM Cache WHERE rowid = (SELECT min(rowid) FROM Cache WHERE key LIKE 'b%')"
        )
    told = cli("cache", "verify")

    assert 0 == told.exit_code
    assert " of a value that is gone: a run makes it again where it is needed\n" in told.stdout
    assert "nothing of what is there is damaged" == told.stdout.splitlines()[-1]


def test_clear_tells_the_values_and_sizes_that_info_tells(cli, folder):
    """Records are no values, and what the database takes is not what they take."""
    cli(*RUN)
    facts = held(folder)
    (line,) = [line for line in cli("cache", "info").stdout.splitlines() if line.startswith("  values  ")]
    size = " ".join(line.split()[2:])
    assert facts["blobs"] < facts["records"]  # a value may have several

    told = f"{facts['blobs']} values ({size}) in '.creevey'"
    assert f"this would delete {told}; nobody can be asked" in cli("cache", "clear").stderr
    assert f"cleared {told}\n" == cli("cache", "clear", "--yes").stdout
    cli(*RUN)
    data = json.loads(cli("cache", "clear", "--yes", "--json").stdout)
    assert (facts["blobs"], facts["bytes"]) == (data["values"], data["bytes"])


def test_gc_tells_what_it_dropped_per_step(cli, folder):
    """A dry run tells the same and drops nothing; the data have what the lines have."""
    cli(*RUN)
    before = held(folder)["blobs"]
    dry = cli("cache", "gc", "--max-size", "0", "--dry-run")
    assert (0, before) == (dry.exit_code, held(folder)["blobs"])
    assert f"would drop {before} values (" in dry.stdout

    data = json.loads(cli("cache", "gc", "--max-size", "0B", "--json").stdout)

    assert (before, 0, False) == (data["values"], held(folder)["blobs"], data["dry_run"])
    assert data["bytes"] == sum(part["bytes"] for part in data["dropped"])
    for part in data["dropped"]:
        assert f"  {part['step']}  " in dry.stdout
    assert "dropped 0 values" in cli("cache", "gc").stdout
    assert "record" not in dry.stdout  # they are for programs


def test_gc_by_age(cli, folder):
    """What was stored today is younger than a day, and older than nothing."""
    cli(*RUN)
    before = held(folder)["blobs"]

    assert "dropped 0 values" in cli("cache", "gc", "--older-than", "1d").stdout
    assert f"dropped {before} values" in cli("cache", "gc", "--older-than", "0s").stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("cache", "gc", "--max-size", "lots"), "--max-size: a size is a number and a unit"),
        (("cache", "gc", "--max-size", "5"), "--max-size: a size is a number and a unit"),
        ((*RUN, "--cache-size", "5"), "--cache-size: a size is a number and a unit"),
        (("cache", "gc", "--older-than", "3 moons"), "--older-than: an age is a number and a unit"),
        ((*RUN, "--cache-size", "-1"), "--cache-size: a size is a number and a unit"),
    ],
)
def test_a_wrong_size_or_age_is_a_usage_error(cli, args, told):
    """Exit code 2, one line that shows what is meant."""
    result = cli(*args)

    assert (2, True) == (result.exit_code, told in result.stderr), result.stderr


@pytest.mark.parametrize("command", [("gc",), ("gc", "--max-size", "0"), ("clear", "--yes")])
def test_during_a_run_nothing_is_dropped(cli, folder, command):
    """Exit code 2 and the reason; --yes does not help."""
    cli(*RUN)
    before = held(folder)
    with Lock(folder / ".creevey") as lock:
        lock.share()
        result = cli("cache", *command)

    assert 2 == result.exit_code
    assert "error: a run is using this cache; try again when it ended" in result.stderr
    del before["disk_bytes"]  # opening it anew may lengthen its log
    assert before.items() <= held(folder).items()


def test_a_run_keeps_its_cache_within_a_size_and_tells_it(cli, folder):
    """In the summary; outputs are there, and a rerun has nothing to do."""
    result = cli(*RUN, "--cache-size", "0")

    assert 0 == result.exit_code
    assert "note: cache: dropped " in result.stderr
    assert (0, 3) == (held(folder)["blobs"], len(list((folder / "out").iterdir())))
    assert "3 cached" in cli(*RUN).stderr


def test_names_of_steps_from_a_planted_record_are_inert(cli, folder):
    """A record may name anything; a terminal is told no control characters."""
    cli(*RUN)
    with Cache(folder / ".creevey") as cache:
        record = Record("ab" * 32, "raw", 5, 1.0, saves_s=1.0, step="\x1b[31mred\n")
        cache.commit([cache.prepare("cd" * 32, record, b"12345")])
    for args in (("info",), ("gc", "--max-size", "0", "--dry-run")):
        told = cli("cache", *args).stdout
        assert "red" in told
        assert "\x1b" not in told
