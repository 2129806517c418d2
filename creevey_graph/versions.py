"""Which programs took part in a run: results may differ by them, and bytes of pictures do."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

_CODECS = {
    "libjpeg-turbo": ("feature", "libjpeg_turbo"),
    "jpeg": ("codec", "jpg"),
    "libwebp": ("module", "webp"),
    "libavif": ("module", "avif"),
    "zlib": ("codec", "zlib"),
    "libtiff": ("codec", "libtiff"),
    "openjpeg": ("codec", "jpg_2000"),
}
"""Library -> what Pillow calls it."""


def list_versions() -> dict[str, str]:
    """Return name -> version of what runs here; Pillow and its codecs where this process uses them."""
    try:
        own = version("creevey_graph")
    except PackageNotFoundError:  # run from a checkout
        own = "unknown"
    system = f"{platform.system()} {platform.machine()}".strip()
    found = {"creevey_graph": own, "python": platform.python_version(), "platform": system}
    return {**found, **_pillow_versions()} if "PIL.Image" in sys.modules else found


def _pillow_versions() -> dict[str, str]:
    import PIL  # noqa: PLC0415 - loaded where there are pictures
    from PIL import features  # noqa: PLC0415

    asked = {
        "module": features.version_module,
        "codec": features.version_codec,
        "feature": features.version_feature,
    }
    found = {"pillow": PIL.__version__}
    for name, (kind, known_as) in _CODECS.items():
        if known := asked[kind](known_as):
            found[name] = known
    return found
