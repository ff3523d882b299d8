"""Sites with many other pages: traps, copies, static pages, spellings of URLs."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.discovery.kinds.building import (
    BASE,
    STATIC_PATHS,
    Kind,
    Page,
    listed,
    page,
    plain,
    short_slug,
    static_text,
    story,
    teaser,
    word_slug,
)
from tests.discovery.whole_sites import PLACES, headline, prose


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


OTHER_PAGES: tuple[Callable[[], Kind], ...] = (
    sessions,
    calendar_paths,
    calendar_days,
    shop,
    copies,
    upper_case,
    soft_404,
    soft_404_home,
    static_pages,
    static_footer,
    search_pages,
    event_pages,
    fragments,
    tags_everywhere,
    paged_articles,
    described_lists,
    letter_case,
    referrals,
    views,
    index_files,
    undated_static_first,
    dead_links,
)
