"""Requests for further teasers that a page of a list contains: in links, data attributes and scripts.

Each is a URL with ``{page}`` or ``{offset}`` in it, or one for page 2. A form to be posted is in its fragment, which is
never sent. These are guesses: whether one is right shows when its response names articles that are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import quote_plus, urlencode, urlsplit

from lxml import etree

from caliber_crawler.extraction.lines import inner_text

MAX_REQUESTS = 8
"""Number of guesses of one page."""
MAX_SCRIPT = 60_000
"""Characters of one script that are searched."""
MAX_SCRIPTS, MAX_ELEMENTS = 40, 4_000
MAX_VALUE = 500
PAGE_NAMES = frozenset(
    ("page", "paged", "p", "pg", "pagenum", "pagenumber", "page_number", "page_num", "nextpage", "next_page")
)
OFFSET_NAMES = frozenset(
    ("offset", "start", "from", "skip", "shown", "loaded", "begin", "first", "limitstart", "startindex")
)
_SETTINGS = frozenset(("method", "type", "toggle", "target", "datatype", "cache", "async", "headers", "id"))
"""Names beside a URL that are not parameters of the request."""
_URL_NAMES = re.compile(r"data-(?:[\w-]{0,20}-)?(?:url|href|src|endpoint|action|ajax|next|load|more|link|path|api)$")
_IS_URL = re.compile(r"(?:https?://[^\s/]+)?/[^\s<>\"']*$|\?[\w%.=&-]+$")
_MORE = re.compile(r"more|load|next|ajax|page|offset|paginat|infinite|scroll", re.IGNORECASE)
_LITERAL = re.compile(r"['\"]((?:https?://[^'\"\s/]{1,100})?/[^'\"\s<>]{1,200})['\"]")
_PAIR = re.compile(r"['\"]?(\w{1,30})['\"]?\s{0,4}:\s{0,4}(['\"][^'\"]{0,60}['\"]|[\w.$()+* -]{1,40})")
_OBJECT = re.compile(r"\{([^{}]{1,300})\}")
_POST = re.compile(r"\.post\s{0,4}\(|['\"]post['\"]", re.IGNORECASE)
_FILE = re.compile(r"\.(?:js|css|png|jpe?g|gif|svg|webp|woff2?|ico|map)(?:$|\?)", re.IGNORECASE)
_LAST_PAGE = re.compile(r"(?<=[/=_-])\d{1,4}(?=/?$)")
MAX_DIGITS = 6
_PAGE_TWO = re.compile(r"(?<=[/=_-])2(?=$|[/.&#])")


def further_requests(root: etree._Element) -> tuple[str, ...]:
    """The guessed requests of a page for further teasers, most reliable first, relative to the page."""
    found = dict.fromkeys(islice((*_of_attributes(root), *_of_scripts(root)), MAX_REQUESTS))
    return tuple(found)


def linked_requests(root: etree._Element) -> Iterator[str]:
    """The requests for further teasers to which a page links: its next page, and page 2 of its pager."""
    for link in islice(root.iter("link", "a"), MAX_ELEMENTS):
        href = (link.get("href") or "").strip()[:MAX_VALUE]
        is_next = "next" in (link.get("rel") or "").lower().split()
        if not href or href[0] == "#" or not (is_next or (inner_text(link).strip() == "2" and _PAGE_TWO.search(href))):
            continue
        url = href.partition("#")[0]
        *_, number = [None, *_PAGE_TWO.finditer(url)]
        yield f"{url[: number.start()]}{{page}}{url[number.end() :]}" if number is not None else url


def filled(template: str, *, page: int, offset: int) -> str:
    """The request for a page (1 is the first), with the number of teasers on the pages before it."""
    return template.replace("{page}", str(page)).replace("{offset}", str(offset))


def successor(url: str, page: int) -> str | None:
    """The request for the page after ``page`` (1 is the first), from the one that was filled for it.

    >>> successor("https://example.org/more#cat=5&page=2", 2)
    'https://example.org/more#cat=5&page=3'
    >>> successor("https://example.org/more?cat=5&offset=24", 3)
    'https://example.org/more?cat=5&offset=36'
    """
    start, mark, pairs = url.partition("#") if "#" in url else url.partition("?")
    pieces = pairs.split("&")
    for place, piece in enumerate(pieces if mark else ()):
        name, _, value = piece.partition("=")
        if not (value.isascii() and value.isdecimal()) or len(value) > MAX_DIGITS:
            continue
        if name.lower() in PAGE_NAMES:
            step = 1
        elif name.lower() in OFFSET_NAMES and page > 1:
            step = int(value) // (page - 1)
        else:
            continue
        pieces[place] = f"{name}={int(value) + step}"
        return f"{start}{mark}{'&'.join(pieces)}"
    found = None if mark else _LAST_PAGE.search(start)
    return f"{url[: found.start()]}{int(found[0]) + 1}{url[found.end() :]}" if found is not None else None


def _of_attributes(root: etree._Element) -> Iterator[str]:
    for element in islice(root.iter("button", "a", "div", "span", "section", "ul", "nav", "main"), MAX_ELEMENTS):
        if not any(str(name).startswith("data-") for name in element.attrib):
            continue
        data = {str(name): str(value)[:MAX_VALUE] for name, value in element.items() if str(name).startswith("data-")}
        for name, value in data.items():
            if not (_URL_NAMES.match(name) and _IS_URL.match(value)) or _FILE.search(value):
                continue
            others = {key[5:].replace("-", "_"): each for key, each in data.items() if key != name}
            names = f"{name} {element.get('class') or ''} {element.get('id') or ''} {value}"
            if _MORE.search(names) or PAGE_NAMES & others.keys() or OFFSET_NAMES & others.keys():
                yield from _requests(value, others, posted=(element.get("data-method") or "").lower() == "post")


def _of_scripts(root: etree._Element) -> Iterator[str]:
    page_data = {
        str(name)[5:].replace("-", "_"): str(value)
        for element in islice(root.iter("div", "ul", "section", "main", "button"), MAX_ELEMENTS)
        for name, value in element.items()
        if str(name).startswith("data-") and len(str(value)) <= 40
    }
    for script in islice(root.iter("script"), MAX_SCRIPTS):
        text = (script.text or "")[:MAX_SCRIPT]
        if script.get("src") or "json" in (script.get("type") or "") or not _MORE.search(text):
            continue
        for literal in _LITERAL.finditer(text):
            if _FILE.search(literal[1]) or not _MORE.search(literal[1]):
                continue
            around = text[max(0, literal.start() - 120) : literal.end() + 400]
            after = text[literal.end() : literal.end() + 400]
            fields = _OBJECT.search(after)
            data = _fields(fields[1], page_data) if fields is not None else {}
            yield from _requests(literal[1], data, posted=_POST.search(around) is not None)


def _fields(text: str, page_data: Mapping[str, str]) -> dict[str, str]:
    """The parameters in the source of an object: those with constant values, and the number of the page."""
    fields = {}
    for name, value in _PAIR.findall(text):
        plain = value.strip().strip("'\"")
        if name.lower() in PAGE_NAMES | OFFSET_NAMES:
            fields[name] = ""
        elif value.strip()[:1] in "'\"" or plain.isdecimal():
            fields[name] = plain
        elif name in page_data:
            fields[name] = page_data[name]
    return fields


def _requests(url: str, data: Mapping[str, str], *, posted: bool) -> Iterator[str]:
    """The requests for a URL and the parameters beside it: in its query, or posted."""
    if _PAGE_TWO.search(url) and not posted:
        yield _PAGE_TWO.sub("{page}", url, count=1)
        return
    fields = {}
    for name, value in data.items():
        if name.lower() in _SETTINGS:
            continue
        if name.lower() in PAGE_NAMES:
            fields[name] = "{page}"
        elif name.lower() in OFFSET_NAMES:
            fields[name] = "{offset}"
        elif len(value) <= 60 and not _IS_URL.match(value):
            fields[name] = value
    if not any("{" in value for value in fields.values()):
        if url.endswith("="):
            yield f"{url}{{page}}"
            return
        if urlsplit(url).query:
            return
        fields["page"] = "{page}"
    pairs = urlencode(fields, quote_via=lambda text, *rest: text if "{" in text else quote_plus(text))
    query = f"{url}{'&' if '?' in url else '?'}{pairs}"
    yield from (f"{url}#{pairs}", query) if posted else (query, f"{url}#{pairs}")
