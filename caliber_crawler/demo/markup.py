"""Blocks as HTML, in the markup variants that editors produce."""

from __future__ import annotations

import re
from html import escape
from random import Random

from markupsafe import Markup

from caliber_crawler.demo.article import Article
from caliber_crawler.demo.body import Block, Line, Span
from caliber_crawler.demo.newsroom import Newsroom

LINE_BREAKS = ("<br><br>", "<br /><br />", "<br>\n<br>")
ENTITY_STYLES: tuple[dict[str, str], ...] = (
    {},
    {"’": "&rsquo;", "“": "&ldquo;", "”": "&rdquo;", "—": "&mdash;", "«": "&laquo;", "»": "&raquo;"},
    {"’": "&#8217;", "“": "&#8220;", "”": "&#x201D;", "—": "&#8212;"},
)


class BodyMarkup:
    """Writes the body of one article as HTML. ``base_url`` completes every second URL."""

    def __init__(self, article: Article, newsroom: Newsroom, base_url: str) -> None:
        self.chance: Random = newsroom.chance(article.k, "markup")
        self.base_url = base_url
        self.entities = self.chance.choice(ENTITY_STYLES)

    def body(self, blocks: tuple[Block, ...]) -> Markup:
        """Return all blocks in order."""
        return Markup("\n".join(self.block(block) for block in blocks))  # noqa: S704 - every text is escaped below

    def block(self, block: Block) -> str:
        chance, lines = self.chance, [self.line(line) for line in block.lines]
        match block.kind:
            case "p":
                style = chance.choice(("", "", "", ' style="text-align: justify;"'))
                return f"<p{style}>{lines[0]}</p>"
            case "question":
                return f"<p>{lines[0]}</p>"
            case "div":
                return f"<div>{lines[0]}</div>"
            case "br":
                return f"<p>{chance.choice(LINE_BREAKS).join(lines)}</p>"
            case "quote":
                return f"<blockquote><p>{lines[0]}</p></blockquote>"
            case "list":
                return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
            case "byline":
                return f"<p>{chance.choice(('By {}', '<strong>By {}</strong>', '<em>By {}</em>')).format(lines[0])}</p>"
            case "image":
                return self.image(block)
            case "banner":
                return (
                    '<div class="banner"><a href="https://ads.example/?id=7" rel="nofollow">'
                    f'<img src="/templates/Default/images/banner.png" alt="">{lines[0]}</a></div>'
                )
            case "tweet":
                return self.tweet(block, lines[0])
        return f"<p>{chance.choice(('', '&nbsp;', '<br>'))}</p>"

    def image(self, block: Block) -> str:
        tag = f'<img src="{self.address(block.url)}" alt="">'
        zoom = '<img class="zoom" src="/templates/Default/api/zoom.png" alt="">'
        if block.caption:
            return f"<figure>{tag}{zoom}<figcaption>{self.text(block.caption)}</figcaption></figure>"
        return f"<p>{tag}</p>"

    def tweet(self, block: Block, text: str) -> str:
        return (
            f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{text} '
            '<a href="https://twitter.com/hashtag/Baku?src=hash">#Baku</a> '
            f'<a href="https://t.co/{block.url[-10:]}">pic.twitter.com/{block.url[-10:]}</a></p>'
            f'&mdash; Caliber English (@CaliberEnglish) <a href="{block.url}">{block.caption}</a></blockquote>\n'
            "<script>window.tweets = (window.tweets || 0) + 1;</script>"
        )

    def line(self, line: Line) -> str:
        return "".join(map(self.span, line))

    def span(self, span: Span) -> str:
        text = self.text(span.text)
        if span.tag == "b":
            return f"<strong>{text}</strong>"
        if span.tag == "a":
            return f'<a href="{self.address(span.href)}" target="_blank">{text}</a>'
        return text

    def text(self, text: str) -> str:
        """Return escaped text; non-ASCII characters are literal or entities, depending on the article."""
        escaped = escape(text, quote=False).replace("\N{NO-BREAK SPACE}", "&nbsp;")
        if self.entities:
            pattern = "[" + "".join(self.entities) + "]"
            return re.sub(pattern, lambda match: self.entities[match[0]], escaped)
        return escaped

    def address(self, url: str) -> str:
        """Return a URL of the site with or without its host."""
        return escape(self.base_url + url if url.startswith("/") and self.chance.random() < 0.5 else url)
