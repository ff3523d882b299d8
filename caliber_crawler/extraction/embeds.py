"""Embedded content: posts, videos, galleries, frames. Each becomes one line with its kind and URL.

[Post on X: https://twitter.com/name/status/1]   [Video on YouTube: https://www.youtube.com/watch?v=x]
[Video: https://…]   [Audio: https://…]   [Gallery: 5 pictures]   [Embedded: https://…]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tree import text_of
from caliber_crawler.extraction.urls import absolute, absolute_image

EMBEDDED = "Embedded"
VIDEO = "Video"
AUDIO = "Audio"
# Classes of the platforms' own embed markup.
POSTS = {
    "twitter-tweet": "Post on X",
    "twitter-video": "Post on X",
    "instagram-media": "Post on Instagram",
    "tiktok-embed": "Video on TikTok",
    "telegram-post": "Post on Telegram",
    "fb-post": "Post on Facebook",
    "fb-video": "Video on Facebook",
    "reddit-embed-bq": "Post on Reddit",
    "bluesky-embed": "Post on Bluesky",
    "text-post-media": "Post on Threads",
    "mastodon-embed": "Post on Mastodon",
    "twitter-embed": "Post on X",
}
_HOSTS = r"https?://(?:www\.|m\.|mobile\.|vm\.|web\.)?"
_PLATFORMS = (
    (re.compile(rf"{_HOSTS}(?:twitter|x)\.com/\w+/status(?:es)?/\d+"), "Post on X"),
    (re.compile(rf"{_HOSTS}instagram\.com/(?:[\w.]+/)?(?:p|reel|tv)/[\w-]+/?"), "Post on Instagram"),
    (re.compile(rf"{_HOSTS}tiktok\.com/(?:@[\w.-]+/video|embed(?:/v2)?)/\d+"), "Video on TikTok"),
    (re.compile(rf"{_HOSTS}t(?:elegram)?\.me/(?:s/)?\w+/\d+"), "Post on Telegram"),
    (re.compile(rf"{_HOSTS}(?:facebook\.com/(?:[^?]*/videos/|watch\b|reel/)|fb\.watch/).*"), "Video on Facebook"),
    (re.compile(rf"{_HOSTS}facebook\.com/(?!plugins/).+"), "Post on Facebook"),
    (re.compile(rf"{_HOSTS}youtube\.com/(?:watch\?v=[\w-]+|playlist\?list=[\w-]+|shorts/[\w-]+)"), "Video on YouTube"),
    (re.compile(rf"{_HOSTS}vimeo\.com/\d+"), "Video on Vimeo"),
    (re.compile(rf"{_HOSTS}(?:old\.|embed\.)?reddit(?:media)?\.com/r/\w+/comments/[^?]*"), "Post on Reddit"),
    (re.compile(rf"{_HOSTS}threads\.(?:net|com)/@?[\w./]+/post/[\w-]+"), "Post on Threads"),
    (re.compile(r"https?://bsky\.app/profile/[^/?]+/post/\w+"), "Post on Bluesky"),
    (re.compile(r"https?://[\w.-]+/@[\w.@-]+/\d{6,}(?=/embed|$)"), "Post on Mastodon"),
    (re.compile(rf"{_HOSTS}vk\.(?:com|ru)/wall-?\d+_\d+"), "Post on VK"),
    (re.compile(rf"{_HOSTS}linkedin\.com/(?:embed/feed/update|posts|feed/update)/.*"), "Post on LinkedIn"),
    (re.compile(rf"{_HOSTS}(?:rutube\.ru|dailymotion\.com|ok\.ru/videoembed|vk(?:video)?\.(?:com|ru)/video).*"), VIDEO),
    (re.compile(rf"{_HOSTS}(?:player\.)?(?:aparat|bilibili|twitch|streamable|rumble|odysee)\.(?:com|tv)/.+"), VIDEO),
    (
        re.compile(r"https?://(?:players\.brightcove|cdn\.jwplayer|fast\.wistia|geo\.dailymotion)\.(?:com|net)/.+"),
        VIDEO,
    ),
    (re.compile(r"https?://\S+\.(?:mp4|webm|m3u8|mov)(?:\?.*)?", re.I), VIDEO),
    (re.compile(r"https?://\S+\.(?:mp3|m4a|ogg|oga|opus|wav|aac|flac)(?:\?.*)?$", re.I), AUDIO),
    (
        re.compile(
            r"https?://(?:[\w-]+\.)*(?:spotify\.com/embed|soundcloud\.com|podcasts\.apple\.com|anchor\.fm|deezer\.com|"
            r"mixcloud\.com|castbox\.fm|music\.yandex\.\w+/iframe|infogram\.com|flourish\.studio|flo\.uri\.sh|"
            r"datawrapper\.dwcdn\.net)/.+"
        ),
        EMBEDDED,
    ),
)
# Frames that are not part of the article: advertising, analytics, buttons, forms.
_FOREIGN_FRAME = re.compile(
    r"doubleclick|googlesyndication|googletagmanager|google-analytics|adservice|adfox|yandex\.\w+/(?:ads|an)\b|taboola"
    r"|outbrain|criteo|disqus|addthis|sharethis|recaptcha|platform\.twitter\.com/widgets/|[/._-]ads?[/._-]"
    r"|facebook\.com/plugins/(?!post|video)|informer|(?:consent|comment|subscri|newsletter|login|banner|counter)",
    re.IGNORECASE,
)
GALLERIES = ("gallery", "slideshow", "carousel", "swiper", "slider", "fotorama")
FRAMES = frozenset(("iframe", "video", "embed", "audio"))
_GALLERY = re.compile("|".join(GALLERIES))
EMBEDDING = frozenset((*FRAMES, "blockquote", "script"))
_CLASSES = re.compile("|".join((*GALLERIES, *POSTS)))
_LINE = re.compile(r"\[((?:Post|Video) on \w+|Video|Audio|Embedded): (https?://\S+)\]")
_VK_POST = re.compile(
    r"VK\.Widgets\.Post\(\s{0,9}[\"'](?P<place>[\w-]{1,80})[\"']\s{0,9},\s{0,9}[\"']?(?P<owner>-?\d{1,15})[\"']?\s{0,9},"
    r"\s{0,9}[\"']?(?P<number>\d{1,15})"
)
_AUTHOR_OF_POST = re.compile(r"\(@\w+\)\s*\Z")
# Elements of page editors and accelerated pages that name a post or a video: the attribute, and its URL.
PLAYERS = {
    "oembed": ("url", "{}"),
    "amp-youtube": ("data-videoid", "https://www.youtube.com/watch?v={}"),
    "amp-vimeo": ("data-videoid", "https://vimeo.com/{}"),
    "amp-twitter": ("data-tweetid", "https://x.com/i/status/{}"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/{}/"),
    "amp-facebook": ("data-href", "{}"),
    "amp-tiktok": ("data-src", "{}"),
    "amp-iframe": ("src", "{}"),
    "amp-video": ("src", "{}"),
    "amp-audio": ("src", "{}"),
    "lite-youtube": ("videoid", "https://www.youtube.com/watch?v={}"),
    "lite-vimeo": ("videoid", "https://vimeo.com/{}"),
    "script": ("data-telegram-post", "https://t.me/{}"),
}
SOURCES = ("src", "data-src", "data-lazy-src", "data-original", "data-url")
MAX_ATTRIBUTE_LENGTH = 20_000
MAX_GALLERIES = 50
"""Maximum per article: each search covers the gallery's content, and galleries may be nested."""
MIN_PROSE_LENGTH = 100
"""Characters. Shorter text beside a gallery's pictures is its buttons."""


def parse_embed(line: str) -> tuple[str, str] | None:
    """Return the kind and URL in such a line; ``None`` for any other line."""
    match = _LINE.fullmatch(line) if line.startswith("[") else None
    return (match[1], match[2]) if match else None


# Part of every URL that becomes one of a known platform, and cheaper to search than to resolve and parse the URL.
_NAMES = """
twitter x.com instagram tiktok t.me telegram facebook fb.watch youtu vimeo rutube dailymotion ok.ru vk reddit threads.
bsky.app /@ linkedin aparat bilibili twitch streamable rumble odysee brightcove jwplayer wistia spotify soundcloud
podcasts.apple anchor.fm deezer mixcloud music.yandex castbox infogram flourish flo.uri dwcdn .mp4 .webm .m3u8 .mov
.mp3 .m4a .ogg .oga .opus .wav .aac .flac
"""
_PLATFORM_NAMES = tuple(_NAMES.split())


def may_be_known_embed(url: str) -> bool:
    """Return whether this URL, relative or of a player, may become one of a known platform."""
    small = url.lower()
    return any(name in small for name in _PLATFORM_NAMES)


def is_known_embed(url: str) -> bool:
    """Return whether this URL is a player or post of a known platform."""
    return any(pattern.match(url) for pattern, _ in _PLATFORMS)


def player_url(element: etree._Element) -> str | None:
    """Return the URL that an element of :data:`PLAYERS` names."""
    attribute, form = PLAYERS.get(str(element.tag), ("", ""))
    value = clean_inline(element.get(attribute) or "") if attribute else ""
    return form.format(value) if value else None


def names_embed(classes: str) -> bool:
    """Whether one of these classes is that of a post or a gallery."""
    return _CLASSES.search(classes) is not None


def replace_embeds(article: etree._Element, page: Page, classes: str) -> None:
    """Replace everything that an article with these classes embeds by one line each; the text after each stays."""
    is_named = names_embed(classes)
    elements = list(article.iter(etree.Element) if is_named else article.iter(*EMBEDDING))
    replace_embedding(elements, article, page)


def replace_embedding(elements: Iterable[etree._Element], article: etree._Element, page: Page) -> bool:
    """Replace those elements that embed something by one line each; return whether the article may have changed."""
    galleries, is_changed = 0, False
    for element in elements:
        classes = element.get("class") or ""
        if element.tag not in EMBEDDING and not (classes and _CLASSES.search(classes)):
            continue
        if name := next((POSTS[name] for name in classes.split() if name in POSTS), None):
            _replace_post(element, name, page)
        elif element.tag == "blockquote":
            if not (status := _status_quoted(element)):
                continue
            replace_by_line(element, "Post on X", status)
        elif number := element.get("data-telegram-post"):
            replace_by_line(element, "Post on Telegram", f"https://t.me/{clean_inline(number)}")
        elif element.tag == "script":
            if not (posts := vk_posts_of(element)):
                continue
            for name, post in posts.items():
                replace_by_line(place_of_post(article, name, element), "Post on VK", post)
        elif element.tag in FRAMES:
            if not is_hidden(element):
                _replace_frame(element, page)
        elif is_called_gallery(element) and (galleries := galleries + 1) <= MAX_GALLERIES:
            replace_gallery(element, lambda source: absolute_image(source, page))
        else:
            continue
        is_changed = True
    return is_changed


def _replace_post(post: etree._Element, name: str, page: Page) -> None:
    stated = stated_url(post)
    if post.tag == "div" and not (stated or post.get("data-href")):
        return
    url = stated or _permalink(post)
    if url and name == "Post on Telegram" and not url.startswith("http"):
        url = f"https://t.me/{url}"
    replace_by_line(post, name, absolute(url, page) if url else None)


def _permalink(post: etree._Element) -> str | None:
    """The URL of a post: its own attribute, else its last link to a status of its author, else its last link."""
    for attribute in ("cite", "data-instgrm-permalink", "data-telegram-post", "data-href", "data-text-post-permalink"):
        if url := post.get(attribute):
            return clean_inline(url)
    links = [clean_inline(link.get("href") or "") for link in post.iter("a")]
    statuses = [link for link in links if "/status/" in link]
    return next(iter([*reversed(statuses), *reversed(links)]), None)


def stated_url(element: etree._Element) -> str | None:
    """Return the URL of a post or video in an attribute with JSON, as Substack writes it; ``None`` without one."""
    stated = element.get("data-attrs") or ""
    if not stated.startswith("{") or len(stated) > MAX_ATTRIBUTE_LENGTH:
        return None
    try:
        values = json.loads(stated)
    except ValueError:
        return None
    url = values.get("url") if isinstance(values, dict) else None
    return url if isinstance(url, str) and url.isprintable() and is_known_embed(url) else None


def vk_posts_of(script: etree._Element) -> dict[str, str]:
    """Return the URLs of the posts that a script of VK loads, by the ID of the element in which each is shown."""
    text = script.text or ""
    found = _VK_POST.finditer(text) if "VK.Widgets.Post" in text else ()
    return {post["place"]: f"https://vk.com/wall{post['owner']}_{post['number']}" for post in found}


def place_of_post(root: etree._Element, name: str, script: etree._Element) -> etree._Element:
    """Return the element with this ID, in which a script shows a post; the script if there is none."""
    return next((place for place in root.iter("div", "span", "p") if place.get("id") == name), script)


def _status_quoted(quotation: etree._Element) -> str | None:
    """The URL of a quoted post, recognised by its form: ``text — Name (@name) <a href=…/status/1>May 1</a>``."""
    last = quotation[-1] if len(quotation) else None
    if last is None or last.tag != "a" or (last.tail or "").strip():
        return None
    before = last.getprevious()
    lead = (before.tail if before is not None else quotation.text) or ""
    url = last.get("href") or ""
    return url if _AUTHOR_OF_POST.search(lead) and _PLATFORMS[0][0].match(url) else None


def _replace_frame(element: etree._Element, page: Page) -> None:
    nodes = (element, *element.iter("source")) if element.tag in ("video", "audio") else (element,)
    sources = (source for node in nodes for source in map(node.get, SOURCES) if source)
    url = next((found for source in sources if (found := absolute(clean_inline(source), page))), None)
    if url is None or _FOREIGN_FRAME.search(url):
        return
    name = {"video": VIDEO, "audio": AUDIO}.get(str(element.tag), EMBEDDED)
    replace_by_line(element, name, page_url_of(url))


def page_url_of(url: str) -> str:
    """Return the URL at which a visitor finds the content of a player or frame.

    >>> page_url_of("https://www.youtube.com/embed/x-1?rel=0")
    'https://www.youtube.com/watch?v=x-1'
    """
    parts = urlsplit(url)
    host, path = parts.netloc.lower().removeprefix("www."), parts.path.strip("/").split("/")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    last = path[-1]
    if host in ("youtube.com", "youtube-nocookie.com", "youtu.be"):
        if "list" in query and last == "videoseries":
            return f"https://www.youtube.com/playlist?list={query['list']}"
        if path[0] == "embed" or host == "youtu.be":
            return f"https://www.youtube.com/watch?v={last}"
    if host == "player.vimeo.com":
        return f"https://vimeo.com/{last}"
    if host == "facebook.com" and path[0] == "plugins":
        return query.get("href", url)
    if host == "platform.twitter.com" and "id" in query:
        return f"https://x.com/i/status/{query['id']}"
    return url


def is_called_gallery(element: etree._Element) -> bool:
    return _GALLERY.search(element.get("class") or "") is not None


def replace_gallery(gallery: etree._Element, locate: Callable[[str], str | None]) -> bool:
    """Replace a gallery by one line, followed by its pictures; return whether it is one: a false one stays unchanged.

    ``locate`` returns the URL of a picture, or ``None`` for boilerplate.
    """
    sources = {next((s for s in map(image.get, ("data-src", "src")) if s), "") for image in gallery.iter("img")}
    pictures = {url for source in sources if source and (url := locate(source))}
    if len(pictures) < 2 or len(text_of(gallery)) > MIN_PROSE_LENGTH:
        return False
    images = list(gallery.iter("img"))
    _clear(gallery)
    gallery.tag, gallery.text = "p", f"[Gallery: {len(pictures)} pictures]"
    for image in images:
        image.tail = None
        gallery.append(image)
    return True


def is_hidden(element: etree._Element) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    tiny = element.get("width") in ("0", "1") or element.get("height") in ("0", "1")
    return tiny or element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style


def replace_by_line(element: etree._Element, name: str, url: str | None) -> None:
    """Replace an element by the line that names it; the link stays a link."""
    _clear(element)
    if url is None:
        element.text = f"[{name}]"
        return
    for pattern, known in _PLATFORMS:
        if match := pattern.match(url):
            url, name = match[0], name if name in POSTS.values() else known
            break
    element.text = f"[{name}: {url}]"
    etree.SubElement(element, "a", href=url)


def _clear(element: etree._Element) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    element.attrib.clear()
    element.tag = "div"
