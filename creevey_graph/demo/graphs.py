"""The demo's graph, as a user would write it; `warm_edited` is its step `warm` after an edit."""

from typing import Any

from PIL import Image, ImageEnhance

from creevey_graph import graph, step
from creevey_graph.images import download, load_image, mean_brightness, resize, trim, write_image


@step
def warm(image: Image.Image, *, strength: float = 1.3) -> Image.Image:
    """Strengthen the colours."""
    return ImageEnhance.Color(image).enhance(strength)


@step(name="warm")
def warm_edited(image: Image.Image, *, strength: float = 1.3) -> Image.Image:
    """Strengthen the colours, and brighten a little."""
    return ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(strength)).enhance(1.05)


@graph
def thumbnails(url: str, *, size: tuple[int, int] = (224, 224), measured: bool = False) -> Any:
    """Download, cut off the camera's bar, and write a thumbnail; where *measured*, with a column."""
    scene = trim(load_image(download(url, allow_private=True, robots_txt=False)), bottom=100)
    columns: dict[str, Any] = {"file": write_image(resize(warm(scene), size), "{stem}.png")}
    if measured:
        columns["brightness"] = mean_brightness(scene)
    return columns
