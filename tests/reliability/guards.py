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
        _tests("test_cache.py::test_a_value_has_its_name_only_once_it_is_whole"),
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
        "        if len(plain) > limits.max_bytes:\n",
        "        if False:\n",
        _tests("test_fetch_body.py::test_a_bomb_in_a_bomb_is_refused_in_little_memory"),
    ),
    Guard(
        "a packed body that is cut is refused",
        "fetch/body.py",
        '            raise BrokenBody("the packed body is cut")\n',
        "            break\n",
        _tests("test_fetch_body.py::test_a_packed_body_that_is_cut_is_broken[packed0]"),
    ),
    Guard(
        "unpacking ends at the deadline",
        "fetch/body.py",
        "        if limits.left_s() <= 0:\n",
        "        if False:\n",
        _tests("test_fetch_body.py::test_unpacking_ends_at_the_deadline"),
    ),
    Guard(
        "a body of many gzip members is unpacked in pieces",
        "fetch/body.py",
        "_PIECE_BYTES = 4 * 2**10\n",
        "_PIECE_BYTES = 2**40\n",
        _tests("test_fetch_body.py::test_a_body_of_many_members_is_unpacked_in_time"),
    ),
    Guard(
        "name look-ups end with the connection's time",
        "fetch/addresses.py",
        'LOOK_UPS.find(network.resolve, host.strip("[]"), port, timeout_s)\n',
        'network.resolve(host.strip("[]"), port) if LOOK_UPS else []\n',
        _tests("test_fetch_names.py::test_a_look_up_that_hangs_ends_with_the_connection_s_time"),
    ),
    Guard(
        "look-ups left behind are so many at most",
        "fetch/names.py",
        "        if not _waited(lambda wait_s: self._places.acquire(timeout=wait_s), ends):\n",
        "        if False:\n",
        _tests("test_fetch_names.py::test_look_ups_left_behind_are_so_many_at_most"),
    ),
    Guard(
        "private addresses are refused at the one that is connected to",
        "fetch/addresses.py",
        "            _check_public(host, address[0])\n",
        "            pass\n",
        _tests("test_fetch_addresses.py", "reliability/test_servers_mended.py"),
    ),
    Guard(
        "https does not lead to http",
        "fetch/attempt.py",
        "        _check_downgrade(url, found)\n",
        "",
        _tests("reliability/test_servers_mended.py::test_https_does_not_lead_to_http"),
    ),
    Guard(
        "credentials do not follow a redirect to another host",
        "fetch/attempt.py",
        "        if not is_same_place(here, found):\n",
        "        if False:\n",
        _tests("test_fetch.py::test_credentials_stay_with_their_host"),
    ),
    Guard(
        "a rest of something else is no rest",
        "fetch/attempt.py",
        "        return job.partial.is_continued_by(response)\n",
        "        return job.partial.is_continued_by(response) or True\n",
        _tests("test_fetch_body.py::test_bytes_of_two_bodies_are_never_mixed"),
    ),
    Guard(
        "a host that only asks for peace is given up",
        "fetch/hosts.py",
        "                    self._spared_until = now + COOL_DOWN_S\n",
        "                    self._spared_until = 0.0\n",
        _tests("test_fetch_hosts.py::test_a_host_that_only_asks_for_peace_is_given_up"),
    ),
    Guard(
        "a download that no picture could be made of is not kept",
        "worker.py",
        "                self.steps.doubt_downloads()\n",
        "                pass\n",
        _tests("test_doubted_downloads.py::test_what_is_no_picture_is_asked_for_again[cut]"),
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
    Guard(
        "a journal that names another file is looked at before SQLite opens it",
        "cache/sqlite_files.py",
        'if suffix == "-journal" and _names_another(path + suffix):',
        "if False:",
        _tests("reliability/test_planted.py::test_a_planted_journal_deletes_nothing"),
    ),
    Guard(
        "a link in place of a database is not followed",
        "cache/sqlite_files.py",
        "if not stat.S_ISREG(mode):",
        "if False:",
        _tests("reliability/test_planted.py::test_a_link_in_place_of_a_databases_file_is_not_followed"),
    ),
    Guard(
        "settings in the store's rows decide nothing",
        "cache/database.py",
        "return super().reset(key, *given, **options) if key in METADATA else None",
        "return super().reset(key, *given, **options)",
        _tests("reliability/test_planted.py::test_rows_of_settings_decide_nothing_where_ours_are_put_right"),
    ),
    Guard(
        "options in the store's rows decide nothing",
        "cache/disk.py",
        "    def __init__(self, directory: str, **_: Any) -> None:\n        super().__init__(directory)",
        "    def __init__(self, directory: str, **_: Any) -> None:\n        super().__init__(directory, **_)",
        _tests("reliability/test_planted.py::test_rows_of_settings_decide_nothing_where_ours_are_put_right"),
    ),
    Guard(
        "an index of a newer version is set aside",
        "cache/index_file.py",
        "if version > VERSION:",
        "if False:",
        _tests("reliability/test_planted.py::test_an_index_of_a_newer_version_is_set_aside_whole"),
    ),
    Guard(
        "values of another format are told from damage",
        "cache/frames.py",
        "raise OtherFormatError(",
        "raise CodecError(",
        _tests("reliability/test_planted.py::test_values_of_another_format_are_made_again_and_told_once"),
    ),
    Guard(
        "an output's path in the index lies below the folder",
        "cache/states.py",
        " and is_below(file[0])",
        "",
        _tests("reliability/test_planted.py::test_paths_in_the_index_lead_nowhere"),
    ),
    Guard(
        "a state in the index is checked for its form",
        "cache/states.py",
        "return parts if _is_sound(*parts) else None",
        "return parts",
        _tests("reliability/test_planted.py::test_paths_in_the_index_lead_nowhere"),
    ),
    Guard(
        "numbers in a block order no memory",
        "cache/blocks.py",
        'bytes([*parts["counts"]])',
        'bytes(parts["counts"])',
        _tests("reliability/test_planted.py::test_columns_of_any_json_are_none"),
    ),
    Guard(
        "columns of a block are checked for their form",
        "cache/blocks.py",
        "return columns if _is_sound(columns) else None",
        "return columns",
        _tests("reliability/test_planted.py::test_columns_of_any_json_are_none"),
    ),
    Guard(
        "a block unpacks to no more than it may",
        "cache/blocks.py",
        "unpacking.decompress(data, MOST_BYTES)",
        "unpacking.decompress(data)",
        _tests("reliability/test_planted.py::test_a_block_unpacks_to_no_more_than_it_may"),
    ),
    Guard(
        "a link in place of a cache's folder is refused",
        "cache/folder.py",
        "        _check_no_links(folder)\n",
        "",
        _tests("reliability/test_planted.py::test_a_link_in_place_of_a_folder_is_refused"),
    ),
    Guard(
        "the marks of a cache folder are not written through links",
        "cache/folder.py",
        "write_bytes(mark, text.encode())",
        "mark.write_text(text)",
        _tests("reliability/test_planted.py::test_a_mark_is_not_written_through_a_link"),
    ),
    Guard(
        "a value that may not be read is damage",
        "cache/disk.py",
        "_UNREADABLE = (errno.EACCES, errno.EPERM, errno.EIO)",
        "_UNREADABLE = ()",
        _tests("reliability/test_planted.py::test_a_value_that_may_not_be_read_is_made_again_once"),
    ),
    Guard(
        "what the coordinator finds damaged is healed",
        "lease.py",
        "self._cache.heal(damaged)",
        "pass",
        _tests("reliability/test_planted.py::test_damage_that_the_coordinator_finds_is_counted_and_healed"),
    ),
    Guard(
        "what the coordinator finds damaged is counted",
        "runner.py",
        "self.damaged.update(self.lease.end(",
        "(self.lease.end(",
        _tests("reliability/test_planted.py::test_damage_that_the_coordinator_finds_is_counted_and_healed"),
    ),
    Guard(
        "what a graph was made of is checked for its form",
        "cache/made_of.py",
        "return found if isinstance(found, dict) and all(map(is_of_node, found.values())) else None",
        "return found",
        _tests("reliability/test_planted.py::test_what_a_graph_was_made_of_is_checked"),
    ),
    Guard(
        "folders that were checked are checked for their form",
        "cache/index.py",
        'if all(type(name) is str and "\\0" not in name for name in (*inputs, *outputs)):',
        "if True:",
        _tests("reliability/test_planted.py::test_folders_that_were_checked_are_checked_again"),
    ),
    Guard(
        "text that is no UTF-8 breaks a database",
        "cache/sqlite_files.py",
        "return is_no_text or is_broken(exc)",
        "return is_broken(exc)",
        _tests("reliability/test_planted.py::test_a_database_whose_text_is_none_is_healed"),
    ),
    Guard(
        "a folder among the reports fails no run",
        "archive.py",
        "with suppress(OSError):",
        "with suppress(KeyError):",
        _tests("reliability/test_planted.py::test_a_folder_among_the_reports_fails_no_run"),
    ),
    Guard(
        "a pipe in place of accepted edits is not waited for",
        "cache/accepted.py",
        "if os.path.lexists(path) and not path.is_file():",
        "if path.is_dir():",
        _tests("reliability/test_planted.py::test_what_is_no_list_of_accepted_edits_costs_no_run"),
    ),
    Guard(
        "notes of seconds are checked for their form",
        "ledger.py",
        "if all(0 <= figure < math.inf for figure in (*figures, taken or 0.0)):",
        "if True:",
        _tests("reliability/test_planted.py::test_notes_of_any_json_are_none"),
    ),
    Guard(
        "a peer that is stopped in a transaction holds no opening back",
        "cache/database.py",
        "        self._disk = SafeDisk(self._directory)\n        return True\n",
        "        return False\n",
        _tests("reliability/test_refused_writes.py::test_a_peer_in_a_transaction_holds_no_opening_back"),
    ),
    Guard(
        "a commit that fails lets go of the lock",
        "cache/database.py",
        'connection.execute("ROLLBACK")',
        "pass",
        _tests("reliability/test_refused_writes.py::test_a_commit_that_fails_lets_go_of_the_lock"),
    ),
    Guard(
        "a lock of the store is waited for once",
        "cache/database.py",
        'connection.execute(f"PRAGMA busy_timeout = {BRIEFLY_S * 1000:.0f}")',
        "pass",
        _tests("reliability/test_refused_writes.py::test_a_lock_is_waited_for_once"),
    ),
    Guard(
        "a lock of the index is waited for once",
        "cache/index.py",
        "            if is_locked(exc):\n",
        "            if False:\n",
        _tests("reliability/test_refused_writes.py::test_a_lock_of_the_index_is_waited_for_once"),
    ),
    Guard(
        "a value without room is no trouble of its step",
        "keeping.py",
        "        if entry.blob is None:",
        "        if False:",
        _tests("reliability/test_refused_writes.py::test_a_value_without_room_is_no_trouble_of_its_step"),
    ),
    Guard(
        "a report without a place fails no run",
        "archive.py",
        "except OSError:  # $TMPDIR",
        "except ZeroDivisionError:  # $TMPDIR",
        _tests("reliability/test_refused_writes.py::test_a_run_goes_on_where_no_report_can_be_kept"),
    ),
    Guard(
        "an export's index is written before its files are moved",
        "exports/destination.py",
        "        index = self._staged_index(self.pieces, rows, publishing=False)\n",
        "        index = None\n",
        _tests(
            "reliability/test_refused_writes.py::test_an_export_without_room_for_its_index_changes_nothing"
        ),
    ),
    Guard(
        "who kills workers at random blames nobody",
        "recovery.py",
        "KILLED_ALONE = 3",
        "KILLED_ALONE = 1",
        _tests(
            "reliability/test_workers_lost.py::test_an_item_is_blamed_the_third_time_that_it_is_killed_alone"
        ),
    ),
    Guard(
        "only an item that ran alone is blamed",
        "recovery.py",
        "chunk[0].item.index in self._suspected:",
        "True:",
        _tests("reliability/test_workers_lost.py::test_a_crash_alone_is_blamed_at_once"),
    ),
    Guard(
        "of several items in hand none is late before it was so alone",
        "recovery.py",
        "            if len(hands) > 1:",
        "            if len(hands) > 9:",
        _tests(
            "reliability/test_workers_lost.py::test_of_several_items_in_hand_none_is_late_before_it_was_so_alone"
        ),
    ),
    Guard(
        "an item that ran out of memory is tried alone",
        "recovery.py",
        "        if not short:",
        "        if True:",
        _tests(
            "reliability/test_workers_lost.py::test_an_item_that_ran_out_of_memory_is_tried_alone_before_it_fails"
        ),
    ),
    Guard(
        "a suspect has a process of its own",
        "executors/processes.py",
        "if job.fresh and not worker.is_fresh",
        "if False",
        _tests("reliability/test_workers_lost.py::test_a_suspect_has_a_process_that_has_run_nothing_before"),
    ),
    Guard(
        "an item whose values cannot be made again fails alone",
        "backlog.py",
        "if indexes <= self._sealed",
        "if True",
        _tests(
            "reliability/test_workers_lost.py::test_a_value_that_cannot_be_made_again_costs_its_item_alone"
        ),
    ),
    Guard(
        "a step over its limit ends with its process",
        "calls.py",
        "        note_left(thread)",
        "        pass",
        _tests(
            "reliability/test_workers_lost.py::test_a_step_over_its_limit_is_ended_with_its_process_and_shares_it_with_nobody"
        ),
    ),
    Guard(
        "keeping a value does not count as its step's time",
        "execution.py",
        "BETWEEN - position)",
        "position)",
        _tests(
            "reliability/test_workers_lost.py::test_a_step_with_a_limit_may_take_longer_to_be_kept_than_to_run"
        ),
    ),
    Guard(
        "a worker has a limit of memory",
        "executors/ceiling.py",
        "resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))",
        "pass",
        _tests(
            "reliability/test_workers_lost.py::test_an_item_that_wants_more_memory_than_a_worker_may_take_fails_by_name"
        ),
    ),
    Guard(
        "what threads still make after a second Ctrl-C lands nowhere",
        "executors/threads.py",
        "self._recorder.is_given_up = now",
        "pass",
        _tests("reliability/test_signals.py::test_what_a_second_ctrl_c_gave_up_lands_in_no_later_run"),
    ),
    Guard(
        "a SIGTERM that comes twice is one wish",
        "interrupts.py",
        "        if self.number is not None:\n            return\n",
        "",
        _tests("reliability/test_signals.py::test_sigterm_that_comes_twice_is_one_wish"),
    ),
    Guard(
        "workers leave signals to the coordinator",
        "executors/inside.py",
        "        signal.signal(number, _leave_to_coordinator)",
        "        pass",
        _tests("reliability/test_signals.py::test_a_signal_to_the_whole_group_costs_no_item_in_hand"),
    ),
    Guard(
        "the end of a run is not torn by Ctrl-C",
        "runner.py",
        "interrupts_held_back(room=1)",
        "interrupts_held_back(room=0)",
        _tests("reliability/test_signals.py::test_ctrl_c_while_a_run_ends_leaves_a_whole_report"),
    ),
    Guard(
        "workers end when the coordinator is gone",
        "executors/inside.py",
        "    while os.getppid() == parent:",
        "    while True:",
        _tests("reliability/test_gate.py::test_a_promise_holds_to_its_gate_figure[R1-coordinator]"),
    ),
    Guard(
        "a report's name is one look at the clock",
        "archive.py",
        "divmod(time.time_ns(), 10**9)",
        "(int(time.time()), time.time_ns() % 10**9)",
        _tests(
            "reliability/test_named_files.py::test_reports_sort_as_they_were_begun_also_at_the_turn_of_a_second"
        ),
    ),
    Guard(
        "lists of rows appear whole or not at all",
        "atomic.py",
        "        yield path\n        return\n    with replacing(target) as temporary:\n        yield temporary\n",
        "        yield path\n        return\n    yield target\n",
        _tests("reliability/test_named_files.py::test_a_list_of_rows_that_is_cut_short_leaves_the_former"),
    ),
    Guard(
        "a terminal that is gone breaks no run",
        "screen.py",
        "if exc.errno != errno.EIO:",
        "if True:",
        _tests("reliability/test_signals.py::test_a_stream_whose_terminal_is_gone_is_left_alone"),
    ),
    Guard(
        "a read that fails for a moment sets no good store aside",
        "cache/opening.py",
        " and not is_past(exc, database_of(directory))",
        "",
        _tests("reliability/test_failing_disk.py::test_a_good_store_is_not_set_aside_for_a_call_that_failed"),
    ),
    Guard(
        "a read that fails for a moment sets no good index aside",
        "cache/index.py",
        "return is_broken(exc) and not is_past(exc, str(self._path))",
        "return is_broken(exc)",
        _tests("reliability/test_failing_disk.py::test_a_good_index_is_not_set_aside_for_a_call_that_failed"),
    ),
    Guard(
        "an output that cannot be looked at stays",
        "delivery.py",
        "stat = _stat_of_placed(target)",
        "stat = Stat.of(target)",
        _tests("reliability/test_failing_disk.py::test_an_output_stays_though_it_cannot_be_looked_at"),
    ),
    Guard(
        "reports that cannot be listed keep no run from beginning",
        "archive.py",
        "    except OSError:  # too many open files",
        "    except ZeroDivisionError:  # too many open files",
        _tests(
            "reliability/test_failing_disk.py::test_reports_that_cannot_be_listed_do_not_keep_a_run_from_beginning"
        ),
    ),
    Guard(
        "a report that cannot be read is named",
        "journal.py",
        "    except (OSError, ValueError) as exc:",
        "    except ValueError as exc:",
        _tests("reliability/test_failing_disk.py::test_a_report_that_cannot_be_read_is_named"),
    ),
    Guard(
        "pictures that cost more than their pixels are refused",
        "images/opening.py",
        "        check_parts(name, file, where, max_pixels)",
        "        pass",
        _tests("reliability/test_gate.py::test_a_promise_holds_to_its_gate_figure[R12-bombs]"),
    ),
    Guard(
        "a picture too short for its size is truncated",
        "images/frames.py",
        "    check_claims(opened, file, limits.where, is_lenient=is_lenient)\n",
        "    pass\n",
        _tests(
            "reliability/test_hostile_pictures.py::test_a_jpeg_that_cannot_hold_what_it_claims_is_truncated"
        ),
    ),
    Guard(
        "a GIF without its end is truncated",
        "images/frames.py",
        "    _check_last(opened, file, limits)\n",
        "    pass\n",
        _tests(
            "reliability/test_hostile_pictures.py::test_a_gif_cut_between_two_frames_is_no_shorter_animation"
        ),
    ),
    Guard(
        "missing tiles of a JPEG 2000 are no grey picture",
        "images/frames.py",
        "    _check_codestream(opened, file, limits)\n",
        "    pass\n",
        _tests("reliability/test_hostile_pictures.py::test_missing_tiles_are_no_grey_picture"),
    ),
    Guard(
        "whatever a decoder raises is one item's failure",
        "decoding.py",
        "    ValueError,",
        "",
        _tests("reliability/test_gate.py::test_a_promise_holds_to_its_gate_figure[R11-mutants]"),
    ),
    Guard(
        "a member of an archive that leads outside is refused",
        "parts/names.py",
        'return "leads outside"',
        'return ""',
        _tests("reliability/test_gate.py::test_a_promise_holds_to_its_gate_figure[R11-lists]"),
    ),
)
