"""Addresses: one spelling for every way to write one, and what an article's address says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

# Parameters that say where a reader came from and never what the page is.
TRACKING_PARAMETERS = re.compile(r"^(utm_\w+|fbclid|gclid|dclid|yclid|msclkid|mc_[ce]id|igshid|twclid|_openstat|ref)$")
# Numbers of a visit, which make a new address of every page each time it is met.
SESSIONS = re.compile(r"^(phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken)$", re.IGNORECASE)
SESSION_IN_PATH = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)
PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
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


# An address is asked about at every stage its page goes through.
@lru_cache(maxsize=256)
def normal_url(url: str, base_url: str) -> str:
    parts = urlsplit(urljoin(base_url + "/", url.strip()))
    scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
    base = urlsplit(base_url)
    if netloc.removeprefix("www.") == base.netloc.lower().removeprefix("www."):
        scheme, netloc = base.scheme, base.netloc.lower()
    path = SESSION_IN_PATH.sub("", parts.path)
    path = quote(unicodedata.normalize("NFC", unquote(path)), safe=PATH_CHARACTERS).rstrip("/")
    given = parse_qsl(parts.query, keep_blank_values=True)
    query = [(k, v) for k, v in given if not TRACKING_PARAMETERS.match(k) and not SESSIONS.match(k)]
    return urlunsplit((scheme, netloc, path or "/", urlencode(query), ""))
