"""HTML pages of the site: articles in both layouts, listings, the feed, and the 404 page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from html import escape
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from caliber_crawler.demo.article import Article
from caliber_crawler.demo.body import body_of, paragraphs, photo
from caliber_crawler.demo.editions import BAKU, Edition, has_night_theme, switches
from caliber_crawler.demo.markup import BodyMarkup
from caliber_crawler.demo.newsroom import Newsroom


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
    )
    return environment.get_template(name)


def _furniture(edition: Edition, now: datetime) -> dict[str, object]:
    return {
        "edition": edition,
        "year": now.astimezone(BAKU).year,
        "night_theme": has_night_theme(now),
        "switches": switches(edition, now),
    }


def article_page(article: Article, newsroom: Newsroom, base_url: str, now: datetime, layout: str = "new") -> str:
    """Return the page of an article in the ``new`` or the ``old`` layout."""
    edition, chance = article.edition, newsroom.chance(article.k, "page")
    pinned = edition.pinned_headline(now) if chance.random() < 0.15 else None
    return _template("article.html" if layout == "new" else "old_article.html").render(
        _furniture(edition, now),
        article=article,
        url=base_url + quote(article.path),
        headline=article.headline(now),
        subtitle=article.subtitle,
        cover=base_url + photo(article.cover),
        quote=chance.choice(("", "'", '"')),
        body=BodyMarkup(article, newsroom, base_url).body(body_of(article, newsroom, now)),
        views=article.views_shown(now),
        pinned=None if newsroom.is_seed_article(article.k) else pinned,
        follow=newsroom.is_seed_article(article.k) or chance.random() < 0.5,
        more=edition.path_of(article.section_key),
        page=1,
    )


def cards(articles: Sequence[Article], base_url: str, now: datetime) -> str:
    """Return only the teasers of some articles, as loaded on scroll."""
    return _template("cards.html").render(cards=_cards(articles, base_url, now))


def listing_page(
    edition: Edition,
    heading: str,
    articles: Sequence[Article],
    base_url: str,
    now: datetime,
    *,
    blurb: str | None = None,
    more: str | None = None,
) -> str:
    """Return a page of teasers; ``more`` is the path that loads further ones on scroll."""
    return _template("listing.html").render(
        _furniture(edition, now),
        heading=heading,
        blurb=blurb,
        cards=_cards(articles, base_url, now),
        more=more,
        page=2,
    )


def not_found_page(edition: Edition, now: datetime) -> str:
    """Return the page for unknown URLs."""
    return _template("not_found.html").render(_furniture(edition, now))


def feed(articles: Sequence[Article], newsroom: Newsroom, base_url: str, now: datetime) -> str:
    """Return RSS 2.0 with the traps of the sister sites' feeds: one guid for all items, entities in titles, CDATA."""
    items = []
    for article in articles:
        first = next(paragraphs(body_of(article, newsroom, now)))
        title = escape(article.headline(now)).replace("’", "&rsquo;").replace("“", "&ldquo;").replace("«", "&laquo;")
        items.append(
            {
                "title": title,
                "link": base_url + quote(article.path),
                "description": f"<p>{escape(first)}</p>",
                "category": article.section.label,
                "date": format_datetime(article.published_at),
            }
        )
    return _template("feed.html").render(base_url=base_url, built=format_datetime(now.astimezone(BAKU)), items=items)


def _cards(articles: Sequence[Article], base_url: str, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "article": article,
            "headline": article.headline(now),
            "image": base_url + photo(article.cover, "normal"),
            "quote": ("", "'", '"')[article.k % 3],
            "date": article.edition.printed_date(article.published_at),
        }
        for article in articles
    ]
