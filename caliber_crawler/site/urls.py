"""URLs: normal forms, and the parts of an article URL."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

# Parameters that record where a visitor came from. They do not select a page.
TRACKING_PARAMETERS = re.compile(
    r"^(utm_\w+|at_(?:medium|campaign|custom\d)|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+|mc_[ce]id"
    r"|fbclid|gclid|gclsrc|gbraid|wbraid|gad_source|gad_campaignid|dclid|srsltid|yclid|ysclid|ymclid|msclkid|ttclid|twclid"
    r"|igsh(?:id)?|li_fat_id|epik|rb_clickid|tgclid|_openstat|_ga|_gl|_hsenc|_hsmi|__twitter_impression|mkt_tok|vero_id"
    r"|oly_(?:anon|enc)_id|guccounter|ref|ref_src|ref_url|cmpid|ito|ncid)$",
    re.IGNORECASE,
)
# Session IDs, which give every page a new URL on each visit.
SESSIONS = re.compile(r"^(phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)$", re.IGNORECASE)
SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)
PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleURL:
    """A parsed article URL. Two URLs with the same number or slug are the same article."""

    url: str
    """The normal form of the URL."""
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
    return host.encode("idna").decode("ascii").lower() + colon + port


def host_of(url: str) -> str | None:
    """The host and port of a URL, as they appear in requests; ``None`` unless it is an absolute HTTP or HTTPS URL."""
    try:
        parts = urlsplit(url.strip())
        return ascii_netloc(parts.netloc.rpartition("@")[2]) or None if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def is_http_url(url: str) -> bool:
    """Whether this is an absolute HTTP or HTTPS URL with a valid host name and port."""
    try:
        parts = urlsplit(url)
        named = parts.netloc.rpartition("@")[2].startswith("[") or (parts.hostname or "").encode("idna")
        return parts.scheme in ("http", "https") and bool(parts.hostname and named) and parts.port != 0
    except ValueError:
        return False


# Every stage of a page's processing normalizes its URL.
@lru_cache(maxsize=256)
def normal_url(url: str, base_url: str, *, slash: bool = False) -> str:
    """The normal form of a URL, relative to a base URL: :meth:`Site.normal_url`. ``slash`` adds a trailing slash."""
    parts = urlsplit(urljoin(base_url + "/", url.strip()))
    scheme, netloc = parts.scheme.lower(), ascii_netloc(parts.netloc)
    base = urlsplit(base_url)
    if netloc.removeprefix("www.") == base.netloc.lower().removeprefix("www."):
        scheme, netloc = base.scheme, base.netloc.lower()
    path = SESSION_IN_PATH.sub("", parts.path)
    path = quote(unicodedata.normalize("NFC", unquote(path)), safe=PATH_CHARACTERS).rstrip("/")
    if slash and "." not in path.rpartition("/")[2]:
        path += "/"
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = [(k, v) for k, v in given if not TRACKING_PARAMETERS.match(k) and not SESSIONS.match(k)]
    return urlunsplit((scheme, netloc, path or "/", urlencode(query), ""))
