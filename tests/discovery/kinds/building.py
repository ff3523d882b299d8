"""How the sites in memory are built: pages, articles, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.discovery.driven import Answer
from tests.discovery.whole_sites import PLACES, headline, prose

Page = str | Answer


BASE = "https://paper.example"


@dataclass
class Kind:
    """A site: its pages by path (with query), and its articles. ``dynamic`` answers what is not among the pages."""

    pages: dict[str, Page] = field(default_factory=dict)
    articles: set[str] = field(default_factory=set)
    dynamic: Callable[[str, dict[str, str]], Page | None] = lambda path, query: None
    missing: Page = field(default_factory=lambda: Answer("<title>Not found</title><h1>Not found</h1>", 404))

    def answer(self, url: str) -> Answer:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query)) | dict(parse_qsl(parts.fragment))
        path = parts.path.rstrip("/") or "/"
        found = self.pages.get(f"{path}?{parts.query}" if parts.query else path)
        if found is None:
            found = self.dynamic(path, query)
        if found is None:
            found = self.missing
        return found if isinstance(found, Answer) else Answer(found)


def page(title: str, content: str, menu: str = "", head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} - Town News</title>'
        f"{head}</head><body>"
        f'<header><nav class="menu"><a href="/">Home</a>{menu}</nav></header><main>{content}</main>'
        "<footer><p>© Town News</p></footer></body></html>"
    )


def story(number: int, *, menu: str = "", after: str = "", dated: bool = True, links: str = "") -> str:
    stamp = f"2026-01-{1 + number % 28:02}T10:00:00Z"
    head = f'<meta property="og:type" content="article"><meta property="article:published_time" content="{stamp}">'
    text = f"<article><h1>{headline(number)}</h1>{prose(number)}{links}</article>{after}"
    return page(headline(number), text, menu, head if dated else "")


def teaser(url: str, number: int) -> str:
    return f'<div class="item"><h3><a href="{url}">{headline(number)}</a></h3></div>'


def short_slug(number: int) -> str:
    return f"/{PLACES[number % 8]}{number}"


def word_slug(number: int) -> str:
    return f"/the-{PLACES[number % 8]}-opens-again-on-evening-{number}"


def chunks(numbers: Iterable[int], size: int) -> list[list[int]]:
    listed = list(numbers)
    return [listed[start : start + size] for start in range(0, len(listed), size)]


def listed(
    site: Kind,
    base: str,
    numbers: Iterable[int],
    slug: Callable[[int], str],
    *,
    size: int = 10,
    at: Callable[[str, int], str] = lambda base, number: f"{base.rstrip('/')}/page/{number}",
    menu: str = "",
    extra: str = "",
    title: str = "News",
) -> None:
    """Add the pages of a list of articles, each with a link to the next."""
    parts = chunks(numbers, size)
    for place, part in enumerate(parts, start=1):
        following = (
            f'<div class="pagination"><a href="{at(base, place + 1)}">Next</a></div>' if place < len(parts) else ""
        )
        url = at(base, place) if place > 1 else base
        site.pages[url] = page(title, "".join(teaser(slug(n), n) for n in part) + extra + following, menu)


def plain(count: int = 40, slug: Callable[[int], str] = word_slug, **more: object) -> Kind:
    """A site with one list of articles."""
    site = Kind()
    listed(site, "/", range(count), slug, **more)  # type: ignore[arg-type]
    for number in range(count):
        site.pages[slug(number)] = story(number, menu=str(more.get("menu", "")))
        site.articles.add(slug(number))
    return site


def sitemap_of(urls: Iterable[str]) -> str:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<urlset xmlns="{namespace}">' + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"


STATIC_PATHS = ("/products", "/about", "/contact", "/advertising", "/team", "/history-of-the-newspaper", "/privacy")


def static_text(number: int) -> str:
    return "".join(
        f"<p>Our newspaper offers service {number + each} to readers and companies of the town, and the editors answer"
        f" questions about it every day between nine and noon. Prices depend on the size of the order.</p>"
        for each in range(4)
    )
