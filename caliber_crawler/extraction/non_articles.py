"""Non-article pages: bot challenges, login walls, soft 404s. They are recognized by their form.

The rules apply to all sites. Rules that could match a real article also require that the page has little text.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from caliber_crawler.extraction.decoding import as_utf8
from caliber_crawler.extraction.lines import inner_text
from caliber_crawler.extraction.not_found import says_not_found
from caliber_crawler.items import PAGE_STATUSES, Capture, Problem
from caliber_crawler.site import Site
from caliber_crawler.site.urls import are_spellings

if TYPE_CHECKING:
    from caliber_crawler.extraction.page import Page

MAX_SCANNED = 256 * 1024
"""Bytes of a page that are examined; non-article pages are short."""
MAX_NON_ARTICLE_TEXT = 1_500
"""Characters. Articles are longer than challenges, login forms and error pages."""
MAX_COOKIE_SCRIPT = 4_000
"""Bytes between the cookie that a script sets and its request to load the page again."""

_HIDDEN = rb"script|style|noscript|template|svg|head"
# The start of an invisible element, consecutive tags, or text. Each repetition of a group takes memory until the match
# ends, so their number is limited.
_PART = re.compile(
    rb"<(?:(?=[hnst])(?P<hidden>" + _HIDDEN + rb")\b|(?!(?=[hnst])(?:" + _HIDDEN + rb")\b)[^>]*+>?\s*+"
    rb"(?:<(?!(?=[hnst])(?:" + _HIDDEN + rb")\b)[^>]*+>?\s*+){0,499})|(?P<text>[^<]++)",
    re.I,
)
_END_OF_HIDDEN = re.compile(rb"</(" + _HIDDEN + rb")", re.I)
# Substrings of a page in lower case. Searching for each takes a twentieth of the time of a pattern with all of them.
_CHALLENGES = (
    *(b"_cf_chl_opt", b"/cdn-cgi/challenge-platform/h/", b"cf-browser-verification", b"ddos-guard", b"cf-turnstile"),
    *(b"_incapsula_resource", b"incident_id", b"awswafintegration", b"enable javascript and cookies to continue"),
    *(b"checking your browser", b"are you a robot", b"just a moment..."),
)
_CAPTCHAS = (
    *(b"ddg-captcha", b"px-captcha", b"geo.captcha-delivery", b"sgcaptcha", b"smartcaptcha", b"smart-captcha"),
    *(b"checkcaptcha", b"g-recaptcha", b"h-captcha"),
)
_HUMAN = re.compile(rb"verify(?:ing)? (?:that )?you are (?:a )?human")
_COOKIE_SCRIPT = re.compile(rb"(?P<cookie>document\.cookie\s*+=)|location\.(?:reload|href|replace)", re.I)
_PASSWORD = re.compile(rb"<input\b[^<>]*\btype\s*+=\s*+[\"']?password\b")  # in lower case
_LOGIN_PATH = re.compile(r"/(?:log-?in|sign-?in|auth|sso|account|user/login|wp-login\.php)(?:/|$|\?)", re.I)
_TITLE = re.compile(rb"<title[^<>]*+>(.{0,300}?)</title", re.S)  # in lower case
_HEADING = re.compile(rb"<h1[^<>]*+>([^<]{1,300}+)</h1")  # in lower case


def classify(capture: Capture, site: Site, *, is_long: bool = False) -> Problem | None:
    """The kind of a non-article page, as a problem; ``None`` for a page that may be an article.

    ``is_long``: its text is known to have ``MAX_NON_ARTICLE_TEXT`` characters.
    """
    if is_home(capture, site):
        return _problem(
            "redirect_home", f"{capture.url} redirects to the home page or a section, so the article is gone."
        )
    # A page of plain text has no markup to recognize.
    body = b"" if capture.media_type == "text/plain" else capture.body[:MAX_SCANNED]
    mitigated = any(name.lower() == "cf-mitigated" for name, _ in capture.headers)
    text_length = MAX_NON_ARTICLE_TEXT if is_long and body else _length_of_text(capture.body if body else b"")
    is_short = text_length < MAX_NON_ARTICLE_TEXT
    lowered = body.lower() if is_short else b""
    if mitigated or (is_short and (_is_challenge(lowered) or _is_cookie_wall(body, text_length))):
        return _problem("bot_challenge", f"{capture.effective_url} returned a bot challenge instead of an article.")
    if capture.status not in PAGE_STATUSES or not is_short:
        return None
    redirected = capture.final_url is not None and not are_spellings(capture.url, capture.final_url)
    if (redirected and _LOGIN_PATH.search(urlsplit(capture.effective_url).path)) or _PASSWORD.search(lowered):
        return _problem("login_wall", f"{capture.effective_url} requires a login.")
    readable = as_utf8(body, capture.header("content-type")).lower()
    titles = (_TITLE.search(readable), _HEADING.search(readable))
    if any(title and says_not_found(html.unescape(title[1].decode("utf-8", "replace"))) for title in titles):
        return _problem("soft_404", f"{capture.effective_url} says that the page does not exist, with status 200.")
    return None


def has_long_text(page: Page) -> bool:
    """Whether the text of a known layout, or the paragraphs of a learned one, have the length of an article.

    A fast look: most texts of that length have it in the paragraphs alone.
    """
    if page.layout is None or page.article is None:
        return _has_long_learned_text(page)
    length = 0
    for paragraph in page.article.iter("p"):
        length += len((paragraph.text or "").strip())
        if length >= MAX_NON_ARTICLE_TEXT:
            return True
    text = inner_text(page.article)
    return len(text) >= MAX_NON_ARTICLE_TEXT and len(" ".join(text.split())) >= MAX_NON_ARTICLE_TEXT


def _has_long_learned_text(page: Page) -> bool:
    layout = page.site.learned
    if layout is None or page.document is None:
        return False
    length = 0
    for text in page.document.paragraphs(layout.body[0] if layout.body else ""):
        length += len(" ".join(text.split()))
        if length >= MAX_NON_ARTICLE_TEXT:
            return True
    return False


def is_home(capture: Capture, site: Site) -> bool:
    """Whether an article URL redirected to the front page of an edition, or to a section."""
    target = _target(capture)
    if target is None or site.article_url(capture.url) is None:
        return False
    sections = (site.listing_url(edition, key) for edition in site.editions for key in edition.sections)
    try:
        return is_front_page(target, site) or site.normal_url(target) in sections
    except ValueError:  # an invalid URL
        return False


def _target(capture: Capture) -> str | None:
    """The target of a redirect: one that was followed when the page was fetched, or one stored in a web archive."""
    location = capture.header("location")
    if capture.status is not None and 300 <= capture.status < 400 and location:
        try:
            return urljoin(capture.effective_url, location)
        except ValueError:
            return None
    return capture.final_url


def is_front_page(url: str, site: Site) -> bool:
    """Whether this is the URL of the front page of an edition."""
    homes = {"/", *(prefix or "/" for edition in site.editions for prefix in edition.prefixes)}
    path = urlsplit(site.normal_url(url)).path.rstrip("/") or "/"
    return path in homes or (path.removesuffix("/index.html").removesuffix("/index.php") or "/") in homes


def _is_challenge(lowered: bytes) -> bool:
    """Whether a page in lower case has a part of a bot challenge."""
    return (
        any(part in lowered for part in _CHALLENGES)
        or (b"captcha" in lowered and any(part in lowered for part in _CAPTCHAS))
        or _HUMAN.search(lowered) is not None
    )


def _is_cookie_wall(body: bytes, text_length: int) -> bool:
    """Whether the page only sets a cookie and loads itself again."""
    if text_length >= 200:
        return False
    cookie_end: int | None = None
    for match in _COOKIE_SCRIPT.finditer(body):
        if match["cookie"]:
            cookie_end = match.end()
        elif cookie_end is not None and match.start() - cookie_end <= MAX_COOKIE_SCRIPT:
            return True
    return False


def _length_of_text(body: bytes) -> int:
    """The number of visible characters on a page; counting stops above ``MAX_NON_ARTICLE_TEXT``."""
    length = position = size = 0
    texts: list[bytes] = []
    while part := _PART.match(body, position):
        position = part.end()
        if part.lastgroup == "hidden":
            hidden = part["hidden"].lower()
            ends = _END_OF_HIDDEN.finditer(body, position)
            position = next((end.start() for end in ends if end[1].lower() == hidden), len(body))
        elif part.lastgroup == "text":
            text = part["text"]
            texts.append(text)
            size += len(text)
            if size > MAX_NON_ARTICLE_TEXT:  # fewer bytes cannot have that many characters
                length += _length_of_words(texts)
                if length > MAX_NON_ARTICLE_TEXT:
                    return length - 1
                texts, size = [], length
    return max(length + _length_of_words(texts) - 1, 0)


def _length_of_words(texts: list[bytes]) -> int:
    """The number of characters of the words in these texts, with a blank after each."""
    words = b" ".join(texts).decode("utf-8", "replace").split()
    return sum(map(len, words)) + len(words)


def _problem(reason: str, message: str) -> Problem:
    return Problem(stage="fetch", reason=reason, message=message, fatal=True)
