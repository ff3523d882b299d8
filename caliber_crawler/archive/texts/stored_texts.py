"""Stored texts of an article, and what shows that they are the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.texts.kept_values import KEPT
from caliber_crawler.archive.texts.resemblance import MOST, Text
from caliber_crawler.archive.texts.shared_texts import NO_LAYOUT, is_doubtful
from caliber_crawler.site.url_words import share_of_words

STORED = f"""SELECT v.id, v.headline, v.body, v.published_at, v.layout, v.seen_from, v.seen_until, c.url,
json_extract(v.methods, '$.published_at') AS dated_by, v.authors <> '[]' AS has_authors
FROM versions v JOIN captures c ON c.id = v.capture_id
WHERE v.article_id IN ({FAMILY}) AND v.replaced_by IS NULL"""


@dataclass(frozen=True, slots=True)
class StoredText:
    """A version, and what shows that it is the article."""

    id: int
    headline: str
    body: str
    published_at: str | None
    layout: str
    seen_from: str
    seen_until: str
    url: str
    dated_by: str | None
    has_authors: int

    @property
    def shows_nothing(self) -> bool:
        """Whether neither a date nor an author nor a word of its URL makes it the article of its URL."""
        if self.has_date or self.has_authors:
            return False
        return is_doubtful(self.url, f"{self.headline} {self.body}", self.layout, has_date=False)

    @property
    def text(self) -> Text:
        return Text(self.headline, self.body, self.published_at)

    @property
    def has_date(self) -> bool:
        return self.published_at is not None and self.dated_by not in ("url", KEPT)

    @property
    def has_layout(self) -> bool:
        return self.layout not in NO_LAYOUT

    def shows_more_than(self, other: StoredText) -> bool:
        """Whether this text has the date or the layout that another one lacks, or words of its URL."""
        if (self.has_date and not other.has_date) or (self.has_layout and not other.has_layout):
            return True
        return not other.has_layout and lost_words(other.url, other.text, [self.text])


def lost_words(url: str, text: Text, known: Sequence[Text]) -> bool:
    """Whether a text has none of the words in its URL, and a known text has most of them."""
    if share_of_words(url, f"{text.headline} {text.body}") != 0:
        return False
    shares = (share_of_words(url, f"{other.headline} {other.body}") for other in known)
    return any(share is not None and share >= MOST for share in shares)
