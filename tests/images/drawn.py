"""Pictures drawn for the tests of the steps: every mode, from one pixel up."""

import random

from PIL import Image

MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"]


def noise(mode="RGB", size=(40, 30), seed=1):
    """Draw blocks of random colours."""
    data = random.Random(seed).randbytes(3 * 8 * 6)
    blocks = Image.frombytes("RGB", (8, 6), data).resize(size, Image.Resampling.BICUBIC)
    return in_mode(blocks, mode)


def in_mode(image, mode):
    """Return an RGB picture in *mode*."""
    if mode == "I;16":
        return image.convert("L").convert("I").convert("I;16")
    if mode == "LAB":
        return Image.frombytes("LAB", image.size, image.tobytes())
    return image.convert("P").convert("PA") if mode == "PA" else image.convert(mode)
