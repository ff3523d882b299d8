"""An article's Markdown as HTML that is safe to show: no HTML of its own, no pictures, links to the web alone.

The text was scraped, and so may say anything. markdown-it escapes whatever it does not make itself; what it may make is
limited here to words, their emphasis and shape, and links that tell the other side nothing; a picture is such a link.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from caliber_crawler.browse.addresses import is_web_address, readable

LONGEST = 100_000
"""Characters. A text that is longer is no article, and its paragraphs are shown as they are."""

FIRST_HEADING = 2
"""Above it stands the headline of the page."""


def body_html(markdown: str) -> Markup | None:
    """The text as HTML; ``None`` when there is none, or more than anybody would read."""
    if not markdown.strip() or len(markdown) > LONGEST:
        return None
    return Markup(_markdown.render(markdown))  # noqa: S704 (all of it was written by our renderer)


def _renderer() -> MarkdownIt:
    # The same dialect as reading/markdown.py writes.
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.validateLink = is_web_address  # type: ignore[method-assign]
    made.normalizeLinkText = readable  # type: ignore[method-assign, assignment]
    made.add_render_rule("link_open", _open_link)
    made.add_render_rule("image", _link_to_image)
    made.add_render_rule("hardbreak", _break_line)
    made.core.ruler.push("headings", _lower_headings)
    return made


def _open_link(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    tokens[place].attrSet("rel", "noopener noreferrer nofollow")
    return renderer.renderToken(tokens, place, options, env)


def _link_to_image(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    # Showing the picture would ask the news site for it, and tell it who reads what.
    image = tokens[place]
    words = image.attrGet("title") or renderer.renderInlineAsText(image.children, options, env) or "picture"
    within_link = sum(token.nesting for token in tokens[:place] if token.type.startswith("link_")) > 0
    if within_link:
        return escapeHtml(str(words))
    address = escapeHtml(str(image.attrGet("src")))
    return f'<a href="{address}" rel="noopener noreferrer nofollow">{escapeHtml(str(words))}</a>'


def _break_line(
    renderer: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    # Without the line feed, which the style sheet would show as a second break.
    return "<br>"


def _lower_headings(state: StateCore) -> None:
    """Begin with the second level, wherever the page's own headings began."""
    headings = [token for token in state.tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1:]) for token in headings), default=FIRST_HEADING)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1:]) - highest + FIRST_HEADING)}"


_markdown = _renderer()
