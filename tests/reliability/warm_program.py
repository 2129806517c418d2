"""
Forks children for trials: a program that has imported everything once, so that a run begins in 20 ms, not 800.

Reads a line of JSON for each child, [job, folder, arguments], and answers with its process number; an empty line
asks for the children that ended since, as [[number, exit code], …] (negative: the signal it died of). It has one
thread, so that forking is safe. A child is a session of its own, prints to FOLDER/printed and FOLDER/errors,
and calls the function of that name in `jobs`.
"""

import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path

import jobs


def be_child(job, folder, arguments, ready):
    """Run a job as a program of its own would; never returns."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        for name, number in (("printed", 1), ("errors", 2)):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, number)
            os.close(file)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.write(ready, b".")
        os.close(ready)
        code = jobs.call(job, Path(folder), arguments)
    except BaseException:  # noqa: BLE001 - as the interpreter ends a program
        code = jobs.exit_code_of(sys.exception())
    finally:
        jobs.end(code)


def start(job, folder, arguments):
    """Fork a child; return its number once it has a session and files of its own."""
    wait, ready = os.pipe()
    child = os.fork()
    if not child:
        os.close(wait)
        be_child(job, folder, arguments, ready)
    os.close(ready)
    os.read(wait, 1)
    os.close(wait)
    return child


def ended():
    """Return [number, exit code] of the children that ended."""
    found = []
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if not child:
            return found
        found.append([child, os.waitstatus_to_exitcode(status)])


def main():
    """Serve until the end of input."""
    jobs.warm_up()
    gc.freeze()  # children copy no page for having looked at what stands in it
    assert threading.active_count() == 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for line in sys.stdin:
        asked = json.loads(line) if line.strip() else None
        print(json.dumps(ended() if asked is None else start(*asked)), flush=True)


if __name__ == "__main__":
    main()
