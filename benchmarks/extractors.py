"""Extractors of other projects, each as a function of HTML and URL that returns the fields it found.

Each is configured as its documentation recommends for articles, and imported only when it is used.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.scoring import Prediction, extract_as_archived

Extractor = Callable[[str, str], Prediction]


def ours() -> Extractor:
    return extract_as_archived


def trafilatura_default() -> Extractor:
    return _trafilatura(metadata=True, precision=False)


def trafilatura_metadata() -> Extractor:
    return _trafilatura(metadata=True)


def trafilatura_body() -> Extractor:
    return _trafilatura(metadata=False)


def _trafilatura(*, metadata: bool, precision: bool = True) -> Extractor:
    from trafilatura import bare_extraction

    options = {"favor_precision": True, "include_comments": False, "include_tables": True} if precision else {}

    def extract(html: str, url: str) -> Prediction:
        found = bare_extraction(html, url=url, with_metadata=metadata, **options)
        if found is None:
            return {}
        authors = [name.strip() for name in (found.author or "").split(";") if name.strip()]
        return {"body": found.text, "headline": found.title, "published_at": found.date, "authors": authors}

    return extract


def readability() -> Extractor:
    from lxml import html as lxml_html
    from readability import Document

    def extract(html: str, url: str) -> Prediction:
        document = Document(html)
        body = lxml_html.fromstring(document.summary(html_partial=True)).text_content()
        return {"body": body, "headline": document.short_title()}

    return extract


def newspaper() -> Extractor:
    from newspaper import Article

    def extract(html: str, url: str) -> Prediction:
        # Otherwise it fetches images while parsing.
        article = Article(url, fetch_images=False)
        article.download(input_html=html)
        article.parse()
        published_at = article.publish_date
        return {
            "body": article.text,
            "headline": article.title,
            "published_at": published_at.isoformat() if published_at else None,
            "authors": article.authors,
        }

    return extract


def resiliparse() -> Extractor:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html, url: {"body": extract_plain_text(html, main_content=True, alt_texts=False, links=False)}


EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "caliber_crawler": ours,
    "trafilatura": trafilatura_default,
    "trafilatura, precision": trafilatura_metadata,
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "resiliparse": resiliparse,
}
