"""``caliber verify``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.archive import Archive, FileRepair, Finding
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.quantity import quantity
from caliber_crawler.software import software


@click.command()
@archive_option
@click.option("--repair", is_flag=True, help="Repair the archive in a new file; keep the damaged one beside it.")
@click.option("--new", is_flag=True, help="Verify only what is new since the last clean `verify --new`.")
@click.option("--cold", is_flag=True, help="Read every page in cold storage, too.")
@json_option
def verify(archive: Path, *, repair: bool, new: bool, cold: bool, as_json: bool) -> None:
    """Verify every byte: SQLite's checks, digests of pages and texts, checksums of rows, and all totals.

    Detects a single flipped bit and reports the article concerned. A crawl may continue meanwhile. Exit code 3: the
    archive is damaged (and, with --repair, something is lost).

    --repair copies everything that is valid into a new file, restores the rest from indexes and stored pages, and
    verifies the result. The new file takes the place of the damaged one, which is kept as ARCHIVE.damaged-DATE. If the
    new file would not be better, nothing is changed (exit code 1).

    --new checks new pages, and all rows of the articles that they changed: seconds, after each crawl. The first time it
    checks everything. A clean verification is recorded as a run. Damage to older rows stays hidden: run a full
    verification from time to time. No crawl may run meanwhile.

    Pages in cold storage are read with --cold only; without it, their files are checked for existence and size, and
    one that is not available is a note.

    \b
    Example:
      caliber verify --archive data/archive.db
      caliber verify --repair
      caliber verify --new
    """
    if cold and (repair or new):
        raise click.UsageError("--cold only checks; leave out --repair and --new.")
    if repair and new:
        raise click.UsageError("--repair verifies everything; leave out --new.")
    if repair:
        result = Archive.repair_file(archive, reextractor, software(), with_progress)
    else:
        check = (
            Archive.verify_new_rows(archive, software(), with_progress)
            if new
            else Archive.verify_file(archive, with_progress, cold=cold)
        )
        result = FileRepair(check, check.findings)
    if as_json:
        echo_json(
            {
                "checked": result.before.checked,
                "notes": result.before.notes,
                "findings": [
                    _as_json(finding, repaired=repair and finding not in result.left)
                    for finding in result.before.findings
                ],
                "lost": result.lost,
                "restored": dict(result.restored),
                "damaged_file": None if result.kept is None else str(result.kept),
            }
        )
    else:
        _print(result, repair=repair)
    sys.exit(CHECKS_FAILED if result.left or result.lost else 0)


def with_progress(checks: Iterable[Finding | None]) -> Iterable[Finding | None]:
    """Iterate checks with a progress bar."""
    return tqdm(checks, unit=" checks", disable=None)


def _as_json(finding: Finding, *, repaired: bool) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "message": finding.message,
        "articles": list(finding.articles),
        "repaired": repaired,
    }


def _print(result: FileRepair, *, repair: bool) -> None:
    found, left = result.before.findings, result.left
    for finding in [*found, *(finding for finding in left if finding not in found)]:
        outcome = ("not repaired: " if finding in left else "repaired: ") if repair else ""
        echo(f"{outcome}{finding.message}")
    for message in result.lost:
        echo(f"lost: {message}")
    for note in result.before.notes:
        echo(f"Note: {note}", err=True)
    if not found:
        echo(f"OK: {quantity(result.before.checked, 'check')} passed.")
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(Counter(finding.kind for finding in found).items()))
    hint = "; run with --repair to repair what can be repaired"
    if all(finding.kind == "cold" for finding in found):
        hint = "; the archive itself is valid: mount the storage, or replace the files by undamaged copies"
    if repair:
        hint = f", {len(found) - sum(finding in left for finding in found):,} repaired"
    echo(f"Damaged: {len(found):,} of {quantity(result.before.checked, 'check')} failed ({kinds}){hint}.", err=True)
    if result.kept is not None:
        echo(f"The damaged file was kept as {result.kept}; delete it when you no longer need it.", err=True)
