"""Data for pages, drawn: runs of any size, of pictures with names that mean no harm and of such that do."""

import base64
import functools
import io
import random
from collections import Counter

from PIL import Image, ImageDraw

from creevey_graph.text import safe_text

OUTCOMES = ["done", "cached", "restored", "skipped", "failed", "cancelled"]
STEPS = ["load_image", "trim", "sepia", "resize", "mean_brightness", "write_image"]
REASONS = ["new item", "code changed: helper `normalise`", "code changed: step `sepia`", "failed last time"]
ERRORS = ["UnidentifiedImageError: cannot identify image file", "ValueError: height must be > 0 (got -4)"]
SKIPS = ["smaller than 224 px"]
WEIGHTS = [70, 20, 4, 3, 3]
HOSTILE = [
    "<script>window.harmed = 1</script>.jpg",
    "</script><script>window.harmed = 1</script>.jpg",
    "<img src=x onerror='window.harmed = 1'>.jpg",
    "javascript:window.harmed=1//.jpg",
    "<!-- comment.jpg",
    "--><b>x</b>.jpg",
    "]]><script>window.harmed = 1</script>.jpg",
    "\"'><svg onload=window.harmed=1>.jpg",
    "\u202egpj.exe",
    "a\x1b[31mred\x07.jpg",
    "a\u2028b.jpg",
    "lone \udc80 surrogate.jpg",
    "<<b>x</b>>.jpg",
    "${harmed} $policy {{harmed}} `harmed`.jpg",
    "&lt;b&gt;&amp;.jpg",
    "__proto__",
    "=cmd|' /C calc'!A0",
]


def page_sample(total, *, seed=7, keys=None, fields=True, pictures=6):
    """
    Return the data of a page of *total* items.

    Args:
        total: How many rows.
        seed: Of the outcomes, seconds and fields.
        keys: The items' keys; None makes some.
        fields: Whether they have any.
        pictures: As many of the sample, and of the failures, have details.
    """
    rng = random.Random(seed)
    keys = keys or [f"shelf {number // 100:03d}/photo {number}.jpg" for number in range(total)]
    outcomes = rng.choices(range(5), WEIGHTS, k=total)
    texts = [*REASONS, *ERRORS, *SKIPS]
    steps, reasons, errors = [], [], []
    for outcome in outcomes:
        ended = OUTCOMES[outcome]
        steps.append({"failed": rng.choice([0, 3]), "skipped": 1}.get(ended, -1))
        reasons.append(-1 if ended in {"cached", "restored"} else rng.choices(range(4), [60, 25, 10, 5])[0])
        errors.append({"failed": 4 + rng.randrange(2), "skipped": 6}.get(ended, -1))
    rows = {
        "key": [safe_text(key) for key in keys],
        "source": [0] * total,
        "outcome": outcomes,
        "step": steps,
        "reason": reasons,
        "error": errors,
        "seconds": [0.0 if outcome in {1, 2} else round(rng.lognormvariate(-3, 0.8), 4) for outcome in outcomes],
        "outputs": [[safe_text(key)] if outcome < 3 else 0 for key, outcome in zip(keys, outcomes, strict=True)],
        "fields": _fields(rng, outcomes) if fields else {},
    }
    failed = [row for row, outcome in enumerate(outcomes) if OUTCOMES[outcome] == "failed"]
    sample = sorted(rng.sample(range(total), min(total, pictures)))
    counts = Counter(OUTCOMES[outcome] for outcome in outcomes)
    return {
        "schema": 1,
        "version": "0.1.0",
        "title": "training_set",
        "made": "2026-11-26T03:10:00Z",
        "run": _run(total, counts),
        "state": _state(counts, total),
        "steps": STEPS,
        "outcomes": OUTCOMES,
        "texts": texts,
        "rows": rows,
        "details": {str(row): _details(rows, texts, row) for row in {*failed[:pictures], *sample}},
        "timeline": _timeline(outcomes),
        "histograms": _histograms(rows["fields"]),
        "sheets": {"failed": failed[:pictures], "sample": sample},
    }


def hostile_sample():
    """Return a page whose keys, fields, steps, texts and notices try to be markup."""
    data = page_sample(len(HOSTILE), keys=HOSTILE)
    inert = [safe_text(text) for text in HOSTILE]
    data["title"] = inert[1]
    data["steps"] = inert[: len(STEPS)]
    data["state"]["nodes"] = {name: dict(data["state"]["nodes"][STEPS[0]], why=name) for name in data["steps"]}
    data["texts"] = inert
    data["run"].update(notices=inert, stopped=inert[2], out=inert[7], run_id=inert[4], executor=inert[0])
    data["rows"]["step"] = [number % len(STEPS) for number in range(len(HOSTILE))]
    data["rows"]["outcome"] = [4] * len(HOSTILE)
    data["rows"]["reason"] = data["rows"]["error"] = list(range(len(HOSTILE)))
    data["rows"]["fields"] = {name: inert for name in inert}
    data["histograms"] = [
        {"field": name, "kind": "category", "values": [[text, 1] for text in inert], "others": 0, "missing": 0}
        for name in inert
    ]
    picture = {"node": inert[2], "label": inert[1], "src": "", "width": 0, "height": 0, "was": inert[0], "text": inert[6]}
    shown = dict(picture, src="javascript:window.harmed=1", width=9, height=9)
    data["details"] = {
        str(row): {
            "traceback": text,
            "seconds": {text: 1.0},
            "pictures": [picture, shown],
            "note": text,
            "reproduce": text,
        }
        for row, text in enumerate(inert)
    }
    data["sheets"] = {"failed": list(range(len(inert))), "sample": [0]}
    return data


def graph_svg(names=STEPS):
    """Draw a graph as the renderer does, as far as a page asks: one group a node, named in `data-node`."""
    nodes = "".join(
        f'<g class="node" data-node="{_quoted(name)}"><title>{_quoted(name)}</title>'
        f'<rect x="20" y="{12 + 52 * at}" width="200" height="34" rx="5" fill="transparent" stroke="currentColor"></rect>'
        f'<text x="32" y="{34 + 52 * at}" fill="currentColor">{_quoted(name)}</text></g>'
        for at, name in enumerate(names)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Graph" '
        f'width="240" height="{52 * len(names) + 8}" viewBox="0 0 240 {52 * len(names) + 8}">{nodes}</svg>'
    )


def _quoted(text):
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    return "".join(marks.get(character, character) for character in text)


@functools.cache
def drawn(number, size=(160, 120)):
    """Draw a small landscape; return it as a data URL."""
    rng = random.Random(number)
    sky = tuple(rng.randrange(120, 240) for _ in range(3))
    image = Image.new("RGB", size, sky)
    pen = ImageDraw.Draw(image)
    for depth in range(3):
        y = size[1] * (0.45 + 0.18 * depth)
        dark = tuple(channel * (3 - depth) // 5 for channel in sky)
        peaks = [(x, y - rng.randrange(30)) for x in range(0, size[0] + 20, 20)]
        pen.polygon([(0, size[1]), *peaks, (size[0], size[1])], fill=dark)
    data = io.BytesIO()
    image.save(data, "WEBP", quality=60)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode("ascii")


def picture_of(row, node, label=None, size=(160, 120)):
    """Return one picture of an item, as the data has it."""
    src = drawn((row * 10 + len(node)) % 97, size)
    return {
        "node": node,
        "label": label or node,
        "src": src,
        "width": size[0],
        "height": size[1],
        "was": f"{size[0] * 25:,} × {size[1] * 25:,} RGB",
        "text": "",
    }


def _details(rows, texts, row):
    failed = OUTCOMES[rows["outcome"][row]] == "failed"
    until = STEPS[: rows["step"][row]] if failed else STEPS[:4]
    pictures = [picture_of(row, "", "source"), *(picture_of(row, name) for name in until)]
    if not failed:
        pictures.append(
            {"node": "mean_brightness", "label": "mean_brightness", "src": "", "width": 0, "height": 0, "was": "float", "text": "118.4"}
        )
    trace = (
        'Traceback (most recent call last):\n  File "graph.py", line 31, in resize\n'
        f"    return image.resize(size)\n{texts[rows['error'][row]]}\n"
    )
    return {
        "traceback": trace if failed else "",
        "seconds": {name: 0.004 * (at + 1) for at, name in enumerate(until)},
        "pictures": pictures,
        "note": "",
        "reproduce": f"creevey-graph explain graph.py:training_set '{rows['key'][row]}'\n"
        f"python -c \"from graph import training_set; training_set.preview('{rows['key'][row]}')\"",
    }


def _run(total, counts):
    return {
        "graph": "training_set",
        "run_id": "20261126-031000-4f2a",
        "executor": "processes",
        "jobs": 2,
        "total": total,
        "seconds": 42.13,
        "finished": True,
        "interrupted": False,
        "stopped": "",
        "out": "/home/ada/train",
        "left_out": 0,
        "damaged": 0,
        "counts": dict(counts),
        "notices": ["step 'sepia': reads the file 'tones.json', which is not tracked"],
        "orphans": [],
        "orphan_count": 0,
        "versions": {"python": "3.11.2"},
        "items_per_second": total / 42.13,
        "cache_hit_rate": 0.617,
        "report": "training_set.jsonl",
    }


def _state(counts, total):
    nodes = {}
    for at, name in enumerate(STEPS):
        here = {
            "done": counts["done"],
            "cached": counts["cached"] + counts["restored"],
            "skipped": counts["skipped"] if at == 1 else 0,
            "failed": counts["failed"] if at == 3 else 0,
        }
        nodes[name] = {
            "counts": {outcome: each for outcome, each in here.items() if each},
            "seconds": total * 0.0011 * (at + 1),
            "why": "code changed: helper `normalise`" if name == "sepia" else "",
            "policy": "kept",
            "stored": {"values": total, "bytes": total * 4096} if at % 2 else None,
        }
    return {"title": f"{total:,} items in 42.1 s", "nodes": nodes}


def _timeline(outcomes):
    width_s, bins = 0.5, [Counter() for _ in range(84)]
    for row, outcome in enumerate(outcomes):
        bins[int((row / len(outcomes)) ** 1.3 * len(bins))][OUTCOMES[outcome]] += 1
    return {"width_s": width_s, "bins": [dict(each) for each in bins]}


def _fields(rng, outcomes):
    whole = [OUTCOMES[outcome] != "failed" for outcome in outcomes]
    return {
        "brightness": [round(rng.gauss(120, 30), 2) if is_whole else None for is_whole in whole],
        "width_px": [rng.choice([1024, 2048, 4000]) if is_whole else None for is_whole in whole],
        "camera": [rng.choice(["X100", "D750", "Pixel 8", None]) for _ in outcomes],
        "portrait": [rng.random() < 0.3 if is_whole else None for is_whole in whole],
    }


def _histograms(fields):
    found = []
    for name, values in fields.items():
        there = [value for value in values if value is not None]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in there) and there:
            found.append(_numbers(name, there, len(values) - len(there)))
        else:
            counts = Counter(str(value) for value in there).most_common()
            found.append({"field": name, "kind": "category", "values": [list(pair) for pair in counts], "others": 0, "missing": len(values) - len(there)})
    return found


def _numbers(name, values, missing, bins=24):
    least, most = min(values), max(values)
    width = (most - least) / bins or 1
    counts = Counter(min(int((value - least) / width), bins - 1) for value in values)
    return {
        "field": name,
        "kind": "number",
        "edges": [least + width * at for at in range(bins + 1)],
        "counts": [counts[at] for at in range(bins)],
        "missing": missing,
        "least": least,
        "most": most,
        "mean": sum(values) / len(values),
        "median": sorted(values)[len(values) // 2],
    }
