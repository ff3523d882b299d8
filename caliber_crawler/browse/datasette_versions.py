"""What differs between Datasette 0.65 and 1.0: templates, permissions, metadata and canned queries.

The rest of the plugin is the same for both. In 0.65 a hook returns the metadata of archives for every request. In 1.0
descriptions are stored when the server starts; facets, sort order and closed tables are configuration.
"""

# mypy: disable-error-code="attr-defined"
# Datasette has no types, and the two versions have different methods.

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from datasette import __version__

if TYPE_CHECKING:
    from datasette.app import Datasette
    from jinja2 import Environment

IS_VERSION_1 = int(__version__.partition(".")[0]) >= 1
"""Whether this is Datasette 1.0 or a pre-release of it."""
DESCRIPTIONS = frozenset(
    {"title", "description", "description_html", "about", "about_url", "source", "license", "units"}
)
"""Keys of metadata that describe; the others configure."""
Actor = Mapping[str, object] | None


def environment_of(datasette: Datasette) -> Environment:
    """The Jinja environment of all pages."""
    return cast("Environment", datasette.get_jinja_environment() if IS_VERSION_1 else datasette.jinja_env)


def name_in(described: object) -> str:
    """The name of a table or facet that a template gets: in 0.65 a dictionary, in 1.0 also an object."""
    return str(described["name"] if isinstance(described, Mapping) else getattr(described, "name", ""))


def table_settings(datasette: Datasette, metadata: Mapping[str, Any], database: str, table: str) -> Mapping[str, Any]:
    """How a table is displayed, from the metadata that a template gets."""
    if not IS_VERSION_1:
        return metadata
    tables = datasette.config["databases"].get(database, {}).get("tables", {})
    # Datasette 1.0 stores metadata that it does not know itself as text.
    given = {key: int(value) if str(value).isdecimal() else value for key, value in metadata.items()}
    return {**tables.get(table, {}), **given}


async def require_view(datasette: Datasette, actor: Actor, database: str, table: str) -> None:
    """Raise ``Forbidden`` if a visitor may not view a table."""
    if not IS_VERSION_1:
        await datasette.ensure_permissions(
            actor, [("view-table", (database, table)), ("view-database", database), "view-instance"]
        )
        return
    from datasette.resources import TableResource

    # This includes the permissions for the database and the instance.
    await datasette.ensure_permission(
        action="view-table", resource=TableResource(database=database, table=table), actor=actor
    )


async def may_run_sql(datasette: Datasette, actor: Actor, database: str) -> bool:
    """Return whether a visitor may run arbitrary SQL."""
    if not IS_VERSION_1:
        return bool(await datasette.permission_allowed(actor, "execute-sql", resource=database, default=True))
    from datasette.resources import DatabaseResource

    return bool(
        await datasette.allowed(action="execute-sql", resource=DatabaseResource(database=database), actor=actor)
    )


async def install_metadata(datasette: Datasette, metadata: Mapping[str, Any]) -> None:
    """Give Datasette 1.0 the metadata of archives, in the format of 0.65. What the user configured takes precedence."""
    if not IS_VERSION_1 or not metadata:
        return
    if datasette.config is None:
        datasette.config = {}
    known = await datasette.get_instance_metadata()
    for key, value in _descriptions(metadata, known):
        await datasette.set_instance_metadata(key, value)
    for name, of_database in metadata["databases"].items():
        known = await datasette.get_database_metadata(name)
        for key, value in _descriptions(of_database, known):
            await datasette.set_database_metadata(name, key, value)
        for query, described in of_database.get("queries", {}).items():
            if await datasette.get_query(name, query) is None:
                await _add_query(datasette, name, query, described)
        configured = datasette.config.setdefault("databases", {}).setdefault(name, {})
        if "allow_sql" in of_database:
            configured.setdefault("allow_sql", of_database["allow_sql"])
        for table, described in of_database["tables"].items():
            await _install_table(datasette, name, table, described)
            settings = {key: value for key, value in described.items() if key not in DESCRIPTIONS | {"columns"}}
            of_table = configured.setdefault("tables", {}).setdefault(table, {})
            for key, value in settings.items():
                of_table.setdefault(key, value)


async def _install_table(datasette: Datasette, database: str, table: str, described: Mapping[str, Any]) -> None:
    known = await datasette.get_resource_metadata(database, table)
    for key, value in _descriptions(described, known):
        await datasette.set_resource_metadata(database, table, key, value)
    for column, meaning in described.get("columns", {}).items():
        if not await datasette.get_column_metadata(database, table, column):
            await datasette.set_column_metadata(database, table, column, "description", meaning)


async def _add_query(datasette: Datasette, database: str, name: str, described: Mapping[str, Any]) -> None:
    await datasette.add_query(
        database,
        name,
        described["sql"],
        title=described.get("title"),
        description=described.get("description"),
        description_html=described.get("description_html"),
        hide_sql=bool(described.get("hide_sql")),
        parameters=described.get("params"),
        is_trusted=True,
    )


def _descriptions(metadata: Mapping[str, Any], known: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, str(metadata[key])) for key in DESCRIPTIONS if key in metadata and key not in known]
