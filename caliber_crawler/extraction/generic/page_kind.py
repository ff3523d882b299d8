"""What a page of unknown layout is: an article, or a list, a static page or the site's front page.

The page as a whole decides: what its content management system calls it, what its structured data says it is, its
title, its URL, and whether its text is made of teasers. A short or undated article is an article.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from caliber_crawler.extraction.article_node import is_type
from caliber_crawler.extraction.generic.outline import short_text
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.static_pages import is_static_path
from caliber_crawler.extraction.text import clean_inline, fold, letters_in
from caliber_crawler.extraction.tree import text_of

MIN_TEASERS = 3
MIN_TEASER_SHARE = 0.6
"""Share of the text below headings that link to other pages, from which on a page is a list."""
MAX_TEASER_TEXT = 1_200
"""Mean length, in Latin letters, of the text below one such heading."""
MIN_LINK_LENGTH = 8
MAX_HEADINGS = 400
MATCHED_LENGTH = 30
MAX_CLASS_LENGTH = 4_000
MAX_HEADLINE_LENGTH = 300
LONG_TEXT, LONG_PAGE = 5_000, 15_000
"""Letters in paragraphs, from which on a page is an article although its OpenGraph type is another, and although its
content management system calls it a page, or its headline is a link to another page."""

# Classes of the body element in WordPress, Ghost, Drupal and Joomla.
_ARTICLE_CLASSES = frozenset(
    (
        *("single", "single-post", "post-template", "post-template-default", "node-type-article"),
        *("page-node-type-article", "node-type-news", "page-node-type-news", "view-article"),
    )
)
_LIST_CLASSES = frozenset(
    (
        *("tag-template", "author-template", "home-template", "page-taxonomy-term", "path-taxonomy", "path-frontpage"),
        *("search-results", "search-no-results", "post-type-archive", "page-taxonomy", "view-category"),
        "view-featured",
    )
)
_ARCHIVE_PREFIXES = ("category", "tag-", "author-", "date", "paged", "tax-", "term-", "month-")
_STATIC_CLASSES = frozenset(
    ("page-template", "page-template-default", "node-type-page", "page-node-type-page", "page-node-type-webform")
)
_PAGE_ID = re.compile(r"page-id-\d+$")
_LIST_TYPE = re.compile(r"(?:https?://schema\.org/)?(?:CollectionPage|SearchResultsPage|ProfilePage)$")
_STATIC_TYPE = re.compile(r"(?:https?://schema\.org/)?(?:AboutPage|ContactPage|FAQPage|CheckoutPage)$")
_LIVE_TYPE = re.compile(r"(?:https?://schema\.org/)?LiveBlogPosting$")
_GALLERY_TYPE = re.compile(r"(?:https?://schema\.org/)?(?:ImageGallery|MediaGallery)$")
_VIDEO_TYPE = re.compile(r"(?:https?://schema\.org/)?VideoObject$")
_NEWS_TYPE = re.compile(
    r"(?:https?://schema\.org/)?(?:\w*NewsArticle|LiveBlogPosting|\w*BlogPosting|SocialMediaPosting|Report|Review\w*)$"
)
_LIST_TITLE = re.compile(
    r"(?:category|tag|author|archives?|month|day|year|search results(?: for)?|posts (?:by|tagged)|"
    r"kategorie|schlagwort|autor|etiket|kategori|yazar|arşiv|kateqoriya|teq|müəllif|arxiv|"
    r"рубрика|метка|категория|тег|автор|архив|архивы|категорія|позначка|категория|"
    r"catégorie|étiquette|auteur|categoría|etiqueta|categoria|tag archives?|category archives?)\s?[:：]"
    r"|(?:search results|arama sonuçları|axtarış nəticələri|результаты поиска|результати пошуку)\b",
    re.IGNORECASE,
)
_DATED_PATH = re.compile(r"/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])/(?:[0-3]?\d/)?[^/]*[^\W\d_]{3}[^/]*$")
_LIST_PATH = re.compile(
    r"/(?:tags?|topics?|categor(?:y|ies)|authors?|kategori|etiket|yazar|rubric|rubrika)/[^/]+?(?:/page/?\d*)?$"
    r"|/page/?\d+$|/(?:tags|categories|authors|archives?|search)$",
    re.IGNORECASE,
)
_SOFTWARE_PATH = re.compile(
    r"/(?:embed|feed|trackback)$|^/(?:wp-(?:includes|content|admin|json)|cgi-bin)/", re.IGNORECASE
)
_STATIC_TITLES_TEXT = """
about;about us;contact;contact us;contacts;privacy policy;privacy statement;terms of use;terms of service;cookie policy;
terms and conditions;impressum;datenschutz;datenschutzerklärung;kontakt;über uns;haqqımızda;bizim haqqımızda;əlaqə;
bizimlə əlaqə;reklam;redaksiya;hakkımızda;iletişim;künye;gizlilik politikası;о нас;контакты;реклама;редакция;о компании;
обратная связь;про нас;контакти;політика конфіденційності;политика конфиденциальности;мեր մասին;կապ;մեր մասին;
ჩვენ შესახებ;კონტაქტი;درباره ما;تماس با ما;من نحن;اتصل بنا;біз туралы;байланыс;biz haqimizda;aloqa;disclaimer;imprint;
our team;advertise;advertise with us;newsletter;mentions légales;à propos;sobre nosotros;aviso legal;page not found
"""
_STATIC_TITLES = frozenset(fold(title) for title in _STATIC_TITLES_TEXT.split(";") if title.strip())


def declares_article(root: etree._Element, data: LinkedData, url: str) -> bool:
    """Whether the page itself says that it is one article: in its body's classes, or as news in structured data."""
    if _ARTICLE_CLASSES & _body_classes(root):
        return True
    if is_type(data.article, _NEWS_TYPE.match) and data.article.get("headline"):
        return not _is_list_node(data, url)
    return bool(data.meta("article:published_time")) and "article" in (data.meta("og:type") or "").lower()


def other_kind(root: etree._Element, data: LinkedData, url: str, headline: str | None) -> str | None:
    """What a page is if it is not an article, as a clause with its evidence; ``None`` if nothing says so.

    Looks at the page before anything is removed from it.
    """
    path = unquote(urlsplit(url).path).rstrip("/").removesuffix(".html")
    if _SOFTWARE_PATH.search(path):
        return "it is an embedded teaser, a feed or a file of the site's software, by its URL"
    classes = _body_classes(root)
    if classes & _ARTICLE_CLASSES:
        return None
    is_archive = "archive" in classes and any(name.startswith(_ARCHIVE_PREFIXES) for name in classes)
    if classes & _LIST_CLASSES or is_archive or {"home", "blog"} <= classes:
        return "it is a list, by the class of its body element"
    if "error404" in classes:
        return "it is an error page, by the class of its body element"
    is_news = is_type(data.article, _NEWS_TYPE.match) and not _is_list_node(data, url)
    is_page = not classes.isdisjoint(_STATIC_CLASSES) or any(map(_PAGE_ID.match, classes))
    if is_page and not is_news and not _is_published_page(root, data, url, headline):
        return "it is a static page, by the class of its body element"
    if not is_news and (_is_list_node(data, url) or (data.meta("og:type") or "").lower() == "profile"):
        return "it is a list, by its structured data"
    if not is_news and any(is_type(node, _STATIC_TYPE.match) for node in data.nodes.values()):
        return "it is a static page, by its structured data"
    if headline and len(headline) <= MAX_HEADLINE_LENGTH and _LIST_TITLE.match(headline):
        return f"it is a list, by its title {headline!r}"
    if declares_article(root, data, url):
        return None
    if _LIST_PATH.search(path):
        return "it is a list, by its URL"
    linked = _linked_by_heading(root, data, url, headline)
    if linked and _letters_in_paragraphs(root) < LONG_PAGE:
        return f"its headline links to {linked}"
    return None


def form_of(root: etree._Element, data: LinkedData) -> str | None:
    """The form of an article that is not only text: ``live_blog``, ``gallery``, ``video``, ``paywall``."""
    nodes = [data.article, *data.nodes.values()]
    classes, og_type = _body_classes(root), (data.meta("og:type") or "").lower()
    if is_type(data.article, _LIVE_TYPE.match):
        return "live_blog"
    if any(node.get("isAccessibleForFree") in (False, "False", "false") for node in nodes):
        return "paywall"
    if (data.meta("article:content_tier") or "").lower() == "locked":
        return "paywall"
    if "single-format-gallery" in classes or any(is_type(node, _GALLERY_TYPE.match) for node in nodes):
        return "gallery"
    if "single-format-video" in classes or og_type.startswith("video") or is_type(data.article, _VIDEO_TYPE.match):
        return "video"
    return None


def has_dated_path(url: str) -> bool:
    """Whether a URL consists of a year, a month and a title, as the permanent links of blogs do."""
    return _DATED_PATH.search(unquote(urlsplit(url).path).rstrip("/").removesuffix(".html")) is not None


def _is_published_page(root: etree._Element, data: LinkedData, url: str, headline: str | None) -> bool:
    """Whether a static page has a publication date in its metadata, or a text as long as only articles have."""
    if is_static(url, headline):
        return False
    if data.meta("article:published_time"):
        return True
    return _letters_in_paragraphs(root) >= LONG_PAGE


def _letters_in_paragraphs(root: etree._Element) -> int:
    return sum(letters_in(text_of(node)) for node in root.iter("p"))


def is_static(url: str, headline: str | None) -> bool:
    """Whether a page without a date is about the site: contact, privacy, terms. Its title or URL says so."""
    return is_static_path(url) or (headline is not None and fold(headline).strip(" .:!") in _STATIC_TITLES)


def is_list_of_teasers(root: etree._Element, url: str, headline: str | None, paragraphs: Sequence[str]) -> bool:
    """Whether most of a text stands below headings that link to other pages of the site."""
    headings = {heading for heading in _headings(root) if _leads_away(heading, url, headline)}
    if len(headings) < MIN_TEASERS:
        return False
    wanted = {paragraph[:MATCHED_LENGTH]: letters_in(paragraph) for paragraph in paragraphs}
    below = beside = 0
    used: set[etree._Element] = set()
    heading: etree._Element | None = None
    for element in root.iter(etree.Element):
        if element in headings:
            heading = element
        for text in (element.text, element.tail):
            length = wanted.pop(clean_inline(text)[:MATCHED_LENGTH], 0) if text and not text.isspace() else 0
            if length and heading is not None:
                below += length
                used.add(heading)
            else:
                beside += length
    is_short = below <= MAX_TEASER_TEXT * len(used)
    return len(used) >= MIN_TEASERS and is_short and below >= MIN_TEASER_SHARE * (below + beside)


def _body_classes(root: etree._Element) -> frozenset[str]:
    body = next(root.iter("body"), None)
    return frozenset((body.get("class") or "")[:MAX_CLASS_LENGTH].lower().split()) if body is not None else frozenset()


def _is_list_node(data: LinkedData, url: str) -> bool:
    """Whether structured data says that this page is a list; beside an article, such a node may be its section."""
    lists = [node for node in data.nodes.values() if is_type(node, _LIST_TYPE.match)]
    if not data.article.get("headline"):
        return bool(lists)
    stated = (node.get(name) for node in lists for name in ("@id", "url"))
    return any(isinstance(value, str) and _is_path_of(value, url) for value in stated)


def _is_path_of(stated: str, url: str) -> bool:
    try:
        return _path(urljoin(url, stated)) == _path(url)
    except ValueError:
        return False


def _headings(root: etree._Element) -> Iterator[etree._Element]:
    for number, heading in enumerate(root.iter("h1", "h2", "h3", "h4")):
        if number >= MAX_HEADINGS:
            return
        yield heading


def _leads_away(heading: etree._Element, url: str, headline: str | None) -> bool:
    """Whether a heading is a link to another page of the site."""
    target = _target(heading, url)
    if target is None or _is_same_page(target, [url]):
        return False
    text = short_text(heading, MAX_HEADLINE_LENGTH) or ""
    return len(text) >= MIN_LINK_LENGTH and fold(text) != fold(headline or "")


def _target(heading: etree._Element, url: str) -> str | None:
    """The page of the same host that a heading links to."""
    link = next(heading.iter("a"), None)
    if link is None:
        link = next((node for node in [heading.getparent()] if node is not None and node.tag == "a"), None)
    href = (link.get("href") or "").strip() if link is not None else ""
    if not href or href.startswith(("#", "javascript:", "mailto:")):
        return None
    try:
        target = urljoin(url, href)
        same_host = _host(target) == _host(url)
    except ValueError:
        return None
    return target if same_host else None


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _path(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/").removesuffix(".html")


def _is_same_page(target: str, urls: Collection[str]) -> bool:
    """Whether a URL is one of these, or the article of which one is a part (``/2``, ``/amp``, ``/print``)."""
    path = _path(target)
    return any(_path(url) == path or (path and _path(url).startswith(f"{path}/")) for url in urls)


def _linked_by_heading(root: etree._Element, data: LinkedData, url: str, headline: str | None) -> str | None:
    """The other page of the site that the heading of the page's own title links to, as in a list of one teaser."""
    if urlsplit(url).query or not headline:
        return None
    title = fold(headline)
    heading = next((heading for heading in _headings(root) if fold(text_of(heading)) == title), None)
    target = _target(heading, url) if heading is not None else None
    if target is None or not _path(target):
        return None
    canonical = [link.get("href") or "" for link in root.iter("link") if (link.get("rel") or "").lower() == "canonical"]
    known = [url, *canonical, *filter(None, [data.meta("og:url")])]
    try:
        return None if _is_same_page(target, known) else target
    except ValueError:
        return None
