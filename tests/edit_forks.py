"""
Runs the program of many projects, each in a fork of its own, so that imports are paid once.

Arguments: a name, then the projects' folders. What a program prints goes into its folder's file of that name.
"""

import os
import runpy
import sys
from pathlib import Path

from creevey_graph import facade, images

assert facade
assert images


def run_program(folder, name):
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = ["main.py"]
    with Path(name).open("w") as file:
        os.dup2(file.fileno(), 1)
    runpy.run_path("main.py", run_name="__main__")


def main(name, *folders):
    failed = 0
    for folder in folders:
        if not (child := os.fork()):  # no thread runs here
            run_program(Path(folder), name)
            sys.stdout.flush()
            os._exit(0)
        failed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
