"""Sites in the markup of further systems, and sites with traps of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.discovery.kinds.building import BASE, Kind, Page, listed, page, plain, sitemap_of, story, teaser, word_slug
from tests.discovery.whole_sites import PLACES, headline, prose


def joomla() -> Kind:
    """Numbers in slugs below index.php, teasers with "read more", pages by ``?start=``, tags of a component."""
    site, count = Kind(), 45

    def slug(n: int) -> str:
        return f"/index.php/news/{n + 100}-{PLACES[n % 8]}-{n}"

    def lead(n: int) -> str:
        return (
            f'<div class="item" itemprop="blogPost"><div class="page-header"><h2 itemprop="name"><a href="{slug(n)}"'
            f' itemprop="url">{headline(n)}</a></h2></div><p>A first sentence about the plan of evening {n}.</p>'
            f'<p class="readmore"><a class="btn" href="{slug(n)}">Read more: {headline(n)}</a></p></div>'
        )

    menu = '<a href="/index.php/news">News</a><a href="/index.php/contact-us">Contact</a>'
    for start in range(0, count, 9):
        numbers = "".join(
            f'<li><a class="pagenav" href="/index.php/news?start={at}">{at // 9 + 1}</a></li>'
            for at in range(0, count, 9)
            if at != start
        )
        blog = "".join(map(lead, range(start, min(start + 9, count))))
        content = page("News", f'<div class="blog">{blog}<div class="pagination"><ul>{numbers}</ul></div></div>', menu)
        site.pages[f"/index.php/news?start={start}" if start else "/index.php/news"] = content
    site.pages["/"] = page("Home", "".join(map(lead, range(4))), menu)
    site.pages["/index.php/contact-us"] = page("Contact", "<h1>Contact</h1><form><input name='mail'></form>", menu)
    for n in range(count):
        tag = PLACES[n % 8]
        tags = f'<ul class="tags"><li><a href="/index.php/component/tags/tag/{tag}">{tag}</a></li></ul>'
        info = (
            f'<dl class="article-info"><dd class="published"><time datetime="2026-01-{1 + n % 28:02}T10:00:00+00:00">'
        )
        text = '<div class="item-page" itemscope itemtype="https://schema.org/Article">'
        text += f'<h1 itemprop="headline">{headline(n)}'
        site.pages[slug(n)] = page(
            headline(n),
            f'{text}</h1>{info}</time></dd></dl><div itemprop="articleBody">{prose(n)}</div>{tags}</div>',
            menu,
        )
        site.articles.add(slug(n))
    for place, name in enumerate(PLACES):
        members = [n for n in range(count) if n % 8 == place]
        site.pages[f"/index.php/component/tags/tag/{name}"] = page(
            name, "".join(f'<h3><a href="{slug(n)}">{headline(n)}</a></h3>' for n in members), menu
        )
    return site


def state_only() -> Kind:
    """Lists that a script draws: their articles are only in the state of the page; articles are complete pages."""
    site, count = Kind(), 40

    def slug(n: int) -> str:
        return f"/stories/{PLACES[n % 8]}-opens-again-{n}"

    def drawn(numbers: range, after: str) -> str:
        posts = [{"id": n, "title": headline(n), "href": slug(n), "img": f"/i/{n}.jpg"} for n in numbers]
        state = json.dumps({"props": {"pageProps": {"posts": posts, "next": after}}, "page": "/", "buildId": "x9"})
        return page(
            "News", '<div id="__next"></div>' + f'<script id="__NEXT_DATA__" type="application/json">{state}</script>'
        )

    for at in range(0, count, 10):
        following = f"/news/{at // 10 + 2}" if at + 10 < count else ""
        site.pages[f"/news/{at // 10 + 1}" if at else "/"] = drawn(range(at, at + 10), following)
    for n in range(count):
        site.pages[slug(n)] = story(n)
        site.articles.add(slug(n))
    return site


def arc() -> Kind:
    """A list that continues only in the sitemap: the button's request is built by a script that cannot be read."""
    site = plain(12)
    for n in range(12, 60):
        site.pages[word_slug(n)] = story(n)
        site.articles.add(word_slug(n))
    site.pages["/"] = str(site.pages["/"]).replace("</main>", '<button class="load-more">Load more</button></main>')
    site.pages["/robots.txt"] = f"Sitemap: {BASE}/arc/outboundfeeds/sitemap-index"
    parts = [range(at, at + 20) for at in (0, 20, 40)]
    for place, part in enumerate(parts):
        site.pages[f"/arc/outboundfeeds/sitemap?from={place}"] = sitemap_of(BASE + word_slug(n) for n in part)
    maps = "".join(f"<sitemap><loc>{BASE}/arc/outboundfeeds/sitemap?from={place}</loc></sitemap>" for place in range(3))
    site.pages["/arc/outboundfeeds/sitemap-index"] = (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'
    )
    return site


def wix() -> Kind:
    """Cards that are one link each, generated names of classes, pages under the blog."""
    site, count = Kind(), 40

    def slug(n: int) -> str:
        return f"/post/{PLACES[n % 8]}-opens-{n}"

    def card(n: int) -> str:
        return (
            f'<div data-hook="item"><article class="s{n}X9"><a href="{slug(n)}"><div class="w{n}bg"></div></a>'
            f'<a href="{slug(n)}" class="O16KGI"><p class="bD0vt9">{headline(n)}</p></a><span>0 comments</span>'
            "</article></div>"
        )

    menu = '<a href="/blog">Blog</a><a href="/shop">Shop</a>'
    for at in range(0, count, 10):
        pages = "".join(f'<a href="/blog/page/{k}" aria-label="Page {k}">{k}</a>' for k in range(1, 5))
        content = page("Blog", "".join(map(card, range(at, at + 10))) + f'<nav class="pg1">{pages}</nav>', menu)
        site.pages[f"/blog/page/{at // 10 + 1}" if at else "/blog"] = content
    site.pages["/blog/page/1"] = site.pages["/blog"]
    site.pages["/"] = page("Welcome", "<h1>Welcome to the town</h1><p>We are a small paper.</p>", menu)
    site.pages["/shop"] = page("Shop", "<h1>Shop</h1><p>Mugs and shirts are sold here.</p>", menu)
    for n in range(count):
        site.pages[slug(n)] = story(n, menu=menu)
        site.articles.add(slug(n))
    return site


def medium() -> Kind:
    """Articles below their authors, with hashes in slugs; links with a parameter that names the place of the click."""
    site, count = Kind(), 40

    def slug(n: int) -> str:
        return f"/@writer{n % 4}/{PLACES[n % 8]}-opens-again-{n * 7919 + 11:012x}"

    def link(n: int, place: str) -> str:
        return f'<article><a href="{slug(n)}?source={place}---{n}----"><h2>{headline(n)}</h2></a></article>'

    def pages_of(base: str, members: list[int], place: str) -> None:
        for at in range(0, len(members), 10):
            more = f'<a href="{base}/page/{at // 10 + 2}">Older</a>' if at + 10 < len(members) else ""
            path = f"{base}/page/{at // 10 + 1}" if at else base or "/"
            site.pages[path] = page("Stories", "".join(link(n, place) for n in members[at : at + 10]) + more)

    pages_of("", list(range(count)), "home")
    for writer in range(4):
        pages_of(f"/@writer{writer}", [n for n in range(count) if n % 4 == writer], "user_profile")
    texts = {}
    for n in range(count):
        after = (
            f'<p><a href="/@writer{n % 4}?source=post_page">Writer {n % 4}</a></p>{link((n + 1) % count, "read_next")}'
        )
        canonical = f'<link rel="canonical" href="{BASE}{slug(n)}">'
        texts[slug(n)] = story(n, after=after).replace("<head>", f"<head>{canonical}")
    site.pages |= texts
    site.articles |= set(texts)

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        return site.pages.get(path) if set(query) == {"source"} else None

    site.dynamic = dynamic
    return site


def numbers_only() -> Kind:
    """Articles, sections, tags and users are all numbers."""
    site, count = Kind(), 60

    def slug(n: int) -> str:
        return f"/{n * 3 + 1000}"

    menu = "".join(f'<a href="/c/{k}">Part {k}</a>' for k in range(1, 4))
    listed(site, "/", range(20), slug, menu=menu, at=lambda base, k: f"{base}?p={k}")
    for part in range(1, 4):
        members = [n for n in range(count) if n % 3 == part - 1]
        listed(site, f"/c/{part}", members, slug, menu=menu, at=lambda base, k: f"{base}/{k}")
    for n in range(count):
        after = f'<a href="/t/{n % 9}">word {n % 9}</a> <a href="/u/{n % 5}">user {n % 5}</a>'
        site.pages[slug(n)] = story(n, menu=menu, after=after)
        site.articles.add(slug(n))
    for tag in range(9):
        listed(site, f"/t/{tag}", [n for n in range(count) if n % 9 == tag], slug, menu=menu)
    for user in range(5):
        site.pages[f"/u/{user}"] = page(f"User {user}", f"<h1>User {user}</h1><p>Joined in 2019.</p>", menu)
    return site


def endless_calendar() -> Kind:
    """A calendar of events whose months have no end in either direction; each day is a page, too."""
    site = plain(40, menu='<a href="/calendar/2026-01">Calendar</a>')

    def dynamic(path: str, query: dict[str, str]) -> Page | None:
        if not path.startswith("/calendar/"):
            return None
        year, month = (int(part) for part in path.rpartition("/")[2].split("-")[:2])
        before, after = (year * 12 + month - 2, year * 12 + month)
        links = "".join(
            f'<a href="/calendar/{at // 12}-{at % 12 + 1:02}">{word}</a> ' for at, word in ((before, "«"), (after, "»"))
        )
        days = "".join(f'<td><a href="/calendar/{year}-{month:02}-{day:02}">{day}</a></td>' for day in range(1, 29))
        return page(
            f"Calendar {year}-{month:02}", f"<h1>Events</h1>{links}<table><tr>{days}</tr></table><p>No events.</p>"
        )

    site.dynamic = dynamic
    return site


def tag_clouds() -> Kind:
    """Many tags on every page; a tag's page lists a few articles that all lists name."""
    cloud = "".join(f'<a class="tag-cloud-link" href="/topic/word-{n}" rel="tag">word {n}</a> ' for n in range(80))
    site = plain(50)
    for path, content in list(site.pages.items()):
        site.pages[path] = str(content).replace("<footer>", f'<footer><div class="tagcloud">{cloud}</div>')
    for n in range(80):
        members = [(n * 7 + each) % 50 for each in range(3)]
        site.pages[f"/topic/word-{n}"] = page(
            f"word {n}", "".join(teaser(word_slug(m), m) for m in members) + f'<div class="tagcloud">{cloud}</div>'
        )
    return site


def mixed_languages() -> Kind:
    """Each article in three languages under one slug, with links between them; the home page has one of them."""
    site, count = Kind(), 20
    for language in ("", "/az", "/ru"):

        def slug(n: int, language: str = language) -> str:
            return f"{language}/news/{PLACES[n % 8]}-{n}"

        menu = '<a href="/">EN</a><a href="/az">AZ</a><a href="/ru">RU</a>'
        listed(site, language or "/", range(count), slug, menu=menu)
        for n in range(count):
            others = "".join(
                f'<link rel="alternate" hreflang="{code}" href="{BASE}{prefix}/news/{PLACES[n % 8]}-{n}">'
                for prefix, code in (("", "en"), ("/az", "az"), ("/ru", "ru"))
            )
            site.pages[slug(n)] = story(n, menu=menu).replace("<head>", f"<head>{others}")
            site.articles.add(slug(n))
    return site


def month_archives() -> Kind:
    """Pages from the home page reach the newer half; the older articles are only in the archives of two years."""
    site, count = Kind(), 72

    def slug(n: int) -> str:
        return f"/{PLACES[n % 8]}-opens-again-{n}"

    months = [f"/{2026 - back // 12}/{12 - back % 12:02}" for back in range(24)]
    extra = (
        '<aside class="widget"><ul>'
        + "".join(f'<li><a href="{at}">{at[1:]}</a></li>' for at in months)
        + "</ul></aside>"
    )
    listed(site, "/", range(36), slug, extra=extra)
    for place, month in enumerate(months):
        site.pages[month] = page(month, "".join(teaser(slug(n), n) for n in range(3 * place, 3 * place + 3)) + extra)
    for n in range(count):
        site.pages[slug(n)] = story(n, after=extra)
        site.articles.add(slug(n))
    return site


SYSTEMS: tuple[Callable[[], Kind], ...] = (
    joomla,
    state_only,
    arc,
    wix,
    medium,
    numbers_only,
    endless_calendar,
    tag_clouds,
    mixed_languages,
    month_archives,
)
"""These kinds."""
