"""Searches and the parser of queries: text in, syntax tree out.

The grammar, from loose to tight; operators may be written in any case:

    query    = all { ("OR" | "|") all }
    all      = each { ["AND"] each }
    each     = { "NOT" | "-" } near
    near     = operand [ "NEAR/5" operand ]
    operand  = [ field ":" ] ( word | word"*" | '"' phrase '"' [ "~5" ] | "(" query ")" )

Written by hand, because a query comes from a person: each mistake needs its place and what to write instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Never

from caliber_crawler.archive.search.tokens import Token, tokens_of
from caliber_crawler.archive.search.tree import NAME_FIELDS, And, Near, Node, Not, Or, Term, wanted_terms
from caliber_crawler.errors import QueryError
from caliber_crawler.quantity import quantity

MAX_LETTERS = 4_000
MAX_TERMS = 200
# FTS5 limits the depth of an expression, and a person the depth of a thought.
MAX_DEPTH = 12


def parse(query: str) -> Node | None:
    """The syntax tree of a query; ``None`` for an empty one. Raises ``QueryError`` for what cannot be understood."""
    if not query.strip():
        return None
    if len(query) > MAX_LETTERS:
        problem = f"The query has {quantity(len(query), 'character')}; the maximum is {MAX_LETTERS:,}."
        raise QueryError(query, MAX_LETTERS, MAX_LETTERS + 1, problem)
    tree = _Parser(query).parse()
    if not any(wanted_terms(tree)):
        raise QueryError(query, 0, len(query), "The query only excludes. Add a word to search for.")
    return tree


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = list(tokens_of(query))
        self._place = 0
        self._terms = 0
        self._field: Token | None = None

    def parse(self) -> Node:
        if len(self._tokens) == 1:
            self._fail(Token("end", "", 0, len(self._query)), "The query has no search terms: use letters or digits.")
        tree = self._any(0)
        if self._next.kind == "close":
            self._fail(self._next, "This parenthesis has no opening parenthesis before it.")
        return tree

    def _any(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._next.kind == "or":
            self._take()
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts = [self._each(depth)]
        while self._next.kind not in ("or", "close", "end"):
            if self._next.kind == "and":
                self._take()
            parts.append(self._each(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _each(self, depth: int) -> Node:
        if self._next.kind not in ("not", "minus"):
            return self._near(depth)
        self._require_depth(depth, self._take())
        return Not(self._each(depth + 1))

    def _near(self, depth: int) -> Node:
        left = self._operand(depth)
        if self._next.kind != "near":
            return left
        operator = self._take()
        right = self._operand(depth)
        if self._next.kind == "near":
            self._fail(self._next, 'Only one NEAR can join two terms. For several exact words write "a b c"~5.')
        parts = self._near_part(left, operator), self._near_part(right, operator)
        if len({term.field for part in parts for term in part}) > 1:
            self._fail(operator, "The terms around NEAR must have the same field: write headline:(a NEAR/5 b).")
        return Near(parts, operator.number, operator.start, operator.end)

    def _near_part(self, node: Node, operator: Token) -> tuple[Term, ...]:
        terms = node.parts if isinstance(node, Or) else (node,)
        if any(not isinstance(term, Term) or term.field in NAME_FIELDS for term in terms):
            self._fail(operator, "NEAR joins words, phrases, or words joined by OR in parentheses.")
        return tuple(term for term in terms if isinstance(term, Term))

    def _operand(self, depth: int) -> Node:
        token = self._take()
        match token.kind:
            case "word" | "phrase":
                return self._term(token)
            case "open":
                return self._group(depth, token)
            case "field":
                if self._field is not None:
                    self._fail(token, f"{token.text}: cannot be inside {self._field.text}:.")
                self._field = token
                node = self._operand(depth)
                self._field = None
                return node
            case "close" if self._before.kind == "open":
                self._fail(token, "The parentheses are empty.")
            case "close" if not any(each.kind == "open" for each in self._tokens[: self._place]):
                self._fail(token, "This parenthesis has no opening parenthesis before it.")
        return self._fail_without_operand(token)

    def _fail_without_operand(self, token: Token) -> Never:
        before = self._before
        if before.kind in ("and", "or", "not", "near", "minus", "field"):
            token = before
        match token.kind:
            case "and" | "or" | "near":
                problem = f"{token.text} needs a word on both sides; to search for the word itself, put it in quotes."
            case "not":
                problem = f"{token.text} needs a word after it; to search for the word itself, put it in quotes."
            case "minus":
                problem = "A minus needs a word directly after it, which it excludes."
            case "field":
                problem = f"{token.text}: needs a word after it."
            case _:
                problem = "A word is missing here."
        self._fail(token, problem)

    def _group(self, depth: int, opening: Token) -> Node:
        self._require_depth(depth, opening)
        node = self._any(depth + 1)
        if self._next.kind != "close":
            self._fail(opening, "This parenthesis is not closed.")
        self._take()
        return node

    def _term(self, token: Token) -> Node:
        self._terms += len(token.words)
        if self._terms > MAX_TERMS:
            self._fail(token, f"The query has more than {MAX_TERMS} words.")
        field = None if self._field is None else self._field.text
        term = Term(token.words, token.kind == "phrase", token.prefix, field, token.start, token.end)
        if token.kind == "word" or token.number < 0:
            return term
        if field in NAME_FIELDS or len(token.words) < 2 or token.prefix:
            self._fail(token, "A distance such as ~5 needs at least two whole words of the text in quotes.")
        parts = tuple((replace(term, words=(word,)),) for word in token.words)
        return Near(parts, token.number, token.start, token.end)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    @property
    def _before(self) -> Token:
        """The token before the one just taken."""
        return self._tokens[self._place - 2] if self._place > 1 else Token("start", "", 0, 0)

    def _take(self) -> Token:
        token = self._next
        self._place += 1
        return token

    def _require_depth(self, depth: int, token: Token) -> None:
        if depth >= MAX_DEPTH:
            self._fail(token, f"The query is nested deeper than {MAX_DEPTH} levels.")

    def _fail(self, token: Token, problem: str) -> Never:
        raise QueryError(self._query, token.start, token.end, problem)
