"""A program that runs the graph of test_cache.py and stays in mid-run until it is told to go on, or killed."""

import sys
from pathlib import Path

from test_cache import run


def wait(event):
    if type(event).__name__ == "ItemFinished" and event.index == 1:
        print("running", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    run(Path(sys.argv[1]), listeners=[wait])
