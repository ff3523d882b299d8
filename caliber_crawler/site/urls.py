"""Addresses: one spelling for every way to write one, and what an article's address says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

# Parameters that say where a reader came from and never what the page is.
TRACKING_PARAMETERS = re.compile(
    r"^(utm_\w+|at_(?:medium|campaign|custom\d)|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|hsa_\w+|mc_[ce]id"
    r"|fbclid|gclid|gclsrc|gbraid|wbraid|gad_source|gad_campaignid|dclid|srsltid|yclid|ysclid|ymclid|msclkid|ttclid|twclid"
    r"|igsh(?:id)?|li_fat_id|epik|rb_clickid|tgclid|_openstat|_ga|_gl|_hsenc|_hsmi|__twitter_impression|mkt_tok|vero_id"
    r"|oly_(?:anon|enc)_id|guccounter|ref|ref_src|ref_url|cmpid|ito|ncid)$",
    re.IGNORECASE,
)
# Numbers of a visit, which make a new address of every page each time it is met.
SESSIONS = re.compile(r"^(phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)$", re.IGNORECASE)
SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)
PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleURL:
    """An article's address, taken apart. Two addresses with a number or a slug in common are one article."""

    url: str
    """The normal form, the same for every spelling of this address."""
    language: str | None = None
    number: int | None = None
    slug: str | None = None

    @property
    def kind(self) -> str:
        """``number``, ``slug`` or ``other``: by what the address names its article."""
        return "number" if self.number is not None else "slug" if self.slug is not None else "other"


def ascii_netloc(netloc: str) -> str:
    """A host, and its port, as requests name it: in lower case, letters of other scripts as the name system has them.

    Raises ``ValueError`` for what can be no host's name.
    """
    if netloc.isascii():
        return netloc.lower()
    host, colon, port = netloc.partition(":")
    return host.encode("idna").decode("ascii").lower() + colon + port


def host_of(url: str) -> str | None:
    """The host of a URL, and its port, as requests name it; ``None`` for what is no absolute URL of the web."""
    try:
        parts = urlsplit(url.strip())
        return ascii_netloc(parts.netloc.rpartition("@")[2]) or None if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def is_http_url(url: str) -> bool:
    """Can a page stand there: an address of the web, of a host that can have a name, at a port that there is?"""
    try:
        parts = urlsplit(url)
        named = parts.netloc.rpartition("@")[2].startswith("[") or (parts.hostname or "").encode("idna")
        return parts.scheme in ("http", "https") and bool(parts.hostname and named) and parts.port != 0
    except ValueError:
        return False


# An address is asked about at every stage its page goes through.
@lru_cache(maxsize=256)
def normal_url(url: str, base_url: str, *, slash: bool = False) -> str:
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
