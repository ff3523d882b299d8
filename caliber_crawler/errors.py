"""Errors that a user can act on. Each message is one sentence, and each kind of error has an exit code.

CaliberError                 1   failed
├── SiteError                2   an unknown site, section or language
│   ├── SiteUnreachable     10   no page of the site could be fetched
│   ├── RobotsUnavailable   13   robots.txt is unavailable
│   ├── SiteBusy            14   the site is rate-limiting, overloaded or failing
│   ├── SiteChallenged      15   bot challenge (CAPTCHA)
│   └── PageUnavailable      3   a requested page could not be fetched
├── InputError               4   a missing or unreadable file or folder
│   ├── NoPages              5   an input without pages
│   └── NotAPage             6   not a page: empty, not text, or no article on it
├── ArchiveError             1   the archive cannot do what was requested
│   ├── NoArchive            4   no archive at that path
│   ├── ForeignDatabase      7   not a caliber archive
│   ├── NewerArchive         8   written by a later version of this program
│   ├── ArchiveLocked        9   another command is writing to the archive
│   └── ArchiveFull         11   the disk is full, or the file cannot be written
├── ClusterError            17   the queue of a cluster is unreachable or not set up
│   ├── LeaseLost           18   a worker lost its lease and exited
│   └── StorageError        19   the shared storage of a cluster, or a shard on it
│       ├── StorageUnavailable   it cannot be read or written at present
│       └── ShardUnusable        a shard is missing, damaged or not an archive
├── QueryError               2   a search query that cannot be understood
├── MissingExtra             1   an extra is not installed
├── ArticleTakenDown        16   an article was taken down and is not archived again
└── NoSuchArticle           12   no article with that ID or URL

Exit code 2 also stands for wrong usage of the command line, and 3 for a command that ran but whose checks failed.
"""

from __future__ import annotations

import shlex
import sys

CHECKS_FAILED = 3
"""The exit code of a command that ran, but whose checks failed. The results are stored or printed all the same."""


class CaliberError(Exception):
    """An error whose message is one sentence for the user."""

    exit_code = 1


class SiteError(CaliberError):
    """A site, section or language without a site definition."""

    exit_code = 2


class DefinitionError(SiteError):
    """A site definition with a fact that cannot be true."""

    def __init__(self, site: str, place: tuple[str | int, ...], problem: str) -> None:
        super().__init__(f"Invalid definition of site {site!r}: {problem}.")
        self.place = place
        """The path of the field, as ``("layouts", 0, "name")``."""
        self.problem = problem
        """A clause about the field."""


class SiteUnreachable(SiteError):
    """No page of the site could be fetched."""

    exit_code = 10


class RobotsUnavailable(SiteError):
    """The site's robots.txt is unavailable, so nothing was fetched."""

    exit_code = 13


class SiteBusy(SiteError):
    """The site is rate-limiting, overloaded or failing; a later run fetches the rest."""

    exit_code = 14


class SiteChallenged(SiteError):
    """The site answers with a bot challenge, which this program does not try to pass."""

    exit_code = 15


class PageUnavailable(SiteError):
    """The requested page is missing, refused, or disallowed by robots.txt; its site is reachable."""

    exit_code = 3


class InputError(CaliberError):
    """An input that does not exist or cannot be opened."""

    exit_code = 4


class NoPages(InputError):
    """An input without pages."""

    exit_code = 5


class NotAPage(InputError):
    """An input that is not text, is empty, or has no article."""

    exit_code = 6


class ArchiveError(CaliberError):
    """The archive cannot do what was requested."""


class ColdFileUnavailable(ArchiveError):
    """A page is in cold storage, in a file that is not available at present."""


class ColdPageRemoved(ArchiveError):
    """A page in cold storage was removed from its file by a takedown in another archive."""


class NoArchive(ArchiveError):
    """There is no archive at that path."""

    exit_code = 4


class ForeignDatabase(ArchiveError):
    """The file at that path is not a caliber archive; it was not modified."""

    exit_code = 7


class NewerArchive(ArchiveError):
    """The archive was written by a later version of this program; it was not modified."""

    exit_code = 8


class ArchiveLocked(ArchiveError):
    """Another command is writing to the archive."""

    exit_code = 9


class ArchiveFull(ArchiveError):
    """The disk is full, or the file system refuses to write."""

    exit_code = 11


class ClusterError(CaliberError):
    """The queue of a cluster is unreachable or not set up."""

    exit_code = 17


class StorageError(ClusterError):
    """The shared storage of a cluster or a shard on it cannot be used."""

    exit_code = 19


class StorageUnavailable(StorageError):
    """The shared storage of a cluster cannot be read or written at present: it is full, or unreachable."""

    needed = 0
    """The size in bytes of a file that could not be stored."""


class ShardUnusable(StorageError):
    """A shard is missing, damaged or not an archive. The shards of other sites are not affected."""


class LeaseLost(ClusterError):
    """A worker lost its connection to the queue for so long that other workers may run its jobs."""

    exit_code = 18


class QueryError(CaliberError):
    """A search query that cannot be understood. The message shows the place."""

    exit_code = 2

    def __init__(self, query: str, start: int, end: int, problem: str) -> None:
        self.query = query
        self.start, self.end = start, max(end, start + 1)
        """The characters of the query that cannot be understood; ``end`` may be behind the query."""
        self.problem = problem
        """One or two sentences, without the place."""
        # One line, and only the part around the place: a query may be very long.
        first, last = max(0, start - 60), min(len(query), self.end + 60)
        shown = "".join(letter if letter.isprintable() else " " for letter in query[first:last])
        width = max(1, min(self.end, last) - start)
        super().__init__(f"{problem}\n  {shown}\n  {' ' * (start - first)}{'^' * width}")


class MissingExtra(CaliberError):
    """An extra that a command needs is not installed."""

    def __init__(self, extra: str) -> None:
        needed = shlex.join(requirements_of(extra))
        super().__init__(f"This needs the extra {extra!r}. Install it: {sys.executable} -m pip install {needed}")


def requirements_of(extra: str) -> list[str]:
    """The requirements of an extra of this program, as pip takes them; the name of the extra if they are not known."""
    # Only here: it costs as much as the rest of a short command's imports.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("caliber-crawler") or []
    except PackageNotFoundError:
        lines = []
    conditions = (f"extra == '{extra}'", f'extra == "{extra}"')
    found = [line.partition(";")[0].strip() for line in lines if any(condition in line for condition in conditions)]
    return found or [f"caliber-crawler[{extra}]"]


class ArticleTakenDown(CaliberError):
    """The article was taken down on request; it is not archived again."""

    exit_code = 16


class SheetError(CaliberError):
    """A spreadsheet that is not a table with a header row."""

    exit_code = 2


class AlertError(CaliberError):
    """An alert that does not exist, or cannot be stored."""

    exit_code = 2


class NotificationError(CaliberError):
    """A target for messages that cannot be used."""

    exit_code = 2


class CodingError(CaliberError):
    """A codebook or a coding sheet that cannot be used."""

    exit_code = 2


class NoSuchArticle(CaliberError):
    """The archive has no article with that ID or URL."""

    exit_code = 12
