"""``caliber codes``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding import Agreement, CodeImport, read_codebook
from caliber_crawler.commands.options import archive_option, echo_json, join_names, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.quantity import quantity
from caliber_crawler.software import software
from caliber_crawler.spreadsheets import read_sheet

MAX_ISSUES = 50
"""Number of issues that are printed."""


@click.group()
def codes() -> None:
    """Content analysis: store a codebook, import what coders wrote, and measure how well they agree.

    \b
    Example:
      caliber codes codebook codebook.toml
      caliber codes import sheet.xlsx --coder Aida
    """


@codes.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@archive_option
@json_option
def codebook(file: Path | None, archive: Path, *, as_json: bool) -> None:
    """Store the codebook of FILE in the archive, or print the codebook.

    FILE is a TOML file with a table for each variable. Codes are text or whole numbers; a variable without codes is
    free text. An article may have several codes of a variable with several = true; coders separate them by a semicolon.

    \b
    Example of a file:
      [tone]
      label = "How does the article speak of the agreement?"
      codes = ["positive", "neutral", "negative"]
    \b
      [actors]
      codes = ["government", "opposition", "EU", "Russia"]
      several = true
    \b
    Example:
      caliber codes codebook codebook.toml
    """
    if file is not None:
        variables = read_codebook(file)
        with Archive.open(archive, mode="write") as opened:
            opened.coding.replace_codebook(variables)
        echo(f"Stored {quantity(len(variables), 'variable')}.", err=True)
        return
    with Archive.open(archive) as opened:
        variables = opened.coding.codebook()
    if as_json:
        echo_json([asdict(variable) for variable in variables])
        return
    for variable in variables:
        kind = ", ".join(variable.codes) or "free text"
        echo(f"{variable.name}{' (several)' if variable.several else ''}: {kind}")
        if variable.label:
            echo(f"  {variable.label}")
    if not variables:
        echo("The archive has no codebook: caliber codes codebook FILE.toml stores one.", err=True)


@codes.command("import")
@click.argument("sheet", type=click.Path(dir_okay=False, path_type=Path))
@archive_option
@click.option("--coder", help="Who coded the rows without a name in the column coder.")
@click.option("--replace", is_flag=True, help="Replace other codes of the same coder for the same article.")
@click.option("--ignore", default="", help="Columns to skip, separated by commas.")
@json_option
def import_codes(sheet: Path, archive: Path, coder: str | None, ignore: str, *, replace: bool, as_json: bool) -> None:
    """Check the coding sheet SHEET (.csv or .xlsx) and store its codes.

    Reported are articles and texts that the archive does not have, codes outside the codebook, and articles that a
    coder coded twice with different codes. If there is anything to report, nothing is stored, and the exit code is 3.

    \b
    Example:
      caliber codes import sheet.xlsx --coder Aida
    """
    with Archive.open(archive, mode="write") as opened:
        done = import_as_run(opened, sheet, coder, ignored=join_names(ignore), replace=replace)
    if as_json:
        echo_json(asdict(done))
    else:
        report_import(sheet, done)
    if done.issues:
        click.get_current_context().exit(CHECKS_FAILED)


def import_as_run(
    archive: Archive, sheet: Path, coder: str | None, *, ignored: tuple[str, ...], replace: bool
) -> CodeImport:
    """Import a sheet as a run of the archive; an import that changes nothing leaves no run."""
    read = read_sheet(sheet)
    arguments = {"sheet": sheet.name, "coder": coder, "replace": replace}
    run = archive.runs.start("codes import", site=None, arguments=arguments, settings={}, software=software())
    changes = 0
    try:
        done = archive.coding.import_codes(read.columns, read.rows, coder=coder, ignored=ignored, replace=replace)
        changes = done.stored + done.removed
    finally:
        if changes:
            archive.runs.finish(run, "finished", None, {"codes": done.stored, "codes_removed": done.removed})
        else:
            archive.runs.discard(run)
    return done


def report_import(sheet: Path, done: CodeImport) -> None:
    for issue in done.issues[:MAX_ISSUES]:
        echo(f"{sheet}, {issue}.")
    if len(done.issues) > MAX_ISSUES:
        echo(f"… and {len(done.issues) - MAX_ISSUES:,} more; --json prints all.")
    if done.issues:
        echo(f"Stored nothing: correct {sheet} and import it again.", err=True)
        return
    echo(f"Stored {quantity(done.stored, 'code')}, {done.known:,} known, {done.removed:,} replaced.", err=True)
    if done.empty_rows:
        echo(f"{quantity(done.empty_rows, 'row has', 'rows have')} no codes.", err=True)


@codes.command("list")
@archive_option
@click.option("--variable", help="Only this variable.")
@json_option
def list_codes(archive: Path, variable: str | None, *, as_json: bool) -> None:
    """Print the number of articles with each code, by coder; with --json, every code of every article.

    \b
    Example:
      caliber codes list --variable tone
    """
    with Archive.open(archive) as opened:
        if as_json:
            echo_json(opened.coding.codes(variable))
            return
        counts = [row for row in opened.coding.counts() if variable in (None, row["variable"])]
    if counts:
        echo(tabulate([list(row.values()) for row in counts], ["variable", "code", "coder", "articles"]))
    else:
        echo("No codes.", err=True)


@codes.command()
@archive_option
@click.option("--variable", help="Only this variable.")
@json_option
def agreement(archive: Path, variable: str | None, *, as_json: bool) -> None:
    """Print how well coders agree: percent agreement, Cohen's kappa, Krippendorff's alpha.

    A measure is empty where it is not defined: kappa for more than two coders or several codes, both if only one code
    was used.

    \b
    Example:
      caliber codes agreement --variable tone
    """
    with Archive.open(archive) as opened:
        found = opened.coding.agreement(variable)
    if as_json:
        echo_json([asdict(each) for each in found])
    elif found:
        headers = ["variable", "coders", "articles", "percent", "kappa", "alpha"]
        echo(tabulate([agreement_row(each) for each in found], headers, stralign="left", disable_numparse=True))
    else:
        echo("No variable has codes of two coders.", err=True)


def agreement_row(found: Agreement) -> list[str]:
    percent = "" if found.percent is None else f"{found.percent:.1%}"
    measures = ["" if value is None else f"{value:.3f}" for value in (found.kappa, found.alpha)]
    return [found.variable, ", ".join(found.coders), f"{found.articles:,}", percent, *measures]
