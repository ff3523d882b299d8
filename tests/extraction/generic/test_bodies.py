"""The body of an article on pages of unknown layouts."""

import pytest

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from caliber_crawler.extraction.lines import Picture
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, article, body_of, page, read
from tests.extraction.generic.shapes import STORY


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


@pytest.mark.parametrize("name", ["ad-container", "promo", "newsletter", "related-list"])
def test_a_list_of_sentences_without_links_is_text_under_any_class_name(name: str) -> None:
    items = ("The old pier is rebuilt before the storms of the next winter.", PARAGRAPHS[0].replace("first", "last"))
    listed = "".join(f"<li>{item}</li>" for item in items)
    assert all(item in body_of(article(f'<div class="{name}"><ul>{listed}</ul></div>')) for item in items)
    linked = "".join(f"<li><a href=/x>{item}</a></li>" for item in items)
    assert not any(item in body_of(article(f'<div class="{name}"><ul>{linked}</ul></div>')) for item in items)


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
        (
            '<figure class="wp-block-embed"><div class="wp-block-embed__wrapper"><blockquote class="twitter-tweet">'
            'So proud! <a href="https://twitter.com/a/status/12">May 1</a></blockquote></div></figure>',
            "[Post on X: https://twitter.com/a/status/12]",
            "proud",
        ),
        (
            '<div class="ratio embed-responsive"><iframe src="https://player.vimeo.com/video/7">No frames.</iframe>'
            "</div>",
            "[Video on Vimeo: https://vimeo.com/7]",
            "No frames",
        ),
        (
            '<script async src="/widget.js" data-telegram-post="ministry/77">x = 1;</script>',
            "[Post on Telegram: https://t.me/ministry/77]",
            "x = 1",
        ),
        (
            '<figure class="media"><oembed url="https://www.youtube.com/watch?v=dQw4w9WgXcQ">Video</oembed></figure>',
            "[Video on YouTube: https://www.youtube.com/watch?v=dQw4w9WgXcQ]",
            "Videos",
        ),
        (
            '<amp-youtube data-videoid="dQw4w9WgXcQ" layout="responsive"></amp-youtube>',
            "[Video on YouTube: https://www.youtube.com/watch?v=dQw4w9WgXcQ]",
            "responsive",
        ),
        (
            '<div class="fb-post" data-href="https://www.facebook.com/permalink.php?story_fbid=9&id=1"><p>Hi</p></div>',
            "[Post on Facebook: https://www.facebook.com/permalink.php?story_fbid=9&id=1]",
            "Hi",
        ),
        (
            '<div class="fb-video" data-href="https://www.facebook.com/ministry/videos/9/" data-width="500"></div>',
            "[Video on Facebook: https://www.facebook.com/ministry/videos/9/]",
            "500",
        ),
        (
            '<blockquote class="reddit-embed-bq"><a href="https://www.reddit.com/r/roads/comments/1ab/open/">So '
            "proud</a></blockquote>",
            "[Post on Reddit: https://www.reddit.com/r/roads/comments/1ab/open/]",
            "proud",
        ),
        (
            '<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:x/app.bsky.feed.post/1"><p>So proud</p>'
            '<a href="https://bsky.app/profile/did:plc:x/post/1">May 1</a></blockquote>',
            "[Post on Bluesky: https://bsky.app/profile/did:plc:x/post/1]",
            "proud",
        ),
        (
            '<div id="vk_post_-12_345"></div><script src="https://vk.com/js/api/openapi.js?169"></script><script>'
            '(function() {VK.Widgets.Post("vk_post_-12_345", -12, 345, "hash");}());</script>',
            "[Post on VK: https://vk.com/wall-12_345]",
            "hash",
        ),
        (
            '<div class="tweet" data-attrs="{&quot;url&quot;:&quot;https://twitter.com/a/status/12&quot;}"><a href='
            '"https://twitter.com/a/status/12"><span>Jane Roe @jane</span>So proud<span>12 Likes</span></a></div>',
            "[Post on X: https://twitter.com/a/status/12]",
            "proud",
        ),
        (
            '<audio controls><source src="/media/talk.mp3" type="audio/mpeg">No <a href="/talk">sound</a>.</audio>',
            "[Audio: https://news.example/media/talk.mp3]",
            "sound",
        ),
        (
            '<div class="player"><audio controls src="https://radio.example/stream/17"></audio><span>00:00</span></div>',
            "[Audio: https://radio.example/stream/17]",
            "00:00",
        ),
        (
            '<iframe src="https://mastodon.social/@ministry/112233445566/embed">No frames.</iframe>',
            "[Post on Mastodon: https://mastodon.social/@ministry/112233445566]",
            "No frames",
        ),
        (
            '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.net/@a/post/C1">So proud'
            "</blockquote>",
            "[Post on Threads: https://www.threads.net/@a/post/C1]",
            "proud",
        ),
        (
            '<iframe src="https://www.aparat.com/video/video/embed/videohash/x1/vt/frame">No frames.</iframe>',
            "[Video: https://www.aparat.com/video/video/embed/videohash/x1/vt/frame]",
            "No frames",
        ),
        (
            '<iframe src="https://open.spotify.com/embed/episode/1">No frames.</iframe>',
            "[Embedded: https://open.spotify.com/embed/episode/1]",
            "No frames",
        ),
        (
            '<figure class="wp-block-embed"><div>\nhttps://www.youtube.com/watch?v=dQw4w9WgXcQ\n</div></figure>',
            "[Video on YouTube: https://www.youtube.com/watch?v=dQw4w9WgXcQ]",
            "Videos",
        ),
        (
            '<div data-lazy="1"><noscript><iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe></noscript></div>',
            "[Video on YouTube: https://www.youtube.com/watch?v=dQw4w9WgXcQ]",
            "lazy",
        ),
    ],
    ids=[
        "post",
        "video",
        "frame",
        "player",
        "wordpress",
        "bootstrap",
        "telegram",
        "oembed",
        "amp",
        "fb post",
        "fb video",
        "reddit",
        "bluesky",
        "vk",
        "substack",
        "sound",
        "stream",
        "mastodon",
        "threads",
        "aparat",
        "podcast",
        "bare url",
        "noscript",
    ],
)
def test_an_embed_becomes_one_line_with_a_link(embed: str, line: str, words: str) -> None:
    extraction = read(article(embed, f"<p>{PARAGRAPHS[0][::-1]}</p>"))
    shown = {shown.text: shown.links for shown in extraction.body}
    assert [link.url for link in shown[line]] == [line.rpartition(": ")[2].rstrip("]")]
    assert not any(words in text for text in shown)


def test_a_button_with_a_url_is_not_an_embed() -> None:
    button = '<div class="fb-like" data-href="https://www.facebook.com/gazette"></div>'
    assert not any("facebook" in line.text for line in read(article(button, "")).body)


@pytest.mark.parametrize(
    "line",
    [
        *("January 7, 2026 12:05 a.m.", "January 7, 2026, 2:35 p.m.", "Posted on January 7, 2026, 2:35 p. m."),
        *("Published: Jan. 7, 2026 at 2:35 P.M.", "January 7, 2026, 2:35 pm"),
    ],
)
def test_a_line_with_only_a_date_is_not_text(line: str) -> None:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    lines = read(page(f'<article><h1>Mountain road to open</h1><p class="date">{line}</p>{paragraphs}</article>')).body
    assert lines[0].text == PARAGRAPHS[0]


@pytest.mark.parametrize(
    "line", ["Talks began in the old town at 2:35 p.m.", "The road was closed on January 7, 2026, 2:35 p.m."]
)
def test_a_first_sentence_with_a_time_of_day_is_text(line: str) -> None:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    lines = read(page(f"<article><h1>Mountain road to open</h1><p>{line}</p>{paragraphs}</article>")).body
    assert lines[0].text == line


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
        "Source: a report that the bank published on Monday and that the ministry confirmed.",
        "The ministry announced the decision in its weekly newsletter on Tuesday.",
        "Nazirlik bu barədə öz xəbər bülleteninə abunə olanlara məlumat verib.",
    ],
)
def test_sentences_that_begin_like_boilerplate_are_kept(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], None) == [*PARAGRAPHS, line]


@pytest.mark.parametrize(
    "line",
    [
        "Həmçinin oxuyun: Körpü bağlanıb",
        "Bunu da oxuyun – Körpü bağlanıb",
        "Ayrıca okuyun: Köprü kapandı",
        "Читайте также: Мост закрыт",
        "Ещё по теме: Мост закрыт",
        "აგრეთვე წაიკითხეთ: ხიდი დაიკეტა",
        "بیشتر بخوانید: پل بسته شد",
        "Shuningdek o‘qing: Ko‘prik yopildi",
        "Sign up for our newsletter here.",
        "Bizi Telegram kanalımızda izləyin",
        "Подписывайтесь на наш канал.",
        "Читайте нас в Telegram",
        "Oxumağa dəyər: Körpü bağlanıb",
        "Lesen Sie mehr: Die Brücke ist zu",
        "Lisez aussi : Le pont est fermé",
        "Le puede interesar: El puente está cerrado",
        "ما را در تلگرام دنبال کنید",
        "延伸阅读：大桥关闭",
        "关注我们的微信公众号",
        "関連記事：橋が閉鎖",
        "分享到",
    ],
)
def test_pointers_and_invitations_are_removed(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], None) == PARAGRAPHS


@pytest.mark.parametrize(
    "line",
    [
        "据他介绍，这家公司通过微信公众号发布了消息，三天内有两万人报名参加。",
        "推荐阅读这本书的人很多，他们都认为它写得很好。",
        "部里在自己的微信公众号上公布了隧道的收费标准。",
    ],
)
def test_chinese_sentences_about_such_things_are_kept(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], None) == [*PARAGRAPHS, line]


@pytest.mark.parametrize(
    "block",
    [
        '<p><a href="/court"><strong>On Friday three men, all of one village, denied that they had moved the barrier.'
        "</strong></a></p>",
        "<figure><blockquote><p>“I have a sister on the other side,” said a villager who had walked to the barrier.</p>"
        "</blockquote></figure>",
        "<blockquote><p>The road is to be opened, says the text that <a href='https://x.com/a/status/1'>the ministry "
        "posted</a> on Tuesday night.</p></blockquote>",
        "<ul><li>The road is to be opened before the end of the month.</li><li>The toll is to be the same on both "
        "sides.</li></ul>",
    ],
    ids=["linked paragraph", "quotation in a figure", "quotation with a link", "list"],
)
def test_text_in_any_element_is_kept(block: str) -> None:
    after = "The agreement has four points, and the third of them took the longest time to be written."
    words = [line.text for line in read(article(block, f"<p>{after}</p>")).body]
    assert words[: len(PARAGRAPHS)] == PARAGRAPHS
    assert words[-1] == after
    assert len(words) > len(PARAGRAPHS) + 1


def test_a_list_of_links_after_an_introduction_is_kept() -> None:
    titles = (
        "Report of the bank on the road",
        "Agreement on the road of 2014",
        "Letter of the villagers to the ministry",
    )
    papers = "".join(f'<li><a href="/paper/{at}">{title}</a></li>' for at, title in enumerate(titles))
    lead = "On Wednesday the ministry published three papers about the road and the tunnels:"
    after = "All of them had been secret since the winter of 2014, when the barrier was lowered."
    body = [line.text for line in read(article(f"<p>{lead}</p><ul>{papers}</ul><p>{after}</p>")).body]
    assert body == [*PARAGRAPHS, lead, *titles, after]


def test_a_heading_before_the_first_sentence_is_kept_beside_others_of_its_level() -> None:
    chapters = [f"<h2>Chapter {at}</h2><p>{paragraph}</p>" for at, paragraph in enumerate(PARAGRAPHS)]
    body = [line.text for line in read(page(f"<article><h1>A talk</h1>{''.join(chapters)}</article>")).body]
    assert body[:2] == ["Chapter 0", PARAGRAPHS[0]]


@pytest.mark.parametrize(
    "picture",
    [
        '<amp-img src="/road.jpg" width="800" height="450" alt="A road"></amp-img>',
        '<img class="lazy" src="data:image/gif;base64,R0" alt=""><noscript><img src="/road.jpg" alt="A road">'
        "</noscript>",
    ],
    ids=["amp", "noscript"],
)
def test_a_picture_that_only_some_browsers_show_is_kept(picture: str) -> None:
    first, *others = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    lines = read(page(f"<article>{first}<figure>{picture}</figure>{''.join(others)}</article>")).body
    assert [shown for line in lines for shown in line.pictures] == [Picture("/road.jpg", "A road")]


@pytest.mark.parametrize("size", [1, 2])
def test_a_body_split_over_sibling_containers_is_whole(size: int) -> None:
    containers = "".join(
        f'<div class="grid__container"><div class="grid__content article__content">'
        f"{''.join(f'<p>{paragraph}</p>' for paragraph in STORY[start : start + size])}</div></div>"
        for start in range(0, len(STORY), size)
    )
    body = [line.text for line in read(page(f"<article><h1>A road</h1>{containers}</article>")).body]
    assert body == list(STORY)


@pytest.mark.parametrize(
    "player",
    [
        "<figure><audio controls src='{url}'></audio><figcaption>{title}</figcaption></figure>",
        "<div class='audio-player'><b class='audio-title'>{title}</b><audio src='{url}'></audio><i>03:15</i></div>",
        "<p><audio controls title='{title}' src='{url}'>No sound</audio></p>",
    ],
)
def test_the_title_of_a_sound_is_text_below_it(player: str) -> None:
    url, title = "https://gazette.example/talk.mp3", "The engineer explains the bridges"
    blocks = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    text = "".join([*blocks[:3], player.format(url=url, title=title), *blocks[3:]])
    body = body_of(page(f"<main><article><h1>{HEADLINE}</h1>{text}</article></main>"))
    assert f"[Audio: {url}]\n\n{title}\n\n{PARAGRAPHS[3]}" in body
    assert body.count(title) == 1


@pytest.mark.parametrize("tag", ["p", "div", "ul", "aside"])
@pytest.mark.parametrize("breaks", ["", "<br>", "<br><br>"])
def test_a_pointer_between_loose_paragraphs_leaves_two(tag: str, breaks: str) -> None:
    pointer = f'{breaks}<{tag}><a href="/o/1">Read also: Harvest was poor in the valley</a></{tag}>'
    text = "<br><br>".join(PARAGRAPHS[:3]) + pointer + "<br><br>".join(PARAGRAPHS[3:])
    body = body_of(page(f'<div class="post"><h1>{HEADLINE}</h1><div class="text">{text}</div></div>'))
    assert body == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "line", ["By Jane Roe", "Jane Roe", "Author: Jane Roe, 7 January 2026", "Jane Roe | 7 January"]
)
def test_the_author_behind_the_last_sentence_is_not_text(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], HEADLINE, authors=["Jane Roe"]) == PARAGRAPHS
    spoken = f"{line} said so."
    assert drop_boilerplate([*PARAGRAPHS, spoken], HEADLINE, authors=["Jane Roe"]) == [*PARAGRAPHS, spoken]
