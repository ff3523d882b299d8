"""``caliber words``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tabulate import tabulate
from tqdm import tqdm

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.output_stream import open_output
from caliber_crawler.commands.selection_options import OPTIONS, add_options, filter_options, filters_from
from caliber_crawler.commands.terminal import echo, style
from caliber_crawler.errors import InputError
from caliber_crawler.export import write_csv
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caliber_crawler.archive.analysis.words.results import Line, Rows
    from caliber_crawler.archive.analysis.words.words import Words

MEASURES = ("log_likelihood", "pmi", "log_dice", "frequency")
CONTEXT_LETTERS = 50
"""Width of each side of a concordance on a terminal."""


@click.group()
def words() -> None:
    """Concordance, collocates, word lists, keyness and n-grams of the articles' current texts.

    The words are in a file beside the archive, ARCHIVE.words.db, which is built at the first use and then updated.
    Words are counted in lower case; the README of this area is docs/guides/words.md.

    \b
    Example:
      caliber words concordance "middle corridor" --sort 1R,2R --language en
      caliber words keyness --section politics --stop-words
    """


def output_options(default_limit: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options of every analysis, and call it with ``run``, which prints a result."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(
            (
                archive_option,
                click.option(
                    "--limit", type=click.IntRange(min=0), default=default_limit, show_default=True,
                    help="Maximum number of rows; 0 prints all.",
                ),
                click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip this number of rows."),
                click.option("--no-update", is_flag=True, help="Use the word index as it is, without new articles."),
                click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
                json_option,
            )
        ):  # fmt: skip
            command = option(command)
        return command

    return decorate


def stop_word_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of stop words, and pass them as ``stop_words``."""

    @wraps(command)
    def with_stop_words(*arguments: Any, stop_words: bool, stop_word_file: Path | None, **options: Any) -> Any:
        own = read_stop_words(stop_word_file) if stop_word_file else ()
        return command(*arguments, stop_words=own or stop_words, **options)

    for option in reversed(
        (
            click.option("--stop-words", is_flag=True, help="Leave out the stop words of each language."),
            click.option(
                "--stop-word-file",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Leave out the words in this file instead, one a line.",
            ),
            click.option(
                "--stems", is_flag=True, help="Count all inflections of a word as one (languages with a stemmer)."
            ),
        )
    ):
        with_stop_words = option(with_stop_words)
    return with_stop_words


def read_stop_words(path: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from error


@words.command()
@archive_option
@json_option
def build(archive: Path, *, as_json: bool) -> None:
    """Build the word index, or update it: only new and changed articles are divided into words.

    \b
    Example:
      caliber words build
    """
    with Archive.open(archive) as opened, index_progress() as progress:
        built = opened.words.build(progress)
    if as_json:
        echo_json({**asdict(built), "path": str(built.path)})
        return
    echo(
        f"{built.path} contains {quantity(built.texts, 'article')} and {quantity(built.words, 'word')}"
        f" (added {built.added:,}, removed {built.removed:,})."
    )


@words.command()
@click.argument("node")
@filter_options
@click.option(
    "--sort", default="", metavar="KEYS",
    help="Sort by these words: 1L is the first to the left, 2R the second to the right, node the word itself."
    " Several keys are separated by commas.  [default: newest first]",
)  # fmt: skip
@click.option("--width", type=click.IntRange(0, 100), default=8, show_default=True, help="Words on each side.")
@click.option("--stems", is_flag=True, help="Find all words with the same stem.")
@output_options(50)
def concordance(
    node: str, archive: Path, filters: ArticleFilter, sort: str, width: int, limit: int, offset: int, *,
    stems: bool, no_update: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print each occurrence of a word, a phrase or a pattern (sanct*) in its context.

    \b
    Example:
      caliber words concordance sanctions --sort 1L,1R
      caliber words concordance "middle corridor" --since 2026-01-01 --csv
    """
    keys = [key for key in sort.split(",") if key.strip()]
    with opened_words(archive, filters, update=not no_update) as found:
        result = found.concordance(
            node, sort=keys, width=width, stems=stems, limit=limit or None, offset=offset, **filters
        )
    print_result(result, offset, as_csv=as_csv, as_json=as_json, table=print_lines)


@words.command()
@click.argument("node")
@filter_options
@click.option("--left", type=click.IntRange(0, 20), default=5, show_default=True, help="Words before it.")
@click.option("--right", type=click.IntRange(0, 20), default=5, show_default=True, help="Words after it.")
@click.option(
    "--measure", type=click.Choice(MEASURES), default=MEASURES[0], show_default=True, help="Order of the rows."
)
@click.option(
    "--min-frequency", type=click.IntRange(min=1), default=5, show_default=True, help="Minimum frequency near it."
)
@stop_word_options
@output_options(50)
def collocates(
    node: str, archive: Path, filters: ArticleFilter, left: int, right: int, measure: Any, min_frequency: int,
    limit: int, offset: int, *, stop_words: Any, stems: bool, no_update: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print the words that occur near a word or phrase more often than expected.

    \b
    Example:
      caliber words collocates corridor --stop-words --measure log_dice
    """
    with opened_words(archive, filters, update=not no_update) as found:
        result = found.collocates(
            node, left=left, right=right, measure=measure, min_frequency=min_frequency, stems=stems,
            stop_words=stop_words, limit=limit or None, offset=offset, **filters,
        )  # fmt: skip
    print_result(result, offset, as_csv=as_csv, as_json=as_json)


@words.command(name="list")
@filter_options
@click.option("--min-frequency", type=click.IntRange(min=1), default=1, show_default=True, help="Minimum frequency.")
@stop_word_options
@output_options(50)
def word_list(
    archive: Path, filters: ArticleFilter, min_frequency: int, limit: int, offset: int, *,
    stop_words: Any, stems: bool, no_update: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print the words of the selected articles, most frequent first.

    \b
    Example:
      caliber words list --language ru --stop-words --stems
    """
    with opened_words(archive, filters, update=not no_update) as found:
        result = found.list(
            min_frequency=min_frequency,
            stems=stems,
            stop_words=stop_words,
            limit=limit or None,
            offset=offset,
            **filters,
        )
    print_result(result, offset, as_csv=as_csv, as_json=as_json)


def reference_options(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def with_reference(*arguments: Any, **options: Any) -> Any:
        given = {name.removeprefix("reference_"): options.pop(name) for name in list(options) if "reference_" in name}
        reference = filters_from(given) if any(given.values()) else None
        return command(*arguments, reference=reference, **options)

    return add_options(with_reference, "reference-", [name for name, _ in OPTIONS])


@words.command()
@filter_options
@reference_options
@click.option("--negative", is_flag=True, help="Print the words that are less frequent than in the reference.")
@click.option(
    "--min-frequency",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Minimum frequency in both together.",
)
@stop_word_options
@output_options(50)
def keyness(
    archive: Path, filters: ArticleFilter, reference: ArticleFilter | None, min_frequency: int, limit: int,
    offset: int, *,
    negative: bool, stop_words: Any, stems: bool, no_update: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print the words that are typical of the selected articles, compared with a reference.

    The reference is all other articles in the same languages, or those that the --reference options select.

    \b
    Example:
      caliber words keyness --section politics --language en
      caliber words keyness --since 2026-01-01 --reference-until 2026-01-01 --language ru
    """
    with opened_words(archive, filters, update=not no_update) as found:
        result = found.keyness(
            reference=reference, negative=negative, min_frequency=min_frequency, stems=stems, stop_words=stop_words,
            limit=limit or None, offset=offset, **filters,
        )  # fmt: skip
    print_result(result, offset, as_csv=as_csv, as_json=as_json)


@words.command()
@filter_options
@click.option("--size", type=click.IntRange(2, 5), default=2, show_default=True, help="Number of words.")
@click.option("--node", help="Only those that contain this word, phrase or pattern.")
@click.option("--min-frequency", type=click.IntRange(min=1), default=2, show_default=True, help="Minimum frequency.")
@stop_word_options
@output_options(50)
def ngrams(
    archive: Path, filters: ArticleFilter, size: int, node: str | None, min_frequency: int, limit: int, offset: int, *,
    stop_words: Any, stems: bool, no_update: bool, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Print sequences of words, most frequent first. --stop-words leaves out those that begin or end with one.

    \b
    Example:
      caliber words ngrams --size 3 --language en --stop-words
    """
    with opened_words(archive, filters, update=not no_update) as found:
        result = found.ngrams(
            size, node=node, min_frequency=min_frequency, stems=stems, stop_words=stop_words, limit=limit or None,
            offset=offset, **filters,
        )  # fmt: skip
    print_result(result, offset, as_csv=as_csv, as_json=as_json)


@contextmanager
def opened_words(archive: Path, filters: ArticleFilter, *, update: bool) -> Iterator[Words]:
    with Archive.open(archive) as opened:
        opened.require_existing(selection_of(**filters))
        with index_progress() as progress:
            yield opened.words.updating(update=update, progress=progress)


@contextmanager
def index_progress() -> Iterator[Callable[[int, int], None]]:
    """Show the progress of building the word index: a function of the number of articles so far and in all."""
    with tqdm(desc="Word index", unit=" articles", leave=False, disable=None) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield show


def print_result(
    result: Rows[Any],
    offset: int,
    *,
    as_csv: bool,
    as_json: bool,
    table: Callable[[Iterable[Any]], None] | None = None,
) -> None:
    """Print a result to standard output, and what it is a part of to standard error."""
    if as_json:
        echo_json(result.as_dict())
    elif as_csv:
        with open_output(None, "utf-8") as file:
            write_csv((asdict(row) for row in result), [field.name for field in fields(result.kind)], file)
    elif table is not None:
        table(result)
    elif len(result):
        rows = [[shorten(value) for value in asdict(row).values()] for row in result]
        columns = [field.name.replace("_", " ") for field in fields(result[0])]
        echo(tabulate(rows, columns, disable_numparse=True, colalign=alignment(result[0])))
    echo(summary(result, offset), err=True)


def alignment(row: Any) -> list[str]:
    return ["left" if isinstance(value, str) else "right" for value in asdict(row).values()]


def shorten(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_lines(lines: Iterable[Line]) -> None:
    for line in lines:
        left, right = line.left[-CONTEXT_LETTERS:], line.right[:CONTEXT_LETTERS]
        echo(f"{left:>{CONTEXT_LETTERS}}{style(line.node, fg='yellow', bold=True)}{right}  [{line.article_id}]")


def summary(result: Rows[Any], offset: int) -> str:
    if not len(result):
        shown = "No rows." if not result.total else f"No rows after {result.total:,}."
    elif len(result) == result.total:
        shown = f"{quantity(result.total, 'row')}."
    else:
        shown = (
            f"Rows {offset + 1:,} to {offset + len(result):,} of {result.total:,}; --limit and --offset print others."
        )
    corpus = f" {quantity(result.words, 'word')} in {quantity(result.articles, 'article')}."
    if result.reference_words is not None:
        articles = quantity(result.reference_articles or 0, "article")
        corpus += f" Reference: {quantity(result.reference_words, 'word')} in {articles}."
    missing = (
        f" {quantity(result.missing, 'article is', 'articles are')} not in the word index; run caliber words build."
        if result.missing
        else ""
    )
    return shown + corpus + missing
