"""URLs: the form that is requested, the normal form that identifies a page, and the parts of an article URL.

A site prints many spellings of one URL. The *requested form* is the printed URL as a browser would send it, without
parameters that only track a visitor. The *normal form* is equal for all spellings of one page: it identifies the page
in the archive, and may be a form that the site does not answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit, urlunsplit

from ada_url import idna_to_ascii, join_url, normalize_url

# Parameters that record where a visitor came from. They do not select a page.
TRACKING_PARAMETERS = re.compile(
    r"^(utm_\w+|at_(?:medium|campaign|custom\d)|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+|mc_[ce]id"
    r"|fbclid|fb_(?:comment_id|action_ids|action_types|source|ref)|gclid|gclsrc|gbraid|wbraid|gad_source|gad_campaignid"
    r"|dclid|srsltid|yclid|ysclid|ymclid|msclkid|ttclid|twclid"
    r"|igsh(?:id)?|li_fat_id|epik|rb_clickid|tgclid|_openstat|_ga|_gl|_hsenc|_hsmi|__twitter_impression|mkt_tok|vero_id"
    r"|oly_(?:anon|enc)_id|guccounter|ref_src|ref_url|cmpid|ito|ncid|doing_wp_cron)$",
    re.IGNORECASE,
)
# Session IDs, which give every page a new URL on each visit.
SESSIONS = re.compile(r"^(phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)$", re.IGNORECASE)
# Parameters that do not select a page when they have such a value: with another one, they may.
PARAMETERS_WITH_VALUE = {
    "ref": re.compile(r"(?!\d{1,40}\Z).*", re.DOTALL),  # the source of a visit; a number may be that of an article
    "share": re.compile(r"[a-z][a-z-]*", re.IGNORECASE),  # a share button of WordPress: it leads to another site
    "nb": re.compile(r"1"),
    "replytocom": re.compile(r"\d+"),  # the comment that the form answers
    "like_comment": re.compile(r"\d+"),
    "amp": re.compile(r"|1|true", re.IGNORECASE),  # another representation of the same article
    "noamp": re.compile(r"|1|mobile|available", re.IGNORECASE),
    "outputtype": re.compile(r"amp", re.IGNORECASE),
    "print": re.compile(r"1|true|yes|print|pdf", re.IGNORECASE),
    "format": re.compile(r"amp|pdf|print", re.IGNORECASE),
    "m": re.compile(r"[01]"),
    "_escaped_fragment_": re.compile(r""),
}
# Session IDs in a path: of Java servers, and of ASP.NET, which has 24 characters.
SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#;]*|/\((?:[A-Z]\([0-9A-Z]{24,}\))+\)(?=/)", re.IGNORECASE)
PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"
QUERY_CHARACTERS = "/:@!$'()*,;?-._~"
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/:@!$&'()*+,;=\-._~]*")
_PLAIN_PARAMETER = re.compile(r"[A-Za-z0-9\-._~]+(?:=[A-Za-z0-9\-._~]+)?")
_ESCAPED_SLASH = re.compile(r"%2F", re.IGNORECASE)
_AMP_ENTITIES = re.compile(r"(?:amp;)+", re.IGNORECASE)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s\\]*@")
MAX_URL_LENGTH = 2083
"""Characters; the limit of Internet Explorer, which sites still observe. Longer URLs are never requested."""
MAX_HOST_LENGTH, MAX_LABEL_LENGTH = 253, 63
"""Characters (RFC 1035)."""
MAX_NUMBER_DIGITS = 18
"""Digits of a post number; a number with more may exceed 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageURL:
    """The URL of a page in both forms."""

    url: str
    """The normal form."""
    request_url: str | None = field(default=None, compare=False)
    """The URL to request, if it differs from the normal form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleURL(PageURL):
    """A parsed article URL. Two URLs with the same number or slug are the same article."""

    language: str | None = None
    number: int | None = None
    slug: str | None = None

    @property
    def kind(self) -> str:
        """The part that identifies the article: ``number``, ``slug`` or ``other``."""
        return "number" if self.number is not None else "slug" if self.slug is not None else "other"


def ascii_netloc(netloc: str) -> str:
    """A host and its port, as they appear in requests: in lower case and IDNA encoding.

    Raises ``ValueError`` for an invalid host name.
    """
    if netloc.isascii():
        return netloc.lower()
    host, colon, port = netloc.partition(":")
    return (idna_to_ascii(host).decode("ascii") or _refuse(netloc)) + colon + port


def without_credentials(text: str) -> str:
    """A text without the user names and passwords of the URLs in it."""
    return _CREDENTIALS.sub("", text) if "@" in text else text


# Every stage of a page's processing parses its URL.
@lru_cache(maxsize=1024)
def browser_url(url: str, base_url: str | None = None) -> str:
    """A URL as a browser sends it (https://url.spec.whatwg.org), without credentials and fragment.

    Blanks around it are removed. Raises ``ValueError`` for an invalid URL, a host that cannot exist, and a relative
    URL without a base.
    """
    text = url.strip()
    if not text.isascii():
        text = _SURROGATES.sub("\ufffd", text)
    href = (normalize_url(text) if base_url is None else join_url(base_url, text)).partition("#")[0]
    if not href.startswith(("https://", "http://")):
        return href
    scheme, _, rest = href.partition("://")
    netloc, slash, path = rest.partition("/")
    host = netloc.rpartition("@")[2]
    _check_host(host)
    return f"{scheme}://{host}{slash}{path}"


def _check_host(netloc: str) -> None:
    host = netloc if netloc.endswith("]") else netloc.partition(":")[0]
    labels = host.removesuffix(".").split(".")
    if len(host) > MAX_HOST_LENGTH or not all(0 < len(label) <= MAX_LABEL_LENGTH for label in labels):
        _refuse(host)
    if netloc.endswith(":0"):
        raise ValueError("no server has port 0")


def _refuse(host: str) -> str:
    raise ValueError(f"{host[:80]!r} is not a host name")


@lru_cache(maxsize=1024)
def requested_url(url: str, base_url: str | None = None) -> str:
    """The requested form of a URL: as in :func:`browser_url`, without tracking parameters and session IDs.

    Everything else stays as it was printed, byte for byte. Raises ``ValueError`` like :func:`browser_url`.
    """
    href = browser_url(url, base_url)
    start, mark, query = href.partition("?")
    if SESSION_IN_PATH.search(start):
        start = normalize_url(SESSION_IN_PATH.sub("", start))
    if query:
        kept = [piece for piece in query.split("&") if not _is_idle(*_parameter(piece))]
        if len(kept) < query.count("&") + 1:
            query = "&".join(kept)
            mark = "?" if query else ""
    return f"{start}{mark}{query}"


def _parameter(piece: str) -> tuple[str, str]:
    """The decoded name and value of a part of a query. Octets that are not UTF-8 become surrogates."""
    name, _, value = piece.partition("=")
    name = unquote_plus(name, errors="surrogateescape")
    # Links that were escaped twice: ?a=1&amp;b=2.
    return (_AMP_ENTITIES.sub("", name, count=1) if name[:4].lower() == "amp;" else name), unquote_plus(
        value, errors="surrogateescape"
    )


def _is_idle(name: str, value: str) -> bool:
    """Whether a parameter does not select a page."""
    values = PARAMETERS_WITH_VALUE.get(name.lower())
    if values is not None:
        return values.fullmatch(value) is not None
    return TRACKING_PARAMETERS.match(name) is not None or SESSIONS.match(name) is not None


@lru_cache(maxsize=1024)
def normal_url(url: str, base_url: str, *, slash: bool = False) -> str:
    """The normal form of a URL, relative to a base URL: :meth:`Site.normal_url`. ``slash`` adds a trailing slash."""
    parts = urlsplit(requested_url(url, base_url + "/"))
    scheme, netloc = parts.scheme, parts.netloc
    if scheme in ("http", "https"):
        netloc = netloc.removesuffix(".")
        base = urlsplit(base_url)
        if netloc.removeprefix("www.") == base.netloc.lower().removeprefix("www."):
            scheme, netloc = base.scheme, base.netloc.lower()
    path = _normal_path(parts.path)
    if SESSION_IN_PATH.search(path):  # it was percent-encoded
        return normal_url(urlunsplit((scheme, netloc, path, parts.query, "")), base_url, slash=slash)
    path = path.rstrip("/")
    if slash and "." not in path.rpartition("/")[2]:
        path += "/"
    return urlunsplit((scheme, netloc, path or "/", _normal_query(parts.query), ""))


def _normal_path(path: str) -> str:
    """A path in NFC and percent-encoded. An encoded slash and octets that are not UTF-8 stay as they are."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    return "%2F".join(
        quote(
            unicodedata.normalize("NFC", unquote(part, errors="surrogateescape")),
            safe=PATH_CHARACTERS,
            errors="surrogateescape",
        )
        for part in _ESCAPED_SLASH.split(path)
    )


def _normal_query(query: str) -> str:
    return "&".join(_normal_parameters(query)) if query else ""


def _normal_parameters(query: str) -> Iterator[str]:
    for piece in query.split("&"):
        if _PLAIN_PARAMETER.fullmatch(piece):
            yield piece
            continue
        name, value = _parameter(piece)
        if name or value:
            name = quote_plus(name, safe=QUERY_CHARACTERS, errors="surrogateescape")
            value = quote_plus(value, safe=f"{QUERY_CHARACTERS}=", errors="surrogateescape")
            yield f"{name}={value}" if value else name


def readable_path(path: str) -> str:
    """A path decoded, except for encoded slashes and for octets that are not UTF-8: they keep two paths distinct."""
    if "%" not in path:
        return path
    return "%2F".join(
        _SURROGATES.sub(lambda octet: f"%{ord(octet[0]) & 0xFF:02X}", unquote(part, errors="surrogateescape"))
        for part in _ESCAPED_SLASH.split(path)
    )


def host_of(url: str) -> str | None:
    """The host of a URL, with its port unless it is the default, as they appear in requests.

    ``None`` unless it is an absolute HTTP or HTTPS URL of a host that can exist.
    """
    try:
        href = browser_url(url)
    except ValueError:
        return None
    if not href.startswith(("https://", "http://")):
        return None
    return href.partition("://")[2].partition("/")[0].removesuffix(".") or None


def is_http_url(url: str) -> bool:
    """Whether this is an absolute HTTP or HTTPS URL with a valid host name and port."""
    return url.lower().startswith(("http://", "https://")) and host_of(url) is not None


def are_spellings(one: str, other: str) -> bool:
    """Whether two URLs have one normal form, so that a redirect between them does not lead to another page."""
    try:
        parts = urlsplit(browser_url(one))
        base_url = f"{parts.scheme}://{parts.netloc}"
        return normal_url(one, base_url) == normal_url(other, base_url)
    except ValueError:
        return False


def url_variants(url: str) -> list[str]:
    """A URL as typed or copied, then in the normal forms that the archive may contain.

    They are those over HTTP and HTTPS, with and without ``www.`` and a trailing slash, and at last without the query.
    """
    try:
        parts = urlsplit(browser_url(url))
    except ValueError:
        return [url]
    if parts.scheme not in ("http", "https"):
        return [url]
    host = parts.netloc.removeprefix("www.")
    hosts = [name for name in (host, f"www.{host}") if host_of(f"http://{name}")]
    schemes = (parts.scheme, "https" if parts.scheme == "http" else "http")
    bases = [f"{scheme}://{name}" for scheme in schemes for name in hosts]
    queries = (parts.geturl(), parts._replace(query="").geturl())
    forms = [normal_url(each, base, slash=slash) for each in queries for base in bases for slash in (False, True)]
    return list(dict.fromkeys([url, url.rstrip("/"), *forms]))
