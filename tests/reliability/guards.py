"""
The guards of reliability and security, and the tests that fail without each: a literal table.

`python -m benchmarks.mutations` takes out one after the other. A row that no longer fits the code is found by
`test_guards.py` in every run of the tests.
"""

import attrs


@attrs.frozen
class Guard:
    """
    Something that must not go missing.

    Args:
        name: What it does, in a few words.
        path: Its module, relative to the package.
        old: Its text, which stands there once.
        new: What stands there without it.
        tests: Tests of which one at least must fail then, as pytest takes them.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/{name}" for name in names)


GUARDS = (
    Guard(
        "outputs are written beside their target and renamed over it",
        "atomic.py",
        "    temporary = temporary_beside(target)\n    try:\n        yield temporary\n        os.replace(temporary, target)",
        "    target.parent.mkdir(parents=True, exist_ok=True)\n    temporary = target\n    try:\n        yield temporary\n        os.stat(target)",
        _tests("images/test_write.py::test_failure_leaves_the_older_file"),
    ),
    Guard(
        "a value's file is renamed into place",
        "cache/disk.py",
        '    temporary = f"{path}.tmp"\n',
        "    temporary = path\n",
        _tests("test_cache.py", "test_cache_gc.py", "test_cache_verify.py"),
    ),
    Guard(
        "a cached value's checksum is verified on every read",
        "cache/frames.py",
        "    if len(data) - begins != length or data[end:begins] != checksum:\n",
        "    if len(data) - begins != length:\n",
        _tests("test_cache.py::test_a_damaged_value_file_is_a_miss_that_is_counted_and_healed[bit_flipped]"),
    ),
    Guard(
        "a cached value is the one that was looked up",
        "cache/frames.py",
        "    if held.hex() != digest:\n",
        "    if False:\n",
        _tests(
            "test_cache.py::test_a_damaged_value_file_is_a_miss_that_is_counted_and_healed[another_value]"
        ),
    ),
    Guard(
        "a pickled key is refused",
        "cache/disk.py",
        '        if not raw:\n            raise ValueError("cache: a pickled key is refused")\n',
        "        if not raw:\n            return diskcache.Disk.get(self, key, raw)\n",
        _tests("test_cache.py::test_the_disk_refuses_everything_but_bytes_under_our_keys"),
    ),
    Guard(
        "a pickled value is refused",
        "cache/disk.py",
        '        if mode != MODE_BINARY or read:\n            raise ValueError("cache: only bytes are read")\n',
        "        if mode != MODE_BINARY or read:\n            return diskcache.Disk.fetch(self, mode, filename, value, read)\n",
        _tests("test_cache.py::test_a_planted_pickle_is_not_executed[record]"),
    ),
    Guard(
        "a value file's name has our form before it is opened or removed",
        "cache/disk.py",
        "    if not (isinstance(name, str) and _FILENAME.fullmatch(name)):\n",
        "    if not isinstance(name, str):\n",
        _tests("test_cache.py::test_a_planted_file_name_is_neither_read_nor_deleted[../victim.txt]"),
    ),
    Guard(
        "a link in place of a value is not followed",
        "cache/disk.py",
        "os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK",
        "os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK",
        _tests(
            "test_cache.py::test_a_damaged_value_file_is_a_miss_that_is_counted_and_healed[replaced_by_link]"
        ),
    ),
    Guard(
        "a cache folder of somebody else is refused",
        "cache/folder.py",
        "    if facts.st_uid != os.geteuid():\n",
        "    if False:\n",
        _tests("test_cache.py::test_a_cache_that_cannot_be_used_is_one_notice[foreign]"),
    ),
    Guard(
        "a cache folder that others may write to is refused",
        "cache/folder.py",
        "    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):\n",
        "    if False:\n",
        _tests("test_cache.py::test_a_folder_others_may_write_to_is_refused"),
    ),
    Guard(
        "gc and clear take the lock alone",
        "cache/lock.py",
        "            if exc.errno in _HELD:\n                return False\n",
        "            if exc.errno in _HELD:\n                return True\n",
        _tests("test_cache_gc.py::test_gc_and_clear_wait_for_no_run_and_work_once_it_was_killed"),
    ),
    Guard(
        "nothing is evicted by diskcache",
        "cache/database.py",
        '    "eviction_policy": "none",  # the default drops entries from 1 GiB on, without a word\n    "cull_limit": 0,\n    "size_limit": 2**62,\n',
        '    "size_limit": 2**16,\n',
        _tests("test_cache.py::test_what_is_kept_is_read_again[data2]"),
    ),
    Guard(
        "a file that was just changed is read again though its stat is equal",
        "fingerprint/files.py",
        "    return max(mtime_ns, ctime_ns) + SETTLED_NS < looked_at_ns\n",
        "    return True\n",
        _tests("test_files.py::test_settled_means_both_times_are_two_seconds_old"),
    ),
    Guard(
        "a source that changed while it was read is not kept",
        "fingerprint/files.py",
        "    if before != after or length != after.size or after != _stat_now(path):\n",
        "    if False:\n",
        _tests("test_files.py::test_a_change_while_reading_is_noticed[append]"),
    ),
    Guard(
        "the inode counts in a look at a file",
        "identity.py",
        "        and stat.inode == known.inode\n",
        "",
        _tests("test_item_files.py::test_each_part_of_a_look_counts_alone[inode]"),
    ),
    Guard(
        "a source that changed while its steps ran is not kept",
        "worker.py",
        "            check_unchanged(evidence.identity.sources)\n            self.steps.place()\n",
        "            self.steps.place()\n",
        _tests("test_run_failures.py::test_a_file_that_changes_while_it_is_read_is_read_again[done]"),
    ),
    Guard(
        "a fifo or device is no source",
        "fingerprint/files.py",
        "    if modes.S_ISREG(mode):\n        return\n",
        "    return\n",
        _tests("test_files.py::test_what_is_no_regular_file_is_refused[digest_file]"),
    ),
    Guard(
        "an output path stays inside the output folder",
        "outputs.py",
        '    if path.is_absolute() or ".." in path.parts or "\\x00" in text:\n',
        '    if "\\x00" in text:\n',
        _tests("test_outputs.py::test_an_empty_field_is_asked_about"),
    ),
    Guard(
        "two items with one output path are refused",
        "apart.py",
        "            raise GraphError(_collision(first, claim, place_of, is_again))\n",
        "            pass\n",
        _tests("test_validate.py"),
    ),
    Guard(
        "a download's deadline counts over all its reads",
        "fetch/deadline.py",
        "        left_s = min(self._limits.read_timeout_s, self._limits.left_s())\n",
        "        left_s = self._limits.read_timeout_s\n",
        _tests("test_fetch.py::test_a_slow_server_ends_at_the_deadline[behave0]"),
    ),
    Guard(
        "a body is cut at the cap of bytes",
        "fetch/body.py",
        '        if len(body) > limits.max_bytes:\n            raise too_large(url, limits, "the server sends more")\n',
        "",
        _tests("test_fetch.py::test_ends_an_endless_body_at_the_cap"),
    ),
    Guard(
        "an unpacked body is cut at the cap of bytes",
        "fetch/body.py",
        "            if len(plain) > limits.max_bytes:\n",
        "            if False:\n",
        _tests("test_fetch_body.py::test_a_bomb_in_a_bomb_is_refused_in_little_memory"),
    ),
    Guard(
        "a packed body that is cut is refused",
        "fetch/body.py",
        "            if not member.eof:\n",
        "            if False:\n",
        _tests("test_fetch_body.py::test_a_packed_body_that_is_cut_is_broken[packed0]"),
    ),
    Guard(
        "a server that drips is given up",
        "fetch/deadline.py",
        "        if self._count < self._limits.min_rate_bytes_s * seconds:\n",
        "        if False:\n",
        _tests("test_fetch_body.py::test_a_dripping_server_is_too_slow[behave0]"),
    ),
    Guard(
        "control and bidirectional characters are made inert",
        "text.py",
        "    return _UNSAFE.sub(_escape, text)\n",
        "    return text\n",
        _tests("cli/test_cli_inert.py::test_nothing_that_is_printed_can_move_the_cursor[None]"),
    ),
    Guard(
        "HTML and SVG are quoted",
        "views/quoting.py",
        "    return escape(inert(str(text), keep_newlines=keep_newlines))\n",
        "    return inert(str(text), keep_newlines=keep_newlines)\n",
        _tests("views/test_forms.py::test_the_page_parses_and_forbids_everything"),
    ),
    Guard(
        "DOT strings are quoted",
        "views/dot.py",
        """.replace("\\\\", "\\\\\\\\").replace('"', '\\\\"') for line in lines)""",
        " for line in lines)",
        _tests("views/test_golden.py::test_a_view_is_what_its_golden_file_shows[hostile-dot]"),
    ),
    Guard(
        "JSON in a page is no markup",
        "views/page/html.py",
        '    return _IN_SCRIPT.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)\n',
        "    return text\n",
        _tests("views/test_page_html.py"),
    ),
)
