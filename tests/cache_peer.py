"""A program that runs the graph of test_cache.py beside another one: its folder and executor are arguments."""

import sys
from pathlib import Path

from test_cache import check_right, run

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    check_right(run(folder, executor=sys.argv[2], jobs=2), folder)
