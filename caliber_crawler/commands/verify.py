"""``caliber verify``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.archive import Archive, Finding
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo

CHECKS_FAILED = 3
MAX_ROUNDS = 3
"""Maximum rounds of repair: one round may repair what the next one needs."""


@click.command()
@archive_option
@click.option("--repair", is_flag=True, help="Repair what can be restored with certainty, and list what is lost.")
@json_option
def verify(archive: Path, *, repair: bool, as_json: bool) -> None:
    """Verify every byte: SQLite's checks, digests of pages and texts, checksums of rows, and all totals.

    Detects a single flipped bit and reports the article concerned. A crawl may continue meanwhile. Exit code 3: the
    archive is damaged (and, with --repair, could not be repaired completely).

    \b
    Example:
      caliber verify --archive data/archive.db
      caliber verify --repair
    """
    with Archive.open(archive) as opened:
        found, notes, checked = _verify(opened)
    left = _repair(archive, found) if repair and found else found
    if as_json:
        echo_json(
            {
                "checked": checked,
                "notes": notes,
                "findings": [_as_json(finding, repaired=repair and finding not in left) for finding in found],
            }
        )
    else:
        _print(found, left, notes, checked, repair=repair)
    sys.exit(CHECKS_FAILED if left else 0)


def _verify(archive: Archive) -> tuple[list[Finding], list[str], int]:
    verification = archive.verify()
    found, checked = [], 0
    for outcome in tqdm(verification, total=len(verification), unit=" checks", disable=None):
        checked += 1
        if outcome is not None:
            found.append(outcome)
    return found, verification.notes, checked


def _repair(path: Path, found: list[Finding]) -> list[Finding]:
    """Repair; return the findings that remain, including new ones."""
    left = found
    for _ in range(MAX_ROUNDS):
        with Archive.open(path, mode="write") as archive:
            archive.repair(left, reextractor(archive))
            before, (left, _, _) = left, _verify(archive)
        if not left or set(left) == set(before):
            break
    return left


def _as_json(finding: Finding, *, repaired: bool) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "message": finding.message,
        "articles": list(finding.articles),
        "repaired": repaired,
    }


def _print(found: list[Finding], left: list[Finding], notes: list[str], checked: int, *, repair: bool) -> None:
    for finding in [*found, *(finding for finding in left if finding not in found)]:
        outcome = ("lost: " if finding in left else "repaired: ") if repair else ""
        echo(f"{outcome}{finding.message}")
    for note in notes:
        echo(f"Note: {note}", err=True)
    if not found:
        echo(f"OK: {checked:,} checks passed.")
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(Counter(finding.kind for finding in found).items()))
    hint = f", {len(found) - len(left):,} repaired" if repair else "; run with --repair to repair what can be repaired"
    echo(f"Damaged: {len(found):,} of {checked:,} checks failed ({kinds}){hint}.", err=True)
