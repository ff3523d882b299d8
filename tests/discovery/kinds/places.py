"""Sites that differ in where their articles are and how they are linked."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable

from tests.discovery.driven import Answer
from tests.discovery.kinds.building import (
    BASE,
    Kind,
    chunks,
    listed,
    page,
    plain,
    short_slug,
    sitemap_of,
    story,
    teaser,
    word_slug,
)
from tests.discovery.whole_sites import PLACES, headline, prose


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


def chain_only() -> Kind:
    """No lists: each article links to the previous one."""
    site = Kind()
    for number in range(40):
        after = (
            f'<nav class="post-nav"><a rel="prev" href="{word_slug(number + 1)}">{headline(number + 1)}</a></nav>'
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
                f"<article>{teaser(word_slug(n), n)}<time>{1 + n % 28} January 2026</time>{prose(n)}</article>"
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


PLACES_OF_ARTICLES: tuple[Callable[[], Kind], ...] = (
    date_archives,
    deep_sections,
    languages,
    small_lists,
    relative_base,
    only_sitemaps,
    only_feed,
    chain_only,
    one_archive,
    path_pagination,
    reverse_pages,
    undated_teasers_in_lists,
    chinese,
    read_more,
    full_text_lists,
    gapped_pager,
    cursors,
)
