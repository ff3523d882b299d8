"""Corpora of tokens: the vertical format of Corpus Workbench and NoSketch Engine, and CoNLL-U.

Words and sentences are those of :mod:`caliber_crawler.tokenization`. Headline, subtitle and paragraphs are paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape

from caliber_crawler.export.feed import NOT_IN_XML
from caliber_crawler.export.row import Row
from caliber_crawler.tokenization import normal_form, paragraphs_of, sentences_of, tokens_of

SPACE = re.compile(r"\s+")
ENTITIES = {'"': "&quot;", "\n": " ", "\t": " ", "\r": " "}
PARTS = ("headline", "subtitle", "body")


def paragraphs(row: Row) -> Iterator[tuple[str, str]]:
    """The part of the article (``headline``, ``subtitle``, ``body``) and the text of each paragraph."""
    for part in PARTS:
        for paragraph in paragraphs_of(row[part] or ""):
            yield part, NOT_IN_XML.sub(" ", paragraph)


def write_vertical(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write a token per line with its form in lower case, inside ``<text>``, ``<p>`` and ``<s>``; return the rows.

    The columns become attributes of ``<text>``.
    """
    count = 0
    for row in rows:
        attributes = " ".join(f'{name}="{attribute(row[name])}"' for name in columns)
        file.write(f"<text {attributes}>\n")
        for part, paragraph in paragraphs(row):
            file.write(f'<p type="{part}">\n')
            for start, end in sentences_of(paragraph):
                lines = [
                    f"{escape(token.text)}\t{escape(normal_form(token.text, row['language']) or token.text)}\n"
                    for token in tokens_of(paragraph[start:end])
                ]
                if lines:
                    file.write("<s>\n" + "".join(lines) + "</s>\n")
            file.write("</p>\n")
        file.write("</text>\n")
        count += 1
    return count


def attribute(value: object) -> str:
    return escape(NOT_IN_XML.sub(" ", "" if value is None else str(value)), ENTITIES)


def write_conllu(rows: Iterable[Row], columns: Sequence[str], file: IO[str]) -> int:
    """Write CoNLL-U (https://universaldependencies.org/format.html): forms only, without annotations; return the rows.

    The columns become comments of the document.
    """
    count = 0
    for row in rows:
        document = f"{row['site']}-{row['id']}" + (f"-v{row['version']}" if "version" in row else "")
        comments = [f"# newdoc id = {one_line(document)}"]
        comments += [f"# {name} = {one_line(row[name])}" for name in columns if row[name] is not None]
        number = 0
        for place, (part, paragraph) in enumerate(paragraphs(row), 1):
            comments.append(f"# newpar id = {one_line(document)}-p{place}\n# part = {part}")
            for start, end in sentences_of(paragraph):
                text = paragraph[start:end]
                lines = conllu_lines(text)
                if lines:
                    number += 1
                    head = [*comments, f"# sent_id = {one_line(document)}-s{number}", f"# text = {one_line(text)}"]
                    file.write("\n".join([*head, *lines]) + "\n\n")
                    comments = []
        count += 1
    return count


def conllu_lines(sentence: str) -> list[str]:
    tokens = list(tokens_of(sentence))
    lines = []
    for number, token in enumerate(tokens, 1):
        is_last = number == len(tokens)
        touches = not is_last and tokens[number].start == token.end
        misc = "SpaceAfter=No" if touches else "_"
        upos = "_" if token.is_word else "PUNCT"
        form = "_" if not token.text.strip() else token.text
        lines.append("\t".join([str(number), form, "_", upos, "_", "_", "_", "_", "_", misc]))
    return lines


def one_line(value: object) -> str:
    return SPACE.sub(" ", NOT_IN_XML.sub(" ", str(value))).strip()
