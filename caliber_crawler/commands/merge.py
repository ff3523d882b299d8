"""``caliber merge``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.archive import Archive
from caliber_crawler.commands.alerts import send_alerts
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.quantity import quantity
from caliber_crawler.software import software

COUNTED = {"captures": "page", "articles": "article", "versions": "version", "view_counts": "view count"}


@click.command()
@click.argument("others", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@archive_option
@json_option
def merge(others: tuple[Path, ...], archive: Path, *, as_json: bool) -> None:
    """Merge OTHER archives into this one, without duplicates. OTHER archives do not change.

    If two archives extracted a page differently, the result of the newer extractor is current. The other text is kept
    as a replaced version, and so are the replaced versions of OTHER archives.

    \b
    Example:
      caliber merge colleague.db shard-2.db --archive data/archive.db
    """
    total: Counter[str] = Counter()
    for other in others:
        # First of all: an archive that cannot be read must not cause any change here.
        Archive.open(other).close()
    with Archive.open(archive, mode="write") as here:
        for other in others:
            with Archive.open(other) as there:
                total += merge_one(here, there)
    send_alerts(archive)
    if as_json:
        echo_json(dict(total))
    elif total:
        echo("New: " + ", ".join(quantity(total[name], noun) for name, noun in COUNTED.items()) + ".")
    else:
        echo("Nothing new.")


def merge_one(here: Archive, there: Archive) -> Counter[str]:
    """Merge one archive, with a progress bar; return the number of new rows per table."""
    merging = here.merge(there, software())
    with tqdm(total=len(merging), unit=" rows", disable=None) as progress:
        for done in merging:
            progress.update(done)
    if merging.counts["takedowns"]:
        here.forget_deleted()
    return merging.counts
