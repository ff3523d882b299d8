"""Small archives for the tests of pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from caliber_crawler.archive import Archive
from caliber_crawler.items import Article, Capture, Extraction, Image, Link
from caliber_crawler.site import Site

BAKU = timezone(timedelta(hours=4))
PUBLISHED = datetime(2026, 1, 6, 19, 13, tzinfo=BAKU)
SEEN = datetime(2026, 1, 6, 16, 0, tzinfo=UTC)

SITE = Site(
    name="caliber",
    title="Caliber.Az",
    base_url="https://caliber.az",
    timezone="Asia/Baku",
    editions=(),
    article_path=r"(?:/\w+)?/post/(?:(?P<number>\d+)|(?P<slug>[^/]+))",
    reuse="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
)


# The hostile body, and harmful constructs of Markdown.
HOSTILE_MARKDOWN = """<img src=x onerror=alert('body')>

</script><script>alert('body')</script>

{% include 'x' %}

![<script>alert('alt')</script>](https://tracker.example/pixel.png "x") <https://caliber.az/en/post/%E2%80%AE>

[run](javascript:alert('link')) [data](data:text/html,<script>alert(1)</script>) [no scheme](//evil.example/x)

[quoted](https://example.org/"onmouseover="alert(1) 'title" onclick="alert(1)')

```html" onclick="alert(1)
<svg onload=alert(1)>
```

| <b onclick=alert(1)> | [cell](vbscript:alert(1)) |
| --- | --- |
| &lt;script&gt; | [reference] |

[reference]: javascript:alert('reference')
"""


def article(slug: str = "formula", **fields: Any) -> Article:
    url = f"https://caliber.az/en/post/{slug}"
    return Article(
        **{
            "site": "caliber",
            "language": "en",
            "url": url,
            "urls": (url,),
            "headline": "Baku’s geopolitical formula",
            "subtitle": "How Azerbaijan is redefining sovereignty",
            "body": "The ministers met in Baku.\n\nThey agreed on the sanctions.",
            "published_at": PUBLISHED,
            "authors": ("Tural Heybatov",),
            "section": "analytics",
            "section_label": "ANALYTICS",
            "views": 354,
            "views_shown": "Views: 354",
            **fields,
        }
    )


def save(archive: Archive, read: Article, *, seen_at: datetime = SEEN) -> int:
    """Save an article as a crawl at that time does; return its ID."""
    run = archive.runs.start("crawl", site=read.site, arguments={}, settings={}, software={})
    page = f"<h1>{read.headline}</h1>{read.body}{read.views}".encode()
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    capture = archive.captures.store(
        Capture(site=read.site, url=read.url, fetched_at=seen_at, status=200, headers=headers, body=page), run
    )
    extraction = Extraction(
        capture=capture, article=read, layout="new", extractor="caliber_crawler", methods={"headline": "selector"}
    )
    addresses = [address for url in read.urls if (address := SITE.article_url(url))]
    saved = archive.articles.save(extraction, run, addresses)
    archive.runs.finish(run, "finished", None, {})
    return saved.article_id


def reextract_all(archive: Archive, pages: dict[int, Article]) -> None:
    """Re-extract all captures of one article, as a later program version does; the articles are given by capture ID."""
    observations = [
        Extraction(
            capture=archive.captures.get(id),
            article=read,
            layout="new",
            extractor="caliber_crawler (later)",
            methods={},
        )
        for id, read in pages.items()
    ]
    run = archive.runs.start("reextract", site="caliber", arguments={}, settings={}, software={})
    with archive.transaction():
        archive.reextractions.apply(observations, run)
    archive.runs.finish(run, "finished", None, {})


def hour(count: float) -> datetime:
    """Return a time, in hours after the articles were first seen."""
    return SEEN + timedelta(hours=count)


def print_newspaper(path: Path) -> None:
    """Make an archive of three editions. Article 1 has four captures and one edit; article 2 has an Armenian URL."""
    armenian = "https://caliber.az/arm/post/%D5%A2%D5%A1%D6%84%D5%B8%D6%82"
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(SITE)
        first = article(links=(Link(url="https://president.az/en/articles", text="the interview"),))
        save(archive, first)
        save(archive, article(views=900), seen_at=hour(3))
        save(archive, article(views=1400), seen_at=hour(9))
        edited = article(headline="Baku’s new formula", body="The ministers met.\n\nNothing was agreed.", views=1510)
        save(archive, edited, seen_at=hour(24))
        save(
            archive,
            article(
                language="hy",
                url=armenian,
                urls=(armenian,),
                headline="Բաքվի բանաձևը",
                subtitle=None,
                body="Նախարարները հանդիպեցին Բաքվում։",
                section="politics",
                section_label="Քաղաքականություն",
                authors=(),
                views=None,
                views_shown=None,
            ),
        )
        save(
            archive,
            article(
                "sanktsii",
                language="ru",
                headline="Совещание министров",
                subtitle="Ещё одна встреча",
                body="Министр сказал о санкциях.",
                published_at=PUBLISHED + timedelta(days=40),
                views=12,
            ),
        )


def print_hostile_newspaper(path: Path) -> None:
    """Make an archive of one article with one edit. Every field contains code that must not run."""
    url = "https://caliber.az/en/post/%E2%80%AE'\"><script>alert('url')</script>"
    fields: dict[str, Any] = {
        "url": url,
        "urls": (url, 'https://caliber.az/en/post/" onmouseover="alert(1)'),
        "headline": "<script>alert('headline')</script>{{ 7 * 7 }}",
        "subtitle": "</p><svg onload=alert('subtitle')>",
        "body": "<img src=x onerror=alert('body')>\n\n</script><script>alert('body')</script>\n\n{% include 'x' %}",
        "body_markdown": HOSTILE_MARKDOWN,
        "authors": ("<script>alert('author')</script>",),
        "section": "</title><script>alert('section')</script>",
        "section_label": "<script>alert('label')</script>",
        "signature": "<iframe src=javascript:alert('signature')>",
        "views_shown": "<script>alert('views')</script>",
        "cover_image": "javascript:alert('cover')",
        "images": (Image(url="javascript:alert('image')", alt="<script>alert('alt')</script>"),),
        "links": (
            Link(url="javascript:alert('link')", text="<script>alert('link')</script>"),
            Link(url="https://example.org/\"><script>alert('link')</script>", text=None),
        ),
    }
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(
            replace(SITE, title="<script>alert('site')</script>", reuse="<script>alert('reuse')</script>")
        )
        save(archive, article(**fields))
        save(
            archive,
            article(**fields | {"headline": "</h1><script>alert('new')</script>", "views": 400}),
            seen_at=hour(1),
        )
        save(archive, article(**fields | {"views": 500}), seen_at=hour(2))
