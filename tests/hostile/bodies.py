"""Tricks inside the bytes of a response. Each can be served at any place: as an article, a list, rules or a target.

Compare :mod:`tests.hostile.tricks`, whose tricks are mostly in the transport.
"""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
from collections.abc import Callable

from caliber_crawler.demo.site import HTML
from tests.hostile.site import Behaviour, Exchange, answering
from tests.hostile.tricks import article

MEGABYTE = 1024 * 1024
XML = '<?xml version="1.0" encoding="UTF-8"?>'
SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def body(make: Callable[[], bytes], content_type: str = HTML, **headers: str) -> Behaviour:
    """A response whose body is made when it is requested. It has no length, as the response of a script."""

    async def answer(exchange: Exchange) -> None:
        made = await asyncio.to_thread(make)
        pairs = [("Content-Type", content_type), *((name.replace("_", "-"), value) for name, value in headers.items())]
        await exchange.head(headers=pairs)
        await exchange.send(made)

    return answer


def words(megabytes: float) -> str:
    """Sentences of this size in megabytes."""
    sentence = "The ministers met in the old town on Monday and spoke of the railway and the price of bread. "
    return sentence * int(megabytes * MEGABYTE / len(sentence))


def paragraphs(megabytes: float) -> str:
    """Paragraphs of this size in megabytes."""
    return ("<p>" + words(0.001) + "</p>\n") * int(megabytes * 1000)


def in_head(markup: str) -> bytes:
    """An article with markup in its head."""
    return article().replace(b"</head>", markup.encode() + b"</head>")


def linked_data(value: object) -> bytes:
    """An article with JSON-LD."""
    return in_head(
        f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'
    )


def links(number: int) -> str:
    """Links to articles that do not exist, to sections and to other sites."""
    return "".join(
        f'<li><a href="/en/category/section-{n}?x={n}">A section with many words in its name {n}</a></li>'
        for n in range(number)
    )


def sitemap(entries: str, head: str = XML) -> bytes:
    """A sitemap with these entries."""
    return f"{head}<urlset {SITEMAP}>{entries}</urlset>".encode()


def feed(items: str, head: str = XML) -> bytes:
    """A feed with these items."""
    return f'{head}<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def many_urls(number: int) -> str:
    return "".join(f"<url><loc>https://elsewhere.example/en/post/{n}</loc></url>" for n in range(number))


def many_items(number: int) -> str:
    return "".join(
        f"<item><title>A title {n}</title><link>https://elsewhere.example/en/post/{n}</link></item>"
        for n in range(number)
    )


ENTITIES = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
BAD_URLS = (
    "http://[bad/2026/01/07/x",
    "http://" + "é" * 80 + ".test/en/post/a",
    "/en/post/a&#xD800;b",
    "http://user:word@127.0.0.1:99999/en/post/x",
    "\\\\elsewhere\\x",
    "javascript:alert(1)",
    "/en/post/%00",
    "/en/post/" + "../" * 3000 + "x",
    "http://127.0.0.1:1:2/en/post/x",
    "/en/post/" + "y" * 5000,
)

PROLOGUES: dict[str, Behaviour] = {
    "comments": body(lambda: b"<!---->" * 40 + b"x"),
    "many-comments": body(lambda: b"<!-- -->\n" * 400_000 + article()),
    "open-comments": body(lambda: b"<!--" * 1_000_000),
    "blanks": body(lambda: b" " * 200_000 + b"x"),
    "many-blanks": body(lambda: b" \n\t" * 8_000_000 + article()),
    "instructions": body(lambda: b"<?xml version='1.0'?>" * 400_000 + article()),
    "doctypes": body(lambda: b"<!DOCTYPE html [" * 400_000),
    "marks": body(lambda: b"\xef\xbb\xbf" * 1_000_000 + article()),
    "warnings": body(lambda: b"<br />\n<b>Warning</b>: Undefined variable in /srv/x.php\n" * 100_000 + article()),
    "open-tags": body(lambda: b"<" * 8_000_000),
    "open-attribute": body(lambda: b'<a href="' + b"x" * 8_000_000),
}
"""Tricks before the page."""

CODINGS: dict[str, Behaviour] = {
    "gzip-members": body(lambda: gzip.compress(b"", mtime=0) * 400_000, Content_Encoding="gzip"),
    "gzip-file": body(lambda: gzip.compress(article()), "application/gzip"),
    "gzip-file-bomb": body(lambda: gzip.compress(bytes(256 * MEGABYTE), 9), "application/gzip"),
    "gzip-file-twice": body(lambda: gzip.compress(gzip.compress(bytes(64 * MEGABYTE), 9), 9), "application/gzip"),
    "bzip2-file-bomb": body(lambda: bz2.compress(bytes(256 * MEGABYTE), 9), "application/x-bzip2"),
    "gzip-by-name-only": body(article, Content_Encoding="gzip"),
    "unknown-encoding": body(article, Content_Encoding="rot13"),
    "utf-16": body(lambda: article().decode().encode("utf-16")),
    "utf-16-unmarked": body(lambda: article().decode().encode("utf-16-le")),
    "utf-32": body(lambda: article().decode().encode("utf-32")),
    "utf-7": body(article, "text/html; charset=utf-7"),
    "hz": body(lambda: article() + b"~{" * 1_000_000, "text/html; charset=hz-gb-2312"),
    "idna-charset": body(lambda: article() + b"a." * 100_000, "text/html; charset=idna"),
    "nul-bytes": body(lambda: article().replace(b" ", b"\0 ")),
    "any-bytes": body(lambda: bytes(range(256)) * 40_000),
    "surrogates": body(lambda: article("<p>" + "&#xD800;&#0;&#x110000;" * 100_000 + "</p>")),
}
"""Tricks of encodings."""

MARKUP: dict[str, Behaviour] = {
    "bad-base": body(lambda: in_head('<base href="http://[bad">')),
    "bad-urls": body(lambda: article("".join(f'<p><a href="{url}">A link of many words</a></p>' for url in BAD_URLS))),
    "bad-canonical": body(
        lambda: in_head('<link rel="canonical" href="http://[bad"><meta property="og:url" content="//[">')
    ),
    "bad-dates": body(
        lambda: (
            article().replace(b"06 January 2026 19:13", b"99 Nonuary 99999 99:99 ") + b"<time datetime='9999-12-31'>"
        )
    ),
    "many-dates": body(lambda: article("<p>" + "06 January 2026 19:13, 2026-01-06T19:13:00 " * 50_000 + "</p>")),
    "digits": body(lambda: article("<p>" + "1" * 5_000_000 + "</p>")),
    "one-word": body(lambda: article("<p>" + "a" * 5_000_000 + "</p>")),
    "punctuation": body(lambda: article("<p>" + ".,;:!?-–—\"'" * 400_000 + "</p>")),
    "dots-and-ats": body(lambda: article("<p>" + "a.b@c.d-" * 400_000 + "</p>")),
    "combining-marks": body(lambda: article("<p>" + "e" + "\u0301\u0327" * 1_000_000 + "</p>")),
    "line-breaks": body(lambda: article("<br>\n" * 400_000)),
    "deep-tables": body(lambda: article("<table><tr><td>" * 20_000)),
    "deep-lists": body(lambda: article("<ul><li>a" * 20_000)),
    "deep-quotes": body(lambda: article("<blockquote>" * 240 + paragraphs(2) + "</blockquote>" * 240)),
    "wide-table": body(lambda: article("<table>" + ("<tr>" + "<td>1</td>" * 1_000 + "</tr>") * 400 + "</table>")),
    "many-images": body(lambda: article("".join(f'<img src="/x{n}.jpg" alt="A picture {n}">' for n in range(60_000)))),
    "many-links": body(lambda: article(f"<ul>{links(60_000)}</ul>")),
    "many-paragraphs": body(lambda: article("<p>a</p>" * 150_000)),
    "many-headlines": body(lambda: article("<h1>A trick among articles</h1>" * 60_000)),
    "many-headings": body(lambda: article("<h2>A heading</h2><p>One sentence.</p>" * 40_000)),
    "many-classes": body(lambda: article("<p class='" + "post_body " * 400_000 + "'>x</p>")),
    "formatting": body(lambda: article("<b><i><u>x" * 20_000)),
    "unclosed-formatting": body(lambda: article("<p><b><i>x</p>" * 3_000)),
    "huge-title": body(lambda: article().replace(b"<title>", b"<title>" + words(3).encode())),
    "huge-headline": body(lambda: article().replace(b"A trick among", words(3).encode())),
    "huge-meta": body(lambda: in_head('<meta name="author" content="' + "by and by, " * 300_000 + '">')),
    "many-metas": body(lambda: in_head('<meta property="article:tag" content="word">' * 100_000)),
    "huge-script": body(lambda: article("<script>" + "var a = '<p>x</p>';" * 800_000 + "</script>")),
    "open-script": body(lambda: article("<script>" + "<!-- <script>" * 400_000)),
    "open-cdata": body(lambda: article("<svg><![CDATA[" * 200_000)),
    "huge-data-url": body(lambda: article('<img src="data:image/png;base64,' + "A" * 12_000_000 + '">')),
    "frameset": body(lambda: b"<html><frameset>" + b"<frame src='/x'>" * 100_000),
    "article-20-mb": body(lambda: article(paragraphs(20))),
    "text-30-mb": body(lambda: words(30).encode(), "text/plain; charset=utf-8"),
    "one-line-30-mb": body(lambda: b"x" * (30 * MEGABYTE), "text/plain; charset=utf-8"),
    "binary-30-mb": body(lambda: b"\x89PNG\r\n\x1a\n" + bytes(30 * MEGABYTE), "image/png"),
}
"""Tricks in HTML and text."""

DATA: dict[str, Behaviour] = {
    "deep-linked-data": body(lambda: linked_data("[" * 100_000)),
    "nested-linked-data": body(lambda: linked_data('{"a":' * 50_000 + "1" + "}" * 50_000)),
    "many-linked-data": body(
        lambda: linked_data([{"@type": "NewsArticle", "headline": f"a {n}"} for n in range(60_000)])
    ),
    "wide-linked-data": body(lambda: linked_data({"@type": "NewsArticle", **{f"k{n}": n for n in range(200_000)}})),
    "huge-number": body(lambda: linked_data('{"@type":"NewsArticle","wordCount":' + "9" * 1_000_000 + "}")),
    "long-linked-data": body(
        lambda: linked_data({"@type": "NewsArticle", "articleBody": words(8), "headline": "A trick"})
    ),
    "open-linked-data": body(lambda: linked_data('{"@type":"NewsArticle","headline":"' + '\\"' * 1_000_000)),
    "deep-json": body(lambda: b'{"items":' + b"[" * 1_000_000, "application/json"),
    "deep-json-closed": body(lambda: b"[" * 100_000 + b"]" * 100_000, "application/json"),
    "huge-json": body(lambda: json.dumps([{"url": f"/en/x/{n}"} for n in range(300_000)]).encode(), "application/json"),
    "bad-json": body(lambda: b'{"version": "https://jsonfeed.org/version/1", "items": [{', "application/json"),
}
"""Tricks in JSON."""

LISTS: dict[str, Behaviour] = {
    "entities": body(lambda: f"{ENTITIES}]><urlset>&a9;</urlset>".encode(), "text/xml"),
    "outer-entity": body(
        lambda: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
        "text/xml",
    ),
    "outer-dtd": body(lambda: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><rss><channel/></rss>', "text/xml"),
    "bad-locs": body(lambda: sitemap("".join(f"<url><loc>{url}</loc></url>" for url in BAD_URLS)), "text/xml"),
    "bad-links": body(lambda: feed("".join(f"<item><link>{url}</link></item>" for url in BAD_URLS)), "text/xml"),
    "bad-lastmod": body(
        lambda: sitemap("<url><loc>/en/post/x</loc><lastmod>9999-12-31T99:99</lastmod></url>" * 1000), "text/xml"
    ),
    "urls-50000": body(lambda: sitemap(many_urls(50_000)), "text/xml"),
    "urls-200000": body(lambda: sitemap(many_urls(200_000)), "text/xml"),
    "items-50000": body(lambda: feed(many_items(50_000)), "text/xml"),
    "own-loop": body(lambda: b"<sitemapindex><sitemap><loc>/sitemap.xml</loc></sitemap></sitemapindex>", "text/xml"),
    "many-sitemaps": body(
        lambda: ("<sitemapindex>" + "<sitemap><loc>https://elsewhere.example/s</loc></sitemap>" * 60_000).encode(),
        "text/xml",
    ),
    "sitemap-utf-16": body(lambda: sitemap(many_urls(10)).decode().encode("utf-16"), "text/xml"),
    "sitemap-after-text": body(lambda: b"Warning: x\n" * 10_000 + sitemap(many_urls(10)), "text/xml"),
    "sitemap-unclosed": body(lambda: sitemap(many_urls(5_000))[:-2000], "text/xml"),
    "bare-ampersands": body(lambda: sitemap("<url><loc>/en/x?a&b&c</loc></url>" * 10_000), "text/xml"),
    "deep-xml": body(lambda: b"<urlset>" + b"<url>" * 1_000_000, "text/xml"),
    "namespaces": body(
        lambda: ("<rss " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(50_000)) + "><channel/></rss>").encode(),
        "text/xml",
    ),
    "huge-item": body(lambda: feed(f"<item><description><![CDATA[{paragraphs(8)}]]></description></item>"), "text/xml"),
    "huge-cdata": body(lambda: feed("<item><title><![CDATA[" + "]]" * 2_000_000 + "</title></item>"), "text/xml"),
}
"""Tricks in lists: sitemaps and feeds."""

RULES: dict[str, Behaviour] = {
    "many-agents": body(lambda: b"User-agent: a\n" * 300_000 + b"Disallow: /x\n", "text/plain"),
    "many-rules": body(
        lambda: b"User-agent: *\n" + b"".join(b"Disallow: /x%d*y*z*$\n" % n for n in range(20_000)), "text/plain"
    ),
    "stars": body(lambda: b"User-agent: *\nDisallow: /" + b"*a" * 200_000 + b"$\n", "text/plain"),
    "one-rule": body(lambda: b"User-agent: *\nDisallow: /" + b"x" * 10_000_000, "text/plain"),
    "carriage-returns": body(lambda: b"\r" * 5_000_000 + b"User-agent: *\rDisallow: /x\r", "text/plain"),
    "crawl-delay-nan": body(
        lambda: b"User-agent: *\nCrawl-delay: nan\nCrawl-delay: -1\nCrawl-delay: inf\n", "text/plain"
    ),
    "many-sitemap-lines": body(lambda: b"Sitemap: http://[bad\nSitemap: /x\n" * 20_000, "text/plain"),
    "many-reservations": body(
        lambda: json.dumps([{"location": f"/x{n}/*/*/*$", "tdm-reservation": 0} for n in range(10_000)]).encode(),
        "application/json",
    ),
    "star-reservations": body(
        lambda: json.dumps([{"location": "/" + "*a" * 2_000 + "$", "tdm-reservation": 0}] * 100).encode(),
        "application/json",
    ),
    "odd-reservations": body(
        lambda: b'[1, null, {"location": 5}, {"location": [], "tdm-reservation": "x"}, {"tdm-reservation": 0}]',
        "application/json",
    ),
}
"""Tricks in robots.txt and tdmrep.json."""

STATUSES: dict[str, Behaviour] = {
    "unasked-304": answering(304),
    "http-204": answering(204),
    "http-206": answering(206, article()[:300], Content_Range="bytes 0-299/900"),
    "http-401": answering(401, WWW_Authenticate='Basic realm="x"'),
    "http-402": answering(402, article()),
    "http-403": answering(403, article()),
    "http-404": answering(404, article()),
    "http-410": answering(410, article()),
    "http-451": answering(451, article()),
    "http-500": answering(500, article()),
    "http-999": answering(999, article()),
    "http-200-no-type": answering(200, article(), Content_Type=""),
    "bad-length": answering(200, article(), Content_Length="-5"),
    "two-types": answering(200, article(), Content_Type="text/html, text/html; charset=utf-8"),
    "attachment": answering(200, article(), Content_Disposition="attachment; filename=../../x"),
    "long-header": answering(200, article(), X_Long="x" * 60_000),
    "set-cookie": answering(200, article(), Set_Cookie="a=b; Domain=.com; Max-Age=" + "9" * 400),
    "bad-retry-after": answering(500, article(), Retry_After="99999999999999999999"),
    "refresh": answering(200, article(), Refresh="0; url=http://169.254.169.254/"),
    "links-in-header": answering(200, article(), Link="<http://[bad>; rel=canonical, " * 500),
}
"""Tricks of status codes and headers."""

BODIES: dict[str, Behaviour] = {**PROLOGUES, **CODINGS, **MARKUP, **DATA, **LISTS, **RULES, **STATUSES}
