"""Whole sites in the markup of content management systems, in memory, to be explored from their home page."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.discovery.driven import Answer, Paper

PER_PAGE = 10
PLACES = ("harbour", "bridge", "market", "library", "station", "garden", "school", "museum")
Wrap = Callable[["WholeSite", str, str], str]


def headline(number: int) -> str:
    return f"The {PLACES[number % 8]} of the town opens again on evening {number}"


def prose(number: int) -> str:
    return "".join(
        f"<p>The committee for the {PLACES[(number + each) % 8]} met on evening {number} and heard {each + 2} speakers"
        f" about plan {number * 7 + each}, which the town wants to carry out before the winter. Residents asked.</p>"
        for each in range(4)
    )


@dataclass
class WholeSite:
    """A site with a home page, sections, pages of lists and articles. A theme is a subclass or its functions."""

    articles: int = 40
    sections: tuple[str, ...] = ("politics", "culture")
    per_page: int = PER_PAGE

    def slug(self, number: int) -> str:
        return f"/story-{number}" if number % 2 else f"/the-{PLACES[number % 8]}-opens-again-on-evening-{number}"

    def list_page(self, section: str, page: int) -> str:
        base = f"/category/{section}" if section else ""
        return f"{base}/page/{page}" if page > 1 else base or "/"

    def teaser(self, number: int) -> str:
        return f'<article><h2 class="entry-title"><a href="{self.slug(number)}">{headline(number)}</a></h2></article>'

    def pager(self, section: str, page: int, last: int) -> str:
        if page >= last:
            return ""
        return (
            f'<nav class="pagination"><a class="next" href="{self.list_page(section, page + 1)}">Older posts</a></nav>'
        )

    def menu(self) -> str:
        links = "".join(f'<li><a href="{self.list_page(each, 1)}">{each.title()}</a></li>' for each in self.sections)
        about = '<li><a href="/about">About</a></li>'
        return f'<nav class="main-menu"><ul><li><a href="/">Home</a></li>{links}{about}</ul></nav>'

    def page(self, title: str, content: str, head: str = "") -> str:
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} - Town News</title>{head}'
            f"</head><body><header>{self.menu()}</header><main>{content}</main><footer><p>© Town News</p></footer>"
            "</body></html>"
        )

    def article(self, number: int) -> str:
        stamp = f"2026-01-{1 + number % 28:02}T10:00:00Z"
        head = f'<meta property="og:type" content="article"><meta property="article:published_time" content="{stamp}">'
        return self.page(headline(number), f"<article><h1>{headline(number)}</h1>{prose(number)}</article>", head)

    def members(self, section: str) -> list[int]:
        place = self.sections.index(section) if section else 0
        return [n for n in range(self.articles) if not section or n % len(self.sections) == place]

    def list_at(self, section: str, page: int) -> str:
        members = self.members(section)
        shown = members[(page - 1) * self.per_page : page * self.per_page]
        last = -(-len(members) // self.per_page)
        teasers = "".join(map(self.teaser, shown))
        return self.page(
            section.title() or "Home", f"<h1>{section.title()}</h1>{teasers}{self.pager(section, page, last)}"
        )

    def paper(self) -> Paper:
        """The site as a newspaper in memory."""
        lists = {}
        for section in ("", *self.sections):
            for page in range(1, -(-len(self.members(section)) // self.per_page) + 1):
                lists[self.list_page(section, page)] = Answer(self.list_at(section, page))
        pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        for path in {url.partition("?")[0] for url in lists}:
            pages[path] = partial(self._list_answer, lists, path)
        for number in range(self.articles):
            pages[self.slug(number)] = Answer(self.article(number))
        about = "<h1>About</h1><p>The Town News is a newspaper of the town. Write to us at the market square.</p>"
        pages["/about"] = Answer(self.page("About", about))
        return Paper(sections={}, pages=pages)

    @staticmethod
    def _list_answer(lists: dict[str, Answer], path: str, query: dict[str, str]) -> Answer:
        url = path + "".join(f"?{name}={value}" for name, value in query.items())
        return lists.get(url, Answer("<h1>Not found</h1>", 404))


@dataclass
class Numbered(WholeSite):
    """Pages in the query, numbered links (Drupal, Bitrix)."""

    parameter: str = "page"
    first: int = 1

    def slug(self, number: int) -> str:
        return f"/news/{number + 100}"

    def list_page(self, section: str, page: int) -> str:
        base = f"/{section}" if section else "/"
        return base if page == 1 else f"{base}?{self.parameter}={page - 1 + self.first}"

    def pager(self, section: str, page: int, last: int) -> str:
        links = "".join(
            f'<li><a href="{self.list_page(section, each)}">{each}</a></li>'
            for each in range(1, last + 1)
            if each != page
        )
        return f'<ul class="pages-list">{links}</ul>'


@dataclass
class Offsets(WholeSite):
    """Pages of lists by the number of articles before them, with a link to the next one only."""

    def list_page(self, section: str, page: int) -> str:
        base = f"/{section}" if section else "/"
        return base if page == 1 else f"{base}?offset={(page - 1) * self.per_page}"


@dataclass
class Cards(WholeSite):
    """Cards that are only pictures with a link, and no class that says anything (Tilda)."""

    def teaser(self, number: int) -> str:
        return f'<div class="t1 c{number}"><a href="{self.slug(number)}"><img src="/i/{number}.jpg"></a></div>'


@dataclass
class Linked(WholeSite):
    """Teasers are whole links; texts in a div (Ghost)."""

    def slug(self, number: int) -> str:
        return f"/evening{number}"

    def teaser(self, number: int) -> str:
        return (
            f'<div class="post-card"><a class="card-link" href="{self.slug(number)}"><header>'
            f"<h2>{headline(number)}</h2></header><div>Short excerpt.</div></a></div>"
        )

    def pager(self, section: str, page: int, last: int) -> str:
        older = f'<a class="older-posts" href="{self.list_page(section, page + 1)}"><span>→</span></a>'
        return f'<div class="pagination">{older if page < last else ""}<span>Page {page} of {last}</span></div>'


@dataclass
class Blocks(WholeSite):
    """A theme of blocks (WordPress since 5.9)."""

    def teaser(self, number: int) -> str:
        title = (
            f'<h3 class="wp-block-post-title"><a href="{self.slug(number)}" target="_self">{headline(number)}</a></h3>'
        )
        return f'<li class="wp-block-post post type-post">{title}<div class="wp-block-post-excerpt">Short.</div></li>'

    def pager(self, section: str, page: int, last: int) -> str:
        older = f'<a href="{self.list_page(section, page + 1)}" class="wp-block-query-pagination-next">Next Page</a>'
        return f'<nav class="wp-block-query-pagination">{older if page < last else ""}</nav>'


@dataclass
class Magazine(WholeSite):
    """A magazine theme: modules with a picture and a title, numbers with arrows (WordPress)."""

    def slug(self, number: int) -> str:
        return f"/2026/01/{1 + number % 28:02}/{PLACES[number % 8]}-opens-{number}"

    def teaser(self, number: int) -> str:
        url = self.slug(number)
        title = f'<p class="entry-title td-module-title"><a href="{url}" rel="bookmark">{headline(number)}</a></p>'
        return f'<div class="td_module_1"><a href="{url}"><img src="/i/{number}.jpg"></a>{title}</div>'

    def pager(self, section: str, page: int, last: int) -> str:
        numbers = "".join(f'<a href="{self.list_page(section, n)}" class="page">{n}</a>' for n in (page + 1, last))
        arrow = f'<a href="{self.list_page(section, page + 1)}"><i class="td-icon-menu-right"></i></a>'
        return f'<div class="page-nav"><span class="current">{page}</span>{numbers}{arrow}</div>' if page < last else ""


@dataclass
class Hugo(WholeSite):
    """Lists in /posts/page/2 with a pager of arrows (Hugo)."""

    def slug(self, number: int) -> str:
        return f"/posts/{PLACES[number % 8]}{number}"

    def list_page(self, section: str, page: int) -> str:
        base = f"/categories/{section}" if section else "/posts"
        return f"{base}/page/{page}" if page > 1 else base if section else "/"

    def pager(self, section: str, page: int, last: int) -> str:
        arrow = f'<li class="page-item"><a class="page-link" href="{self.list_page(section, page + 1)}">»</a></li>'
        return f'<ul class="pagination pagination-default">{arrow if page < last else ""}</ul>'


@dataclass
class DataLife(WholeSite):
    """Numbers before slugs, short news with a link to the full one (DataLife Engine)."""

    def slug(self, number: int) -> str:
        return f"/{section_of(self, number)}/{number + 700}-{PLACES[number % 8]}.html"

    def list_page(self, section: str, page: int) -> str:
        base = f"/{section}" if section else ""
        return f"{base}/page/{page}" if page > 1 else base or "/"

    def teaser(self, number: int) -> str:
        url = self.slug(number)
        title = f'<div class="short-title"><a href="{url}">{headline(number)}</a></div>'
        return f'<div class="short-item">{title}<a class="more" href="{url}">Подробнее</a></div>'

    def pager(self, section: str, page: int, last: int) -> str:
        numbers = "".join(f'<a href="{self.list_page(section, n)}">{n}</a> ' for n in range(1, last + 1) if n != page)
        return f'<div class="navigation"><span>{page}</span> {numbers}</div>'


def section_of(site: WholeSite, number: int) -> str:
    return site.sections[number % len(site.sections)]


@dataclass
class Undated(WholeSite):
    """Short articles without a date or structured data."""

    def article(self, number: int) -> str:
        text = (
            f"<p>The {PLACES[number % 8]} opened at noon on evening {number}, said the mayor, who then went home.</p>"
        )
        return self.page(headline(number), f"<h1>{headline(number)}</h1><div>{text}</div>")


@dataclass
class LoadMore(WholeSite):
    """A button with data attributes that loads HTML in JSON, or objects in JSON."""

    markup: str = '<button class="load-more" data-url="/ajax/posts" data-page="2" data-cat="{section}">More</button>'
    number: str = "page"
    posted: bool = False
    plain: bool = False
    token: str = ""
    """The token without which a request is refused."""

    def slug(self, number: int) -> str:
        return f"/evening-{number}"

    def pager(self, section: str, page: int, last: int) -> str:
        return self.markup.replace("{section}", section or "all")

    def paper(self) -> Paper:
        paper = super().paper()
        for path in [path for path in paper.pages if "/page/" in path]:
            del paper.pages[path]
        paper.pages["/ajax/posts"] = self._answer
        return paper

    def _answer(self, fields: dict[str, str]) -> Answer:
        if self.posted != ("#posted" in fields) or self.number not in fields:
            return Answer("no", 404)
        if self.token and fields.get("token") != self.token:
            return Answer("no token", 403)
        section = fields.get("cat", "all")
        value = int(fields[self.number])
        members = self.members("" if section == "all" else section)
        start = value if self.number == "offset" else (value - 1) * self.per_page
        shown = members[start : start + self.per_page]
        if self.plain:
            data: object = {"items": [{"url": self.slug(each), "title": headline(each)} for each in shown]}
        else:
            data = {"html": "".join(map(self.teaser, shown)), "count": len(shown)}
        return Answer(json.dumps(data), media_type="application/json")


SCRIPT = "<script>$('.more').on('click', () => {call}('/ajax/posts', {cat: '{section}', offset: shown}, add))</script>"
LOAD_MORE = {
    "button": LoadMore(),
    "button-posts": LoadMore(posted=True),
    "objects": LoadMore(plain=True),
    "script": LoadMore(markup=SCRIPT.replace("{call}", "$.get"), number="offset"),
    "script-posts": LoadMore(markup=SCRIPT.replace("{call}", "$.post"), number="offset", posted=True, plain=True),
}
THEMES: dict[str, WholeSite] = {
    "word-press": WholeSite(),
    "word-press-blocks": Blocks(),
    "word-press-magazine": Magazine(),
    "hugo": Hugo(),
    "data-life": DataLife(),
    "numbered": Numbered(),
    "offset": Numbered(parameter="PAGEN_1"),
    "offsets": Offsets(),
    "token": LoadMore(
        markup='<div data-token="a1b2" data-endpoint="/ajax/posts" data-method="post" data-page="2"></div>',
        posted=True,
        plain=True,
        token="a1b2",
    ),
    "cards": Cards(),
    "linked": Linked(),
    "undated": Undated(),
    **LOAD_MORE,
}
