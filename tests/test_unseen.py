"""What a function's tree does not show is named."""

import ast

import pytest

from creevey_graph import images
from creevey_graph.fingerprint.code import fingerprint_function
from creevey_graph.fingerprint.unseen import unseen_in
from creevey_graph.step import Step


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("getattr(tools, name)(image)", ["getattr(tools, name)"]),
        ("getattr(image, 'size')", []),
        ("eval('1 + 1')", ["eval('1 + 1')"]),
        ("open('lut.txt').read()", ["the file of open('lut.txt')"]),
        ("open(LUT).read()", ["the file of open(LUT)"]),
        ("open(image).read()", []),
        ("Image.open(image)", []),
        ("Image.open('mask.png')", ["the file of Image.open('mask.png')"]),
        ("Image.open(io.BytesIO(image))", []),
        ("Path('lut.txt').read_text()", ["the file of Path('lut.txt').read_text()"]),
        ("image.read_bytes()", []),
        ("[open(part) for part in image]", []),
        ("import_module(name)", ["import_module(name)"]),
        ("import_module('json')", []),
        ("globals()['x']", ["globals()"]),
        ("os.environ['SIZE']", ["os.environ['SIZE']"]),
        ("os.environ.get('SIZE')", ["os.environ.get('SIZE')"]),
        ("'SIZE' in os.environ", ["'SIZE' in os.environ"]),
        ("image in {1, 2}", []),
        ("image.resize((1, 2))", []),
        (
            "image.with_suffix('.txt').read_text()",
            ["the file of image.with_suffix('.txt').read_text()"],
        ),
        ("open(image + '.json').read()", ["the file of open(image + '.json')"]),
        ("open(f'masks/{name}.png').read()", ["the file of open(f'masks/{name}.png')"]),
        (
            "json.load(open(os.path.join(image, 'x')))",
            ["the file of open(os.path.join(image, 'x'))"],
        ),
        ("np.load('weights.npy')", ["the file of np.load('weights.npy')"]),
        ("np.load(image), MODEL.load(), load('x')", []),
        ("open(str(image)).read()", []),
        ("Image.open(io.BytesIO(b'x' + image))", []),
        ("open(image + '.log', 'w').write('x')", []),
        ("open('x.log', mode='ab').write(b'x')", []),
        ("[side.read_text() for side in [Path(image)]]", []),
    ],
)
def test_what_cannot_be_seen_is_named(body, expected):
    """Each way to hide what a function uses is found, and ordinary code is left alone."""
    tree = ast.parse(f"def step(image, *, name='x'):\n    return {body}").body[0]

    found = unseen_in(tree)

    assert expected == found


def test_a_file_beside_the_items_own_is_named():
    """A caption of the same stem is a usual thing; its edit left stale results without a word."""
    tree = ast.parse(
        "def load(photo):\n    side = Path(photo).with_suffix('.txt')\n    own = Path(photo)\n"
        "    return own.read_bytes(), side.read_text()"
    ).body[0]

    assert ["the file of side.read_text()"] == unseen_in(tree)


def test_a_fingerprint_lists_what_cannot_be_seen():
    """A helper that reads a file of its own is told by the fingerprint of the step that calls it."""

    def helper():
        return open("lut.txt").read()  # noqa: PTH123

    def tone(image):
        return helper(), image

    assert fingerprint_function(tone).untracked == (f"the file of open('lut.txt') in {helper.__qualname__}",)


@pytest.mark.parametrize("name", [name for name in images.__all__ if isinstance(getattr(images, name), Step)])
def test_every_step_that_comes_with_it_is_seen_through(name):
    """No ready-made step has anything that is not tracked, so that notices speak of the user's code only."""
    assert fingerprint_function(getattr(images, name)).untracked == ()
