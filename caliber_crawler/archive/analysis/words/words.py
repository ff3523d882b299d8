"""``archive.words``: the words of an archive in context, in lists and in comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, Unpack

from caliber_crawler.archive.analysis.words import collocates as collocation
from caliber_crawler.archive.analysis.words import concordance as kwic
from caliber_crawler.archive.analysis.words import frequencies, ngrams
from caliber_crawler.archive.analysis.words.collocates import Measure
from caliber_crawler.archive.analysis.words.corpus import Corpus, corpus_of, require_same_archive
from caliber_crawler.archive.analysis.words.index_builder import Built, Progress, build
from caliber_crawler.archive.analysis.words.index_file import DamagedIndex, WordIndex
from caliber_crawler.archive.analysis.words.node import Node
from caliber_crawler.archive.analysis.words.results import Collocate, KeyWord, Line, NGram, Rows, WordRow
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.side_files import WORD_INDEX, side_file
from caliber_crawler.archive.search.selection import ArticleFilter, Selection, selection_of

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWords:
    """Words that lists leave out: those of each language (package ``stopwordsiso``), and the user's own."""

    built_in: bool = False
    own: Collection[str] = ()


class Words:
    """Concordances, collocates, word lists, keyness and n-grams of the current texts.

    Every method takes the keyword filters of ``archive.articles``. The words are in a file beside the archive, which
    is built when it is first needed, and updated when articles are new or changed; ``update=False`` leaves it as it is.
    """

    def __init__(
        self, connection: Connection, *, update: bool = True, progress: Progress = lambda done, of: None
    ) -> None:
        self._connection = connection
        self._update = update
        self._progress = progress

    @property
    def path(self) -> Path:
        """The path of the word index."""
        return side_file(self._connection.path, WORD_INDEX)

    def build(self, progress: Progress | None = None) -> Built:
        """Build the word index, or update it. Raises ``ArchiveFull`` if the file cannot be written."""
        return build(self._connection, progress or self._progress)

    def updating(self, *, update: bool, progress: Progress = lambda done, of: None) -> Words:
        """The same, with or without updates."""
        return Words(self._connection, update=update, progress=progress)

    def concordance(
        self,
        node: str,
        *,
        sort: Sequence[str] = (),
        width: int = 8,
        stems: bool = False,
        limit: int | None = 50,
        offset: int = 0,
        **filters: Unpack[ArticleFilter],
    ) -> Rows[Line]:
        """Each occurrence of a word, phrase or pattern (``sanct*``) in its context.

        ``sort`` names the words to sort by: ``("1R", "2R")`` are the first and second word to the right.
        """
        wanted = Node(node, stems)
        kwic.parse_sort(sort)
        return self._on(
            selection_of(**filters),
            lambda corpus: kwic.concordance(
                self._connection, corpus, wanted, sort=sort, width=width, limit=limit, offset=offset
            ),
        )

    def collocates(
        self,
        node: str,
        *,
        left: int = 5,
        right: int = 5,
        measure: Measure = "log_likelihood",
        min_frequency: int = 5,
        stems: bool = False,
        stop_words: bool | Collection[str] = False,
        limit: int | None = 100,
        offset: int = 0,
        **filters: Unpack[ArticleFilter],
    ) -> Rows[Collocate]:
        """The words that occur near a word or phrase more often than expected."""
        wanted, stop = Node(node, stems), stop_words_of(stop_words)
        return self._on(
            selection_of(**filters),
            lambda corpus: collocation.collocates(
                corpus,
                wanted,
                left=left,
                right=right,
                measure=measure,
                min_frequency=min_frequency,
                stems=stems,
                stop=stop.built_in,
                own_stop_words=stop.own,
                limit=limit,
                offset=offset,
            ),
        )

    def list(
        self,
        *,
        min_frequency: int = 1,
        stems: bool = False,
        stop_words: bool | Collection[str] = False,
        limit: int | None = 100,
        offset: int = 0,
        **filters: Unpack[ArticleFilter],
    ) -> Rows[WordRow]:
        """The words, most frequent first, with frequency, frequency per million, and number of articles."""
        stop = stop_words_of(stop_words)
        return self._on(
            selection_of(**filters),
            lambda corpus: frequencies.word_list(
                corpus,
                stems=stems,
                stop=stop.built_in,
                own_stop_words=stop.own,
                min_frequency=min_frequency,
                limit=limit,
                offset=offset,
            ),
        )

    def keyness(
        self,
        *,
        reference: ArticleFilter | None = None,
        negative: bool = False,
        min_frequency: int = 5,
        stems: bool = False,
        stop_words: bool | Collection[str] = False,
        limit: int | None = 100,
        offset: int = 0,
        **filters: Unpack[ArticleFilter],
    ) -> Rows[KeyWord]:
        """The words that are more frequent in the selected articles than in a reference, highest G² first.

        ``reference`` has keyword filters; without it, the reference is all other articles in the same languages.
        Articles in both belong to the selection only. ``negative`` returns the words that are less frequent.
        """
        stop = stop_words_of(stop_words)
        wanted = selection_of(**filters)
        other = Selection() if reference is None else selection_of(**reference)

        def compare(corpus: Corpus) -> Rows[KeyWord]:
            against = corpus_of(self._connection, corpus.index, other)
            if reference is None:
                against = against.in_languages(corpus.languages)
            return frequencies.keyness(
                corpus,
                against.without(corpus),
                stems=stems,
                stop=stop.built_in,
                own_stop_words=stop.own,
                min_frequency=min_frequency,
                negative=negative,
                limit=limit,
                offset=offset,
            )

        return self._on(wanted, compare)

    def ngrams(
        self,
        size: int = 2,
        *,
        node: str | None = None,
        min_frequency: int = 2,
        stems: bool = False,
        stop_words: bool | Collection[str] = False,
        limit: int | None = 100,
        offset: int = 0,
        **filters: Unpack[ArticleFilter],
    ) -> Rows[NGram]:
        """Sequences of ``size`` (2 to 5) words, most frequent first; with ``node``, only those that contain it.

        With stop words, those that begin or end with one are left out.
        """
        if size not in ngrams.SIZES:
            raise ValueError(f"size is {size}; it must be 2, 3, 4 or 5.")
        stop, wanted = stop_words_of(stop_words), Node(node, stems) if node else None
        return self._on(
            selection_of(**filters),
            lambda corpus: ngrams.ngrams(
                corpus,
                size,
                node=wanted,
                stop=stop.built_in,
                own_stop_words=stop.own,
                min_frequency=min_frequency,
                limit=limit,
                offset=offset,
            ),
        )

    def count(self, **filters: Unpack[ArticleFilter]) -> int:
        """The number of words of the selected articles."""
        return self._on(selection_of(**filters), lambda corpus: corpus.words)

    def _on(self, selection: Selection, analysis: Callable[[Corpus], Result]) -> Result:
        if not self._update:
            with self._opened(selection) as corpus:
                return analysis(corpus)
        for _ in range(2):
            try:
                with self._opened(selection) as corpus:
                    if not corpus.missing:
                        return analysis(corpus)
            except DamagedIndex:
                pass  # built again, from those of its texts that are current
            self.build()
        # A crawl writes at the same time: the texts of this moment.
        with self._opened(selection) as corpus:
            return analysis(corpus)

    @contextmanager
    def _opened(self, selection: Selection) -> Iterator[Corpus]:
        with WordIndex(self.path) as index:
            require_same_archive(self._connection, index)
            yield corpus_of(self._connection, index, selection)


def stop_words_of(given: bool | Collection[str]) -> StopWords:
    """``True`` for the lists of the languages, or the user's own words."""
    if isinstance(given, bool):
        return StopWords(built_in=given)
    return StopWords(own=given)
