"""Matching: a query's syntax tree as full-text expressions and SQL conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.inflections import inflections_of, range_of, spellings_of, terms_in
from caliber_crawler.archive.search.names import named_articles
from caliber_crawler.archive.search.query import parse
from caliber_crawler.archive.search.tree import NAME_FIELDS, And, Near, Node, Not, Or, Term, wanted_terms
from caliber_crawler.errors import QueryError
from caliber_crawler.quantity import quantity

MAX_FORMS = 300
"""The most inflections or spellings of one word."""
MAX_COMBINATIONS = 2_000
"""The most combinations of forms in one phrase or NEAR."""
MIN_PREFIX_LETTERS = 2
MAX_PREFIX_WORDS = 3_000
"""The most words that may begin with a prefix."""

# Without the column `folded`, which joins the fields: a phrase could begin in one field and end in another.
ALL_FIELDS = "{headline subtitle body}"
MATCHES = "a.current_version_id IN (SELECT rowid FROM versions_fts WHERE versions_fts MATCH :{name})"


@dataclass(frozen=True, slots=True)
class Match:
    """A query as expressions for ``versions_fts MATCH`` and conditions for rows of ``articles a``."""

    text: str = ""
    """What every hit matches; empty if the query does not require any text (``author:Smith``)."""
    conditions: tuple[str, ...] = ()
    """Further conditions, in SQL."""
    values: dict[str, str] = field(default_factory=dict)
    """The parameters of the conditions."""
    exact: str = ""
    """Like ``text``, for words as typed, without other inflections."""
    in_headline: str = ""
    """Like ``text``, in headline and subtitle."""
    exact_in_headline: str = ""
    passages: tuple[str, ...] = ()
    """Every word or phrase that the query looks for, in all inflections, as expressions."""
    name: str = "query"
    """The beginning of the parameters' names."""

    def where(self) -> tuple[str, dict[str, str]]:
        """The whole query as one condition for rows of ``articles a``, and its parameters."""
        values = dict(self.values)
        conditions = list(self.conditions)
        if self.text:
            values[f"{self.name}_text"] = self.text
            conditions.insert(0, MATCHES.format(name=f"{self.name}_text"))
        return " AND ".join(conditions) or "0", values


NOTHING = Match(conditions=("0",))
"""The match of an empty query: no article."""
EVERYTHING = Match(conditions=("1",))
"""The match of every article."""


def matching(connection: Connection, query: str, name: str = "query") -> Match:
    """The query, with every inflection of its words that occurs in the archive. Raises ``QueryError``.

    ``name`` begins the names of its parameters: two queries of one statement need two.
    """
    tree = parse(query)
    if tree is None:
        return NOTHING
    compiler = _Compiler(connection, query, name)
    part = compiler.part(tree)
    compiler.only_exact = True
    exact = compiler.part(tree)
    return Match(
        text=part.text,
        conditions=part.conditions,
        values=compiler.values,
        exact=exact.text,
        in_headline=part.in_headline,
        exact_in_headline=exact.in_headline,
        passages=compiler.passages(tree),
        name=name,
    )


def match_expression(connection: Connection, query: str) -> str:
    """The query as one expression for ``versions_fts MATCH``; empty for an empty query.

    Raises ``QueryError`` also for a query that needs more than the text, such as ``author:Smith``.
    """
    found = matching(connection, query)
    if found.conditions not in ((), NOTHING.conditions):
        problem = "This search looks at the text only: leave out author:, section:, language: and site:."
        raise QueryError(query, 0, len(query), problem)
    return found.text


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a query: ``text`` AND NOT any of ``excluded`` AND all ``others``."""

    wanted: str = ""
    excluded: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        if not self.wanted or not self.excluded:
            return self.wanted
        return f"({self.wanted}) NOT ({' OR '.join(self.excluded)})"

    @property
    def in_headline(self) -> str:
        """The matches of the text that have what is wanted in headline and subtitle alone."""
        narrowed = self.wanted and f"{{headline subtitle}} : ({self.wanted})"
        # Without a negation, what matches in few columns matches in all. Words of a query are in lower case.
        if " NOT " in narrowed:
            narrowed = f"({narrowed}) AND ({self.wanted})"
        return replace(self, wanted=narrowed).text

    @property
    def conditions(self) -> tuple[str, ...]:
        return self.others


@dataclass
class _Compiler:
    """Compiles the parts of one query. Collects the parameters of their conditions."""

    connection: Connection
    query: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    only_exact: bool = False
    """Whether wanted words match as typed only."""
    known: dict[tuple[Term, bool], list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def part(self, node: Node, *, negated: bool = False) -> _Part:
        """The part in a form whose ``excluded`` is empty if ``wanted`` is."""
        return self._settled(self._part(node, negated=negated))

    def _part(self, node: Node, *, negated: bool) -> _Part:
        match node:
            case Term() if node.field in NAME_FIELDS:
                return _Part(others=(self._named(node),))
            case Term():
                return _Part(wanted=self._text(node, negated=negated))
            case Near():
                return _Part(wanted=self._near(node, negated=negated))
            case Not():
                part = self._part(node.part, negated=not negated)
                if part.wanted and not part.others:
                    return _Part(excluded=(part.text,))
                return _Part(others=(f"NOT ({self._condition(part)})",))
            case And():
                parts = [self._part(each, negated=negated) for each in node.parts]
                return _Part(
                    " AND ".join(f"({part.wanted})" for part in parts if part.wanted),
                    tuple(text for part in parts for text in part.excluded),
                    tuple(condition for part in parts for condition in part.others),
                )
            case Or():
                parts = [self._part(each, negated=negated) for each in node.parts]
                if all(part.wanted and not part.others for part in parts):
                    return _Part(" OR ".join(f"({part.text})" for part in parts))
                return _Part(others=(f"({' OR '.join(self._condition(part) for part in parts)})",))

    def _settled(self, part: _Part) -> _Part:
        if part.wanted or not part.excluded:
            return part
        excluded = f"NOT {self._matches(' OR '.join(part.excluded))}"
        return _Part(others=(*part.others, excluded))

    def _condition(self, part: _Part) -> str:
        part = self._settled(part)
        conditions = [self._matches(part.text)] if part.text else []
        return " AND ".join([*conditions, *part.others])

    def _matches(self, text: str) -> str:
        return MATCHES.format(name=self._parameter(text))

    def _parameter(self, value: str) -> str:
        name = self.names.setdefault(value, f"{self.name}_{len(self.names)}")
        self.values[name] = value
        return name

    def _named(self, term: Term) -> str:
        sql, value = named_articles(self.connection, term)
        return sql.format(name=self._parameter(value))

    def _text(self, term: Term, *, negated: bool) -> str:
        phrases = self.phrases(term, in_field=False, only_exact=self.only_exact and not negated)
        if term.field:
            return f"{{{term.field}}} : ({' OR '.join(phrases)})"
        return f"{ALL_FIELDS} : ({' OR '.join(phrases)})" if len(term.words) > 1 else " OR ".join(phrases)

    def _near(self, near: Near, *, negated: bool) -> str:
        only_exact = self.only_exact and not negated
        parts = [
            list(dict.fromkeys(p for term in part for p in self.phrases(term, in_field=True, only_exact=only_exact)))
            for part in near.parts
        ]
        combinations = 1
        for part in parts:
            combinations *= len(part)
        if combinations > MAX_COMBINATIONS:
            problem = (
                f"This has {quantity(combinations, 'combination')} of words; the maximum is {MAX_COMBINATIONS:,}."
                " Put words in quotes to search for them without other inflections."
            )
            raise QueryError(self.query, near.start, near.end, problem)
        groups = [f"NEAR({' '.join(phrases)}, {near.distance})" for phrases in product(*parts)]
        name = near.parts[0][0].field
        return f"{f'{{{name}}}' if name else ALL_FIELDS} : ({' OR '.join(groups)})"

    def phrases(self, term: Term, *, in_field: bool, only_exact: bool = False) -> list[str]:
        """The term in all its forms, as full-text phrases.

        ``in_field``: for an expression that excludes the column ``folded``, as phrases and fields do.
        """
        in_field = in_field or term.field is not None or len(term.words) > 1
        self._require_bounded_prefix(term)
        lasts = self._forms(term, in_field=in_field, only_exact=only_exact)
        firsts = [spellings_of(self.connection, word) if in_field else [word] for word in term.words[:-1]]
        phrases = [" ".join(words) for words in product(*firsts, lasts)]
        if len(phrases) > MAX_COMBINATIONS:
            raise QueryError(self.query, term.start, term.end, "This phrase has too many spellings in the archive.")
        return [f'"{phrase}" *' if term.prefix else f'"{phrase}"' for phrase in phrases]

    def _forms(self, term: Term, *, in_field: bool, only_exact: bool) -> list[str]:
        """The forms of the last word of a term."""
        word = term.words[-1]
        forms = [word]
        if term.is_inflected and not only_exact:
            key = (term, False)
            if key not in self.known:
                self.known[key] = inflections_of(self.connection, word, MAX_FORMS)
            forms = self.known[key]
        if in_field:
            key = (term, True)
            spelled = [s for form in forms for s in spellings_of(self.connection, form, prefix=term.prefix)]
            forms = list(dict.fromkeys(spelled))
        if len(forms) > MAX_FORMS:
            problem = f"{word} has more than {MAX_FORMS} forms in this archive. Put it in quotes for the exact form."
            raise QueryError(self.query, term.start, term.end, problem)
        return forms

    def _require_bounded_prefix(self, term: Term) -> None:
        if not term.prefix or term.field in NAME_FIELDS:
            return
        word = term.words[-1]
        problem = f"{word}* needs at least {MIN_PREFIX_LETTERS} letters before *."
        if len(word) >= MIN_PREFIX_LETTERS:
            words = islice(terms_in(self.connection, *range_of(word)), MAX_PREFIX_WORDS + 1)
            if sum(1 for _ in words) <= MAX_PREFIX_WORDS:
                return
            problem = f"{word}* begins more than {MAX_PREFIX_WORDS:,} words. Write more letters before *."
        raise QueryError(self.query, term.start, term.end, problem)

    def passages(self, tree: Node) -> tuple[str, ...]:
        """Every wanted word or phrase of the text in all its forms, as full-text phrases."""
        self.only_exact = False
        terms: Iterator[Term] = (term for term in wanted_terms(tree) if term.field not in NAME_FIELDS)
        return tuple(dict.fromkeys(phrase for term in terms for phrase in self.phrases(term, in_field=False)))
