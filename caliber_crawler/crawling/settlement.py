"""The outcome of a page: written with its frontier update and its counts in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial

from caliber_crawler import revisit
from caliber_crawler.archive import Archive, Entry, PageSetAside, SavedArticle
from caliber_crawler.archive.pages.bodies import CompressedBody
from caliber_crawler.crawling.accounts import Accounts
from caliber_crawler.crawling.commits import SYNC_INTERVAL, Commits
from caliber_crawler.crawling.dispatcher import CANDIDATE, Dispatcher
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.crawling.request_urls import RequestUrls
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.crawling.second_extractions import ExtractAgain, NotExtracted, SecondExtractions
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Extraction, Problem, internal_error
from caliber_crawler.site import Exploration, PostIds
from caliber_crawler.visits import due_again, record_visit

GONE = frozenset({"http_404", "http_410", "redirect_home", "redirected_to_another", "soft_404"})
"""Reasons that mean that the page was removed."""

RETRIED_LATER = frozenset({"robots"})
"""Codes of rules that forbid a page and that the site may change."""

REDIRECTED_OFFSITE = frozenset({"offsite", "scheme", "url_too_long"})
"""Codes of pages that redirect offsite; it may be temporary, such as a captive portal of the local network."""

HISTORICAL = frozenset({PostIds.name, "cdx", "url_list"})
"""Discovery sources whose URLs may have been removed years ago."""

OWN_FAILURES = frozenset({"worker_killed", "internal_error"})
"""Codes of failures of this program. They say nothing about the page, so the next run retries it at once."""
REDIRECTED = "redirected_to_another"

SOON_DECIDED = frozenset({"layout_changed"})
"""Reasons that end within days, so that such a page is always checked again after the first delay."""

MAX_CHALLENGES = 2
"""Number of bot challenges after which a run ends."""


class Settlement:
    """Commits the outcome of each page of a run and releases the page from those in flight."""

    def __init__(
        self,
        archive: Archive,
        scope: Scope,
        run_id: int,
        started_at: datetime,
        *,
        accounts: Accounts,
        dispatcher: Dispatcher,
        request_urls: RequestUrls,
    ) -> None:
        self._archive, self._scope = archive, scope
        self._run_id, self._started_at = run_id, started_at
        self._accounts, self._dispatcher, self._request_urls = accounts, dispatcher, request_urls
        self.reextract: ExtractAgain | None = None
        """Re-extracts a stored page with the current code. ``ArchivePipeline`` sets it."""
        self._explores = any(isinstance(source, Exploration) for source in scope.sources)
        self.observe: Callable[[Capture, str], None] | None = None
        """Is called with each page and its outcome, before the page is released."""
        self.commits = Commits(archive)
        self._compressing = ThreadPoolExecutor(1, "compression")
        # The URL of a page is parsed before the request, and again for the result.
        self._article_url = lru_cache(maxsize=1024)(scope.site.article_url)

    async def store_capture(self, capture: Capture) -> Capture:
        """Commit the raw page before its extraction."""
        self._accounts.counts["pages"] += 1
        compressed = await self._compress(capture)
        stored = await self.commits(partial(self._store, capture, compressed))
        self._dispatcher.mark_stored(capture.url)
        return stored

    async def _compress(self, capture: Capture) -> CompressedBody | None:
        """Compress a long page in another thread: zstd lets Python continue meanwhile, on another core."""
        try:
            compress = self._archive.captures.compression(capture)
        except ArchiveError:
            return None  # storing the page raises the same error, and records it
        if compress is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._compressing, compress)

    def _store(self, capture: Capture, compressed: CompressedBody | None) -> Capture:
        self._request_urls.learn(capture, self._dispatcher.entry(capture.url))
        return self._archive.captures.store(capture, self._run_id, compressed)

    def mark_done(self, capture: Capture, outcome: str) -> None:
        """Count the committed outcome of a page and release it.

        For an article, ``outcome`` is one of the :data:`~caliber_crawler.crawling.outcome.OUTCOMES`. For other pages,
        any outcome except ``traversed`` means an incomplete list.
        """
        entry = self._dispatcher.entry(capture.url)
        if entry is not None and self.observe is not None:
            self.observe(capture, outcome)
        if entry is not None and entry.priority == CANDIDATE:
            self._count_candidate(capture, outcome)
        elif capture.kind == "article":
            self._accounts.counts[outcome] += 1
        elif outcome == "refused" and self._explores:
            self._accounts.counts["dead_links"] += 1  # a feed or sitemap that the exploration can do without
        elif outcome != "traversed":
            self._accounts.counts["incomplete_lists"] += 1
        self._dispatcher.release(capture.url)

    def _count_candidate(self, capture: Capture, outcome: str) -> None:
        """Count the outcome of a link of an exploration, which counts as an article only if it is one."""
        counts = self._accounts.counts
        if outcome == "refused":
            counts["dead_links"] += 1
        elif capture.kind == "article":
            counts["discovered"] += 1
            counts[outcome] += 1

    def count_again(self, urls: Sequence[str]) -> None:
        """Count pages as unchanged that this run had put aside, and whose text turned out to be the known one."""
        counts = self._accounts.counts
        counts.update(refused=-len(urls), unchanged=len(urls), revisited=len(urls))

    # --- an article ---------------------------------------------------------------------------------------------------

    async def save(
        self, extraction: Extraction, also: Callable[[Extraction], None] = lambda extraction: None
    ) -> SavedArticle | None:
        """Commit article, version, view count and frontier together; ``also`` may write in the same transaction.

        Return ``None`` for an article under a takedown, whose page is deleted, and for a page that is not the article
        behind its URL, which is put aside.
        """
        again = None if self.reextract is None else SecondExtractions(self._archive, self.reextract)
        try:
            saved = await self._commit_article(extraction, also, again)
        except PageSetAside as aside:
            if aside.problem.reason == REDIRECTED:
                self._queue_target(extraction.capture)
            withdrawn = self._archive.articles.withdraw(aside.others, self._run_id)
            self._count_withdrawn(withdrawn)
            self.reject(extraction.capture, aside.problem)
            return None
        if saved is None:
            self.mark_done(extraction.capture, "refused")
            return None
        if saved.withdrawn:
            self._count_withdrawn(saved.withdrawn, is_article=not self._explores)
        unchanged = saved.outcome == "unchanged"
        self.mark_done(extraction.capture, "unchanged" if unchanged else "stored")
        self._accounts.counts["revisited" if unchanged else saved.outcome] += 1
        return saved

    def _count_withdrawn(self, count: int, *, is_article: bool = True) -> None:
        """Count pages of this run as refused that turned out to be no articles, or as links that lead to none."""
        counts = self._accounts.counts
        counts.update(stored=-count, new=-count)
        counts.update({"refused": count} if is_article else {"discovered": -count, "dead_links": count})

    async def _commit_article(
        self, extraction: Extraction, also: Callable[[Extraction], None], again: SecondExtractions | None
    ) -> SavedArticle | None:
        while True:
            try:
                return await self.commits(partial(self._save, extraction, also, again))
            except NotExtracted:
                assert again is not None
                await again.extract_missing()

    def _save(
        self, extraction: Extraction, also: Callable[[Extraction], None], again: SecondExtractions | None = None
    ) -> SavedArticle | None:
        article, capture = extraction.article, extraction.capture
        article_urls = [article_url for url in article.urls if (article_url := self._article_url(url))]
        if self._archive.takedowns.covers(article.site, article_urls):
            self._archive.deletion.reject(capture, article_urls)
            return None
        with nullcontext() if again is None else again.complete():
            saved = self._archive.articles.save(extraction, self._run_id, article_urls, again)
        if (problem := next((each for each in saved.problems if each.reason == REDIRECTED), None)) is not None:
            # Nothing is saved: the other article is visited at its own URL.
            raise PageSetAside(problem)
        also(extraction)
        url = self._url_to_visit(capture)
        if url != capture.url:
            self._archive.frontier.mark_done(
                capture.url, capture.fetched_at, status=capture.status, article_id=saved.article_id
            )
        suspended = record_visit(
            self._archive,
            self._scope.site,
            extraction,
            saved.article_id,
            self._run_id,
            url=url,
            in_flight=self._dispatcher.in_flight,
            now=self._started_at,
            is_new=saved.outcome == "new",
        )
        for name in ("unchanged", "not_due"):
            self._accounts.counts[name] += suspended
        for problem in (*extraction.warnings, *saved.problems):
            self._accounts.record_problem(problem, capture)
        return saved

    def not_modified(self, capture: Capture) -> None:
        """Record that the site answered 304: the page is unchanged."""
        entry = self._dispatcher.entry(capture.url)
        due_at = None
        with self._archive.transaction():
            if capture.kind == "article" and entry is not None and entry.article_id is not None:
                self._archive.articles.record_not_modified(entry.article_id, capture.fetched_at)
                due_at = due_again(self._archive, self._scope.site, entry.article_id, capture)
                self._accounts.counts["revisited"] += 1
            self._archive.frontier.mark_done(capture.url, capture.fetched_at, status=304, due_at=due_at)
        self.mark_done(capture, "unchanged" if capture.kind == "article" else "traversed")

    def skip_alias(self, entry: Entry) -> bool:
        """Skip an entry if it is an alias of an article that is visited at another URL; return whether it is."""
        if entry.kind != "article" or entry.state != "queued" or entry.article_id is not None:
            return False
        article_url = self._article_url(entry.url)
        if article_url is None:
            return False
        article_id = self._archive.aliases.visited_under_other_url(article_url, self._scope.site.name)
        if article_id is None:
            return False
        with self._archive.transaction(synced_every=SYNC_INTERVAL):  # there may be many in a row
            self._archive.aliases.skip_alias(entry.url, article_id)
        self._dispatcher.skip_alias(entry.url)
        names = ("unchanged", "not_due")
        for name in (*names, "discovered") if entry.priority == CANDIDATE else names:
            self._accounts.counts[name] += 1
        return True

    # --- failures, refusals, removed pages ----------------------------------------------------------------------------

    def reject(self, capture: Capture, problem: Problem) -> None:
        """Record a page without an article or list as failed, gone or refused, depending on the problem's reason."""
        if problem.reason == "bot_challenge":
            self._accounts.counts["challenges"] += 1
            if self._accounts.counts["challenges"] >= MAX_CHALLENGES:
                self._accounts.halt(Halt("challenged", f"{self._scope.site.base_url} answers with bot challenges"))
            self.fail(capture, problem)
        elif problem.reason in GONE:
            self.mark_gone(capture, problem)
        elif problem.reason.startswith("http_") or problem.reason in OWN_FAILURES:
            self.fail(capture, problem)
        else:
            self.refuse(capture, problem)

    def fail(self, capture: Capture, problem: Problem) -> None:
        """Record that a page could not be fetched; it is retried later."""
        with self._archive.transaction():
            self._accounts.record_problem(problem, capture)
            if capture.status is None:
                self._accounts.counts["fetch_errors"] += 1
                self._accounts.last_error = capture.error
            entry = self._dispatcher.entry(capture.url)
            failures = entry.failures if entry else 0
            retry_at = revisit.next_retry(failures, capture.fetched_at)
            if problem.reason in OWN_FAILURES and failures == 0:
                # Due after this run began: it is not dispatched again, and its accounts do not include it.
                retry_at = max(capture.fetched_at, self._started_at) + timedelta(seconds=1)
            self._archive.frontier.mark_failed(
                capture.url, capture.fetched_at, status=capture.status, reason=problem.reason, due_at=retry_at
            )
        self.mark_done(capture, "failed")

    def refuse(self, capture: Capture, problem: Problem) -> None:
        """Record that a page may not be fetched or is not an article."""
        with self._archive.transaction():
            self._accounts.record_problem(problem, capture)
            self._archive.frontier.mark_refused(
                capture.url,
                capture.fetched_at,
                status=capture.status,
                reason=problem.reason,
                due_at=self._next_recheck(capture, problem.reason),
            )
        self.mark_done(capture, "refused")

    def mark_gone(self, capture: Capture, problem: Problem) -> None:
        """Record that the site removed the page; an archived article stays.

        The URL of a post ID that was only tried is ``missing``: such a post may never have existed.
        """
        entry = self._dispatcher.entry(capture.url)
        missing = entry is not None and entry.discovered_via == PostIds.name and entry.article_id is None
        with self._archive.transaction():
            if not missing:
                self._accounts.record_problem(problem, capture)
            due_at = None if missing else self._next_recheck(capture)
            self._archive.frontier.mark_gone(capture.url, capture.fetched_at, status=capture.status, due_at=due_at)
            # Due after this run began: its accounts do not include them.
            self._archive.aliases.resume(capture.url, capture.fetched_at + timedelta(seconds=1))
        self.mark_done(capture, "missing" if missing else "refused")

    def handle_error(self, capture: Capture, error: BaseException | None) -> None:
        """Handle an internal error on a page: it is retried later. An archive error ends the run."""
        if isinstance(error, ArchiveError):
            self._dispatcher.release(capture.url)
            self._accounts.halt(Halt("archive", str(error).rstrip(".")))
        elif self._dispatcher.entry(capture.url) is not None:
            self.fail(capture, internal_error(capture.effective_url, error, "crawl"))

    # --- when and where to visit again --------------------------------------------------------------------------------

    def _next_recheck(self, capture: Capture, reason: str = "") -> datetime | None:
        """Return when to check a refused or gone page again: outages end, and rules change."""
        entry = self._dispatcher.entry(capture.url)
        checks = entry.failures if entry is not None and entry.state in ("refused", "gone") else 0
        plan = self._scope.site.revisits
        if entry is not None and entry.priority == CANDIDATE and capture.error_code is None:
            return None
        if checks and capture.kind == "article":
            self._accounts.counts["refused_again"] += 1
        if capture.error_code is None or capture.error_code in REDIRECTED_OFFSITE:
            archived = entry is not None and entry.article_id is not None
            if entry is not None and entry.discovered_via in HISTORICAL and not archived:
                return None
            delays = 0 if reason in SOON_DECIDED else checks
            return revisit.next_recheck(delays, capture.fetched_at, archived=archived, plan=plan)
        if capture.error_code in RETRIED_LATER:
            return revisit.next_robots_check(checks, capture.fetched_at, plan)
        return None

    def _queue_target(self, capture: Capture) -> None:
        """Queue the article to which another one redirects."""
        entry, article_url = self._dispatcher.entry(capture.url), self._article_url(capture.effective_url)
        if entry is not None and article_url is not None:
            # Due after this run began: its accounts do not include it.
            due_at = capture.fetched_at + timedelta(seconds=1)
            target = replace(
                entry, id=None, discovered_at=None, url=article_url.url, discovered_on=capture.url, due_at=due_at
            )
            with self._archive.transaction():
                self._archive.frontier.add([target], self._run_id)

    def _url_to_visit(self, capture: Capture) -> str:
        """Return the URL for future visits of an article: the target of redirects, to avoid them."""
        entry, article_url = self._dispatcher.entry(capture.url), self._article_url(capture.effective_url)
        if entry is None or article_url is None or article_url.url == capture.url:
            return capture.url
        known = self._archive.frontier.get(article_url.url)
        if known is None:
            self._archive.frontier.add(
                [
                    replace(
                        entry,
                        id=None,
                        discovered_at=None,
                        url=article_url.url,
                        request_url=article_url.request_url,
                        discovered_on=capture.url,
                    )
                ],
                self._run_id,
            )
        elif known.state == "queued" or (known.due_at is not None and known.due_at <= self._started_at):
            # It is in this run's accounts and may be in flight: it is processed separately.
            return capture.url
        return article_url.url
