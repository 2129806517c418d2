"""
The programs that `download.py` compares: download a list of URLs, cut out the middle square, write it small.

Each is called with the file of URLs, its own place, the edge of the pictures it writes, and the number of
downloads at once.
"""

OURS = """
import sys

from creevey_graph import download, graph
from creevey_graph.images import load_image, resize, write_image

urls, place, edge, jobs = sys.argv[1:]


@graph
def squares(url: str, *, edge: int = 224):
    image = load_image(download(url, allow_private=True, per_host=int(jobs)))
    return {"file": write_image(resize(image, (edge, edge), fit="cover", filter="box"), "{stem}.jpg")}


if __name__ == "__main__":
    report = squares.bind(edge=int(edge)).run(
        urls, out=f"{place}/out", cache=f"{place}/cache", jobs=int(jobs), progress=False
    )
    report.raise_for_failures()
"""

_SCRIPT = """
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import requests
from PIL import Image, ImageOps

HELD = threading.local()


def make(url, out, edge):
    path = out / f"{url.rpartition('/')[2].rpartition('.')[0]}.jpg"
    if path.exists():
        return
    if not hasattr(HELD, "session"):
        HELD.session = requests.Session()
        HELD.session.trust_env = False
    answer = HELD.session.get(url, timeout=20)
    answer.raise_for_status()
    with Image.open(BytesIO(answer.content)) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    small = ImageOps.fit(image, (edge, edge), Image.Resampling.BOX)
    small.info.clear()
    small.save(path, quality=95)


def make_all(urls, out, edge, jobs):
    with ThreadPoolExecutor(jobs) as pool:
        for _ in pool.map(partial(make, out=out, edge=edge), urls):
            pass


def main():
    urls, place, edge, jobs = sys.argv[1:]
    out = Path(place, "out")
    out.mkdir(parents=True, exist_ok=True)
    urls = Path(urls).read_text().split()
    {run}


if __name__ == "__main__":
    main()
"""

THREADS = _SCRIPT.replace("{run}", "make_all(urls, out, int(edge), int(jobs))")

PROCESSES = _SCRIPT.replace(
    "{run}",
    """chunks = [urls[start::PROCESSES] for start in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        work = partial(make_all, out=out, edge=int(edge), jobs=int(jobs))
        for _ in pool.map(work, chunks):
            pass""",
).replace("HELD =", "PROCESSES = 2\nHELD =")

IMG2DATASET = """
import logging
import sys

logging.disable(logging.CRITICAL)
from img2dataset import download

if __name__ == "__main__":
    urls, place, edge, jobs = sys.argv[1:]
    download(
        url_list=urls, input_format="txt", output_format="files", output_folder=f"{place}/out",
        image_size=int(edge), resize_mode="center_crop", resize_only_if_bigger=False, encode_quality=95,
        processes_count=2, thread_count=int(jobs), number_sample_per_shard=1000, disallowed_header_directives=[],
        enable_wandb=False,
    )
"""
