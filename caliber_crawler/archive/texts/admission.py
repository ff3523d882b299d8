"""Admission: whether the page behind an article's URL is the article. A page that is not is put aside.

Walls, error and maintenance pages come in place of an article or by redirect, often with status 200. Such a page shares
nothing with the article, and lacks what the article had: its date, or the site's layout. A page that is put aside stays
stored as a capture with a problem, and is no version of the article. It is accepted once it proves lasting: when the
same text is still there :data:`LASTING` after it was first put aside, and the article was not seen in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.archive.core.times import utc_text, utc_text_or_none, utc_time
from caliber_crawler.archive.reports.runs import Runs
from caliber_crawler.archive.texts.article_series import IS_LATER, ArticleSeries
from caliber_crawler.archive.texts.article_series import REASON as LATER_PAGE
from caliber_crawler.archive.texts.resemblance import Text, differ_entirely, texts_of
from caliber_crawler.archive.texts.shared_texts import NO_LAYOUT, Row, SharedTexts, is_doubtful
from caliber_crawler.archive.texts.site_norms import SiteNorms
from caliber_crawler.archive.texts.stored_texts import STORED, StoredText, lost_words
from caliber_crawler.archive.texts.text_columns import content_digest
from caliber_crawler.errors import CaliberError
from caliber_crawler.items import Article, Extraction, Problem
from caliber_crawler.site import ArticleURL

LASTING = timedelta(days=3)
"""How long an entirely different text must stay at an article's URL before it counts as an edit."""
KINDS = ("slug", "number", "other")

CURRENT = f"""SELECT layout, published_at, json_extract(methods, '$.published_at') AS dated_by FROM versions
WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL ORDER BY seen_until DESC, seen_from DESC LIMIT 1"""
"""The current text of an article: its layout, its date, and the method that found it."""

IS_DOUBTFUL = f"SELECT published_at IS NULL OR layout IN {NO_LAYOUT} FROM articles WHERE id = :article_id"
LIVE = f"""SELECT id, headline, body, published_at, layout, seen_from, seen_until FROM versions
WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL"""
PAGES_OF = """SELECT id, url FROM captures c WHERE version_id IN (SELECT value FROM json_each(?))
AND NOT EXISTS (SELECT 1 FROM problems p WHERE p.capture_id = c.id AND p.reason = 'unlike_before')"""
"""The pages of versions, without those that another archive reported already."""
DETACH = """UPDATE captures SET version_id = NULL, article_id = NULL
WHERE version_id IN (SELECT value FROM json_each(?))"""
SEEN = f"""UPDATE articles SET (first_seen_at, last_seen_at) = (
  SELECT coalesce(min(seen_from), :at), coalesce(max(seen_until), :at) FROM versions WHERE article_id IN ({FAMILY})
  AND replaced_by IS NULL AND id NOT IN (SELECT value FROM json_each(:aside)))
WHERE id = :article_id"""

SAME_TEXT = """SELECT a.url FROM versions v JOIN articles m ON m.id = v.article_id
JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
WHERE v.content_digest = :digest AND v.published_at IS NULL AND v.replaced_by IS NULL AND a.site = :site
AND a.id IS NOT :article_id LIMIT 1"""
"""Another article with the same text, without a date."""

FIRST_PUT_ASIDE = """SELECT c.id FROM captures c JOIN problems p ON p.capture_id = c.id
WHERE c.url = :url AND c.fetched_at <= :long_ago AND c.version_id IS NULL AND p.reason = 'unlike_before'
AND c.fetched_at > (SELECT last_seen_at FROM articles WHERE id = :article_id) ORDER BY c.fetched_at LIMIT 1"""
"""The first page that was put aside at a URL since the article was last seen, if that was long ago."""


ASIDE_BEFORE = """SELECT min(c.fetched_at) FROM captures v JOIN captures c ON c.url = v.url
JOIN problems p ON p.capture_id = c.id WHERE v.version_id = :version_id AND c.version_id IS NULL
AND p.reason = 'unlike_before' AND c.fetched_at > :after AND c.fetched_at < :before"""
"""The first page at the URLs of a version that was put aside before it, since the article was seen."""
STATED_BY = f"""SELECT c.url, c.id AS capture_id FROM captures c WHERE c.article_id IN ({FAMILY})
AND c.version_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM captures r WHERE r.article_id IN ({FAMILY}) AND r.url = :url) ORDER BY c.fetched_at DESC LIMIT 1"""
"""The newest page of an article that claims a URL, unless that URL once redirected to it."""
SEEN_LATER = """SELECT a.id FROM articles a JOIN versions mine ON mine.id = a.current_version_id
JOIN versions v ON v.content_digest = mine.content_digest AND v.published_at IS NULL AND v.replaced_by IS NULL
JOIN articles m ON m.id = v.article_id JOIN articles o ON o.id = coalesce(m.duplicate_of, m.id)
WHERE a.id = :article_id AND o.id <> a.id AND o.site = a.site
AND (o.first_seen_at, o.url) < (a.first_seen_at, a.url) LIMIT 1"""
"""The article itself, if another one had its undated text before."""
SHARED = "same_text_elsewhere"
UNLIKE_SITE = "unlike_site"
LACKS_DATE = "states no date, which nearly all articles of the site do, and shows nothing that makes it an article."


class PageSetAside(CaliberError):
    """A page is not the article behind its URL; its capture stays, without an article."""

    def __init__(self, problem: Problem, others: Sequence[int] = ()) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.others = others
        """Articles that turned out to be none by this page: see ``Articles.withdraw``."""


class Admission:
    """Decides whether a page is admitted as a text of an article. Raises :class:`PageSetAside`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs = Runs(connection)
        self.shared = SharedTexts(connection)
        self.norms = SiteNorms(connection)
        self.series = ArticleSeries(connection)
        self.lasting = LASTING

    def check(
        self,
        extraction: Extraction,
        article_id: int | None,
        reextract: Callable[[int], Extraction | None] | None,
    ) -> None:
        """Check a page of a known article, or of a new one (``None``).

        ``reextract`` extracts a page that was put aside before, by its capture ID.
        """
        if article_id is not None and self._is_unlike_before(extraction, article_id, reextract):
            message = (
                f"{extraction.capture.effective_url} shares nothing with the article that was there before, and lacks"
                " its date or layout."
            )
            raise PageSetAside(_problem("unlike_before", message, fatal=True))
        if (first := self.series.first_of(extraction, text_of(extraction.article), article_id)) is not None:
            message = f"{extraction.capture.effective_url} is a later page of the article at {first}."
            raise PageSetAside(_problem(LATER_PAGE, message, fatal=True))
        self._check_shared(extraction, article_id, reextract)
        if article_id is None and self.norms.puts_aside(extraction, self.lasting, reextract):
            raise PageSetAside(_problem(UNLIKE_SITE, f"{extraction.capture.effective_url} {LACKS_DATE}", fatal=True))

    def _check_shared(
        self, extraction: Extraction, article_id: int | None, reextract: Callable[[int], Extraction | None] | None
    ) -> None:
        article, url = extraction.article, extraction.capture.effective_url
        is_doubtful = self._is_doubtful(extraction)
        is_at_many = not is_doubtful and self.shared.is_at_many_urls(url, article, extraction.layout)
        if (is_doubtful or is_at_many) and not self._has_text(article_id, article):
            others = self.shared.others(url, article, article_id, dated=is_at_many)
            if others or self.shared.was_put_aside(extraction, reextract):
                self.shared.remember(article)
                elsewhere = others[0].url if others else "other URLs of the site"
                message = f"{url} has no word of its URL, and the same text as {elsewhere}."
                raise PageSetAside(_problem(SHARED, message, fatal=True), self._withdrawn(others))
        if article.published_at is None:
            values = {"digest": content_digest(article), "site": article.site, "article_id": article_id}
            if (elsewhere := self._connection.value(SAME_TEXT, values)) is not None:
                self.shared.remember(article)
                message = f"{url} has no date, and the same text as {elsewhere}."
                raise PageSetAside(_problem(SHARED, message, fatal=True))

    def _withdrawn(self, others: Sequence[Row]) -> list[int]:
        return [other.id for other in others if other.may_be_withdrawn(self.lasting)]

    def _is_doubtful(self, extraction: Extraction) -> bool:
        article, url = extraction.article, extraction.capture.effective_url
        has_date = own_date(extraction) is not None
        return is_doubtful(url, f"{article.headline} {article.body}", extraction.layout, has_date=has_date)

    def _shows_nothing(self, extraction: Extraction) -> bool:
        """Whether neither a date nor an author nor a word of its URL makes a page the article of its URL."""
        if own_date(extraction) is not None or extraction.article.authors:
            return False
        return self._is_doubtful(extraction)

    def _has_text(self, article_id: int | None, article: Article) -> bool:
        """Whether an article has the text of a page already."""
        known = () if article_id is None else texts_of(self._connection, article_id)
        return any((text.headline, text.body) == (article.headline, article.body) for text in known)

    def put_earlier_pages_aside(self, extraction: Extraction, article_id: int, run_id: int) -> None:
        """Put earlier pages of an article aside if they turn out not to be the article: a wall may come first.

        They lack the date or the layout that this page has, share nothing with it, and did not last.
        """
        if own_date(extraction) is None:
            return
        values = {"article_id": article_id}
        if not self._connection.value(IS_DOUBTFUL, values):
            return
        text, has_layout = text_of(extraction.article), extraction.layout not in NO_LAYOUT
        aside = [
            row["id"]
            for row in self._connection.rows(LIVE, values)
            if (row["published_at"] is None or (has_layout and row["layout"] in NO_LAYOUT))
            and utc_time(row["seen_until"]) - utc_time(row["seen_from"]) < self.lasting
            and differ_entirely(text, Text(row["headline"], row["body"], row["published_at"]))
        ]
        if aside:
            self._put_aside(article_id, aside, utc_text(extraction.capture.fetched_at), run_id)

    def report_claim(self, claimant: int, url: str, run_id: int) -> None:
        """Report that an article states a URL at which a different one turned out to be."""
        row = self._connection.row(STATED_BY, {"article_id": claimant, "url": url})
        if row is not None:
            problem = _problem("canonical_elsewhere", f"{row['url']} states the URL {url}, which has a different text.")
            self._runs.record_problem(run_id, problem, url=row["url"], capture_id=row["capture_id"])

    def review(self, article_id: int, run_id: int) -> bool:
        """Put those texts of an article aside that are not the article, as if its pages had come one by one.

        Return whether there were any. The caller then recomputes the versions.
        """
        texts = [StoredText(**row) for row in self._connection.rows(STORED, {"article_id": article_id})]
        weak = [text for text in texts if any(other.shows_more_than(text) for other in texts)]
        firm = [text for text in texts if text not in weak]
        if firm and all(text.shows_nothing for text in firm):
            # Nothing but the order of time tells which of them is the article.
            firm.sort(key=lambda text: (text.seen_from, text.id))
            firm, weak = firm[:1], weak + firm[1:]
        aside = []
        for text in weak:
            if (
                firm
                and self._duration(text, firm) < self.lasting
                and all(differ_entirely(text.text, other.text) for other in firm)
            ):
                aside.append(text.id)
            elif text.shows_nothing:
                firm.append(text)
        if aside:
            self._put_aside(article_id, aside, max(text.seen_until for text in firm), run_id)
        return bool(aside)

    def articles_sharing_text(self, article_id: int) -> list[int]:
        """The articles that turn out to be none because an article has their text: it is at many URLs.

        Of two undated articles with one text that are not doubtful otherwise, it is the one that was seen later.
        """
        current = self.shared.current(article_id)
        if current is None:
            return []
        article = Article(site=current.site, language="", url=current.url, headline=current.headline, body=current.body)
        if current.is_doubtful and current.may_be_withdrawn(self.lasting):
            others = self.shared.others(current.url, article, article_id)
            if others or self.shared.is_reported(article_id):
                return [article_id, *self._withdrawn(others)]
        if current.published_at is None and not current.duplicates and current.version_count == 1:
            return self._connection.values(SEEN_LATER, {"article_id": article_id})[:1]
        return []

    def withdraw_reviewed(self, article_id: int, run_id: int) -> list[int]:
        """Withdraw the articles that turn out to be none by the text of an article, or by those of its site."""
        later = [article_id] if self.series.is_later(article_id) else self.series.later_of(article_id)
        if later:
            self.shared.withdraw(later, run_id, LATER_PAGE, IS_LATER)
            return later
        shared = self.articles_sharing_text(article_id)
        if shared:
            self.shared.withdraw(shared, run_id)
            return shared
        if not self.norms.rejects(self.shared.current(article_id), self.lasting):
            return []
        self.shared.withdraw([article_id], run_id, UNLIKE_SITE, LACKS_DATE)
        return [article_id]

    def review_undated(self, run_id: int) -> int:
        """Review the articles that a run stored without a date: the archive now knows more of their site.

        Return the number of those that were withdrawn.
        """
        with self._connection.transaction():
            ids = self.norms.undated_of(run_id)
            return sum(len(self.withdraw_reviewed(id, run_id)) for id in ids)

    def withdraw_later_pages(self, article_id: int, extraction: Extraction, run_id: int) -> int:
        """Withdraw the articles that turn out to be later pages of a new one; return how many the run had stored."""
        later = self.series.later_of(article_id, extraction.second_page)
        return self.shared.withdraw(later, run_id, LATER_PAGE, IS_LATER) if later else 0

    def withdraw_merged_later_pages(self, ids: Collection[int], run_id: int) -> list[int]:
        """Withdraw the articles that turn out to be later pages of others after a merge of these articles."""
        later = self.series.later_among(ids)
        self.shared.withdraw(later, run_id, LATER_PAGE, IS_LATER)
        return later

    def _duration(self, text: StoredText, firm: Sequence[StoredText]) -> timedelta:
        """How long a text was seen, counted from the first page that was put aside before it."""
        after = max((other.seen_until for other in firm if other.seen_until <= text.seen_from), default="")
        values = {"version_id": text.id, "after": after, "before": text.seen_from}
        first = self._connection.value(ASIDE_BEFORE, values)
        return utc_time(text.seen_until) - utc_time(min(first or text.seen_from, text.seen_from))

    def _put_aside(self, article_id: int, versions: Sequence[int], seen_at: str, run_id: int) -> None:
        among = json.dumps(versions)
        for row in self._connection.rows(PAGES_OF, (among,)):
            message = f"{row['url']} shared nothing with the article that is there now, and lacked its date or layout."
            problem = _problem("unlike_before", message, fatal=True)
            self._runs.record_problem(run_id, problem, url=row["url"], capture_id=row["id"])
        self._connection.execute(DETACH, (among,))
        self._connection.execute(SEEN, {"article_id": article_id, "aside": among, "at": seen_at})

    def _is_unlike_before(
        self, extraction: Extraction, article_id: int, reextract: Callable[[int], Extraction | None] | None
    ) -> bool:
        if extraction.layout not in NO_LAYOUT and own_date(extraction) is not None:
            return False
        current = self._connection.row(CURRENT, {"article_id": article_id})
        if current is None:
            return False
        lost_layout = current["layout"] not in NO_LAYOUT and extraction.layout in NO_LAYOUT
        has_date = current["published_at"] is not None and current["dated_by"] != "url"
        lost = lost_layout or (has_date and own_date(extraction) is None)
        if not lost and extraction.layout not in NO_LAYOUT:
            return False
        url, text = extraction.capture.effective_url, text_of(extraction.article)
        known = texts_of(self._connection, article_id)
        if not all(differ_entirely(text, other) for other in known):
            return False
        if not lost and not self._shows_nothing(extraction) and not lost_words(url, text, known):
            return False
        return not self._is_lasting(extraction, article_id, text, reextract)

    def _is_lasting(
        self,
        extraction: Extraction,
        article_id: int,
        text: Text,
        reextract: Callable[[int], Extraction | None] | None,
    ) -> bool:
        values = {
            "url": extraction.capture.url,
            "long_ago": utc_text(extraction.capture.fetched_at - self.lasting),
            "article_id": article_id,
        }
        first = self._connection.value(FIRST_PUT_ASIDE, values)
        earlier = None if first is None or reextract is None else reextract(first)
        return earlier is not None and not differ_entirely(text, text_of(earlier.article))


def own_date(extraction: Extraction) -> object:
    """The date that a page states; a date from its URL says nothing about the page."""
    return None if extraction.methods.get("published_at") == "url" else extraction.article.published_at


def text_of(article: Article) -> Text:
    """The text of an article, for comparison."""
    return Text(article.headline, article.body, utc_text_or_none(article.published_at))


def claim_problems(extraction: Extraction, rejected: Sequence[ArticleURL]) -> list[Problem]:
    """The problems of claims that did not join a page to the articles that have those URLs.

    A redirect from an article to another one means that the first is gone.
    """
    problems = []
    for article_url in rejected:
        if article_url.url in extraction.stated_urls:
            message = (
                f"{extraction.capture.effective_url} states the URL {article_url.url}, which has a different text."
            )
            problems.append(_problem("canonical_elsewhere", message))
        else:
            message = f"{article_url.url} redirects to a different article, {extraction.capture.effective_url}."
            problems.append(_problem("redirected_to_another", message))
    return problems


def without_urls(extraction: Extraction, accepted: Sequence[ArticleURL], rejected: Sequence[ArticleURL]) -> Extraction:
    """An extraction without the URLs that belong to other articles."""
    article, dropped = extraction.article, {article_url.url for article_url in rejected}
    url = article.url
    if url in dropped:
        stated = extraction.stated_urls
        best = min(accepted, key=lambda known: (KINDS.index(known.kind), known.url not in stated), default=None)
        url = best.url if best is not None else extraction.capture.effective_url
    urls = tuple(known for known in article.urls if known not in dropped)
    return replace(extraction, article=replace(article, url=url, urls=urls))


def _problem(reason: str, message: str, *, fatal: bool = False) -> Problem:
    return Problem(stage="check", reason=reason, message=message, field="url", fatal=fatal)
