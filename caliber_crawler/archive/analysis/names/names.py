"""The names and quotations of an archive, and the pass that finds them: ``archive.names``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar, Unpack

from caliber_crawler.archive.analysis.names.chosen import STALE, Chosen
from caliber_crawler.archive.analysis.names.languages import LANGUAGES
from caliber_crawler.archive.analysis.names.network import Network, Node, network_of
from caliber_crawler.archive.analysis.names.search import NameSearch
from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.search.selection import MAX_ROWS, ArticleFilter, Selection, selection_of

MAX_NODES = 100
"""Names in a network unless stated otherwise."""
MAX_SIMILAR = 5
Row = TypeVar("Row")
ARTICLES = """
SELECT a.id AS article_id, a.headline, a.published_date, a.site, a.language, a.section, 0 AS mentions, a.url
FROM json_each(?) j JOIN articles a ON a.id = j.value ORDER BY j.key"""
NEWEST = """
SELECT a.id FROM articles a WHERE +a.id IN (SELECT value FROM json_each(?))
ORDER BY a.published_at DESC, a.id DESC LIMIT ? OFFSET ?"""
"""A part of articles, by date. Only the index of dates is read: the table has long rows."""
QUOTATIONS = """
SELECT o.* FROM json_each(?) j CROSS JOIN article_quotations o
WHERE o.article_id = json_extract(j.value, '$[0]') AND o.start_offset = json_extract(j.value, '$[1]') ORDER BY j.key"""
MENTIONS = """
SELECT o.* FROM json_each(:ids) j CROSS JOIN article_mentions o
WHERE o.article_id = j.value AND o.name = :name AND (:kind IS NULL OR o.kind = :kind) ORDER BY j.key, o.start_offset"""


class NameCount(TypedDict):
    """How often a name occurs."""

    name: str
    """Normal form."""
    kind: Kind
    articles: int
    mentions: int


class ArticleColumns(TypedDict):
    """The article in which something was found."""

    article_id: int
    headline: str
    published_date: str | None
    site: str
    language: str
    section: str | None


class NameMention(ArticleColumns):
    """One mention of a name: a row of the view ``article_mentions``."""

    kind: Kind
    name: str
    written: str
    start_offset: int
    """Offset of the first character in the body of the version."""
    end_offset: int
    version_id: int
    url: str


class QuotationRow(ArticleColumns):
    """Direct speech and its speaker: a row of the view ``article_quotations``."""

    speaker: str | None
    """Normal form; ``None`` if the text names nobody."""
    speaker_written: str | None
    """As written: a name or a pronoun."""
    cue: str | None
    quotation: str
    start_offset: int
    end_offset: int
    speaker_start: int | None
    speaker_end: int | None
    version_id: int
    url: str


class NamingArticle(ArticleColumns):
    """An article that mentions a name."""

    mentions: int
    url: str


@dataclass(frozen=True, slots=True)
class NameStatus:
    """What was searched."""

    searched: int
    """Articles whose current text was searched."""
    waiting: int
    """Articles in a language with rules that are new or changed since."""
    other_languages: int
    """Articles in languages without rules."""
    searched_at: str | None
    """The time of the last search that found new or changed texts."""


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """Some rows of a result, and the number of all."""

    rows: list[Row]
    total: int


class Names:
    """People, places and organizations, and who said what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self) -> NameSearch:
        """A pass over the texts that are new or changed. Iterate it to the end; then see its ``result``.

        Raises ``MissingExtra`` if the extra ``nlp`` is not installed.
        """
        return NameSearch(self._connection, utc_now())

    def counts(self, kind: Kind | None = None, **filters: Unpack[ArticleFilter]) -> list[NameCount]:
        """The names in the articles that match the filters, those in most articles first.

        The filters are those of ``Archive.articles``.
        """
        return self.selected_counts(selection_of(**filters), kind)

    def selected_counts(self, selection: Selection, kind: Kind | None = None) -> list[NameCount]:
        """The names in the selected articles, those in most articles first."""
        chosen = Chosen(self._connection, selection)
        return self._connection.rows_of(
            NameCount,
            f"""SELECT m.name, m.kind, count(DISTINCT m.article_id) AS articles, count(*) AS mentions
            FROM {chosen.mentions} AND (:kind IS NULL OR m.kind = :kind) GROUP BY m.name, m.kind
            ORDER BY articles DESC, mentions DESC, m.name, m.kind""",
            {"ids": chosen.ids, "kind": kind},
        )

    def mentions(self, name: str, kind: Kind | None = None, **filters: Unpack[ArticleFilter]) -> list[NameMention]:
        """Every mention of a name in the articles that match the filters, the newest article first."""
        ids = [row["article_id"] for row in self.articles(name, kind, **filters)]
        values = {"ids": json.dumps(ids), "name": name, "kind": kind}
        return self._connection.rows_of(NameMention, MENTIONS, values)

    def articles(self, name: str, kind: Kind | None = None, **filters: Unpack[ArticleFilter]) -> list[NamingArticle]:
        """The articles that mention a name and match the filters, the newest first."""
        return self.selected_articles(selection_of(**filters), name, kind).rows

    def selected_articles(
        self, selection: Selection, name: str, kind: Kind | None = None, *, start: int = 0, limit: int | None = None
    ) -> Part[NamingArticle]:
        """The selected articles that mention a name, the newest first, or a part of them."""
        chosen = Chosen(self._connection, selection)
        mentions: dict[int, int] = dict(
            self._connection.execute(
                f"""SELECT m.article_id, count(*) FROM mentions m WHERE m.name = :name
                AND (:kind IS NULL OR m.kind = :kind) AND {chosen.condition} GROUP BY m.article_id""",
                {"ids": chosen.ids, "name": name, "kind": kind},
            ).fetchall()
        )
        part = json.dumps(self._newest(mentions, start, limit))
        rows = self._connection.rows_of(NamingArticle, ARTICLES, (part,))
        for row in rows:
            row["mentions"] = mentions[row["article_id"]]
        return Part(rows, len(mentions))

    def quotations(self, speaker: str | None = None, **filters: Unpack[ArticleFilter]) -> list[QuotationRow]:
        """Quotations in the articles that match the filters, the newest article first; of one speaker, or all."""
        return self.selected_quotations(selection_of(**filters), speaker).rows

    def selected_quotations(
        self, selection: Selection, speaker: str | None = None, *, start: int = 0, limit: int | None = None
    ) -> Part[QuotationRow]:
        """Quotations in the selected articles, the newest article first, or a part of them; of one speaker, or all."""
        chosen = Chosen(self._connection, selection)
        offsets: dict[int, list[int]] = {}
        for article_id, offset in self._connection.execute(
            f"""SELECT m.article_id, m.start_offset FROM quotations m WHERE {chosen.condition}
            {"" if speaker is None else "AND m.speaker = :speaker"} ORDER BY m.article_id, m.start_offset""",
            {"ids": chosen.ids, "speaker": speaker},
        ):
            offsets.setdefault(article_id, []).append(offset)
        places = [(id, offset) for id in self._newest(offsets, 0, None) for offset in offsets[id]]
        part = places[start:] if limit is None else places[start : start + limit]
        return Part(self._connection.rows_of(QuotationRow, QUOTATIONS, (json.dumps(part),)), len(places))

    def names_of(self, article_id: int) -> list[NameCount]:
        """The names in the current text of an article, those with most mentions first."""
        return self._connection.rows_of(
            NameCount,
            """SELECT name, kind, 1 AS articles, count(*) AS mentions FROM article_mentions WHERE article_id = ?
            GROUP BY name, kind ORDER BY mentions DESC, min(start_offset)""",
            (article_id,),
        )

    def quotations_of(self, article_id: int) -> list[QuotationRow]:
        """The quotations in the current text of an article, in order."""
        return self._connection.rows_of(
            QuotationRow, "SELECT * FROM article_quotations WHERE article_id = ? ORDER BY start_offset", (article_id,)
        )

    def network(
        self, kind: Kind | None = None, *, nodes: int = MAX_NODES, least: int = 2, **filters: Unpack[ArticleFilter]
    ) -> Network:
        """The ``nodes`` most frequent names, and the pairs of them that ``least`` articles or more mention together."""
        return self.selected_network(selection_of(**filters), kind, nodes=nodes, least=least)

    def selected_network(self, selection: Selection, kind: Kind | None = None, *, nodes: int, least: int) -> Network:
        """The network of the selected articles."""
        counts = self.selected_counts(selection, kind)
        frequent = [Node(**each) for each in counts[:nodes]]
        return network_of(self._connection, frequent, Chosen(self._connection, selection), least, len(counts))

    def similar(self, name: str) -> list[str]:
        """Other names of the archive with a word of this one, the most frequent first."""
        words = {word.casefold() for word in name.split()}
        known = dict.fromkeys(row["name"] for row in self.counts() if row["name"] != name)
        return [each for each in known if words & {word.casefold() for word in each.split()}][:MAX_SIMILAR]

    def status(self) -> NameStatus:
        """Numbers of articles that were searched, and that are to be searched."""
        searched = self._connection.row(
            f"""SELECT count(*) AS searched, max(searched_at) AS searched_at FROM name_searches
            WHERE article_id NOT IN ({STALE})"""
        )
        assert searched is not None
        languages: dict[bool, int] = {True: 0, False: 0}
        for language, count in self._connection.execute(
            """SELECT language, count(*) FROM articles
            WHERE duplicate_of IS NULL AND current_version_id IS NOT NULL GROUP BY language"""
        ):
            languages[language.partition("-")[0].lower() in LANGUAGES] += count
        return NameStatus(
            searched=searched["searched"],
            waiting=max(languages[True] - searched["searched"], 0),
            other_languages=languages[False],
            searched_at=searched["searched_at"],
        )

    def state(self) -> tuple[object, ...]:
        """A value that differs after every search, change of a text, and deletion: what counts depend on."""
        sql = f"""SELECT count(*), sum(version_id), sum(article_id), max(searched_at), max(method) FROM name_searches
        WHERE article_id NOT IN ({STALE})"""
        return tuple(self._connection.execute(sql).fetchone())

    def _newest(self, ids: Iterable[int], start: int, limit: int | None) -> list[int]:
        most = MAX_ROWS if limit is None else min(limit, MAX_ROWS)
        return self._connection.values(NEWEST, (json.dumps(list(ids)), most, min(start, MAX_ROWS)))
