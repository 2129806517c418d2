"""
Photo-like pictures, drawn rather than shipped.

Landscapes as a camera trap would take them: sky, sun, clouds, hills in haze, conifers,
sensor noise, and a black bar with the camera's notes along the bottom edge, which is
what the demo's graph trims away. Pillow only; the same arguments give the same pixels.
"""

import math
from pathlib import Path
from random import Random

import attrs
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from creevey_graph.errors import UsageError

BAR_PX = 100
_LEAST_SIZE_PX = (32, BAR_PX + 32)
_NOISE_LEVELS = 22  # peak to peak, of 256: a small sensor at dusk
_CONIFER_TIERS = 4
_SCALE = 0.6  # scenes are drawn smaller: softer, as such lenses are, and 2.5 times faster
_BLUR_PX = 2  # of the farthest hill
_GRASS_FROM = 0.5  # nearness below which a hill shows no grass

Color = tuple[int, int, int]


@attrs.frozen
class Mood:
    """
    The colours of one kind of light.

    Args:
        name: What the bar calls it.
        sky: From the zenith down to the horizon.
        sun: Colour of its disc and glow.
        ground: Colour of the nearest hill; farther ones fade into the horizon's.
        hours: First and last hour of the day it may be, 0-23.
        celsius: Coldest and warmest.
    """

    name: str
    sky: tuple[Color, ...]
    sun: Color
    ground: Color
    hours: tuple[int, int]
    celsius: tuple[int, int]


MOODS = (
    Mood("DAWN", ((62, 84, 140), (150, 140, 178), (255, 196, 150)), (255, 236, 190), (38, 46, 52), (5, 7), (2, 11)),
    Mood("DAY", ((44, 108, 190), (104, 162, 222), (206, 228, 240)), (255, 252, 232), (44, 82, 40), (9, 16), (14, 29)),
    Mood("DUSK", ((48, 40, 92), (168, 78, 104), (250, 150, 84)), (255, 214, 140), (34, 26, 38), (18, 20), (8, 19)),
    Mood("FOG", ((150, 160, 170), (184, 192, 198), (220, 223, 222)), (244, 244, 236), (64, 76, 74), (6, 11), (1, 9)),
    Mood("AUTUMN", ((86, 128, 168), (160, 180, 190), (240, 222, 188)), (255, 240, 200), (104, 62, 24), (10, 16), (6, 15)),
    Mood("NIGHT", ((8, 12, 30), (20, 30, 58), (56, 74, 104)), (226, 232, 240), (10, 16, 20), (21, 23), (-4, 8)),
)  # fmt: skip


def draw_pictures(
    folder: Path, count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480)
) -> list[Path]:
    """
    Draw *count* different JPEGs into *folder*, named `IMG_0001.jpg` and on.

    About 14 ms a picture on one core at the default size.

    Args:
        folder: Made where needed; files of the same names are replaced.
        count: How many, 0 or more.
        seed: Another one gives other pictures; the same one gives the same pixels.
        size: Width and height in pixels, the bar of 100 px included; at least 32x132.

    Returns:
        The paths, in order.

    Raises:
        UsageError: *count* or *size* is too small.
    """
    if count < 0:
        raise UsageError(f"draw_pictures: 'count' must be 0 or more (got {count})")
    if size[0] < _LEAST_SIZE_PX[0] or size[1] < _LEAST_SIZE_PX[1]:
        raise UsageError(f"draw_pictures: 'size' must be at least {_LEAST_SIZE_PX} (got {size})")
    folder.mkdir(parents=True, exist_ok=True)
    width_px, height_px = size
    noise = _draw_noise(Random(seed), (width_px, height_px - BAR_PX))
    paths = [folder / f"IMG_{number:04d}.jpg" for number in range(1, count + 1)]
    for number, path in enumerate(paths, start=1):
        _draw_picture(Random(f"{seed}:{number}"), number, size, noise).save(path, quality=88)
    return paths


def _draw_picture(rng: Random, number: int, size: tuple[int, int], noise: Image.Image) -> Image.Image:
    mood = MOODS[number % len(MOODS)]
    width_px, height_px = size
    scene_size = (width_px, height_px - BAR_PX)
    scene = _draw_scene(rng, mood, (math.ceil(width_px * _SCALE), math.ceil(scene_size[1] * _SCALE)))
    scene = scene.resize(scene_size, Image.Resampling.BICUBIC)
    shifted = ImageChops.offset(noise, rng.randrange(width_px), rng.randrange(height_px))
    picture = Image.new("RGB", size)
    picture.paste(ImageChops.add(scene, shifted, 1, -128), (0, 0))
    _write_bar(rng, mood, number, picture)
    return picture


def _draw_scene(rng: Random, mood: Mood, size: tuple[int, int]) -> Image.Image:
    scene = _draw_gradient(mood.sky, size)
    horizon_px = round(size[1] * rng.uniform(0.45, 0.68))
    _add_sun(rng, mood, scene, horizon_px)
    _add_clouds(rng, mood, scene)
    layers = rng.randint(3, 5)
    for layer in range(layers):
        nearness = (layer + 1) / layers
        top_px = horizon_px + (size[1] - horizon_px) * 0.75 * layer / layers
        _add_hill(rng, mood, scene, top_px=top_px, nearness=nearness)
    return scene


def _draw_gradient(colors: tuple[Color, ...], size: tuple[int, int]) -> Image.Image:
    column = Image.new("RGB", (1, len(colors)))
    column.putdata(colors)
    column = column.resize((1, size[1]), Image.Resampling.BICUBIC)
    return column.resize(size, Image.Resampling.NEAREST)


def _add_sun(rng: Random, mood: Mood, scene: Image.Image, horizon_px: int) -> None:
    width_px, height_px = scene.size
    center = (rng.randint(width_px // 8, width_px * 7 // 8), round(horizon_px * rng.uniform(0.25, 0.9)))
    dark_rim = Image.radial_gradient("L")
    for diameter_px, rise in ((height_px, 0.55), (height_px // 6, 6.0)):
        glow = dark_rim.point([min(255, round(max(0, 255 - 2 * level) * rise)) for level in range(256)])
        glow = glow.resize((diameter_px, diameter_px), Image.Resampling.BILINEAR)
        scene.paste(mood.sun, (center[0] - diameter_px // 2, center[1] - diameter_px // 2), glow)


def _add_clouds(rng: Random, mood: Mood, scene: Image.Image) -> None:
    cover = rng.uniform(110, 165)
    mask = Image.blend(
        _draw_blotches(rng, (5, 9), scene.size), _draw_blotches(rng, (16, 40), scene.size), 0.35
    )
    mask = mask.point([max(0, min(150, round((level - cover) * 3.2))) for level in range(256)])
    fade = Image.linear_gradient("L").point([255 - level for level in range(256)])
    mask = ImageChops.multiply(mask, fade.resize(scene.size, Image.Resampling.NEAREST))
    scene.paste(_mix(mood.sky[-1], mood.sun, 0.6), (0, 0), mask)


def _draw_blotches(rng: Random, cells: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    grain = Image.frombytes("L", cells, rng.randbytes(cells[0] * cells[1]))
    return grain.resize(size, Image.Resampling.BICUBIC)


def _add_hill(rng: Random, mood: Mood, scene: Image.Image, *, top_px: float, nearness: float) -> None:
    """Paste one ridge; far ones are hazy and blurred, near ones carry trees and grass."""
    width_px, height_px = scene.size
    ridge = _trace_ridge(rng, width_px, top_px, rise_px=height_px * rng.uniform(0.05, 0.13))
    mask = Image.new("L", scene.size)
    pen = ImageDraw.Draw(mask)
    pen.polygon([(-1, height_px), *ridge, (width_px, height_px)], fill=255)
    for _ in range(round(rng.uniform(0, 14) * nearness)):
        foot = ridge[rng.randrange(len(ridge))]
        _draw_conifer(pen, foot, height_px=height_px * nearness * rng.uniform(0.08, 0.26))
    sky_px = max(0, (mask.getbbox() or (0, 0, 0, 0))[1] - _BLUR_PX)  # nothing to do above the highest tree
    mask = mask.crop((0, sky_px, width_px, height_px))
    mask = mask.filter(ImageFilter.BoxBlur(_BLUR_PX * (1 - nearness) + 0.3))
    scene.paste(_draw_slope(rng, mood, mask.size, nearness), (0, sky_px), mask)


def _draw_slope(rng: Random, mood: Mood, size: tuple[int, int], nearness: float) -> Image.Image:
    color = _mix(mood.sky[-1], mood.ground, nearness**0.8 * 0.9)
    slope = _draw_gradient((_mix(color, mood.sun, 0.12), color, _mix(color, (0, 0, 0), 0.35)), size)
    if nearness > _GRASS_FROM:
        grass = _draw_blotches(rng, (size[0] // 2, max(1, size[1] // 12)), size)
        grass = grass.point([round(level * 0.18 * nearness) for level in range(256)])
        slope.paste(_mix(color, mood.sun, 0.5), (0, 0), grass)
    return slope


def _trace_ridge(rng: Random, width_px: int, top_px: float, *, rise_px: float) -> list[tuple[float, float]]:
    waves = [(rng.uniform(3, 7) * 2**octave, rng.uniform(0, 7), 0.55**octave) for octave in range(4)]
    return [
        (x, top_px - rise_px * sum(a * math.sin(f * x / width_px + p) for f, p, a in waves))
        for x in range(-6, width_px + 12, 6)
    ]


def _draw_conifer(pen: ImageDraw.ImageDraw, foot: tuple[float, float], *, height_px: float) -> None:
    x, y = foot
    for tier in range(_CONIFER_TIERS):
        low = y + 3 - height_px * tier / (_CONIFER_TIERS + 1.5)
        high = low - height_px * 2.2 / (_CONIFER_TIERS + 1.5)
        half = height_px * 0.19 * (1 - tier / (_CONIFER_TIERS + 1))
        pen.polygon([(x - half, low), (x, high), (x + half, low)], fill=255)


def _draw_noise(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Return an RGB picture around 128: grain that is the same in all three channels."""
    grain = Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))
    levels = [128 + round((level - 127.5) / 255 * _NOISE_LEVELS) for level in range(256)]
    return Image.merge("RGB", [grain.point(levels)] * 3)


def _write_bar(rng: Random, mood: Mood, number: int, picture: Image.Image) -> None:
    """Write date, hour, temperature and number into the bar, whose ground is black already."""
    width_px, height_px = picture.size
    hour = rng.randint(*mood.hours)
    stamp = f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}  {hour:02d}:{rng.randrange(60):02d}"
    warmth = f"{rng.randint(*mood.celsius)}°C  {mood.name}"
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(6, width_px // 26))
    middle_px, margin_px = height_px - BAR_PX // 2, width_px // 40
    pen.text((margin_px, middle_px), stamp, "white", font, "lm")
    pen.text((width_px * 6 // 11, middle_px), warmth, (190, 200, 210), font, "lm")
    pen.text((width_px - margin_px, middle_px), f"#{number:04d}", "white", font, "rm")


def _mix(one: Color, other: Color, share: float) -> Color:
    """Return the colour *share* (0-1) of the way from *one* to *other*."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
