"""Kinds of whole sites in memory: where articles are, how they are linked, and what else is there."""

from __future__ import annotations

import gzip
import json
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


# --- kinds ------------------------------------------------------------------------------------------------------------


def date_archives() -> Kind:
    """Articles under dates; archives by day, month and year; tags and authors on every article."""

    def slug(number: int) -> str:
        return f"/2026/01/{1 + number % 28:02}/{PLACES[number % 8]}-{number}"

    site = Kind()
    count = 60
    calendar = "".join(f'<td><a href="/2026/01/{day:02}">{day}</a></td>' for day in range(1, 29))
    extra = f'<aside class="widget"><table><tr>{calendar}</tr></table></aside>'
    listed(site, "/", range(count), slug, extra=extra)
    for day in range(1, 29):
        members = [n for n in range(count) if 1 + n % 28 == day]
        site.pages[f"/2026/01/{day:02}"] = page(f"{day} January", "".join(teaser(slug(n), n) for n in members) + extra)
    listed(site, "/2026/01", range(count), slug, extra=extra)
    listed(site, "/2026", range(count), slug, extra=extra)
    for number in range(count):
        tags = "".join(
            f'<a rel="tag" href="/tag/word-{(number + each) % 30}">word {(number + each) % 30}</a> '
            for each in range(3)
        )
        author = f'<a rel="author" href="/author/writer-{number % 7}">Writer {number % 7}</a>'
        site.pages[slug(number)] = story(number, after=f"<div>{author} {tags}</div>{extra}")
        site.articles.add(slug(number))
    for tag in range(30):
        members = [n for n in range(count) if tag in {(n + each) % 30 for each in range(3)}]
        listed(site, f"/tag/word-{tag}", members, slug, extra=extra, title=f"word {tag}")
    for author in range(7):
        listed(site, f"/author/writer-{author}", [n for n in range(count) if n % 7 == author], slug, extra=extra)
    return site


def deep_sections() -> Kind:
    """Sections within sections, three levels; only the deepest list all their articles."""
    site = Kind()
    number = 0
    home = []
    for top in ("world", "home"):
        below = []
        for middle in ("north", "south", "east"):
            lists = []
            for deep in ("city", "land"):
                base = f"/{top}/{middle}/{deep}"
                members = list(range(number, number + 8))
                number += 8

                def slug(n: int, base: str = base) -> str:
                    return f"{base}/{PLACES[n % 8]}-{n}"

                listed(site, base, members, slug, size=4)
                for n in members:
                    crumbs = "".join(
                        f'<a href="{url}">{url.rpartition("/")[2]}</a> '
                        for url in (f"/{top}", f"/{top}/{middle}", base)
                    )
                    crumbs = f'<div class="breadcrumb">{crumbs}</div>'
                    site.pages[slug(n)] = story(n, after=crumbs)
                    site.articles.add(slug(n))
                lists.append(f'<li><a href="{base}">{deep.title()}</a></li>')
                home.append(teaser(slug(members[0]), members[0]))
            site.pages[f"/{top}/{middle}"] = page(middle.title(), f"<h1>{middle}</h1><ul>{''.join(lists)}</ul>")
            below.append(f'<li><a href="/{top}/{middle}">{middle.title()}</a></li>')
        site.pages[f"/{top}"] = page(top.title(), f"<h1>{top}</h1><ul>{''.join(below)}</ul>")
    menu = '<a href="/world">World</a><a href="/home">Home news</a>'
    site.pages["/"] = page("Home", "".join(home[:4]), menu)
    return site


def languages() -> Kind:
    """Two editions under /en and /de with a switch between them."""
    site = Kind()
    for language in ("en", "de"):

        def slug(n: int, language: str = language) -> str:
            return f"/{language}/{PLACES[n % 8]}-{n}"

        numbers = range(30) if language == "en" else range(30, 60)
        switch = '<a href="/en">EN</a><a href="/de">DE</a>'
        listed(site, f"/{language}", numbers, slug, menu=switch)
        for n in numbers:
            site.pages[slug(n)] = story(n, menu=switch)
            site.articles.add(slug(n))
    site.pages["/"] = page("Town News", '<a href="/en">English</a> <a href="/de">Deutsch</a>')
    return site


def sessions() -> Kind:
    """All links of a page have a session ID, which differs with each visit."""
    site = plain(40, short_slug)
    visits = iter(range(10**9))

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        found = site.pages.get(path)
        if not isinstance(found, str):
            return None
        pieces, visit = found.split('href="/'), next(visits)
        return pieces[0] + "".join('href="/' + each.replace('"', f'?osCsid={visit:032x}"', 1) for each in pieces[1:])

    return Kind(articles=site.articles, dynamic=dynamic)


def calendar_paths() -> Kind:
    """A calendar of events without end, in paths; each month has a text."""
    site = plain(40, menu='<a href="/events/2026/01">Events</a>')

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        pieces = path.strip("/").split("/")
        if pieces[0] != "events" or len(pieces) != 3:
            return None
        month = int(pieces[1]) * 12 + int(pieces[2]) - 1

        def at(m: int) -> str:
            return f"/events/{m // 12}/{m % 12 + 1:02}"

        days = "".join(f"<td>{day}</td>" for day in range(1, 29))
        links = f'<a href="{at(month - 1)}">« Previous month</a> <a href="{at(month + 1)}">Next month »</a>'
        return page("Events", f"<h1>Events in month {month}</h1><table><tr>{days}</tr></table>{links}")

    site.dynamic = dynamic
    return site


def calendar_days() -> Kind:
    """A calendar whose days each have a page with a text and a date, without end."""
    site = plain(40, menu='<a href="/calendar/day-20260105">Calendar</a>')

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        if not path.startswith("/calendar/day-"):
            return None
        day = int(path.removeprefix("/calendar/day-"))
        text = "<p>There are no events on this day. Choose another day, or write to us if you want to announce one.</p>"
        week = "".join(f'<a href="/calendar/day-{day + each}">{day + each}</a> ' for each in range(-3, 4))
        return page("Calendar", f"<h1>Events on {day}</h1>{text}{week}")

    site.dynamic = dynamic
    return site


def shop() -> Kind:
    """A shop with filters: combinations of parameters without end."""
    site = plain(40, menu='<a href="/shop">Shop</a>')

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        if path != "/shop":
            return None
        links = ""
        for name in ("color", "size", "brand", "price"):
            for value in range(5):
                both = query | {name: str(value)}
                links += f'<a href="/shop?{"&".join(f"{k}={v}" for k, v in sorted(both.items()))}">{name} {value}</a> '
        return page("Shop", f"<h1>Shop</h1><div>{links}</div>")

    site.dynamic = dynamic
    return site


def copies() -> Kind:
    """Each article has an AMP page, a print page, a feed, an attachment, comment pages and a share link."""
    site = plain(30)
    for number in range(30):
        url = word_slug(number)
        forms = (f"{url}/amp", f"{url}?print=1", f"{url}/print", f"{url}/feed", f"{url}/comment-page-2")
        more = "".join(f'<a href="{form}">{form[-5:]}</a> ' for form in (*forms, f"{url}?replytocom=7"))
        photo = f'<a href="{url}/photo-{number}"><img src="/i/{number}.jpg"></a>'
        site.pages[url] = story(number, after=more, links=photo)
        for form in forms:
            canonical = f'<link rel="canonical" href="{BASE}{url}">'
            site.pages[form] = str(story(number)).replace("</head>", f"{canonical}</head>")
        site.pages[f"{url}/photo-{number}"] = page(
            f"photo {number}", f'<h1>photo {number}</h1><img src="/i/{number}.jpg">'
        )
    return site


def small_lists() -> Kind:
    """Three articles a page, twenty pages."""
    return plain(60, short_slug, size=3)


def relative_base() -> Kind:
    """Links relative to a ``base``."""
    site = plain(30, lambda n: f"/news/archive/{PLACES[n % 8]}{n}")
    for path, content in site.pages.items():
        assert isinstance(content, str)
        changed = content.replace('href="/news/archive/', 'href="archive/').replace(
            "<head>", '<head><base href="/news/">'
        )
        site.pages[path] = changed.replace('href="/page/', 'href="../page/')
    return site


def upper_case() -> Kind:
    """Upper case and .html, .aspx and parameters."""
    return plain(30, lambda n: f"/News/Item_{n}.html" if n % 2 else f"/News/Show.aspx?ID={n}")


def soft_404(copy_of_home: bool = False) -> Kind:
    """Dead links answer 200."""
    site = plain(40, short_slug)
    for number in range(40):
        dead = "".join(
            f'<p><a href="/old/{PLACES[n % 8]}-{n}">{headline(n)}</a></p>' for n in range(200 + number, 203 + number)
        )
        site.pages[short_slug(number)] = story(number, after=f"<section>{dead}</section>")
    gone = page(
        "Page not found",
        "<h1>Page not found</h1><p>The page that you requested is not here any more. Use the menu,"
        " or begin at the home page of our newspaper.</p>",
    )
    home = site.pages["/"]
    site.missing = home if copy_of_home else gone
    return site


def soft_404_home() -> Kind:
    """Dead links answer 200 with the home page."""
    return soft_404(copy_of_home=True)


def sitemap_of(urls: Iterable[str]) -> str:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<urlset xmlns="{namespace}">' + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"


def only_sitemaps() -> Kind:
    """A home page made by scripts; a nested index, gzip, entries on other hosts, of static pages and of tags."""
    site = plain(40, short_slug)
    site.pages = {url: each for url, each in site.pages.items() if url in site.articles}
    site.pages["/"] = (
        '<html><head><title>Town</title><script src="/app.js"></script></head><body><div id="app"></div></body></html>'
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"

    def index(urls: Iterable[str]) -> Answer:
        body = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
        return Answer(f'<sitemapindex xmlns="{namespace}">{body}</sitemapindex>', media_type="application/xml")

    site.pages["/robots.txt"] = Answer(
        f"User-agent: *\nCrawl-delay: 0\nSitemap: {BASE}/maps/index.xml\n", media_type="text/plain"
    )
    site.pages["/maps/index.xml"] = index([f"{BASE}/maps/a.xml", f"{BASE}/maps/more.xml", "https://cdn.example/x.xml"])
    site.pages["/maps/more.xml"] = index([f"{BASE}/maps/b.xml.gz", f"{BASE}/maps/index.xml"])
    urls = [f"{BASE}{short_slug(n)}" for n in range(40)]
    others = [f"{BASE}/tag/t{n}" for n in range(10)] + [f"{BASE}/contact", f"{BASE}/"]
    site.pages["/maps/a.xml"] = Answer(sitemap_of(urls[:20] + others), media_type="application/xml")
    packed = gzip.compress(sitemap_of([*urls[20:], "https://elsewhere.example/a"]).encode())
    site.pages["/maps/b.xml.gz"] = Answer(packed, media_type="application/gzip")  # type: ignore[arg-type]
    for n in range(10):
        site.pages[f"/tag/t{n}"] = page(f"Tag {n}", "".join(teaser(short_slug(m), m) for m in range(n, 40, 10)))
    site.pages["/contact"] = page(
        "Contact", "<h1>Contact</h1><p>Write to us at the market square, or call us in the morning.</p>"
    )
    return site


def only_feed() -> Kind:
    """A home page made by scripts; a feed, at a usual place, that no page states."""
    site = plain(20, short_slug)
    site.pages = {url: each for url, each in site.pages.items() if url in site.articles}
    site.pages["/"] = (
        '<html><head><title>Town</title><script src="/app.js"></script></head><body><div id="app"></div></body></html>'
    )
    items = "".join(f"<item><title>{headline(n)}</title><link>{BASE}{short_slug(n)}</link></item>" for n in range(20))
    site.pages["/feed"] = Answer(
        f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>', media_type="application/rss+xml"
    )
    return site


STATIC_PATHS = ("/products", "/about", "/contact", "/advertising", "/team", "/history-of-the-newspaper", "/privacy")


def static_text(number: int) -> str:
    return "".join(
        f"<p>Our newspaper offers service {number + each} to readers and companies of the town, and the editors answer"
        f" questions about it every day between nine and noon. Prices depend on the size of the order.</p>"
        for each in range(4)
    )


def static_pages(in_footer: bool = False) -> Kind:
    """Static pages with paragraphs like those of news, in the menu of every page; /products lists products."""
    menu = "".join(f'<a href="{path}">{path.strip("/").replace("-", " ").title()}</a>' for path in STATIC_PATHS)
    site = plain(40, short_slug, menu=menu)
    for number, path in enumerate(STATIC_PATHS):
        links = ""
        if path == "/products":
            links = "".join(
                f'<h2><a href="/products/offer-{n}">An offer for readers of the town {n}</a></h2>' for n in range(8)
            )
        site.pages[path] = page(
            path.strip("/").title(), f"<h1>{path.strip('/').title()}</h1>{static_text(number)}{links}", menu
        )
    for n in range(8):
        site.pages[f"/products/offer-{n}"] = page(
            f"Offer {n}", f"<h1>An offer for readers of the town {n}</h1>{static_text(n)}", menu
        )
    return site


def static_footer() -> Kind:
    """The same in the footer of a small site; products only from the home page."""
    site = plain(12, short_slug)
    links = "".join(f'<a href="{path}">{path.strip("/").title()}</a>' for path in STATIC_PATHS)
    for path, content in list(site.pages.items()):
        assert isinstance(content, str)
        site.pages[path] = content.replace("<footer>", f"<footer>{links}")
    for number, path in enumerate(STATIC_PATHS):
        site.pages[path] = page(
            path.strip("/").title(), f"<h1>{path.strip('/').title()}</h1>{static_text(number)}"
        ).replace("<footer>", f"<footer>{links}")
    return site


def chain_only() -> Kind:
    """No lists: each article links to the previous one."""
    site = Kind()
    for number in range(40):
        after = (
            f'<nav class="post-navigation"><a rel="prev" href="{word_slug(number + 1)}">{headline(number + 1)}</a></nav>'
            if number < 39
            else ""
        )
        site.pages[word_slug(number)] = story(number, after=after)
        site.articles.add(word_slug(number))
    site.pages["/"] = page("Home", "".join(teaser(word_slug(n), n) for n in range(3)))
    return site


def one_archive() -> Kind:
    """A plain list of all articles on one page, with short titles."""
    site = Kind()
    rows = "".join(f'<li>{1 + n % 28} Jan <a href="{short_slug(n)}">Evening {n}</a></li>' for n in range(150))
    site.pages["/archive"] = page("Archive", f"<h1>Archive</h1><ul>{rows}</ul>")
    site.pages["/"] = page(
        "Home", "".join(teaser(short_slug(n), n) for n in range(5)), '<a href="/archive">Archive</a>'
    )
    for n in range(150):
        site.pages[short_slug(n)] = story(n, menu='<a href="/archive">Archive</a>')
        site.articles.add(short_slug(n))
    return site


def search_pages() -> Kind:
    """Tags lead to search pages, which are endless."""
    site = plain(30)
    for number in range(30):
        links = "".join(f'<a href="/suche/wort-{number * 3 + each}">wort {each}</a> ' for each in range(3))
        site.pages[word_slug(number)] = story(number, after=f"<div>{links}</div>")

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        if not path.startswith("/suche/"):
            return None
        word = int(path.rpartition("-")[2])
        results = "".join(teaser(word_slug(n % 30), n % 30) for n in range(word, word + 5))
        related = "".join(f'<a href="/suche/wort-{word * 7 + each}">wort {word * 7 + each}</a> ' for each in range(5))
        return page(f"Suche {word}", results + related)

    site.dynamic = dynamic
    return site


def event_pages() -> Kind:
    """Events in a list of their own: dated, with a text, but announced as events."""
    site = plain(40, menu='<a href="/events">Events</a>')
    site.pages["/events"] = page(
        "Events",
        "".join(
            f'<div class="event"><a href="/event/{n}">Concert in the {PLACES[n % 8]} {n}</a></div>' for n in range(15)
        ),
    )
    for n in range(15):
        data = {
            "@context": "https://schema.org",
            "@type": "Event",
            "name": f"Concert {n}",
            "startDate": f"2026-02-{n + 1:02}T19:00:00Z",
        }
        head = f'<script type="application/ld+json">{json.dumps(data)}</script>'
        site.pages[f"/event/{n}"] = page(
            f"Concert {n}", f"<h1>Concert in the {PLACES[n % 8]} {n}</h1>{static_text(n)}", "", head
        )
    return site


def path_pagination() -> Kind:
    """Pages of a list as /news-2.html."""
    site = Kind()
    listed(site, "/", range(40), short_slug, at=lambda base, number: f"/news-{number}.html" if number > 1 else base)
    for n in range(40):
        site.pages[short_slug(n)] = story(n)
        site.articles.add(short_slug(n))
    return site


def reverse_pages() -> Kind:
    """The newest articles on the page with the highest number, as on Russian blogs; links to older pages."""
    site = Kind()
    parts = chunks(range(50), 10)
    for place, part in enumerate(parts):
        number = len(parts) - place
        url = "/" if place == 0 else f"/skip-{number}"
        link = f'<div class="pager"><a href="/skip-{number - 1}">ранее</a></div>' if number > 1 else ""
        site.pages[url] = page("Лента", "".join(teaser(short_slug(n), n) for n in part) + link)
    for n in range(50):
        site.pages[short_slug(n)] = story(n)
        site.articles.add(short_slug(n))
    return site


def undated_teasers_in_lists() -> Kind:
    """Undated articles, linked by short texts in a list without headings."""
    site = Kind()
    for place, part in enumerate(chunks(range(40), 10), start=1):
        rows = "".join(f'<div class="row"><a href="/n/{n}">Evening {n}</a><p>{prose(n)[3:90]}</p></div>' for n in part)
        link = f'<a class="next" href="/p{place + 1}">Older</a>' if place < 4 else ""
        site.pages["/" if place == 1 else f"/p{place}"] = page("News", rows + link)
    for n in range(40):
        site.pages[f"/n/{n}"] = story(n, dated=False)
        site.articles.add(f"/n/{n}")
    return site


def fragments() -> Kind:
    """A site whose routes are fragments, beside real URLs."""
    site = plain(30)
    for path, content in list(site.pages.items()):
        assert isinstance(content, str)
        site.pages[path] = content.replace("<footer>", '<footer><a href="#!/top">Top</a><a href="/#comments">C</a>')
    return site


def tags_everywhere() -> Kind:
    """Many tags, each with one or two articles, and few lists."""
    site = plain(40)
    for number in range(40):
        links = "".join(f'<a href="/t/{number}-{each}">tag {number}-{each}</a> ' for each in range(6))
        site.pages[word_slug(number)] = story(number, after=f'<div class="tags">{links}</div>')
        for each in range(6):
            site.pages[f"/t/{number}-{each}"] = page("Tag", teaser(word_slug(number), number))
    return site


def chinese() -> Kind:
    """Short headlines in Han characters."""
    site = Kind()

    def title(n: int) -> str:
        return f"市议会今晚讨论第{n}号港口计划"

    for place, part in enumerate(chunks(range(40), 10), start=1):
        rows = "".join(f'<li><a href="/a/{n}.html">{title(n)}</a></li>' for n in part)
        link = f'<a href="/list_{place + 1}.html">下一页</a>' if place < 4 else ""
        site.pages["/" if place == 1 else f"/list_{place}.html"] = page("新闻", f"<ul>{rows}</ul>{link}")
    for n in range(40):
        text = "".join(
            f"<p>委员会星期{each}开会，听取了关于港口和桥梁计划{n}的报告，居民提出了许多问题，市长一一作了回答。</p>"
            for each in range(4)
        )
        site.pages[f"/a/{n}.html"] = page(
            title(n), f"<h1>{title(n)}</h1><span>2026-01-{1 + n % 28:02} 10:00</span>{text}"
        )
        site.articles.add(f"/a/{n}.html")
    return site


def paged_articles() -> Kind:
    """Articles of several pages."""
    site = plain(30)
    for number in range(30):
        url = word_slug(number)
        numbers = f'<a href="{url}/2">2</a> <a href="{url}/3">3</a> <a class="next" href="{url}/2">Next page</a>'
        pager = f'<div class="pagination">{numbers}</div>'
        site.pages[url] = story(number, links=pager)
        for part in (2, 3):
            site.pages[f"{url}/{part}"] = str(story(number, links=pager)).replace(
                prose(number), prose(number + 100 * part)
            )
    return site


def read_more() -> Kind:
    """Teasers whose only link says "Read more"."""
    site = Kind()
    for place, part in enumerate(chunks(range(40), 8), start=1):
        rows = "".join(
            f'<div><h2>{headline(n)}</h2><p>{prose(n)[3:99]}</p><a href="{short_slug(n)}">Read more</a></div>'
            for n in part
        )
        link = f'<a href="/?page={place + 1}">Next</a>' if place < 5 else ""
        site.pages["/" if place == 1 else f"/?page={place}"] = page("News", rows + link)
    for n in range(40):
        site.pages[short_slug(n)] = story(n)
        site.articles.add(short_slug(n))
    return site


def full_text_lists() -> Kind:
    """A blog whose lists show whole posts."""
    site = Kind()
    menu = '<a href="/topic/town">Town</a><a href="/topic/sea">Sea</a>'

    def add(base: str, numbers: list[int]) -> None:
        parts = chunks(numbers, 3)
        for place, part in enumerate(parts, start=1):
            posts = "".join(
                f'<article>{teaser(word_slug(n), n)}<time datetime="2026-01-{1 + n % 28:02}">x</time>{prose(n)}</article>'
                for n in part
            )
            link = (
                f'<nav class="pagination"><a href="{base.rstrip("/")}/page/{place + 1}">Older posts</a></nav>'
                if place < len(parts)
                else ""
            )
            site.pages[base if place == 1 else f"{base.rstrip('/')}/page/{place}"] = page("Blog", posts + link, menu)

    add("/", list(range(30)))
    add("/topic/town", list(range(0, 30, 2)))
    add("/topic/sea", [7])
    for n in range(30):
        site.pages[word_slug(n)] = story(n, menu=menu)
        site.articles.add(word_slug(n))
    return site


def described_lists() -> Kind:
    """Tags with a description and one teaser; authors with a long biography."""
    site = plain(40)
    for number in range(40):
        links = f'<a href="/person/writer-{number % 6}">Writer</a> <a href="/subject/town-{number % 12}">Town</a>'
        site.pages[word_slug(number)] = story(number, after=f"<div>{links}</div>")
    for author in range(6):
        teasers = "".join(teaser(word_slug(n), n) for n in range(author, 40, 6))
        site.pages[f"/person/writer-{author}"] = page(
            f"Writer {author}", f"<h1>Writer {author}</h1>{static_text(author)}{teasers}"
        )
    for subject in range(12):
        site.pages[f"/subject/town-{subject}"] = page(
            f"Town {subject}", f"<h1>The town {subject}</h1>{static_text(subject)}{teaser(word_slug(subject), subject)}"
        )
    return site


def letter_case() -> Kind:
    """Links in two spellings, which differ in case; the canonical link has one."""
    site = plain(30)
    for number in range(30):
        url = word_slug(number)
        other = url.title()
        canonical = f'<link rel="canonical" href="{BASE}{url}">'
        site.pages[url] = str(
            story(
                number,
                after=f'<h3><a href="{word_slug((number + 1) % 30).title()}">{headline((number + 1) % 30)}</a></h3>',
            )
        ).replace("</head>", f"{canonical}</head>")
        site.pages[other] = site.pages[url]
    return site


def referrals() -> Kind:
    """Each link names the page that it is on, in a parameter; canonical links."""
    site = plain(40)
    for number in range(40):
        url = word_slug(number)
        canonical = f'<link rel="canonical" href="{BASE}{url}">'
        related = "".join(
            f'<h4><a href="{word_slug(each % 40)}?from=story{number}">{headline(each % 40)}</a></h4>'
            for each in range(number + 1, number + 6)
        )
        site.pages[url] = str(story(number, after=related)).replace("</head>", f"{canonical}</head>")

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        return site.pages.get(path) if set(query) == {"from"} else None

    site.dynamic = dynamic
    return site


def views() -> Kind:
    """Lists with views and orders: /list?view=grid&per=20 and the like, and pages in each."""
    site = plain(40)
    listed(site, "/list", range(40), word_slug, at=lambda base, n: f"{base}?page={n}" if n > 1 else base)

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        if path != "/list":
            return None
        number = int(query.get("page", 1))
        links = "".join(
            f'<a href="/list?{"&".join(f"{k}={v}" for k, v in (query | {name: value}).items())}">{name} {value}</a> '
            for name, values in {
                "view": ("grid", "rows"),
                "per": ("10", "20", "50"),
                "lang": ("en", "de"),
                "dir": ("up", "down"),
            }.items()
            for value in values
        )
        following = "&".join(f"{k}={v}" for k, v in (query | {"page": str(number + 1)}).items())
        more = f'<div class="pager"><a href="/list?{following}">Next</a></div>' if number < 4 else ""
        return page(
            "List",
            links + "".join(teaser(word_slug(n), n) for n in range((number - 1) * 10, min(40, number * 10))) + more,
        )

    site.pages.pop("/list")
    for n in (2, 3, 4):
        site.pages.pop(f"/list?page={n}")
    site.pages["/"] = str(site.pages["/"]).replace("<footer>", '<footer><a href="/list">All news</a>')
    site.dynamic = dynamic
    return site


def gapped_pager() -> Kind:
    """Numbers with gaps and no link to the next page."""
    site = Kind()
    parts = chunks(range(150), 5)
    for place, part in enumerate(parts, start=1):
        numbers = {1, 2, 3, place - 1, place + 1, len(parts)} - {0, place, len(parts) + 1}
        pager = "".join(f'<li><a href="/list/{n}">{n}</a></li>' for n in sorted(numbers))
        site.pages["/" if place == 1 else f"/list/{place}"] = page(
            "News", "".join(teaser(short_slug(n), n) for n in part) + f"<ul>{pager}</ul>"
        )
    site.pages["/list/1"] = site.pages["/"]
    for n in range(150):
        site.pages[short_slug(n)] = story(n)
        site.articles.add(short_slug(n))
    return site


def cursors() -> Kind:
    """Pages of a list by a cursor: the ID of the last article."""
    return plain(60, short_slug, at=lambda base, number: f"/?after=id{number * 7919 % 1000}x")


def index_files() -> Kind:
    """/section/ and /section/index.html are one page, as are / and /index.html."""
    menu = '<a href="/index.html">Start</a><a href="/town/index.html">Town</a><a href="/town">Town</a>'
    site = plain(30, lambda n: f"/town/{PLACES[n % 8]}{n}.html", menu=menu)
    listed(site, "/town", range(30), lambda n: f"/town/{PLACES[n % 8]}{n}.html", menu=menu)
    site.pages["/index.html"] = site.pages["/"]
    site.pages["/town/index.html"] = site.pages["/town"]
    return site


def undated_static_first() -> Kind:
    """Static pages are linked by headlines on the home page, before any article is known."""
    site = plain(40)
    first = "".join(
        f'<h2><a href="/service/offer-{n}">The newspaper offers a service for companies {n}</a></h2>' for n in range(5)
    )
    site.pages["/"] = str(site.pages["/"]).replace("<main>", f"<main>{first}")
    for n in range(5):
        site.pages[f"/service/offer-{n}"] = page(
            f"Offer {n}", f"<h1>The newspaper offers a service for companies {n}</h1>{static_text(n)}"
        )
    return site


def dead_links() -> Kind:
    """Half of the links lead to missing pages, in a folder of their own and among the articles."""
    site = plain(40)
    for number in range(40):
        gone = "".join(f'<h4><a href="{word_slug(n)}">{headline(n)}</a></h4>' for n in (number + 1000, number + 1001))
        site.pages[word_slug(number)] = story(number, after=gone)
    return site


KINDS: dict[str, Callable[[], Kind]] = {
    kind.__name__: kind
    for kind in (
        *(date_archives, deep_sections, languages, sessions, calendar_paths, calendar_days, shop, copies, small_lists),
        *(relative_base, upper_case, soft_404, soft_404_home, only_sitemaps, only_feed, static_pages, static_footer),
        *(chain_only, one_archive, search_pages, event_pages, path_pagination, reverse_pages),
        *(undated_teasers_in_lists, fragments, tags_everywhere, chinese, paged_articles, read_more, full_text_lists),
        *(described_lists, letter_case, referrals, views, gapped_pager, cursors, index_files, undated_static_first),
        *(dead_links,),
    )
}
