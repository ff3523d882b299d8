"""Shards that stay on a local disk after their use, so that only later increments are fetched."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True)
class KeptShard:
    """A shard as it was after the part at a path of the storage."""

    part: str
    digests: bytes = b""
    """Of its pages: see :mod:`caliber_crawler.cluster.page_changes`."""
    report: dict[str, Any] | None = None
    """Of the job whose result the file is, if that was not published yet: then part and digests are from before it."""


class KeptShards:
    """A folder of shards; those that were not used for the longest time are deleted first.

    ``limit`` is the maximum number of bytes, of which at most half of the free disk space is used; ``None`` means no
    limit. A file that is taken belongs to the caller, who
    puts it back when it is complete; so a file in the folder is never incomplete.
    """

    def __init__(self, folder: Path, limit: int | None) -> None:
        self._folder = folder
        self._limit = limit

    def take(self, site: str, path: Path) -> KeptShard | None:
        """Move the shard of a site to ``path``, if there is one whose file is the same as when it was put."""
        kept, note = self._file(site), self._note(site)
        try:
            known = json.loads(note.read_text("utf-8"))
            digests = self._digests(site).read_bytes()
            note.unlink()
            self._digests(site).unlink()
            kept.rename(path)
            if [path.stat().st_size, path.stat().st_mtime_ns, len(digests)] == known["file"]:
                return KeptShard(str(known["part"]), digests, known.get("report"))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self.discard(site)
        path.unlink(missing_ok=True)
        return None

    def put(self, site: str, path: Path, shard: KeptShard) -> bool:
        """Keep a file; return whether it is kept. On a full disk it is not."""
        if self._limit is not None and path.stat().st_size > self._limit:
            return False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.discard(site)
            state = [path.stat().st_size, path.stat().st_mtime_ns, len(shard.digests)]
            path.rename(self._file(site))
            self._digests(site).write_bytes(shard.digests)
            note = {"part": shard.part, "file": state, "report": shard.report}
            new = self._note(site).with_suffix(".new")
            new.write_text(json.dumps(note), "utf-8")
            new.replace(self._note(site))
        except OSError:
            self.discard(site)
            return False
        self._sweep()
        return self._note(site).exists()

    def sites(self) -> list[str]:
        """The sites whose shards are kept."""
        return sorted(unquote(note.stem) for note in self._folder.glob("*.json"))

    def discard_older(self, days: float) -> None:
        """Delete the shards that were put longer ago."""
        for note in self._folder.glob("*.json"):
            with suppress(OSError):
                if time.time() - note.stat().st_mtime > days * 86_400:
                    self._delete(note)

    def discard(self, site: str) -> None:
        """Delete the shard of a site, if there is one."""
        with suppress(OSError):
            self._delete(self._note(site))

    def _delete(self, note: Path) -> None:
        for ending in (".json", ".pages", ".db"):
            note.with_suffix(ending).unlink(missing_ok=True)

    def _sweep(self) -> None:
        if self._limit is None or not self._folder.exists():
            return
        notes = sorted(self._folder.glob("*.json"), key=lambda note: note.stat().st_mtime, reverse=True)
        sizes = sum(file.stat().st_size for file in self._folder.glob("*.db"))
        limit = min(self._limit, (sizes + shutil.disk_usage(self._folder).free) // 2)
        used = 0
        for note in notes:
            file = note.with_suffix(".db")
            with suppress(OSError):
                used += file.stat().st_size + note.stat().st_size
                if used > limit:
                    self._delete(note)

    def _file(self, site: str) -> Path:
        return self._folder / f"{quote(site, safe='')}.db"

    def _digests(self, site: str) -> Path:
        return self._folder / f"{quote(site, safe='')}.pages"

    def _note(self, site: str) -> Path:
        return self._folder / f"{quote(site, safe='')}.json"
