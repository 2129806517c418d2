"""What the tests of Creevey's names share: drawn arrays, their files, and a server that has them."""

import io
from functools import partial

import numpy as np
from PIL import Image

from creevey_graph.creevey import load_image_from_url
from creevey_graph.images import download

LOCAL = {"allow_private": True} if "allow_private" in download.signature.parameters else {}
"""What a download from this very machine must say, where such addresses are refused otherwise."""

load_local = partial(load_image_from_url, **LOCAL)


def drawn(kind, height=34, width=25, seed=0):
    """Return an array of soft shapes: "gray", "rgb" or "rgba"."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 5, {"gray": 1, "rgb": 3, "rgba": 4}[kind]), dtype=np.uint8)
    bands = [Image.fromarray(np.ascontiguousarray(coarse[:, :, band])) for band in range(coarse.shape[2])]
    image = np.stack(
        [np.array(band.resize((width, height), Image.Resampling.BICUBIC)) for band in bands], axis=2
    )
    return image[:, :, 0] if kind == "gray" else image


def encoded(image, form="PNG"):
    """Return the bytes of an array's file."""
    with io.BytesIO() as file:
        Image.fromarray(image).save(file, form)
        return file.getvalue()
