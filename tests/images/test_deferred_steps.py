"""Every step on a picture that is not decoded yet: what it gives, and that the picture stays undecoded."""

import io

import pytest
from drawn import noise
from PIL import Image
from steps_table import CALLS
from test_steps_conform import FILTERS, MEASURES

from creevey_graph import images
from creevey_graph.deferred import DeferredImage
from creevey_graph.errors import SkipItem

SCALING = {"resize", "smallest_max_size", "longest_max_size", "img2dataset_resize", "letterbox"}
"""Steps that may decode less than all; the others see the exact pixels."""


def jpeg():
    """Return a JPEG file that is large beside what the table of calls asks for."""
    file = io.BytesIO()
    noise("RGB", (64, 48)).resize((320, 240)).save(file, "JPEG", quality=90)
    return file.getvalue()


DATA = jpeg()


def told(value):
    """Return what can be compared of a value."""
    if isinstance(value, Image.Image):
        return value.mode, value.size, value.tobytes()
    if isinstance(value, list):
        return [told(part) for part in value]
    return (str(value.dtype), value.tolist()) if hasattr(value, "tolist") else value


def tried(step, image, options):
    try:
        return told(step(image, **options))
    except (SkipItem, ValueError) as exc:
        return type(exc), str(exc)


@pytest.mark.parametrize(
    ("step", "options"),
    [
        *CALLS,
        *[(measure, {}) for measure in MEASURES.values()],
        *[(getattr(images, name), options) for name, options in FILTERS.items()],
        (images.encode_image, {"format": "PNG"}),
        (images.encode_image, {"format": "JPEG"}),
    ],
)
def test_a_step_gives_what_it_gives_of_the_exact_picture_and_decodes_nothing_for_good(step, options):
    """Equal pixels and values; of steps that scale, mode and size. The argument is left undecoded, as it was."""
    deferred = images.load_image(DATA, shrink="fast")
    assert isinstance(deferred, DeferredImage)
    recipe = deferred.recipe
    exact = tried(step, images.load_image(DATA), options)

    found = tried(step, deferred, options)

    if step.name in SCALING and isinstance(exact[0], str):
        assert found[:2] == exact[:2]
    else:
        assert found == exact
    assert isinstance(deferred, DeferredImage)
    assert deferred.recipe is recipe
