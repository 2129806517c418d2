"""Types that Creevey named."""

from pathlib import Path

PathOrStr = Path | str
