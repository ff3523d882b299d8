"""``caliber cluster define``."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.commands.cluster_options import dsn_option, requires_extra
from caliber_crawler.commands.options import echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import InputError
from caliber_crawler.site.definition_set import read_definition
from caliber_crawler.site.toml_loader import load_definition


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(dir_okay=False, path_type=Path))
@dsn_option
@click.option("--remove", "removed", multiple=True, metavar="SITE", help="Delete the definition of SITE.")
@click.option("--by", metavar="NAME", default="", help="Who defines.  [default: the user of this machine]")
@json_option
@requires_extra
def define(dsn: str, files: tuple[Path, ...], removed: tuple[str, ...], by: str, *, as_json: bool) -> None:
    """Store the site definitions of TOML FILEs in PostgreSQL. Every worker uses them from its next job on.

    They take precedence over the definitions on the workers' machines. If one of the files is wrong, none is stored.
    Without a FILE, the stored definitions are listed.

    \b
    Example:
      caliber cluster define sites/*.toml
    """
    from caliber_crawler.cluster.definitions import list_definitions, store_definitions

    if not files and not removed:
        rows = list_definitions(dsn)
        if as_json:
            echo_json(rows)
        else:
            echo(tabulate(rows, headers="keys", tablefmt="simple") if rows else "No definitions are stored.")
        return
    texts = read_definitions(files)
    if both := sorted({*texts} & {*removed}):
        raise click.UsageError(f"{both[0]} is both defined and removed.")
    changed, deleted = store_definitions(dsn, texts, removed, by or getuser())
    unchanged = [name for name in texts if name not in changed]
    unknown = [name for name in removed if name not in deleted]
    outcome = {"changed": changed, "unchanged": unchanged, "removed": deleted, "unknown": unknown}
    if as_json:
        echo_json(outcome)
        return
    for title, names in outcome.items():
        if names:
            echo(f"{title.title()}: {', '.join(names)}.")
    if changed or deleted:
        echo("Each worker uses the new definitions from its next job on.")


def read_definitions(files: tuple[Path, ...]) -> dict[str, str]:
    """The texts of definitions by the name of the site. Raises :class:`InputError` if any of them cannot be used."""
    texts: dict[str, str] = {}
    places: dict[str, Path] = {}
    for path in files:
        try:
            text = read_definition(path)
        except OSError as error:
            raise InputError(f"Cannot read the site definition {path}: {error.strerror}.") from None
        name = load_definition(text, str(path)).name
        if name in places:
            raise InputError(f"{path} defines the site {name!r}, as does {places[name]}; leave one of them out.")
        texts[name], places[name] = text, path
    return texts
