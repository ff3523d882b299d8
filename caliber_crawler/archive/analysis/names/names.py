"""The names and quotations of an archive, and the pass that finds them: ``archive.names``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from caliber_crawler.archive.analysis.names.languages import LANGUAGES
from caliber_crawler.archive.analysis.names.network import Network, Node, network_of
from caliber_crawler.archive.analysis.names.search import NameSearch
from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.search.selection import ArticleFilter, Selection, condition, selection_of

MAX_NODES = 100
"""Names in a network unless stated otherwise."""
MAX_SIMILAR = 5
CURRENT = "JOIN articles a ON a.id = m.article_id AND a.current_version_id = m.version_id"


class NameCount(TypedDict):
    """How often a name occurs."""

    name: str
    """Normal form."""
    kind: Kind
    articles: int
    mentions: int


class NameMention(TypedDict):
    """One mention of a name: a row of the view ``article_mentions``."""

    article_id: int
    headline: str
    published_date: str | None
    site: str
    language: str
    section: str | None
    kind: Kind
    name: str
    written: str
    start_offset: int
    """Offset of the first character in the body of the version."""
    end_offset: int
    version_id: int
    url: str


class QuotationRow(TypedDict):
    """Direct speech and its speaker: a row of the view ``article_quotations``."""

    article_id: int
    headline: str
    published_date: str | None
    site: str
    language: str
    section: str | None
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


class NamingArticle(TypedDict):
    """An article that mentions a name."""

    article_id: int
    headline: str
    published_date: str | None
    site: str
    language: str
    section: str | None
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
        where, values = self._condition(selection, kind)
        return self._connection.rows_of(
            NameCount,
            f"""SELECT m.name, m.kind, count(DISTINCT m.article_id) AS articles, count(*) AS mentions
            FROM mentions m {CURRENT} WHERE {where} GROUP BY m.name, m.kind
            ORDER BY articles DESC, mentions DESC, m.name, m.kind""",
            values,
        )

    def mentions(self, name: str, kind: Kind | None = None, **filters: Unpack[ArticleFilter]) -> list[NameMention]:
        """Every mention of a name in the articles that match the filters, the newest article first."""
        where, values = self._condition(selection_of(**filters), kind, name)
        return self._connection.rows_of(
            NameMention,
            f"""SELECT m.article_id, a.headline, a.published_date, a.site, a.language, a.section, m.kind, m.name,
              m.written, m.start_offset, m.end_offset, m.version_id, a.url
            FROM mentions m {CURRENT} WHERE {where} ORDER BY a.published_at DESC, m.article_id DESC, m.start_offset""",
            values,
        )

    def articles(self, name: str, kind: Kind | None = None, **filters: Unpack[ArticleFilter]) -> list[NamingArticle]:
        """The articles that mention a name and match the filters, the newest first."""
        return self.selected_articles(name, selection_of(**filters), kind)

    def selected_articles(self, name: str, selection: Selection, kind: Kind | None = None) -> list[NamingArticle]:
        """The selected articles that mention a name, the newest first."""
        where, values = self._condition(selection, kind, name)
        return self._connection.rows_of(
            NamingArticle,
            f"""SELECT m.article_id, a.headline, a.published_date, a.site, a.language, a.section, count(*) AS mentions,
              a.url
            FROM mentions m {CURRENT} WHERE {where} GROUP BY m.article_id ORDER BY a.published_at DESC, a.id DESC""",
            values,
        )

    def quotations(self, speaker: str | None = None, **filters: Unpack[ArticleFilter]) -> list[QuotationRow]:
        """Quotations in the articles that match the filters, the newest article first; of one speaker, or all."""
        return self.selected_quotations(selection_of(**filters), speaker)

    def selected_quotations(self, selection: Selection, speaker: str | None = None) -> list[QuotationRow]:
        """Quotations in the selected articles, the newest article first; of one speaker, or all."""
        where, values = condition(self._connection, selection)
        if speaker is not None:
            where, values = f"q.speaker = :speaker AND {where}", {**values, "speaker": speaker}
        return self._connection.rows_of(
            QuotationRow,
            f"""SELECT o.* FROM quotations q JOIN articles a ON a.id = q.article_id
            AND a.current_version_id = q.version_id
            JOIN article_quotations o ON o.article_id = q.article_id AND o.start_offset = q.start_offset
            WHERE {where} ORDER BY a.published_at DESC, q.article_id DESC, q.start_offset""",
            values,
        )

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
        self,
        kind: Kind | None = None,
        *,
        nodes: int = MAX_NODES,
        least: int = 2,
        **filters: Unpack[ArticleFilter],
    ) -> Network:
        """The ``nodes`` most frequent names, and the pairs of them that ``least`` articles mention together."""
        return self.selected_network(selection_of(**filters), kind, nodes=nodes, least=least)

    def selected_network(self, selection: Selection, kind: Kind | None = None, *, nodes: int, least: int) -> Network:
        """The network of the selected articles."""
        counts = self.selected_counts(selection, kind)
        where, values = condition(self._connection, selection)
        chosen = [Node(**each) for each in counts[:nodes]]
        return network_of(self._connection, chosen, where, values, least, len(counts))

    def similar(self, name: str) -> list[str]:
        """Names of the archive that have a word of a name that it does not have, the most frequent first."""
        words = {word.casefold() for word in name.split()}
        rows = self._connection.execute(
            f"""SELECT m.name, count(DISTINCT m.article_id) AS articles FROM mentions m {CURRENT}
            WHERE a.duplicate_of IS NULL GROUP BY m.name ORDER BY articles DESC, m.name"""
        )
        found = (row[0] for row in rows if words & {word.casefold() for word in row[0].split()})
        return [each for each, _ in zip(found, range(MAX_SIMILAR), strict=False)]

    def status(self) -> NameStatus:
        """Numbers of articles that were searched, and that are to be searched."""
        searched = self._connection.row(
            """SELECT count(*) AS searched, max(s.searched_at) AS searched_at FROM name_searches s
            JOIN articles a ON a.id = s.article_id AND a.current_version_id = s.version_id
            WHERE a.duplicate_of IS NULL"""
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

    def _condition(
        self, selection: Selection, kind: Kind | None, name: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        where, values = condition(self._connection, selection)
        terms = [where]
        given: dict[str, Any] = {**values}
        for column, value in (("kind", kind), ("name", name)):
            if value is not None:
                terms.append(f"m.{column} = :{column}")
                given[column] = value
        return " AND ".join(terms), given
