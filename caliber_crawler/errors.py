"""Everything that can go wrong in a way a user can act on. Each is one sentence, and each family has its own exit code.

CaliberError                 1   it failed
├── SiteError                2   a site, section or language nobody described
│   ├── SiteUnreachable     10   the site gave no page at all
│   ├── RobotsUnavailable   13   the site could not tell what its robots.txt allows
│   ├── SiteBusy            14   the site asks to be left alone for now
│   ├── SiteChallenged      15   the site wants to see a person
│   └── PageUnavailable      3   one page that was asked for could not be fetched
├── InputError               4   a file or folder that is not there or cannot be opened
│   ├── NoPages              5   nothing in it that could be a page
│   └── NotAPage             6   not text, empty, or no article on it
├── ArchiveError             1
│   ├── NoArchive            4   no archive at that path
│   ├── ForeignDatabase      7   a file that is not one of our archives
│   ├── NewerArchive         8   written by a later version of this program
│   ├── ArchiveLocked        9   another command is writing to it
│   └── ArchiveFull         11   the disk is full or the file cannot be written
├── ClusterError            17   the queue of a cluster cannot be reached, or is not set up
│   └── LeaseLost         18   a worker that was cut off, and so ended itself
├── MissingExtra             1   an extra that is not installed
├── Forgotten               16   an article that was taken down and is not taken in again
└── NoSuchArticle           12   nothing in the archive under that id or address

Exit code 2 is also what the command line gives for wrong usage, and 3 means: ran, but its checks failed.
"""

from __future__ import annotations


class CaliberError(Exception):
    """A failure with one sentence for the user."""

    exit_code = 1


class SiteError(CaliberError):
    """A site, section or language that no site file describes."""

    exit_code = 2


class SiteUnreachable(SiteError):
    """Not one page of the site could be fetched."""

    exit_code = 10


class RobotsUnavailable(SiteError):
    """The site's robots.txt could not be had, so nothing was fetched."""

    exit_code = 13


class SiteBusy(SiteError):
    """The site asks to be left alone, or fails again and again; what is left is for a later run."""

    exit_code = 14


class SiteChallenged(SiteError):
    """The site answers with a challenge for people. This program is none and does not pretend."""

    exit_code = 15


class PageUnavailable(SiteError):
    """The one page that was asked for is missing, refused or forbidden by robots.txt; its site answers."""

    exit_code = 3


class InputError(CaliberError):
    """An input that is not there or cannot be opened."""

    exit_code = 4


class NoPages(InputError):
    """An input that holds nothing that could be a page."""

    exit_code = 5


class NotAPage(InputError):
    """An input that is not text, is empty, or holds no article."""

    exit_code = 6


class ArchiveError(CaliberError):
    """The archive cannot do what was asked."""


class NoArchive(ArchiveError):
    """There is no archive at that path."""

    exit_code = 4


class ForeignDatabase(ArchiveError):
    """The file at that path is not one of our archives; it was not touched."""

    exit_code = 7


class NewerArchive(ArchiveError):
    """The archive was written by a later version of this program; it was not touched."""

    exit_code = 8


class ArchiveLocked(ArchiveError):
    """Another command is writing to the archive."""

    exit_code = 9


class ArchiveFull(ArchiveError):
    """The disk is full, or the file system refuses to write."""

    exit_code = 11


class ClusterError(CaliberError):
    """The queue or the shared storage of a cluster cannot do what was asked."""

    exit_code = 17


class LeaseLost(ClusterError):
    """A worker was out of touch with the queue for so long that its jobs may be another's."""

    exit_code = 18


class MissingExtra(CaliberError):
    """Something that this needs is an extra, and is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"This needs more than is installed: pip install 'caliber-crawler[{extra}]'.")


class ArticleTakenDown(CaliberError):
    """An article that was forgotten on request; it is not taken in again."""

    exit_code = 16


class NoSuchArticle(CaliberError):
    """Nothing in the archive under that id or address."""

    exit_code = 12
