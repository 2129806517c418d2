"""Ctrl-C while downloads wait for servers that say nothing: the run ends at once, and can go on."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from servers import PictureServer, silent, status

PROGRAM = """
import json
import sys

from creevey_graph import RunInterrupted, download, graph, step


@step
def size(data: bytes) -> int:
    return len(data)


@graph
def sizes(url: str):
    data = download(url, allow_private=True, robots_txt=False, read_timeout_s=300, deadline_s=600, per_host=1_000)
    return {"size": size(data)}


if __name__ == "__main__":
    urls, folder, executor = sys.argv[1:]
    try:
        sizes.run(json.loads(urls), cache=folder, executor=executor, jobs=4, progress=False)
    except RunInterrupted as exc:
        print(json.dumps({str(outcome): count for outcome, count in exc.report.counts.items()}))
        sys.exit(130)
"""


@pytest.mark.parametrize("behaviour", [silent, status(429, Retry_After="60")], ids=["silent", "told to wait"])
@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_ctrl_c_ends_waits_for_servers(tmp_path, executor, behaviour):
    """What waits is cancelled within seconds, not after its 300 or 60; what was done before is told."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with PictureServer({"/good": b"good"}) as server:
        for number in range(8):
            server.behave(f"/wait{number}", behaviour)
        urls = [server.url("/good"), *[server.url(f"/wait{number}") for number in range(8)]]
        command = [sys.executable, str(program), json.dumps(urls), str(tmp_path / "cache"), executor]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wanted = 1 if executor == "serial" or behaviour is not silent else 3
        until = time.monotonic() + 60
        while sum(count for path, count in server.gets.items() if path != "/good") < wanted:
            assert running.poll() is None, running.communicate()
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        printed, errors = running.communicate(timeout=30)

    assert (130, "") == (running.returncode, errors)
    counts = Counter(json.loads(printed))
    assert 9 == counts.total()
    assert {"cancelled", "done"} >= set(counts)
    assert counts["cancelled"] >= 8
