"""The body of an article on pages of unknown layouts."""

import pytest

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from caliber_crawler.extraction.lines import Picture
from tests.extraction.generic.newspage import PARAGRAPHS, article, body_of, page, read


def test_paragraphs_keep_their_order_with_blank_lines_between() -> None:
    assert body_of(article()) == "\n\n".join(PARAGRAPHS)


def test_boxes_around_the_text_are_not_in_the_body() -> None:
    boxes = (
        '<div class="related-articles"><h3>Related</h3><p>Another road was closed for the winter last year.</p></div>',
        '<div class="newsletterSignup"><p>Get the best stories of the week in your inbox every Friday.</p></div>',
        "<p>READ ALSO: <a href='/x'>The road that was closed for forty years</a></p>",
        "<p>Photo: Ayla Quliyeva</p>",
    )
    assert body_of(article(*boxes)) == "\n\n".join(PARAGRAPHS)


def test_a_container_of_the_whole_text_is_kept_under_any_class_name() -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    assert body_of(page(f'<div class="ads-free share">{text}</div>')) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    ("embed", "line", "words"),
    [
        (
            '<blockquote class="twitter-tweet"><p>So proud! #road #peace</p>— A (@a) '
            '<a href="https://twitter.com/a/status/12?ref=x">May 1</a></blockquote>',
            "[Post on X: https://twitter.com/a/status/12]",
            "#road",
        ),
        (
            '<figure><iframe src="//www.youtube.com/embed/dQw4w9WgXcQ?rel=0">No frames.</iframe></figure>',
            "[Video on YouTube: https://www.youtube.com/watch?v=dQw4w9WgXcQ]",
            "No frames",
        ),
        (
            '<iframe src="https://t.me/caliberaz/9?embed=1">No frames.</iframe>',
            "[Post on Telegram: https://t.me/caliberaz/9]",
            "No frames",
        ),
        (
            '<video controls><source src="/media/road.mp4" type="video/mp4">Old browser.</video>',
            "[Video: https://news.example/media/road.mp4]",
            "Old browser",
        ),
    ],
    ids=["post", "video", "frame", "player"],
)
def test_an_embed_becomes_one_line_with_a_link(embed: str, line: str, words: str) -> None:
    extraction = read(article(embed, f"<p>{PARAGRAPHS[0][::-1]}</p>"))
    shown = {shown.text: shown.links for shown in extraction.body}
    assert [link.url for link in shown[line]] == [line.rpartition(": ")[2].rstrip("]")]
    assert not any(words in text for text in shown)


def test_pictures_between_paragraphs_keep_position_and_caption() -> None:
    inside = '<figure><img src="/road.webp" alt="A road"><figcaption>The road in May</figcaption></figure>'
    teaser = '<p><a href="/another-story"><img src="/teaser.webp"></a></p>'
    first, *others = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    around = '<img src="/logo.png">'
    lines = read(page(f"<article>{around}{first}{inside}{teaser}{''.join(others)}{around}</article>")).body
    assert [line.text or line.pictures[0].url for line in lines] == [PARAGRAPHS[0], "/road.webp", *PARAGRAPHS[1:]]
    assert lines[1].pictures == (Picture("/road.webp", "A road", "The road in May"),)


def test_a_gallery_between_paragraphs_becomes_one_line_with_its_pictures() -> None:
    slides = "".join(f'<a href="/{n}.jpg"><img src="/{n}.jpg"></a>' for n in range(3))
    teasers = "".join(f'<a href="/story-{n}"><img src="/teaser-{n}.jpg"></a>' for n in range(3))
    first, *others = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    boxes = f'<div class="swiper gallery">{slides}</div><div class="slider">{teasers}</div>'
    lines = read(page(f"<article>{first}{boxes}{''.join(others)}</article>")).body
    assert [line.text for line in lines] == [PARAGRAPHS[0], "[Gallery: 3 pictures]", *PARAGRAPHS[1:]]
    assert [picture.url for line in lines for picture in line.pictures] == ["/0.jpg", "/1.jpg", "/2.jpg"]


@pytest.mark.parametrize(
    "line",
    [
        "More on that was not to be learned from the ministry on Tuesday.",
        "“Sign up for peace,” he told the young people in the square.",
        "Foto aus dem Jahr 1994 zeigen die Straße.",
    ],
)
def test_sentences_that_begin_like_boilerplate_are_kept(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], None) == [*PARAGRAPHS, line]
