"""What is an article is decided by the page as a whole, and a refusal says why."""

from datetime import UTC, datetime

import pytest

from caliber_crawler.extraction import Unreadable, extract_page
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.site.generic import generic_site
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, SENTENCE, URL, linked

PLAIN_URL = "https://news.example/harbour/pier"
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
DATED = '<p class="date">14 January 2026</p>'
STORY = f"<h1>{HEADLINE}</h1>{DATED}{TEXT}"
TEASERS = "".join(
    f'<article><h2><a href="/2026/01/0{day}/story-{day}">Story number {day} of the year</a></h2>'
    f'<time datetime="2026-01-0{day}T10:00:00Z">{day} January 2026</time><p>{paragraph}</p></article>'
    for day, paragraph in enumerate(PARAGRAPHS, start=1)
)


def page(body: str, *, classes: str = "", head: str = "", lang: str = "en") -> str:
    return f'<!doctype html><html lang="{lang}"><head>{head}</head><body class="{classes}">{body}</body></html>'


def extracted(html: str, url: str = URL) -> Extraction:
    fetched_at = datetime(2026, 2, 1, tzinfo=UTC)
    site = generic_site(url)
    return extract_page(Capture(site=site.name, url=url, fetched_at=fetched_at, status=200, body=html.encode()), site)


def refusal(html: str, url: str = URL) -> str:
    with pytest.raises(Unreadable) as refused:
        extracted(html, url)
    assert refused.value.reason == "not_an_article"
    return refused.value.message


@pytest.mark.parametrize(
    ("classes", "clause"),
    [
        ("archive category category-energy", "a list"),
        ("archive tag tag-bridge", "a list"),
        ("archive paged author author-jane", "a list"),
        ("home blog paged", "a list"),
        ("tag-template tag-bridge", "a list"),
        ("page-template-default page page-id-12", "a static page"),
        ("page-template page-about", "a static page"),
        ("error404", "an error page"),
    ],
)
@pytest.mark.parametrize("declared", ["", '<meta property="og:type" content="article">'])
def test_the_classes_of_a_cms_say_what_a_page_is(classes: str, clause: str, declared: str) -> None:
    assert clause in refusal(page(STORY, classes=classes, head=declared))


@pytest.mark.parametrize(
    "classes", ["single single-post postid-12 category", "post-template tag-bridge", "archive", "blog"]
)
def test_the_classes_of_an_article_do_not_refuse_it(classes: str) -> None:
    assert extracted(page(STORY, classes=classes)).article.headline == HEADLINE


@pytest.mark.parametrize("kind", ["CollectionPage", "SearchResultsPage", "ProfilePage", "ContactPage", "AboutPage"])
def test_structured_data_says_what_a_page_is(kind: str) -> None:
    node = f'<script type="application/ld+json">{{"@type": "{kind}", "@id": "{URL}#page", "name": "x"}}</script>'
    assert "structured data" in refusal(page(STORY, head=node))


def test_a_list_of_teasers_is_not_an_article_under_any_url() -> None:
    for head in ("", '<meta property="og:type" content="website">', '<meta property="og:type" content="article">'):
        assert "teasers" in refusal(page(f"<h1>Energy of the region</h1>{TEASERS}", head=head))


def test_an_article_with_related_articles_stays_an_article() -> None:
    related = f"<section><h2>More stories</h2>{TEASERS}</section>"
    article = extracted(page(f"<main>{STORY}</main>{related}", classes="single")).article
    assert article.headline == HEADLINE


@pytest.mark.parametrize("title", ["Category: Energy", "Tag: bridge", "Schlagwort: Brücke", "Рубрика: Энергетика"])
def test_the_title_of_a_list_says_so(title: str) -> None:
    assert "by its title" in refusal(page(STORY.replace(HEADLINE, title)))


@pytest.mark.parametrize("path", ["/tag/bridge", "/category/energy/page/3", "/latest/page/4", "/author/jane"])
def test_the_url_of_a_list_says_so_unless_the_page_declares_an_article(path: str) -> None:
    url = f"https://news.example{path}"
    assert "by its URL" in refusal(page(STORY), url)
    stated = linked(_type='"NewsArticle"', headline=f'"{HEADLINE}"', datePublished='"2026-01-14"')
    assert extracted(page(STORY, head=stated), url).article.headline == HEADLINE


@pytest.mark.parametrize("path", ["/2026/01/07/talks-resume/embed", "/wp-includes/cache/talks-resume-12345"])
def test_cards_and_files_of_the_software_are_not_articles(path: str) -> None:
    assert "by its URL" in refusal(page(STORY, classes="single single-post"), f"https://news.example{path}")


def test_a_page_whose_headline_links_to_another_page_is_a_list_of_one() -> None:
    story = STORY.replace(HEADLINE, f'<a href="/2026/01/07/another-page">{HEADLINE}</a>')
    assert "its headline links to https://news.example/2026/01/07/another-page" in refusal(page(story))
    own = STORY.replace(HEADLINE, f'<a href="{URL}/">{HEADLINE}</a>')
    assert extracted(page(own)).article.headline == HEADLINE
    canonical = '<link rel="canonical" href="/2026/01/07/another-page">'
    assert extracted(page(story, head=canonical)).article.headline == HEADLINE
    long = "".join(f"<p>{PARAGRAPHS[0]} Number {number} of them is this one.</p>" for number in range(160))
    assert extracted(page(story.replace("</h1>", f"</h1>{long}"))).article.headline == HEADLINE


@pytest.mark.parametrize(
    ("title", "path"), [("Contact", "/x"), ("О нас", "/x"), ("Haqqımızda", "/x"), ("Us", "/about")]
)
def test_an_undated_page_about_the_site_is_not_an_article(title: str, path: str) -> None:
    undated = f"<h1>{title}</h1>{TEXT}"
    assert "about the site" in refusal(page(undated), f"https://news.example{path}")


def test_an_article_on_a_website_with_a_plain_url_is_an_article() -> None:
    head = '<meta property="og:type" content="website">'
    assert extracted(page(STORY, head=head), PLAIN_URL).article.headline == HEADLINE


def test_an_undated_article_is_an_article() -> None:
    assert extracted(page(f"<h1>{HEADLINE}</h1>{TEXT}"), PLAIN_URL).article.published_at is None


def test_a_short_dated_article_is_an_article() -> None:
    short = f"<h1>{HEADLINE}</h1>{DATED}<p>{SENTENCE.format('first')}</p>"
    assert extracted(page(short)).article.headline == HEADLINE


def test_a_chinese_character_counts_as_three_letters() -> None:
    sentence = "市场委员会第{}次会议在晚上举行，听取了三位发言人关于明年计划的报告，居民们提出了许多问题。"
    text = "".join(f"<p>{sentence.format(number)}</p>" for number in range(3, 12))
    assert extracted(page(f"<h1>大桥会谈今天继续举行</h1>{text}", lang="zh"), PLAIN_URL).article.language == "zh"


def test_a_refusal_names_what_is_missing() -> None:
    message = refusal(page(f"<h1>{HEADLINE}</h1><p>{SENTENCE.format('first')}</p>"), PLAIN_URL)
    assert "no date and 106 characters in paragraphs, fewer than 500" in message


@pytest.mark.parametrize(
    ("head", "classes", "form"),
    [
        (linked(_type='"LiveBlogPosting"', headline=f'"{HEADLINE}"'), "", "live_blog"),
        (linked(_type='"NewsArticle"', headline=f'"{HEADLINE}"', isAccessibleForFree="false"), "", "paywall"),
        ('<meta property="article:content_tier" content="locked">', "", "paywall"),
        ("", "single single-format-gallery", "gallery"),
        ('<meta property="og:type" content="video.other">', "", "video"),
        ("", "single", None),
    ],
)
def test_the_form_of_an_article_is_recorded(head: str, classes: str, form: str | None) -> None:
    short = f"<h1>{HEADLINE}</h1>{DATED}<p>{PARAGRAPHS[0]}</p>"
    assert extracted(page(short, head=head, classes=classes)).methods.get("form") == form


LONG = "".join(f"<p>{SENTENCE.format(number)}</p>" for number in range(200))


@pytest.mark.parametrize("head", ['<meta property="article:published_time" content="2026-01-07T10:00:00Z">', ""])
def test_a_page_of_the_content_management_system_is_an_article_if_it_is_dated_or_very_long(head: str) -> None:
    classes = "page-template-default page page-id-7"
    short, long = (f"<h1>{HEADLINE}</h1>{text}" for text in (TEXT, LONG))
    assert extracted(page(long, classes=classes), PLAIN_URL).article.headline == HEADLINE
    if head:
        assert extracted(page(short, classes=classes, head=head), PLAIN_URL).article.headline == HEADLINE
    else:
        assert "static page" in refusal(page(short, classes=classes), PLAIN_URL)
    assert "static page" in refusal(page(long, classes=classes, head=head), "https://news.example/privacy-policy")


def test_a_long_text_is_an_article_whatever_its_opengraph_type() -> None:
    website = '<meta property="og:type" content="website">'
    assert extracted(page(f"<h1>{HEADLINE}</h1>{LONG}", head=website), "https://news.example/pier").article.body
    assert "declares itself" in refusal(page(f"<h1>{HEADLINE}</h1>{TEXT}", head=website), "https://news.example/pier")


@pytest.mark.parametrize("path", ["/2010/12/video-of-the-week.html", "/blog/2010/1/2/a-film/", "/2010/12/видео-недели"])
def test_one_sentence_at_a_permanent_link_is_an_article(path: str) -> None:
    html = page(f"<h1>A film</h1><p>{SENTENCE.format('first')}</p>")
    assert extracted(html, f"https://news.example{path}").article.body == SENTENCE.format("first")


@pytest.mark.parametrize("path", ["/2010/12/", "/2010/12/31/", "/film", "/2010/99/a-film"])
def test_one_sentence_at_another_url_is_not_an_article(path: str) -> None:
    assert "characters in paragraphs" in refusal(
        page(f"<h1>A film</h1><p>{SENTENCE.format('first')}</p>"), f"https://news.example{path}"
    )
