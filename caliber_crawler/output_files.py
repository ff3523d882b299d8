"""Output files: complete or not at all, under the name that the user gave.

A regular file gets its name when it is complete. A symbolic link stays, and the file that it names is replaced. A
device, a named pipe or an open descriptor (``/dev/stdout``) is written to and never replaced.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from caliber_crawler.errors import ArchiveFull

MARK, RANDOM, ENDING = ".caliber-", "????????", ".part"
"""The temporary folder of a file: ``.NAME.caliber-RANDOM.part``."""
MAX_LINKS = 40
"""Maximum number of symbolic links that a path may lead through, as in Linux."""
OWN_DESCRIPTOR = re.compile(r"(?:/proc/(?:self|thread-self|\d+)/(?:task/\d+/)?|/dev/)fd/(\d+)")
COPY_BYTES = 1 << 20
SHARED = stat.S_ISVTX | stat.S_IWOTH
"""The mode of a folder like ``/tmp``."""
PERMISSIONS = 0o777
"""The bits of a mode that a new file takes over: not those that run it as another user."""


class NewFiles:
    """Unfinished files in a temporary folder; each gets its name atomically when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def begin(self) -> Path:
        """Return the temporary path of another file."""
        self._count += 1
        return self._folder / f"{self._count}"

    def finish(self, unfinished: Path, path: Path) -> None:
        """Move a complete file to its path, replacing an existing regular file; or write it to a device or pipe."""
        if is_stream(path):
            with unfinished.open("rb") as source, open_stream(path) as stream:
                shutil.copyfileobj(source, stream, COPY_BYTES)
            unfinished.unlink()
            return
        target = resolve(path)
        sync(unfinished)
        copy_permissions(target, unfinished)
        try:
            unfinished.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # A link to another file system.
            with new_files(target) as there:
                copy = there.begin()
                shutil.copyfile(unfinished, copy)
                there.finish(copy, target)
            unfinished.unlink()
            return
        sync(target.parent)

    def finish_new(self, unfinished: Path, path: Path) -> None:
        """Move a complete file to a path that does not exist. Raises ``FileExistsError`` if it does."""
        sync(unfinished)
        try:
            os.link(unfinished, path)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links.
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            unfinished.replace(path)
        else:
            unfinished.unlink()
        sync(path.parent)


@contextmanager
def new_files(path: Path) -> Iterator[NewFiles]:
    """Provide a temporary folder for files at and beside ``path``; unfinished ones are deleted, also of killed runs.

    Raises ``ArchiveFull`` if a file cannot be written.
    """
    try:
        if is_stream(path):
            home, prefix = Path(tempfile.gettempdir()), f".stream{MARK}"
        else:
            target = resolve(path)
            home, prefix = target.parent, f".{target.name}{MARK}"
            home.mkdir(parents=True, exist_ok=True)
        remove_unfinished(home)
        with temporary_folder(home, prefix) as folder:
            try:
                yield NewFiles(folder)
            except ArchiveFull as error:
                # A message names the file that the user named.
                raise ArchiveFull(
                    re.sub(rf"{re.escape(str(folder))}/\d+", lambda match: str(path), str(error))
                ) from error
    except OSError as error:
        raise ArchiveFull(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def temporary_folder(home: Path, prefix: str) -> Iterator[Path]:
    """Provide a new, locked folder that is deleted when the block ends."""
    with ExitStack() as stack:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=ENDING, dir=home))
            # Another process may take the new folder for that of a killed run until it is locked.
            with suppress(FileNotFoundError, BlockingIOError):
                stack.enter_context(lock_folder(folder))
                if folder.exists():
                    break
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """Provide a temporary path; the complete file goes to ``path`` on success (:meth:`NewFiles.finish`).

    An existing file remains unchanged until then. Raises ``ArchiveFull`` if the file cannot be written.
    """
    with new_files(path) as files:
        unfinished = files.begin()
        yield unfinished
        files.finish(unfinished, path)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Provide the file of :func:`new_path`, open for writing."""
    with new_path(path) as unfinished, unfinished.open("xb") as file:
        yield file


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Provide an empty folder that gets the name ``path`` when it is complete.

    Raises ``ArchiveFull`` if something of that name exists, unless it is an empty folder, or if a file cannot be
    written.
    """
    with new_files(path) as files:
        unfinished = files.begin()
        unfinished.mkdir()
        yield unfinished
        for file in unfinished.iterdir():
            sync(file)
        sync(unfinished)
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise ArchiveFull(f"{path} exists and is not a folder; choose another name.")
        try:
            unfinished.rename(path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise ArchiveFull(f"{path} exists and is not empty; choose another name or delete it.") from error
            raise
        sync(path.parent)


def is_stream(path: Path) -> bool:
    """Return whether a path names a device, a named pipe, a socket or an open descriptor, possibly through links."""
    if descriptor_of(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def resolve(path: Path) -> Path:
    """The file that a path names: the target of symbolic links, even if it does not exist yet.

    Raises ``OSError`` if the links form a loop, and for the link of another user in a folder that all users share: as
    Linux does, because that user chooses the file that is replaced (``fs.protected_symlinks``).
    """
    for _ in range(MAX_LINKS):
        if not path.is_symlink():
            return path
        shared = path.parent.stat()
        if shared.st_mode & SHARED == SHARED and path.lstat().st_uid not in (os.geteuid(), shared.st_uid):
            raise OSError(errno.EACCES, f"{path} is a symbolic link of another user in a shared folder")
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def descriptor_of(path: Path) -> int | None:
    """The number of the open descriptor that a path names: ``/dev/stdout``, ``/dev/fd/N``, ``/proc/self/fd/N``."""
    for _ in range(MAX_LINKS):
        path = Path(os.path.realpath(path.parent)) / path.name
        match = OWN_DESCRIPTOR.fullmatch(str(path))
        if match is not None and str(path).startswith((f"/proc/{os.getpid()}/", "/proc/self/", "/dev/")):
            return int(match[1])
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def open_stream(path: Path) -> IO[bytes]:
    """Open a device, pipe or descriptor for writing. It is neither created nor truncated."""
    descriptor = descriptor_of(path)
    if descriptor is not None:
        # Opening the name would begin at the start of the file that the shell has opened.
        return os.fdopen(os.dup(descriptor), "wb")
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_NOCTTY), "wb")


def copy_permissions(path: Path, unfinished: Path) -> None:
    """Give an unfinished file the permissions and, where allowed, the owner of the file that it replaces."""
    try:
        former = path.stat()
    except OSError:
        return
    with suppress(OSError):
        os.chown(unfinished, former.st_uid, former.st_gid)
    unfinished.chmod(former.st_mode & PERMISSIONS)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder, so that no other process deletes it. The lock ends with the process, even if it is killed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary folders that killed processes left behind, of any file in a folder."""
    for left in folder.glob(f".*{MARK}{RANDOM}{ENDING}"):
        with suppress(OSError), lock_folder(left):
            shutil.rmtree(left)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
