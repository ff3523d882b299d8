"""Other programs that read news pages, each as one function from HTML and address to what it found.

Each is set up as its own documentation advises for articles; imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.scoring import Prediction, read_as_archived

Reader = Callable[[str, str], Prediction]


def ours() -> Reader:
    return read_as_archived


def trafilatura_body() -> Reader:
    return _trafilatura(metadata=False)


def trafilatura_metadata() -> Reader:
    return _trafilatura(metadata=True)


def _trafilatura(*, metadata: bool) -> Reader:
    from trafilatura import bare_extraction

    def read(html: str, url: str) -> Prediction:
        found = bare_extraction(
            html, url=url, favor_precision=True, include_comments=False, include_tables=True, with_metadata=metadata
        )
        if found is None:
            return {}
        authors = [name.strip() for name in (found.author or "").split(";") if name.strip()]
        return {"body": found.text, "headline": found.title, "published_at": found.date, "authors": authors}

    return read


def readability() -> Reader:
    from lxml import html as lxml_html
    from readability import Document

    def read(html: str, url: str) -> Prediction:
        document = Document(html)
        body = lxml_html.fromstring(document.summary(html_partial=True)).text_content()
        return {"body": body, "headline": document.short_title()}

    return read


def newspaper() -> Reader:
    from newspaper import Article

    def read(html: str, url: str) -> Prediction:
        # Without this it fetches pictures while parsing.
        article = Article(url, fetch_images=False)
        article.download(input_html=html)
        article.parse()
        moment = article.publish_date
        return {
            "body": article.text,
            "headline": article.title,
            "published_at": moment.isoformat() if moment else None,
            "authors": article.authors,
        }

    return read


def resiliparse() -> Reader:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html, url: {"body": extract_plain_text(html, main_content=True, alt_texts=False, links=False)}


READERS: dict[str, Callable[[], Reader]] = {
    "caliber_crawler": ours,
    "trafilatura, body": trafilatura_body,
    "trafilatura, metadata": trafilatura_metadata,
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "resiliparse": resiliparse,
}
