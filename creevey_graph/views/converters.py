"""From SVG to PNG, by what is installed: the first of a table that is there."""

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from creevey_graph.errors import UsageError
from creevey_graph.text import first_line

SCALE = 2
"""Pixels of the PNG for each of the drawing, so that it is sharp on today's screens."""
TIMEOUT_S = 120.0
Command = Callable[[Path, Path, tuple[int, int]], list[str]]

_CHROMIUM_OFF = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)


def _rsvg(svg: Path, png: Path, size: tuple[int, int]) -> list[str]:
    del size
    return ["--zoom", str(SCALE), "--output", str(png), str(svg)]


def _inkscape(svg: Path, png: Path, size: tuple[int, int]) -> list[str]:
    return [f"--export-filename={png}", f"--export-width={size[0] * SCALE}", str(svg)]


def _magick(svg: Path, png: Path, size: tuple[int, int]) -> list[str]:
    del size
    return ["-density", str(96 * SCALE), f"svg:{svg}", f"png:{png}"]


def _chromium(svg: Path, png: Path, size: tuple[int, int]) -> list[str]:
    return [
        *_CHROMIUM_OFF,
        *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),  # root cannot have one
        f"--user-data-dir={svg.parent}",
        f"--force-device-scale-factor={SCALE}",
        f"--window-size={size[0]},{size[1]}",
        f"--screenshot={png}",
        svg.as_uri(),
    ]


CONVERTERS: Mapping[str, Command] = MappingProxyType(
    {
        "rsvg-convert": _rsvg,
        "inkscape": _inkscape,
        "magick": _magick,
        "chromium": _chromium,
        "google-chrome": _chromium,
    }
)
"""Program -> its arguments, best first."""


def convert(svg: str, png: Path, size: tuple[int, int]) -> None:
    """
    Write a drawing as PNG.

    Args:
        svg: The drawing, in plain colours.
        png: The file to write.
        size: Of the drawing, in px.

    Raises:
        UsageError: Nothing that converts is installed, or nothing that is can do it.
    """
    failed = []
    for name, attempt in _attempts(svg, png, size):
        try:
            attempt()
        except (OSError, subprocess.SubprocessError, ValueError) as exc:
            said = getattr(exc, "stderr", None) or exc
            failed.append(f"{name}: {first_line(str(said))}")
            continue
        if png.is_file() and png.stat().st_size:
            return
        failed.append(f"{name}: wrote nothing")
    told = f"; what is installed failed ({'; '.join(failed)})" if failed else ""
    raise UsageError(
        "a .png is made of the SVG by a converter: install rsvg-convert (librsvg), Inkscape, ImageMagick, Chromium "
        f"or cairosvg (pip install 'creevey_graph[png]'); or draw to .svg or .html, which need none{told}"
    )


def _attempts(svg: str, png: Path, size: tuple[int, int]) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield programs that are there; cairosvg comes last, as it shows what its font lacks as empty boxes."""
    for name, arguments in CONVERTERS.items():
        if program := shutil.which(name):
            yield name, functools.partial(_call, program, arguments, svg, png, size)
    try:
        cairosvg = import_module("cairosvg")
    except (ImportError, OSError):  # the library of cairo itself may be missing
        return
    yield "cairosvg", lambda: cairosvg.svg2png(bytestring=svg.encode(), write_to=str(png), scale=SCALE)


def _call(program: str, arguments: Command, svg: str, png: Path, size: tuple[int, int]) -> None:
    """Run a program on a copy of the drawing, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="creevey-draw-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder) / "graph.svg", Path(folder) / "graph.png"
        source.write_text(svg, encoding="utf-8")
        subprocess.run(  # noqa: S603 - a program of our table, no shell, paths of our own
            [program, *arguments(source, target, size)],
            check=True,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
        shutil.copyfile(target, png)
