"""What the confirmed articles of a site have in common: whether they are dated, and where their URLs are."""

from __future__ import annotations

from caliber_crawler.exploration.templates import template

MIN_CONFIRMED = 8
"""Number of confirmed articles from which on another page is compared with them."""
DATED_SHARE = 0.95
"""Share of dated ones among them, from which on an undated page at another place is not an article."""


class ConfirmedArticles:
    """The articles of a site that are stored."""

    def __init__(self) -> None:
        self._count = self._dated = 0
        self._folders: set[str] = set()

    def add(self, url: str, *, is_dated: bool) -> None:
        """Add an article."""
        self._count += 1
        self._dated += is_dated
        if len(self._folders) < MAX_FOLDERS:
            self._folders.add(folder(url))

    def is_unlike(self, url: str) -> bool:
        """Whether an undated page is unlike all articles: they are dated, and none has a URL in the same folder."""
        is_known = self._count >= MIN_CONFIRMED and self._dated >= DATED_SHARE * self._count
        return is_known and folder(url) not in self._folders


MAX_FOLDERS = 10_000


def folder(url: str) -> str:
    """The folder of a URL, as in its template.

    >>> folder("https://example.org/2026/01/talks-resume-in-the-capital/")
    'Y/M'
    """
    return template(url).partition("?")[0].rpartition("/")[0]
