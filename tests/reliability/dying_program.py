"""
A program that is killed by test_reliability_small.py.

Arguments: the folder to work in, the executor, "slow" or "fast". Its last line is what ran and what
became of the items, as JSON.
"""

import json
import sys
import time
from pathlib import Path

from PIL import Image

from creevey_graph import RunInterrupted, graph, step
from creevey_graph.images import load_image, resize, write_image


@step(ignore=("delay_s",), borrows=True)
def dawdle(image: Image.Image, *, delay_s: float) -> Image.Image:
    time.sleep(delay_s)  # stands for work, so that there is a middle to be killed in
    return image


@graph
def thumbs(photo: Path, *, delay_s: float = 0.1):
    return {"file": write_image(resize(dawdle(load_image(photo), delay_s=delay_s), (48, 48)), "{stem}.png")}


def main(folder, executor, pace):
    try:
        report = thumbs.bind(delay_s=0.1 if pace == "slow" else 0.0).run(
            folder / "photos",
            out=folder / "out",
            cache=folder / "cache",
            executor=executor,
            jobs=2,
            progress=False,
        )
        code = 0
    except RunInterrupted as exc:
        report, code = exc.report, 130
    print(json.dumps([dict(report.executed), {str(k): n for k, n in report.counts.items()}]))
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
