"""A ready-made pipeline for pictures."""

from typing import Any

from creevey_graph.arrays.web import load_image_from_url
from creevey_graph.arrays.write import write_image
from creevey_graph.pipeline import Pipeline

__all__ = ["DownloadImagePipeline", "download_image_pipeline"]

download_image_pipeline: "DownloadImagePipeline"
"""What Creevey and Wildebeest to 4.x had; another one each time it is imported, so that nobody changes another's."""


class DownloadImagePipeline(Pipeline):
    """
    Downloads pictures and writes them.

    Args:
        ops: What is done in between.
        parallel_strategy: As for `Pipeline`.
    """

    def __init__(self, ops: Any = None, parallel_strategy: str | None = None) -> None:
        super().__init__(load_image_from_url, ops, write_image, parallel_strategy, name="download_image")


def __getattr__(name: str) -> Any:
    if name == "download_image_pipeline":
        return DownloadImagePipeline()
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
