"""
Parts of files that are inputs like files: members of archives, frames of videos.

A new kind is one file and one line in `looks.PARTS`.
"""

from creevey_graph.parts.base import Part
from creevey_graph.parts.frames import Frame
from creevey_graph.parts.looks import PARTS, address_of, digest_of, file_of, is_there, part_at, shown, stat_of
from creevey_graph.parts.members import Member, list_members

__all__ = [
    "PARTS",
    "Frame",
    "Member",
    "Part",
    "address_of",
    "digest_of",
    "file_of",
    "is_there",
    "list_members",
    "part_at",
    "shown",
    "stat_of",
]
