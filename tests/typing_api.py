"""
Every way to declare, as ordinary typed code: checked by mypy and pyright, never run.

A wrong call carries an ignore; an ignore that nothing needs is an error of mypy's, so that each
proves that the mistake is caught. (pyright proves it where `enableTypeIgnoreComments` is false and
`reportUnnecessaryTypeIgnoreComment` is an error.)
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

from PIL import Image

from creevey_graph import Explanation, Graph, Report, Step, graph, step
from creevey_graph.images import load_image, mean_brightness, resize, trim, write_image

if TYPE_CHECKING:  # never run: pytest imports this file when it looks for doctests
    # --- steps -------------------------------------------------------------------------------------

    @step
    def sepia(image: Image.Image, *, strength: float = 0.8) -> Image.Image:
        """Tone a picture."""
        return Image.blend(image, image.convert("L").convert("RGB"), strength)

    @step(
        version="2",
        cache="always",
        retries=2,
        timeout_s=1.5,
        ignore=["debug"],
        depends_on=[Path("model.bin"), len],
    )
    def classify(image: Image.Image, threshold: float, *, debug: bool = False) -> str:
        """Name what is in a picture."""
        return "cat" if mean_brightness(image) > threshold and not debug else "dog"

    @step(writes="path")
    def save(text: str, path: Path | str) -> Path:
        """Write a text."""
        Path(path).write_text(text)
        return Path(path)

    photo = Image.new("RGB", (4, 4))

    # A step called on values is its function.
    assert_type(sepia(photo, strength=0.5), Image.Image)
    assert_type(classify(photo, 0.5), str)
    assert_type(save("cat", "a.txt"), Path)
    assert_type(mean_brightness(photo), float)
    assert_type(load_image(Path("a.jpg")), Image.Image)
    assert_type(sepia.name, str)

    # Wrong calls are caught where they stand.
    sepia("photo.jpg")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sepia(photo, 0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    sepia(photo, strenght=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    classify(photo)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    wrong: int = classify(photo, 0.5)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    step(retries="2")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    step(cach="always")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]

    # Deriving keeps what is returned; `named` keeps the parameters too.
    assert_type(sepia.bind(strength=0.3)(photo), Image.Image)
    assert_type(classify.bind(threshold=0.5), Step[..., str])
    assert_type(sepia.named("brown")(photo), Image.Image)
    sepia.named("brown")(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    # Any callable makes a step.

    class Painter:
        """Holds a colour."""

        def paint(self, image: Image.Image) -> Image.Image:
            """Fill."""
            return image

        def __call__(self, image: Image.Image) -> int:
            """Count."""
            return image.width

    assert_type(step(Painter().paint)(photo), Image.Image)
    assert_type(step(Painter())(photo), int)
    assert_type(step(partial(classify.func, threshold=0.5))(photo), str)
    assert_type(step(len)("abc"), int)
    upper: Callable[[str], str] = str.upper
    assert_type(step(upper)("a"), str)

    # --- graphs ------------------------------------------------------------------------------------

    @graph
    def training_set(photo: Path, *, size: tuple[int, int] = (224, 224)):  # type: ignore[no-untyped-def]
        """Make a training set: the headline of the README."""
        image = trim(load_image(photo), bottom=100)
        small = resize(sepia(image), size, fit="fill")
        assert_type(small, Image.Image)
        return {"file": write_image(small, "{stem}.jpg"), "brightness": mean_brightness(image)}

    @graph(name="pairs")
    def pairs(photo: Path, mask: Path, *, cut: bool = False) -> tuple[Image.Image, float]:
        """Take two inputs, and branch on a parameter."""
        image = load_image(photo)
        if cut:
            image = trim(image, bottom=100)
        return image, mean_brightness(load_image(mask))

    @graph
    def outer(photo: Path) -> dict[str, Any]:
        """Call a graph within a graph."""
        image, brightness = pairs(photo, photo, cut=True)
        return {"image": resize(image, (1, 1)), "brightness": brightness}

    @graph
    def mistaken(photo: Path) -> float:
        """Wire wrongly."""
        mean_brightness(photo)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        resize(load_image(photo), (1, 1), fitt="fill")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        return trim(mean_brightness(load_image(photo)))  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType, reportReturnType]

    assert_type(training_set, Graph)
    assert_type(pairs, Graph)
    assert_type(training_set.bind(size=(128, 128)), Graph)
    assert_type(training_set.run("photos/**/*.jpg", out="train", jobs=2), Report)
    assert_type(training_set.explain("photos/a.jpg", out="train"), Explanation)
    training_set.accept("sepia", cache=".creevey", undo=True)
    assert_type(training_set.draw(), str)
    assert_type(training_set.draw("svg"), str)
    assert_type(training_set.draw(Path("graph.svg")), Path)
    assert_type(training_set.draw("graph.svg", state=training_set.run("photos")), str | Path)
    training_set.draw("svg", state="run")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert_type(training_set.preview("a.jpg"), dict[str, Any])
    training_set.run("photos", ou="train")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

    # --- by hand, and in a row -----------------------------------------------------------------------

    low = Graph("thumbs")
    picture = low.add(load_image, source=low.input("photo", Path))
    low.add(resize, "small", size=(224, 224))
    low.connect(picture, "small.image")
    low.connect("load_image", "sepia.image")
    low.output({"file": low.add(write_image, image=picture, path="{stem}.jpg")})
    assert_type(low.replace("sepia", classify.bind(threshold=0.5)), Graph)
    assert_type(low.without("small"), Graph)
    low.connect(picture, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    row: Graph = load_image | trim.bind(bottom=100) | resize.bind(size=(1, 1))
    assert_type(training_set | sepia, Graph)
