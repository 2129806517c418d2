"""
Creevey's names, for those who come from there: `creevey_graph.creevey` in place of `creevey` or `wildebeest`.

The modules are called as there, and all names stand here too. Pictures are numpy arrays
(`pip install 'creevey_graph[creevey]'` brings numpy and pandas).
"""

from creevey_graph.creevey.constants import PathOrStr
from creevey_graph.creevey.load_funcs import download_bytes, get_response
from creevey_graph.creevey.load_funcs.image import (
    download_image,
    load_image,
    load_image_from_bytes,
    load_image_from_disk,
    load_image_from_url,
)
from creevey_graph.creevey.ops import get_report_output_decorator, report_output
from creevey_graph.creevey.ops.image import (
    calculate_dhash,
    calculate_mean_brightness,
    centercrop,
    convert_to_grayscale,
    flip_horiz,
    flip_vert,
    normalize_pixel_values,
    record_mean_brightness,
    report_dhash,
    report_mean_brightness,
    resize,
    rotate_90,
    rotate_180,
    rotate_270,
    trim_padding,
)
from creevey_graph.creevey.path_funcs import (
    combine_outdir_dirname_extension,
    join_outdir_filename_extension,
    join_outdir_hashed_path_extension,
    replace_dir,
    replace_directory,
)
from creevey_graph.creevey.pipelines import RUN_REPORT_COLS, CustomReportingPipeline, Pipeline
from creevey_graph.creevey.pipelines.image import DownloadImagePipeline
from creevey_graph.creevey.util import find_files_with_extensions
from creevey_graph.creevey.util.image import find_image_files
from creevey_graph.creevey.write_funcs.image import write_image, write_png

__all__ = [
    "RUN_REPORT_COLS",
    "CustomReportingPipeline",
    "DownloadImagePipeline",
    "PathOrStr",
    "Pipeline",
    "calculate_dhash",
    "calculate_mean_brightness",
    "centercrop",
    "combine_outdir_dirname_extension",
    "convert_to_grayscale",
    "download_bytes",
    "download_image",
    "find_files_with_extensions",
    "find_image_files",
    "flip_horiz",
    "flip_vert",
    "get_report_output_decorator",
    "get_response",
    "join_outdir_filename_extension",
    "join_outdir_hashed_path_extension",
    "load_image",
    "load_image_from_bytes",
    "load_image_from_disk",
    "load_image_from_url",
    "normalize_pixel_values",
    "record_mean_brightness",
    "replace_dir",
    "replace_directory",
    "report_dhash",
    "report_mean_brightness",
    "report_output",
    "resize",
    "rotate_90",
    "rotate_180",
    "rotate_270",
    "trim_padding",
    "write_image",
    "write_png",
]
