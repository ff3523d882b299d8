"""``caliber sample``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from caliber_crawler.archive import Archive, ArticleFilter, selection_of
from caliber_crawler.archive.analysis.coding import Allocation, Sample, Variable
from caliber_crawler.archive.analysis.coding.codebook import RESERVED
from caliber_crawler.archive.analysis.coding.sample import DIMENSIONS, Dimension
from caliber_crawler.commands.options import archive_option, echo_json, join_names, json_option
from caliber_crawler.commands.output_stream import open_binary_output
from caliber_crawler.commands.selection_options import filter_options
from caliber_crawler.commands.terminal import echo
from caliber_crawler.quantity import quantity
from caliber_crawler.spreadsheets import write_sheet

SUFFIXES = (".csv", ".xlsx")


class Strata(click.ParamType[tuple[Dimension, ...]]):
    """Names of dimensions, separated by commas."""

    name = "dimensions"

    def convert(
        self, value: str | tuple[Dimension, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Dimension, ...]:
        if isinstance(value, tuple):
            return value
        named = tuple(each for name in join_names(value) for each in DIMENSIONS if each == name)
        if len(named) < len(join_names(value)):
            self.fail(f"{value!r} is not a list of {', '.join(DIMENSIONS)}.", param, ctx)
        return named


@click.command()
@archive_option
@click.option("--n", "-n", type=click.IntRange(min=1), required=True, help="Number of articles.")
@click.option("--seed", type=int, required=True, help="The same seed gives the same sample.")
@click.option("--by", type=Strata(), default=(), help=f"Strata, separated by commas: {', '.join(DIMENSIONS)}.")
@click.option(
    "--allocation",
    type=click.Choice(get_args(Allocation)),
    default="proportional",
    show_default=True,
    help="How many articles of each stratum: as many as its share, or the same number.",
)
@filter_options
@click.option("--coder", default="", help="Name for the column coder.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Coding sheet to write: .csv or .xlsx.  [default: CSV to stdout]",
)
@json_option
def sample(
    archive: Path,
    n: int,
    seed: int,
    by: tuple[Dimension, ...],
    allocation: Allocation,
    filters: ArticleFilter,
    coder: str,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Draw a random sample of articles and write it as a coding sheet.

    The sheet has the text of each article and an empty column for each variable of the codebook (`caliber codes
    codebook`). People fill it in; `caliber codes import` checks and stores what they wrote. Rows are in random order,
    so that any first part is a random sample too. The column weight is the number of articles that a row represents.

    \b
    Example:
      caliber sample --n 200 --seed 1 --by section,month -o sheet.xlsx
    """
    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"--output {output}: the name of a coding sheet ends in .csv or .xlsx.")
    selection = selection_of(**filters)
    with Archive.open(archive) as opened:
        opened.require_existing(selection)
        drawn = opened.coding.sample_of(selection, n, seed=seed, by=by, allocation=allocation)
        codebook = opened.coding.codebook()
    if as_json:
        echo_json(drawn.units)
    else:
        for note in write_coding_sheet(drawn, codebook, coder, output):
            echo(f"{output}, {note}.", err=True)
    if by:
        for stratum in drawn.strata:
            echo(f"{stratum.name}: {stratum.sampled:,} of {stratum.articles:,}", err=True)
    total = sum(stratum.articles for stratum in drawn.strata)
    echo(f"Drew {len(drawn.units):,} of {quantity(total, 'article')}{f' to {output}' if output else ''}.", err=True)
    if not codebook:
        echo(
            "The archive has no codebook, so the sheet has no columns for codes: caliber codes codebook FILE.", err=True
        )


def write_coding_sheet(drawn: Sample, codebook: list[Variable], coder: str, output: Path | None) -> list[str]:
    """Write a coding sheet; return a note on each cell that had to be cut."""
    variables = [variable.name for variable in codebook]
    rows = [{**dict.fromkeys(variables, ""), **unit, "coder": coder, "coded_at": ""} for unit in drawn.units]
    choices = {each.name: each.codes for each in codebook if each.codes and not each.several}
    columns = [*RESERVED, *variables]
    suffix = ".csv" if output is None else output.suffix.lower()
    with open_binary_output(output) as file:
        return write_sheet(rows, columns, file, suffix=suffix, choices=choices)
