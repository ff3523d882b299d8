"""Messages about the states of sites, kept in a file beside the archive until their target has received them.

The file also has the state in the last message to each target, so that what the target knows is not sent again. A
message is stored before it is sent, and deleted afterwards. A process that is killed between the two leaves it to the
next one, which sends it under the same ID: each message is sent at least once.

If the folder of the archive cannot be written, which may be what the message is about, the file is in a temporary
folder. If that cannot be written either, the message is sent all the same, and again by the next process.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from caliber_crawler.archive.core.side_files import messages_file
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.errors import CaliberError
from caliber_crawler.output_files import new_file

LOCK_TIMEOUT = 5.0
"""Seconds to wait for another process that changes the file."""
MEMORY = "/dev/shm"  # noqa: S108 - a folder of this user in it
MAX_BYTES = 16_000_000
"""A larger file is not one of these."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that its target has not received yet."""

    subject: str
    state: SiteState
    account: Mapping[str, Any]


class Messages:
    """What the file of an :class:`Outbox` says."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.is_changed = False

    def last(self, target: str, subject: str) -> SiteState | None:
        """The state in the last message to a target (its ``key``) about a subject; ``None`` if it is not known."""
        return _state_of(self._part("last", target).get(subject))

    def pending(self, target: str) -> list[Pending]:
        """What is to be sent to a target."""
        found = []
        for subject, entry in self._part("pending", target).items():
            state = _state_of(entry.get("state")) if isinstance(entry, dict) else None
            if state is not None and isinstance(entry.get("account"), dict) and "site" in entry["account"]:
                found.append(Pending(subject, state, entry["account"]))
        return found

    def is_pending(self, target: str, subject: str) -> bool:
        """Whether a message about a subject is to be sent."""
        return subject in self._part("pending", target)

    def put(self, target: str, message: Pending, known: SiteState | None = None) -> None:
        """Add a message that is to be sent. It replaces an earlier one about the same subject.

        ``known`` is the state that the target knows until then.
        """
        if known is not None:
            self._part("last", target)[message.subject] = known.values
        pending = self._part("pending", target)
        pending[message.subject] = {"state": message.state.values, "account": dict(message.account)}
        self.is_changed = True

    def record_sent(self, target: str, subject: str, state: SiteState) -> None:
        """Record that a target knows a state, and delete what was to be sent about the subject."""
        last, pending = self._part("last", target), self._part("pending", target)
        if pending.pop(subject, None) is not None or last.get(subject) != state.values:
            last[subject] = state.values
            self.is_changed = True

    def _part(self, name: str, target: str) -> dict[str, Any]:
        part: Any = self.content
        for key in (name, target):
            if not isinstance(part.get(key), dict):
                part[key] = {}
            part = part[key]
        found: dict[str, Any] = part
        return found


class Outbox:
    """The messages about the sites of one archive. ``subject`` is a site, or empty for all sites of a command."""

    def __init__(self, archive: Path, folders: Sequence[Path] | None = None) -> None:
        self._beside = messages_file(archive)
        name = hashlib.sha256(os.fsencode(archive.absolute())).hexdigest()[:32]
        others = [Path(tempfile.gettempdir()), Path(MEMORY)] if folders is None else folders
        self._elsewhere = [folder / f"caliber-messages-{os.geteuid()}" / f"{name}.json" for folder in others]

    @contextmanager
    def changes(self) -> Iterator[Messages]:
        """The messages; changes are written when the block ends, if they can be written anywhere."""
        with self._lock():
            messages = Messages(self._read())
            yield messages
            if messages.is_changed:
                # Larger than that of a file which cannot be read at present.
                number = max(_number_of(messages.content) + 1, time.time_ns())
                self._write({**messages.content, "number": number})

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # Without it, two commands that end at the same time may send a message twice. One lock for all archives leaves
        # one file.
        for path in self._elsewhere:
            if _is_own_folder(path.parent):
                lock = FileLock(path.parent / "lock", timeout=LOCK_TIMEOUT)
                with suppress(OSError):  # also filelock.Timeout
                    lock.acquire()
                    break
        else:
            lock = None
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _read(self) -> dict[str, Any]:
        """The newest content: the file may have been written elsewhere while the archive's folder was full."""
        paths = [self._beside, *(path for path in self._elsewhere if _is_own_folder(path.parent, create=False))]
        return max(map(_content_of, paths), key=_number_of)

    def _write(self, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False, default=str).encode()
        places = [self._beside] if self._beside.parent.is_dir() else []
        for path in [*places, *self._elsewhere]:
            if path != self._beside and not _is_own_folder(path.parent):
                continue
            try:
                with new_file(path) as file:
                    file.write(text)
            except (CaliberError, OSError):
                continue
            if path == self._beside:
                for other in self._elsewhere:
                    with suppress(OSError):
                        other.unlink(missing_ok=True)
            return


def _content_of(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            return {}
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _number_of(content: Mapping[str, Any]) -> int:
    number = content.get("number")
    return number if isinstance(number, int) else 0


def _state_of(values: Any) -> SiteState | None:
    if not isinstance(values, dict) or not isinstance(values.get("exit_code"), int):
        return None
    return SiteState(values["exit_code"], tuple(map(str, values.get("alarms") or ())))


def _is_own_folder(folder: Path, *, create: bool = True) -> bool:
    """Whether a folder is this user's own: in a temporary folder, others may have created one of the same name."""
    try:
        if create:
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
        return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid()
    except OSError:
        return False
