"""Events between runs: inputs, code, parameters and outputs change, and the cache is damaged, lost or tidied."""

import gc
import os
import random
import shutil
import time
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st
from model_checks import files_in, oracle_of
from model_events import GRAPH_NAMES, NAMES, NUMBERS, OUT_NAMES, event, fired
from model_text import NODES, PARTS

from creevey_graph import Cache, CreeveyError


class Edits:
    """Needs world = the folder and what is known of it."""

    # --- inputs ----------------------------------------------------------------------------

    @event(3, name=NAMES, text=NUMBERS, keeps_time=st.booleans())
    def write_input(self, name, text, keeps_time):
        path = self.world.source(name)
        stat = path.stat() if path.exists() else None
        path.write_text(text)
        if stat is not None and keeps_time:
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        fired("edit of equal size and time" if stat and keeps_time else "write")

    @event(name=NAMES, seconds=st.sampled_from([-(10**6), -10, 0, 10**6]))
    def touch_input(self, name, seconds):
        if self.world.source(name).exists():
            os.utime(self.world.source(name), (time.time() + seconds,) * 2)
            fired("touch")

    @event(3, name=NAMES, other=NAMES, how=st.sampled_from(["rename", "rename", "copy", "swap", "link"]))
    def move_input(self, name, other, how):
        source, target = self.world.source(name), self.world.source(other)
        if not source.exists() or name == other:
            return
        if how == "rename":
            source.replace(target)
        elif how == "copy" and not (target.exists() and source.samefile(target)):
            shutil.copy2(source, target)
        elif how == "link" and not target.exists():
            os.link(source, target)
        elif how == "swap" and target.exists():
            aside = target.with_suffix(".aside")
            for old, new in ((source, aside), (target, source), (aside, target)):
                old.rename(new)
        fired(how)

    @event(4, name=NAMES)
    def remove_input(self, name):
        if len(list((self.world.place / "in").iterdir())) > 1 and self.world.source(name).exists():
            self.world.source(name).unlink()
            fired("remove")

    @event(
        2,
        name=NAMES,
        out=OUT_NAMES,
        kind=st.sampled_from(["gone", "other", "cut", "touched", "swapped", "link"]),
    )
    def damage_output(self, name, out, kind):
        folder = self.world.place / out
        names = [found for found in files_in(folder) if Path(found).stem == name]
        for path in (folder / found for found in names[:2]):
            self.world.loose[out].add(str(path.relative_to(folder)))
            if kind in ("gone", "link"):
                path.unlink()
                if kind == "link":
                    victim = self.world.place / "victim"
                    victim.write_text("untouched")
                    path.symlink_to(victim)
            elif kind == "other":
                path.write_text("by hand")
            elif kind == "cut":
                os.truncate(path, path.stat().st_size // 2)
            elif kind == "touched":
                os.utime(path)
            elif kind == "swapped":
                path.write_bytes(files_in(folder)[min(files_in(folder))])
            fired(f"output {kind}")

    # --- code and parameters ---------------------------------------------------------------

    @event(
        6,
        part=st.sampled_from(sorted(PARTS)),
        which=st.integers(0, 4),
        loads=st.sampled_from([True, True, True, False]),
    )
    def edit_code(self, part, which, loads):
        self.world.parts[part] = PARTS[part][which % len(PARTS[part])]
        self.world.write_module()
        if loads:
            self.world.load()
        fired("edit" if loads else "edit that is not imported")

    @event()
    def put_code_back(self):
        self.world.parts = {name: variants[0] for name, variants in PARTS.items()}
        self.world.write_module()
        self.world.load()
        fired("put back")

    @event(by=st.integers(1, 3))
    def set_parameter(self, by):
        self.world.by = by
        fired("parameter")

    @event(3, graph=GRAPH_NAMES, part=st.sampled_from(sorted(PARTS)), which=st.integers(0, 4))
    def edit_and_accept(self, graph, part, which):
        self.edit_code(part, which, True)
        world = self.world
        if graph not in world.ran or not (world.place / "cache").exists():
            return
        made = getattr(world.module, graph).bind(by=world.by)
        for node in NODES:
            with suppress(CreeveyError):
                made.accept(node, cache=world.place / "cache")
                before, now = oracle_of(world.ran[graph][0]), oracle_of(world.parts)
                is_harmful = before.table(node) != now.table(node)
                fired("accept of an edit that changes results" if is_harmful else "accept")
                if is_harmful:
                    world.harm.add((graph, node))

    @event(2)
    def take_acceptance_back(self):
        world = self.world
        if world.harm and not world.is_loaded():
            world.load()
        for graph, node in sorted(world.harm):
            made = getattr(world.module, graph).bind(by=world.by)
            with suppress(CreeveyError):
                while True:
                    made.accept(node, cache=world.place / "cache", undo=True)
            fired("acceptance taken back")
        world.harm.clear()

    @event(kind=st.sampled_from(["cut", "empty", "other", "gone"]))
    def damage_accepted(self, kind):
        path = self.world.place / "cache" / "accepted.json"
        if path.exists() and not self.world.harm:
            data = path.read_bytes()
            path.write_bytes({"cut": data[: len(data) // 2], "other": b'{"version": 1}'}.get(kind, b""))
            if kind == "gone":
                path.unlink()
            fired("accepted.json damaged")

    # --- the cache -------------------------------------------------------------------------

    @event(kind=st.sampled_from(["index", "store", "all", "journals"]))
    def lose_cache(self, kind):
        world = self.world
        if kind == "all" and world.harm:
            return
        gc.collect()
        if kind == "index":
            for path in (world.place / "cache").glob("index.db*"):
                path.unlink()
        else:
            part = {"store": "store", "all": "", "journals": "runs"}[kind]
            shutil.rmtree(world.place / "cache" / part, ignore_errors=True)
        world.hurt = True
        world.loosen()
        fired(f"lost {kind}")

    @event(
        4,
        which=st.integers(0, 20),
        place=st.floats(0, 1, exclude_max=True),
        kind=st.sampled_from(["bit", "bit", "bit", "cut", "zeros", "empty", "more", "swap", "gone", "page"]),
        of=st.sampled_from([".db", ".val", ".db-wal"]),
    )
    def damage_cache(self, which, place, kind, of):
        gc.collect()  # a connection of an earlier run costs each later one the whole wait for a lock
        files = sorted(path for path in (self.world.place / "cache").rglob("*") if path.name.endswith(of))
        if not files or not files[which % len(files)].stat().st_size:
            return
        path = files[which % len(files)]
        data = bytearray(path.read_bytes())
        at = int(place * len(data))
        if kind == "bit":
            data[at] ^= 1 << which % 8
        elif kind == "cut":
            del data[at:]
        elif kind == "zeros":
            data[at : at + 100] = bytes(len(data[at : at + 100]))
        elif kind == "page":
            at = at // 4096 * 4096
            data[at : at + 4096] = random.Random(which).randbytes(len(data[at : at + 4096]))
        elif kind == "more":
            data += b"more"
        elif kind == "swap":
            data = bytearray(files[(which + 1) % len(files)].read_bytes()) if of == ".val" else data
        path.write_bytes(b"" if kind == "empty" else data)
        if kind == "gone" and of != ".db-wal":
            path.unlink()
        self.world.hurt = True
        if of != ".val":
            self.world.loosen()
        fired(f"damage {kind} of {of}")

    @event(max_bytes=st.sampled_from([0, 50, 50_000, None]), older_than_s=st.sampled_from([None, None, 0.0]))
    def collect(self, max_bytes, older_than_s):
        with suppress(CreeveyError), Cache(self.world.place / "cache") as cache:
            cache.gc(max_bytes, older_than_s)
            fired("gc")

    @event()
    def verify(self):
        world = self.world
        with suppress(CreeveyError), Cache(world.place / "cache") as cache:
            found = cache.verify()
            if not world.hurt:
                assert not found.damaged_values + found.damaged_records + found.missing_files, found
            fired("verify")

    @event()
    def clear(self):
        with suppress(CreeveyError), Cache(self.world.place / "cache") as cache:
            self.world.loosen()
            cache.clear()
            self.world.harm.clear()
            self.world.hurt = False
            fired("clear")
