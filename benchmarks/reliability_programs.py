"""
The programs that `reliability_peers.py` kills, damages and feeds: pictures, from files or URLs, to 160 x 160 PNG.

Each is called with a list (a path or URL a line) and its own place, and writes below PLACE/out; what it keeps
lies in PLACE/cache. They are what a user writes by hand: no defence that the tool does not bring along.
"""

OURS = """
import sys
from pathlib import Path

from creevey_graph import download, graph
from creevey_graph.images import load_image, resize, write_image

listed, place = sys.argv[1:]


@graph
def from_files(photo: Path):
    return write_image(resize(load_image(photo), (160, 160), fit="fill"), "{stem}.png")


@graph
def from_urls(url: str):
    data = download(url, allow_private=True, deadline_s=10, min_rate_bytes_s=0, robots_txt=False, max_bytes=20_000_000)
    return write_image(resize(load_image(data), (160, 160), fit="fill"), "{stem}.png")


if __name__ == "__main__":
    items = Path(listed).read_text().split()
    chosen = from_urls if "://" in items[0] else from_files
    report = chosen.run(items, out=f"{place}/out", cache=f"{place}/cache", jobs=8, executor="threads", progress=False)
    for row in report.failed:
        print("failed", row.source, row.error.splitlines()[0])
"""

_SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import requests
from PIL import Image

listed, place = sys.argv[1:]
out = Path(place, "out")
out.mkdir(parents=True, exist_ok=True)
{memory}

def read(item):
    if "://" in item:
        answer = requests.get(item, timeout=10)
        answer.raise_for_status()
        return answer.content
    return Path(item).read_bytes()


{decorator}
def make(item):
    with Image.open(BytesIO(read(item))) as image:
        return image.convert("RGB").resize((160, 160))


def work(item):
    path = out / (item.rpartition("/")[2].rpartition(".")[0] + ".png")
    {guard}
    try:
        make(item).save(path)
    except Exception as exc:
        print("failed", item, repr(exc)[:200])


with ThreadPoolExecutor(8) as pool:
    list(pool.map(work, Path(listed).read_text().split()))
"""

SCRIPT = (
    _SCRIPT.replace("{memory}\n", "")
    .replace("{decorator}\n", "")
    .replace("{guard}", "if path.exists():\n        return")
)
JOBLIB = (
    _SCRIPT.replace("{memory}", 'import joblib\n\nmemory = joblib.Memory(f"{place}/cache", verbose=0)')
    .replace("{decorator}", "@memory.cache")
    .replace("    {guard}\n", "")
)

IMG2DATASET = """
import sys

import img2dataset

if __name__ == "__main__":
    listed, place = sys.argv[1:]
    img2dataset.download(
        url_list=listed,
        output_folder=f"{place}/out",
        input_format="txt",
        output_format="files",
        image_size=160,
        resize_mode="no",
        encode_format="png",
        encode_quality=3,
        processes_count=1,
        thread_count=8,
        timeout=10,
        number_sample_per_shard=25,
        incremental_mode="incremental",
        enable_wandb=False,
    )
"""
