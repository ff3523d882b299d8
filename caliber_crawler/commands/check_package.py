"""``caliber check-package``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.export.package_check import check_package as check
from caliber_crawler.quantity import quantity

DIGESTS = """
SELECT a.url, v.content_digest FROM json_each(?) j JOIN articles a ON a.url = j.value
JOIN articles f ON f.id = a.id OR f.duplicate_of = a.id JOIN versions v ON v.article_id = f.id"""


@click.command(name="check-package")
@click.argument("package", type=click.Path(path_type=Path))
@archive_option
@click.option("--no-archive", is_flag=True, help="Check the files only, without an archive.")
@json_option
@click.pass_context
def check_package(ctx: click.Context, package: Path, archive: Path, *, no_archive: bool, as_json: bool) -> None:
    """Verify a data package (a folder or ZIP file of `caliber export datapackage`).

    Each file is compared with its SHA-256, and each text with the archive by its content digest. A text that the site
    changed later is verified too: the archive keeps its earlier versions. The exit code is 3 if something differs.

    \b
    Example:
      caliber check-package articles.zip --archive data/archive.db
    """
    if no_archive:
        result = check(package, None)
    else:
        with Archive.open(archive) as opened:

            def known(urls: Iterable[str]) -> dict[str, set[str]]:
                found: defaultdict[str, set[str]] = defaultdict(set)
                for url, digest in opened.db.execute(DIGESTS, (json.dumps(list(urls)),)):
                    found[url].add(digest)
                return dict(found)

            result = check(package, known)
    if as_json:
        echo_json(asdict(result))
    else:
        for message in result.messages:
            echo(message)
        if result.faults > len(result.messages):
            echo(f"and {result.faults - len(result.messages):,} more")
        against = "" if no_archive else f" against {archive}"
        verdict = quantity(result.faults, "difference") if result.faults else "OK"
        echo(f"{verdict}: checked {quantity(result.files, 'file')} and {quantity(result.texts, 'text')}{against}.")
    if result.faults:
        ctx.exit(CHECKS_FAILED)
