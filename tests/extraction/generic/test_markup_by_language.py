"""A page of any content management system, in any language, gives its whole text and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.extraction.generic.newspage import page, read
from tests.extraction.generic.stories import STORIES, Story

Markup = Callable[[str, int], str]


def text_of(
    story: Story, language: str, markup: Markup, around: str = "<main><article>{}</article></main>"
) -> list[str]:
    inner = f"<h1>{story.headline}</h1>" + "".join(markup(text, at) for at, text in enumerate(story.paragraphs))
    source = page(around.format(inner), f"<title>{story.headline}</title>", f'<html lang="{language}">')
    return [block.text for block in read(source).body]


PARAGRAPHS: dict[str, Markup] = {
    "box": lambda text, at: f"<div>{text}</div>",
    "named boxes": lambda text, at: f'<div class="block-{at}"><span class="text">{text}</span></div>',
    "Tilda": lambda text, at: (
        f'<div id="rec{at}" class="r t-rec"><div class="t004"><div class="t-container"><div class="t-col t-col_8">'
        f'<div field="text" class="t-text t-text_md"><div style="font-size:18px">{text}</div>'
        "</div></div></div></div></div>"
    ),
    "Elementor": lambda text, at: f'<div class="elementor-widget elementor-widget-text-editor"><p>{text}</p></div>',
    "Gutenberg": lambda text, at: f'<!-- wp:paragraph --><p class="wp-block">{text}</p><!-- /wp:paragraph -->',
    "Wix": lambda text, at: (
        f'<div id="viewer-{at}x"><p class="rich-p"><span class="s"><span>{text}</span></span></p></div>'
    ),
    "Word": lambda text, at: f'<p class="MsoNormal"><o:p></o:p><span lang="EN">{text}<o:p></o:p></span></p>',
    "two breaks": lambda text, at: f"{text}<br><br>\n",
    "two breaks behind an element": lambda text, at: f"<span>{text}</span><br><br>",
    "two breaks with emphasis": lambda text, at: f"<b>{text[:9]}</b>{text[9:]}<br/> <br/>",
    "sections": lambda text, at: f'<section class="block{at}"><p>{text}</p></section>',
    "font": lambda text, at: f'<p><font face="Arial"><b></b>{text}</font></p>',
    "tables": lambda text, at: f"<table><tr><td>{text}</td></tr></table>",
    "made-up elements": lambda text, at: f"<story-paragraph>{text}</story-paragraph>",
    "made-up elements around paragraphs": lambda text, at: f"<story-part><p>{text}</p></story-part>",
    "definitions": lambda text, at: f"<dl><dd>{text}</dd></dl>",
    "unclosed": lambda text, at: f"<p>{text[:20]}<!-- x -->{text[20:]}",
    "bold": lambda text, at: f"<p><b>{text}</b></p>",
    "advertisements": lambda text, at: f'<p>{text}</p><div class="ad"><ins class="adsbygoogle">Ad</ins></div>',
    "blanks": lambda text, at: f'<p align="justify">&nbsp;&nbsp;{text}</p>',
}
AROUND = {
    "form": '<form id="aspnetForm"><div>{}</div></form>',
    "Blogger": '<div class="blog-posts hfeed"><div class="post hentry"><div class="entry-content">{}</div></div></div>',
    "Ghost": '<main class="gh-main"><article class="post"><section class="gh-content">{}</section></article></main>',
    "Substack": '<div class="single-post"><article class="newsletter-post"><div class="body">{}</div></article></div>',
    "Bitrix": '<div class="news-detail"><div class="news-detail-text">{}</div></div>',
    "Drupal": '<div class="region-content"><div class="field-name-body"><div class="field-item">{}</div></div></div>',
    "Joomla": '<div class="item-page" itemscope><div itemprop="articleBody">{}</div></div>',
    "table": '<table><tr><td width="20"><a href="/">Home</a></td><td>{}</td></tr></table>',
}


@pytest.mark.parametrize("markup", PARAGRAPHS)
def test_the_text_is_whole_in_every_language(markup: str) -> None:
    for language, story in STORIES.items():
        assert text_of(story, language, PARAGRAPHS[markup]) == [*story.paragraphs], language


@pytest.mark.parametrize("around", AROUND)
def test_the_text_is_whole_in_every_container(around: str) -> None:
    for language in ("az", "fa", "zh"):
        story = STORIES[language]
        for markup in ("box", "named boxes", "Gutenberg", "made-up elements"):
            assert text_of(story, language, PARAGRAPHS[markup], AROUND[around]) == [*story.paragraphs], markup


def test_lines_directly_in_the_element_of_an_article_are_kept() -> None:
    for language, story in STORIES.items():
        found = text_of(story, language, lambda text, at: f"{text}<br>\n")
        assert " ".join(found) == " ".join(story.paragraphs), language
