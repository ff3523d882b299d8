"""Posts, videos, galleries and frames inside an article become one line each, with the link."""

import pytest

from caliber_crawler.extraction import check, extract_page
from caliber_crawler.extraction.embeds import page_url_of
from caliber_crawler.items import Article
from tests.extraction.pages import READ_AT, capture_of, site_named

SITE = site_named("caliber")


def article_with(embedded: str) -> Article:
    page = (
        '<div class="post"><h1 class="post_title">A headline</h1><div class="post_time">06 January 2026 19:13</div>'
        f'<div class="post_body"><p>First.</p>{embedded}<p>Last.</p></div></div>'
    )
    return extract_page(capture_of(page), SITE).article


TWEET = (
    "<p>Look #Baku <a href='https://t.co/x'>pic.twitter.com/x</a></p>— Caliber (@CaliberEnglish) <a href='{}'>May 1</a>"
)
STATUS = "https://twitter.com/CaliberEnglish/status/1953"


@pytest.mark.parametrize(
    ("embedded", "line", "url"),
    [
        (f'<blockquote class="twitter-tweet">{TWEET.format(STATUS)}</blockquote>', "Post on X", STATUS),
        (f'<blockquote class="q">{TWEET.format(STATUS + "?ref_src=x")}</blockquote>', "Post on X", STATUS),
        ('<iframe src="https://platform.twitter.com/embed/Tweet.html?id=17"></iframe>', "Post on X",
         "https://x.com/i/status/17"),
        ('<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/Ab-c/?utm=1">'
         "<a href='https://www.instagram.com/p/Ab-c/'>A post</a></blockquote>", "Post on Instagram",
         "https://www.instagram.com/p/Ab-c/"),
        ('<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@a.b/video/5"><section>x</section></blockquote>',
         "Video on TikTok", "https://www.tiktok.com/@a.b/video/5"),
        ('<script async src="https://telegram.org/js/telegram-widget.js" data-telegram-post="caliberaz/9"></script>',
         "Post on Telegram", "https://t.me/caliberaz/9"),
        ('<iframe src="https://t.me/caliberaz/9?embed=1"></iframe>', "Post on Telegram", "https://t.me/caliberaz/9"),
        ('<div class="fb-post" data-href="https://www.facebook.com/a/posts/1">x</div>', "Post on Facebook",
         "https://www.facebook.com/a/posts/1"),
        ('<iframe src="https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fvideos%2F1"'
         "></iframe>", "Video on Facebook", "https://www.facebook.com/a/videos/1"),
        ('<iframe src="//www.youtube.com/embed/x-1?rel=0">video</iframe>', "Video on YouTube",
         "https://www.youtube.com/watch?v=x-1"),
        ('<iframe data-src="https://youtube-nocookie.com/embed/x"></iframe>', "Video on YouTube",
         "https://www.youtube.com/watch?v=x"),
        ('<iframe src="https://player.vimeo.com/video/7?h=1"></iframe>', "Video on Vimeo", "https://vimeo.com/7"),
        ('<video poster="p.webp"><source src="/media/v/1.mp4" type="video/mp4">Old browser</video>', "Video",
         "https://caliber.az/media/v/1.mp4"),
        ('<audio controls><source src="/media/talk.mp3" type="audio/mpeg">Old browser</audio>', "Audio",
         "https://caliber.az/media/talk.mp3"),
        ('<div id="vk_post_1_45"></div><script>VK.Widgets.Post("vk_post_1_45", 1, 45, "x");</script>', "Post on VK",
         "https://vk.com/wall1_45"),
        ('<div class="twitter-embed" data-attrs=\'{"url": "https://x.com/a/status/12?s=20"}\'><p>Words</p></div>',
         "Post on X", "https://x.com/a/status/12"),
        ('<iframe src="https://rutube.ru/play/embed/9"></iframe>', "Video", "https://rutube.ru/play/embed/9"),
        ('<iframe src="https://www.google.com/maps/embed?pb=1"></iframe>', "Embedded",
         "https://www.google.com/maps/embed?pb=1"),
    ],
)  # fmt: skip
def test_an_embed_becomes_one_line_with_kind_and_url(embedded: str, line: str, url: str) -> None:
    article = article_with(embedded)
    assert article.body == f"First.\n\n[{line}: {url}]\n\nLast."
    assert article.body_markdown == f"First.\n\n[{line}]({url})\n\nLast."
    assert [link.url for link in article.links] == [url]


@pytest.mark.parametrize("name", ["gallery", "article-slider", "swiper-container"])
def test_a_gallery_becomes_one_line_and_keeps_its_pictures(name: str) -> None:
    article = article_with(
        f'<div class="{name}"><div><img src="/media/1.webp"><figcaption>One</figcaption></div><img src="/media/2.webp">'
        '<img src="/templates/arrow.png"><button>Next</button></div>'
    )
    assert article.body == "First.\n\n[Gallery: 2 pictures]\n\nLast."
    assert '![One](https://caliber.az/media/1.webp "One")' in article.body_markdown
    assert [image.url for image in article.images] == [
        "https://caliber.az/media/1.webp",
        "https://caliber.az/media/2.webp",
    ]


def test_a_text_with_a_gallery_class_stays_text() -> None:
    text = "A long paragraph about the pictures of the year. " * 5
    embedded = f'<div class="gallery-note"><img src="/media/1.webp"><img src="/media/2.webp"><p>{text}</p></div>'
    assert article_with(embedded).body == f"First.\n\n{text.strip()}\n\nLast."


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe src="https://www.googletagmanager.com/ns.html?id=1"></iframe>',
        '<iframe src="https://securepubads.g.doubleclick.net/x"></iframe>',
        '<iframe src="https://www.facebook.com/plugins/like.php?href=x"></iframe>',
        '<iframe src="https://example.org/pixel" width="1" height="1"></iframe>',
        '<iframe src="https://example.org/x" style="display: none"></iframe>',
        '<iframe src="about:blank"></iframe>',
        "<iframe></iframe>",
        '<iframe src="javascript:void(0)"></iframe>',
        '<div class="fb-post">not loaded</div><script>render()</script>',
    ],
)
def test_a_frame_that_is_not_content_is_removed(frame: str) -> None:
    assert "[" not in article_with(frame).body


def test_a_quotation_that_cites_a_post_stays_a_quotation() -> None:
    quotation = f'<blockquote cite="https://osce.org">He <a href="{STATUS}">wrote</a> that peace is near.</blockquote>'
    assert article_with(quotation).body == "First.\n\nHe wrote that peace is near.\n\nLast."


def test_a_post_without_a_url_keeps_its_line() -> None:
    assert article_with('<blockquote class="twitter-tweet">Gone</blockquote>').body == "First.\n\n[Post on X]\n\nLast."


def test_a_body_of_only_embedded_posts_is_short() -> None:
    page = (
        '<div class="post"><h1 class="post_title">A headline</h1><div class="post_time">06 January 2026 19:13</div>'
        f'<div class="post_body"><blockquote class="twitter-tweet">{TWEET.format(STATUS)}</blockquote></div></div>'
    )
    reasons = {problem.reason: problem.fatal for problem in check(extract_page(capture_of(page), SITE), SITE, READ_AT)}
    assert reasons["no_body"] is False


@pytest.mark.parametrize("address", ["https://youtu.be/x?t=5", "https://www.youtube.com/embed/x"])
def test_a_player_gets_the_url_of_its_video_page(address: str) -> None:
    assert page_url_of(address) == "https://www.youtube.com/watch?v=x"


def test_a_caption_stays_with_its_picture_and_not_in_the_text() -> None:
    article = article_with(
        '<figure><img src="/media/1.webp" alt="A road"><figcaption>The road, in May</figcaption></figure>'
        '<div class="wp-caption"><img src="/media/2.webp"><p class="wp-caption-text">The bridge</p></div>'
    )
    assert article.body == "First.\n\nLast."
    assert article.body_markdown.split("\n\n") == [
        "First.",
        '![A road](https://caliber.az/media/1.webp "The road, in May")',
        '![The bridge](https://caliber.az/media/2.webp "The bridge")',
        "Last.",
    ]
    assert [(image.url[-6:], image.alt) for image in article.images] == [("1.webp", "A road"), ("2.webp", None)]
