"""System calls on files: what each does, how it can fail, and the filter that stops a process at some kinds of them."""

import os
import struct

import attrs

KINDS = {
    # name: (number on x86_64, kind, argument that holds a descriptor, argument that holds a path)
    "read": (0, "read", 0, None),
    "pread64": (17, "read", 0, None),
    "readv": (19, "read", 0, None),
    "preadv": (295, "read", 0, None),
    "write": (1, "write", 0, None),
    "pwrite64": (18, "write", 0, None),
    "writev": (20, "write", 0, None),
    "pwritev": (296, "write", 0, None),
    "sendfile": (40, "write", 0, None),
    "copy_file_range": (326, "write", 2, None),
    "open": (2, "open", None, 0),
    "creat": (85, "create", None, 0),
    "openat": (257, "open", 0, 1),
    "rename": (82, "name", None, 1),
    "renameat": (264, "name", 2, 3),
    "renameat2": (316, "name", 2, 3),
    "link": (86, "name", None, 1),
    "linkat": (265, "name", 2, 3),
    "symlink": (88, "name", None, 1),
    "symlinkat": (266, "name", 1, 2),
    "unlink": (87, "remove", None, 0),
    "unlinkat": (263, "remove", 0, 1),
    "rmdir": (84, "remove", None, 0),
    "mkdir": (83, "mkdir", None, 0),
    "mkdirat": (258, "mkdir", 0, 1),
    "truncate": (76, "resize", None, 0),
    "ftruncate": (77, "resize", 0, None),
    "fallocate": (285, "resize", 0, None),
    "fsync": (74, "sync", 0, None),
    "fdatasync": (75, "sync", 0, None),
    "chmod": (90, "mark", None, 0),
    "fchmod": (91, "mark", 0, None),
    "fchmodat": (268, "mark", 0, 1),
    "utimensat": (280, "mark", 0, 1),
    "stat": (4, "look", None, 0),
    "fstat": (5, "look", 0, None),
    "lstat": (6, "look", None, 0),
    "newfstatat": (262, "look", 0, 1),
    "statx": (332, "look", 0, 1),
    "access": (21, "look", None, 0),
    "getdents64": (217, "list", 0, None),
}
MUTATING = frozenset(("create", "write", "name", "remove", "mkdir", "resize", "sync", "mark"))
"""Kinds of calls that change what is on the disk; the others only read."""
FAULTS = {
    "create": ("ENOSPC", "EDQUOT", "EIO", "EMFILE"),
    "open": ("EIO", "EMFILE"),
    "read": ("EIO",),
    "write": ("ENOSPC", "EDQUOT", "EIO"),
    "name": ("ENOSPC", "EDQUOT", "EIO"),
    "mkdir": ("ENOSPC", "EDQUOT", "EIO"),
    "resize": ("ENOSPC", "EDQUOT", "EIO"),
    "sync": ("ENOSPC", "EDQUOT", "EIO"),
    "remove": ("EIO",),
    "mark": ("EIO",),
    "look": ("EIO",),
    "list": ("EIO",),
}
"""Kind -> the errors that such a call can give."""


@attrs.frozen
class Call:
    """
    A call that is about to be made.

    Args:
        name: Of the system call.
        kind: What it does, a key of `FAULTS`.
        path: The file, or folder, relative to the folder that is watched.
        size: Bytes that it is to write.
    """

    name: str
    kind: str
    path: str
    size: int = 0


# --- the filter

_ARCH_X86_64 = 0xC000003E
_LOAD, _JUMP_EQUAL, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000
WRITES = os.O_CREAT | os.O_WRONLY | os.O_RDWR


def stops_at(kinds: frozenset[str]) -> bytes:
    """Return the seccomp program that stops at calls of these kinds; opening for reading alone is "open"."""
    plain = [n for n, kind, *_ in KINDS.values() if kind in kinds and n not in (2, 257)]
    code = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, _ARCH_X86_64), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 0)]
    for number in plain:
        code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _TRACE)]
    for number, flags in ((2, 1), (257, 2)):
        opening = [(_LOAD, 0, 0, 16 + 8 * flags), (_JUMP_ANY, 0, 1, WRITES), (_RETURN, 0, 0, _TRACE)]
        opening += [(_RETURN, 0, 0, _TRACE if "open" in kinds else _ALLOW)]
        code += [(_JUMP_EQUAL, 0, len(opening), number), *opening]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *step) for step in code)
