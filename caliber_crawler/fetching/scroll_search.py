"""Which request brings more cards on scroll? A browser scrolls a listing, and what it asks for is written down."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Error, sync_playwright
from playwright.sync_api import TimeoutError as NothingMore
from protego import Protego

from caliber_crawler.errors import SiteError, SiteUnreachable
from caliber_crawler.fetching.scrolling import PATIENCE, UNWANTED, launch_options
from caliber_crawler.items import Capture
from caliber_crawler.reading import Unreadable
from caliber_crawler.roads import read_list

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response, Route

    from caliber_crawler.site import Site

ROUNDS = 3
"""Scrolls: enough to see which parameter counts."""
GAP_MS = 1000
ROBOTS_AGENT = "caliber_crawler"


@dataclass(frozen=True, slots=True)
class ScrollRequest:
    """What scrolling a listing showed."""

    listing: str
    requests: list[str] = field(default_factory=list)
    """The requests that brought cards, in order."""
    cards: list[int] = field(default_factory=list)
    """How many cards each of them brought."""
    more: str = ""
    """What to write as ``more`` into the site's :class:`~caliber_crawler.site.ListingLayout`."""
    form: str = ""
    """What to write as ``form``, where the requests posted one; it stands behind a ``#`` in ``requests``."""
    batch_size: int = 0

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        """What was found and what to do about it, for a person."""
        if not self.requests:
            return f'Scrolling {self.listing} brought no more cards by any request: scroll="browser" may still do.'
        seen = "\n".join(f"  {url} ({cards} cards)" for url, cards in zip(self.requests, self.cards, strict=True))
        if not self.more:
            return f'These requests brought cards, by no parameter that counts; use scroll="browser":\n{seen}'
        facts = f"more={self.more!r}" + (f", form={self.form!r}" if self.form else "")
        facts += f", batch_size={self.batch_size}" if self.batch_size else ""
        return f"These requests brought cards:\n{seen}\nWrite into the site's ListingLayout: {facts}"


def find_request(site: Site, listing: str, user_agent: str) -> ScrollRequest:
    """Open a listing, scroll a few times, and see which requests bring cards.

    Raises :class:`SiteError` when robots.txt forbids the listing or cannot be had, or the page does not open.
    """
    answers: list[Response] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(os.environ.get("CALIBER_CHROMIUM", "")))
        try:
            context = browser.new_context(user_agent=user_agent, service_workers="block")
            page = context.new_page()
            _obey_robots(page, site, listing)
            page.route("**/*", lambda route: _keep_to(site, route))
            answer = page.goto(listing, timeout=30_000)
            if answer is None or answer.status != 200:
                raise SiteError(f"{listing} answered {answer.status if answer else 'nothing'}.")
            page.on("response", lambda answer: answers.append(answer))
            _scroll(page, site)
            found = [(_asked(answer), count) for answer in answers if (count := _cards_in(answer, site))]
        except Error as error:
            raise SiteUnreachable(f"{listing} could not be opened: {error.message.splitlines()[0]}.") from None
        finally:
            browser.close()
    urls, cards = [url for url, _ in found], [count for _, count in found]
    if any("#" in url for url in urls):
        return ScrollRequest(listing, urls, cards, *posted_template(urls))
    more, batch_size = template(listing, urls)
    return ScrollRequest(listing, urls, cards, more, batch_size=batch_size)


def posted_template(urls: Sequence[str]) -> tuple[str, str, int]:
    """The same as :func:`template` for forms that were posted, each behind a ``#``: the address, the form, the size."""
    addresses = {url.partition("#")[0] for url in urls}
    if len(addresses) > 1:
        return "", "", 0
    address = addresses.pop()
    plain = address.partition("?")[0]
    made, batch_size = template(plain, [f"{plain}?{url.partition('#')[2]}" for url in urls])
    parts = urlsplit(address)
    return (parts._replace(scheme="", netloc="").geturl(), made.removeprefix("?"), batch_size) if made else ("", "", 0)


def template(listing: str, urls: Sequence[str]) -> tuple[str, int]:
    """The address that these were made from, and the cards in a batch where an offset counts them; empty for none.

    The parameter that rises by one each time is the page, the one that rises by more is the offset.
    """
    if len(urls) < 2:
        return "", 0
    first, second = (dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) for url in urls[:2])
    rising = [
        (name, int(second[name]) - int(first[name]))
        for name in first
        if first[name].isdecimal() and second.get(name, "").isdecimal() and int(second[name]) > int(first[name])
    ]
    if len(rising) != 1:
        return "", 0
    name, step = rising[0]
    counted_from = (1, 2) if step == 1 else (step,)
    if int(first[name]) not in counted_from:
        return "", 0
    placeholder = "{page}" if step == 1 else "{offset}"
    query = "&".join(f"{key}={placeholder if key == name else value}" for key, value in first.items())
    path = urlsplit(urls[0]).path
    return ("" if path == urlsplit(listing).path else path) + f"?{query}", 0 if step == 1 else step


def _scroll(page: Page, site: Site) -> None:
    card = site.listing.card if site.listing else "a"
    for _ in range(ROUNDS):
        seen = page.locator(card).count()
        page.wait_for_timeout(GAP_MS)
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        try:
            page.wait_for_function(
                "([css, seen]) => document.querySelectorAll(css).length > seen",
                arg=[card, seen],
                timeout=PATIENCE * 1000,
            )
        except NothingMore:
            return


def _asked(answer: Response) -> str:
    form = answer.request.post_data if answer.request.method == "POST" else None
    return f"{answer.url}#{form}" if form else answer.url


def _cards_in(answer: Response, site: Site) -> int:
    if answer.request.resource_type not in ("xhr", "fetch", "document") or answer.status != 200:
        return 0
    capture = Capture(
        site=site.name,
        kind="listing",
        url=answer.url,
        fetched_at=datetime.now(UTC),
        status=200,
        headers=tuple(answer.headers.items()),
        body=answer.body(),
    )
    try:
        return len(read_list(capture, site).cards)
    except Unreadable:
        return 0


def _obey_robots(page: Page, site: Site, listing: str) -> None:
    answer = page.request.get(f"{site.base_url}/robots.txt", timeout=30_000)
    if answer.status >= 500 or answer.status == 429:
        raise SiteError(f"{site.base_url}/robots.txt answered {answer.status}: what may be fetched is unknown.")
    rules = Protego.parse(answer.text() if answer.ok else "")
    if not rules.can_fetch(listing, ROBOTS_AGENT):
        raise SiteError(f"{site.title}'s robots.txt forbids {listing}.")


def _keep_to(site: Site, route: Route) -> None:
    if route.request.resource_type in UNWANTED or not site.owns(route.request.url):
        route.abort()
    else:
        route.continue_()
