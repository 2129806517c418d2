"""
A picture that stays undecoded: `DeferredImage`, what `load_image(…, shrink="fast")` returns of a JPEG.

It holds a recipe: the bytes of the file, how to turn it upright, the mode, and a box. Cutting moves the
box. Scaling decodes at 1/2, 1/4 or 1/8 of the size, which JPEG offers as its samples are stored by
frequency, and resamples from there. Any other use decodes in full, and gives what the exact way gives,
byte for byte.

What comes out of scaling depends on the recipe alone, never on whether somebody looked at pixels before;
so pixels that were decoded are not scaled from. Whoever changes pixels makes it a plain picture first.
"""

import io
import math
import threading
from typing import Any, Self

import attrs
from PIL import Image, JpegImagePlugin

from creevey_graph.decoding import UPRIGHT, decoding
from creevey_graph.errors import ImageError

MODES = ("RGB", "L")
GAP = 3.0
"""
What is left to the last resampling, as a factor at least.

31 photos of 2 to 10 megapixels, trimmed and scaled to 224x224, take 1.37 times as long with 3 as with 2, and
are 67 dB (at least 52) from the exact result instead of 54 (43).
"""
LEAST_PX = 48
"""
What a side of the part must have left at least: its edges fall between the pixels of the reduced decoding,
which would be seen in a result of a few pixels.
"""
_SCALES = (8, 4, 2)
_SWAPPED = frozenset({5, 6, 7, 8})

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@attrs.frozen
class Recipe:
    """
    All that tells a deferred picture.

    Args:
        data: The bytes of a JPEG file.
        stored_mode: The mode its header tells, one of `MODES`.
        stored_size: The size its header tells.
        turn: Its EXIF orientation, 1 to 8, as far as it is applied.
        mode: The picture's mode, one of `MODES`.
        box: Left, top, right and bottom of what the picture shows, in pixels of the upright file.
        where: What errors call it; it makes no difference to the picture.
    """

    data: bytes = attrs.field(repr=False)
    stored_mode: str
    stored_size: tuple[int, int]
    turn: int
    mode: str
    box: tuple[int, int, int, int]
    where: str = attrs.field(eq=False)

    @classmethod
    def of(cls, data: bytes, where: str, *, turn: int, mode: str) -> Self:
        """
        Return the recipe of a whole file.

        Raises:
            ImageError: It is no JPEG in one of `MODES`.
        """
        with decoding(where):
            opened = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        if opened.mode not in MODES:
            raise ImageError(f"{where}: must be a JPEG of mode {' or '.join(MODES)} (got {opened.mode})")
        width, height = opened.size[::-1] if turn in _SWAPPED else opened.size
        return cls(data, opened.mode, opened.size, turn, mode, (0, 0, width, height), where)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what the picture shows."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def is_whole(self) -> bool:
        """True where the box is all of the file."""
        return self.size[0] * self.size[1] == self.stored_size[0] * self.stored_size[1]

    def decoded(self) -> Image.Image:
        """
        Return the picture in full, as the exact way gives it.

        Raises:
            ImageError: The file is truncated or damaged.
        """
        image = self._read(1, self.stored_mode)
        if not self.is_whole:
            left, top, right, bottom = map(int, self.stored(self.box))
            image = image._new(image.im.crop((left, top, right, bottom)))  # noqa: SLF001 - Image.crop warns of bombs
        return self._finished(image)

    def scaled(self, size: tuple[int, int], resample: Image.Resampling, box: Box) -> Image.Image | None:
        """
        Return a part of the picture scaled from a reduced decoding; None where reducing saves nothing.

        Args:
            size: The wanted width and height.
            resample: How pixels are averaged. NEAREST averages none, and so is never reduced.
            box: The part, in pixels of the file turned upright.

        Raises:
            ImageError: The file is truncated or damaged.
        """
        scale = scale_for((box[2] - box[0], box[3] - box[1]), size)
        if scale == 1 or resample is Image.Resampling.NEAREST:
            return None
        image = self._read(scale, self.mode)
        image, x, y = _part_of(image, _divided(self.stored(self.box), scale))
        left, top, right, bottom = _divided(self.stored(box), scale)
        wanted = size[::-1] if self.turn in _SWAPPED else size
        return self._finished(image.resize(wanted, resample, (left - x, top - y, right - x, bottom - y)))

    def stored(self, box: Box) -> Box:
        """
        Return a box of the upright file in coordinates of the stored one.

        Source: EXIF 2.32, 4.6.4 A, tag 274.
        """
        corners = [self._stored_point(x, y) for x, y in (box[:2], box[2:])]
        (left, right), (top, bottom) = (sorted(edges) for edges in zip(*corners, strict=True))
        return left, top, right, bottom

    def _stored_point(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.stored_size
        if self.turn in _SWAPPED:
            x, y = y, x
        return (
            width - x if self.turn in {2, 3, 7, 8} else x,
            height - y if self.turn in {3, 4, 6, 7} else y,
        )

    def _read(self, scale: int, mode: str) -> Image.Image:
        with decoding(self.where):
            opened = JpegImagePlugin.JpegImageFile(io.BytesIO(self.data))
            if scale > 1:
                width, height = opened.size
                opened.draft(mode, (width // scale, height // scale))
            opened.load()
        return opened

    def _finished(self, image: Image.Image) -> Image.Image:
        plain = image._new(image.im)  # noqa: SLF001
        plain.info = {}
        if self.turn in UPRIGHT:
            plain = plain.transpose(UPRIGHT[self.turn])
        return plain if plain.mode == self.mode else plain.convert(self.mode)


def _divided(box: Box, scale: int) -> Box:
    return box[0] / scale, box[1] / scale, box[2] / scale, box[3] / scale


def _part_of(image: Image.Image, box: Box) -> tuple[Image.Image, int, int]:
    """
    Return what of a reduced picture lies inside a box, and where its upper left corner is.

    What lies half outside is left out, and its inner neighbour repeated in its place: kernels reach beyond
    a box, and the black banner that was trimmed off would be seen along the edge.
    """
    outer = left, top, right, bottom = *map(math.floor, box[:2]), *map(math.ceil, box[2:])
    inner = *map(math.ceil, box[:2]), *map(math.floor, box[2:])
    if inner == (0, 0, *image.size):
        return image, left, top
    kept = image._new(image.im.crop(inner))  # noqa: SLF001 - Image.crop warns of bombs
    if inner == outer:
        return kept, left, top
    canvas = Image.new(image.mode, (right - left, bottom - top))
    for x in (0, canvas.width - kept.width, inner[0] - left):  # at its own place last
        for y in (0, canvas.height - kept.height, inner[1] - top):
            canvas.paste(kept, (x, y))
    return canvas, left, top


def scale_for(part: tuple[float, float], size: tuple[int, int]) -> int:
    """
    Return by how much a decoding may be reduced to scale a part to *size*: 8, 4, 2 or 1.

    >>> scale_for((4000, 2900), (224, 224)), scale_for((4000, 600), (224, 224))
    (4, 1)
    """
    gap = min(whole / max(GAP * wanted, LEAST_PX) for whole, wanted in zip(part, size, strict=True))
    return next((scale for scale in _SCALES if gap >= scale), 1)


class DeferredImage(Image.Image):
    """
    A picture that is decoded where its pixels are asked for, and only as far as that needs.

    It can be used wherever a picture can. Whatever changes its pixels in place (`paste`, `putpixel`,
    `ImageDraw`, …) turns it into a plain `Image.Image`, which has no recipe to be scaled by; so does
    `getim`, which hands its memory to other code.

    State: `_recipe`; `_im`, the pixels in full once somebody asked for them.

    Thread safety: may be read by several threads; changing it is no safer than changing any picture.
    """

    _recipe: Recipe

    def __init__(self, recipe: Recipe, info: dict[Any, Any] | None = None) -> None:
        super().__init__()
        self._recipe = recipe
        self._mode = recipe.mode
        self._size = recipe.size
        self._decoding = threading.Lock()
        self.info = dict(info or {})

    @property
    def recipe(self) -> Recipe:
        """What it is decoded by."""
        return self._recipe

    @property
    def nbytes(self) -> int:
        """Bytes that are hashed or kept to tell it from others: those of its file."""
        return len(self._recipe.data)

    def part(self, box: tuple[int, int, int, int]) -> "DeferredImage":
        """
        Return the part inside *box*, undecoded.

        Args:
            box: Left, top, right and bottom in pixels, inside the picture.
        """
        x, y = self._recipe.box[:2]
        moved = (x + box[0], y + box[1], x + box[2], y + box[3])
        return DeferredImage(attrs.evolve(self._recipe, box=moved), dict(self.info))

    def scaled(
        self, size: tuple[int, int], resample: Image.Resampling, box: Box | None = None
    ) -> Image.Image:
        """
        Return it scaled, as a plain picture.

        Args:
            size: Width and height in pixels.
            resample: How pixels are averaged.
            box: The part to scale, left, top, right and bottom; None for all of it.

        Raises:
            ImageError: The file is truncated or damaged.
        """
        box = box or (0, 0, *self.size)
        x, y = self._recipe.box[:2]
        image = self._recipe.scaled(size, resample, (x + box[0], y + box[1], x + box[2], y + box[3]))
        if image is None:
            return self.resize(size, resample, box)
        image.info = dict(self.info)
        return image

    def decoded(self) -> Image.Image:
        """
        Return it as a plain picture on the same pixels; nothing is copied.

        Raises:
            ImageError: The file is truncated or damaged.
        """
        return self._new(self.im)

    @property
    def im(self) -> Any:
        """Pillow's own name for the pixels; decodes them once."""
        if self._im is None:
            with self._decoding:
                if self._im is None:
                    self._im = self._recipe.decoded().im
        return super().im

    @im.setter
    def im(self, im: Any) -> None:
        self._im = im
        self.__class__ = Image.Image  # type: ignore[assignment]  # pixels of its own: it is a plain picture now
        for name in ("_recipe", "_decoding"):
            self.__dict__.pop(name, None)

    @property
    def readonly(self) -> int:
        """1, so that whatever changes pixels takes a copy first, which makes it a plain picture."""
        return 1

    @readonly.setter
    def readonly(self, readonly: int) -> None:
        self._readonly = readonly

    def load(self) -> Any:
        """Decode it; return access to its pixels, as `Image.load`."""
        assert self.im is not None
        return _Pixels(self)

    def getim(self) -> Any:
        """Return its memory, as `Image.getim`; it is a plain picture from then on."""
        self._ensure_mutable()
        return Image.Image.getim(self)

    def frombytes(self, *args: Any, **kwargs: Any) -> None:
        """Fill it, as `Image.frombytes`; it is a plain picture from then on."""
        self._ensure_mutable()
        Image.Image.frombytes(self, *args, **kwargs)

    def putpalette(self, *args: Any, **kwargs: Any) -> None:
        """Give it a palette, as `Image.putpalette`; it is a plain picture from then on."""
        self._ensure_mutable()
        Image.Image.putpalette(self, *args, **kwargs)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it, as `Image.save`."""
        self.decoded().save(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image.Image):
            return NotImplemented
        return self.decoded() == (other.decoded() if isinstance(other, DeferredImage) else other)

    __hash__ = None  # type: ignore[assignment]  # as Image

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (DeferredImage, (self._recipe, self.info))


class _Pixels:
    """Access to single pixels, as `Image.load` gives; writing makes the picture plain."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._access = image.im.pixel_access(1)

    def __getitem__(self, xy: tuple[int, int]) -> Any:
        return self._access[xy]

    def __setitem__(self, xy: tuple[int, int], value: Any) -> None:
        if isinstance(self._image, DeferredImage):
            self._image._ensure_mutable()  # noqa: SLF001
        self._access = self._image.im.pixel_access(0)
        self._access[xy] = value
