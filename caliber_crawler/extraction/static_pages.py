"""Pages about a site itself, by their URLs: contact, privacy, terms."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

_STATIC_WORDS_TEXT = """
about about-us aboutus contact contacts contact-us kontakt impressum datenschutz privacy privacy-policy
privacy-statement terms terms-of-use terms-of-service terms-and-conditions cookie-policy cookies disclaimer imprint
mission advertise advertising team our-team ekip staff masthead faq subscribe newsletter donate support hakkimizda
iletisim kunye gizlilik
gizlilik-politikasi haqqimizda haqqinda elaqe bizimle-elaqe reklam redaksiya o-nas o-kompanii kontakty
kontakti kontakt reklama redakciya redaktsiya pro-nas mentions-legales a-propos sobre-nosotros contacto login register
accessibility sitemap site-map
"""
_STATIC_WORDS = frozenset(_STATIC_WORDS_TEXT.split())


def is_static_path(url: str) -> bool:
    """Whether a segment of a URL's path is one of these words."""
    path = unquote(urlsplit(url).path).rstrip("/").removesuffix(".html").removesuffix(".php").lower()
    return not _STATIC_WORDS.isdisjoint(path.split("/"))
