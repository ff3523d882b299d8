"""The state of each site in the cluster: whether its last job was healthy, since when, and on which machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from procrastinate.connector import BaseConnector
from psycopg import Connection
from psycopg.types.json import Jsonb

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.errors import ClusterError

TABLE = """
CREATE TABLE IF NOT EXISTS caliber_states (
    site text PRIMARY KEY,
    state text NOT NULL,
    exit_code integer NOT NULL,
    alarms jsonb NOT NULL,
    why text,
    machine text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_healthy_at timestamptz,
    before jsonb,
    acknowledgement jsonb
);
ALTER TABLE caliber_states ADD COLUMN IF NOT EXISTS notified jsonb NOT NULL DEFAULT '{}';
ALTER TABLE caliber_states ADD COLUMN IF NOT EXISTS needed bigint;
COMMENT ON COLUMN caliber_states.needed IS 'The size in bytes of the largest file that a full storage did not take.';
COMMENT ON COLUMN caliber_states.notified IS 'The state in the last message to each target, by a digest of the target.';
CREATE TABLE IF NOT EXISTS caliber_messages (
    site text NOT NULL,
    target text NOT NULL,
    exit_code integer NOT NULL,
    alarms jsonb NOT NULL,
    why text,
    machine text NOT NULL,
    since timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    sender text,
    sender_until timestamptz,
    PRIMARY KEY (site, target)
);
COMMENT ON TABLE caliber_messages IS 'Messages about states that their targets have not received yet.';
CREATE TABLE IF NOT EXISTS caliber_targets (target text PRIMARY KEY, next_at timestamptz NOT NULL);
COMMENT ON TABLE caliber_targets IS 'When each target is sent the next message, about all that is new by then.';
COMMENT ON TABLE caliber_states IS 'The state of each site after its last job: since when, why and on which machine.';
"""
RECORD = """
WITH recorded AS (
INSERT INTO caliber_states AS known (site, state, exit_code, alarms, why, machine, last_healthy_at, notified)
VALUES (%(site)s, %(state)s, %(exit_code)s, %(alarms)s, %(why)s, %(machine)s,
  CASE WHEN %(state)s = 'healthy' THEN now() END,
  coalesce((SELECT jsonb_object_agg(t.target, NULL) FROM unnest(%(targets)s::text[]) t (target)), '{}'))
ON CONFLICT (site) DO UPDATE SET state = excluded.state, exit_code = excluded.exit_code, alarms = excluded.alarms,
  before = jsonb_build_object('exit_code', known.exit_code, 'alarms', known.alarms),
  why = CASE WHEN known.state = excluded.state THEN coalesce(excluded.why, known.why) ELSE excluded.why END,
  machine = excluded.machine, updated_at = now(),
  since = CASE WHEN known.state = excluded.state THEN known.since ELSE now() END,
  last_healthy_at = coalesce(excluded.last_healthy_at, known.last_healthy_at),
  notified = coalesce((
    SELECT jsonb_object_agg(t.target, jsonb_build_object('exit_code', known.exit_code, 'alarms', known.alarms))
    FROM unnest(%(targets)s::text[]) t (target)), '{}') || known.notified
RETURNING site, before, exit_code, alarms, why, machine, since, notified),
messages AS (
INSERT INTO caliber_messages AS known (site, target, exit_code, alarms, why, machine, since, due_at)
SELECT r.site, t.target, r.exit_code, r.alarms, r.why, r.machine, r.since, greatest(now(), c.next_at)
FROM recorded r, unnest(%(targets)s::text[]) t (target) LEFT JOIN caliber_targets c USING (target)
WHERE r.notified -> t.target IS DISTINCT FROM jsonb_build_object('exit_code', r.exit_code, 'alarms', r.alarms)
  OR EXISTS (SELECT FROM caliber_messages p WHERE p.site = r.site AND p.target = t.target)
ON CONFLICT (site, target) DO UPDATE SET exit_code = excluded.exit_code, alarms = excluded.alarms, why = excluded.why,
  machine = excluded.machine, since = excluded.since
WHERE (known.exit_code, known.alarms) <> (excluded.exit_code, excluded.alarms))
SELECT before, since FROM recorded
"""
"""In one statement, so that a change is stored together with the messages about it."""
ACKNOWLEDGE = "UPDATE caliber_states SET acknowledgement = %s WHERE site = %s RETURNING site"
ACKNOWLEDGEMENT = "SELECT acknowledgement FROM caliber_states WHERE site = %(site)s AND acknowledgement IS NOT NULL"
ACKNOWLEDGED = """
UPDATE caliber_states SET acknowledgement = NULL WHERE site = %(site)s AND acknowledgement = %(acknowledgement)s
"""
STATES = """
SELECT site, state, exit_code, alarms, why, machine, since, updated_at, last_healthy_at
FROM caliber_states ORDER BY state = 'healthy', site
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was known of a site when its state was recorded. ``None`` stands for the first time."""

    before: SiteState | None
    since: datetime
    """When the site came into the recorded state."""


async def record_state(
    connector: BaseConnector,
    site: str,
    state: SiteState,
    *,
    why: str | None,
    machine: str,
    targets: Sequence[str] = (),
) -> Recorded:
    """Store the state of a site after a job; return what was known before.

    ``why`` says in a clause why it is not healthy. For each target (see ``Target.key``) whose last message was about
    another state, a message is stored that is to be sent. A target whose last message is not known counts as having
    received one about the state before.
    """
    row: dict[str, Any] = await connector.execute_query_one_async(
        RECORD,
        site=site,
        state=state.name,
        exit_code=state.exit_code,
        alarms=Jsonb(list(state.alarms)),
        why=why,
        machine=machine,
        targets=list(targets),
    )
    return Recorded(state_of(row["before"]), row["since"])


def state_of(values: Mapping[str, Any] | None) -> SiteState | None:
    """The state with these values in PostgreSQL."""
    return None if values is None else SiteState(values["exit_code"], tuple(values["alarms"]))


def acknowledge(connection: Connection[dict[str, Any]], site: str, *, by: str, note: str) -> None:
    """Ask the next job of a site to acknowledge the alarms in its shard. Raises :class:`ClusterError`."""
    if connection.execute(ACKNOWLEDGE, (Jsonb({"by": by, "note": note}), site)).fetchone() is None:
        raise ClusterError(f"No job of the site {site!r} has ended yet; `caliber cluster status` lists the sites.")


async def pending_acknowledgement(connector: BaseConnector, site: str) -> dict[str, str] | None:
    """Who acknowledges the alarms of a site (``by``) with which ``note``, if anybody does."""
    rows = await connector.execute_query_all_async(ACKNOWLEDGEMENT, site=site)
    return rows[0]["acknowledgement"] if rows else None


async def complete_acknowledgement(connector: BaseConnector, site: str, acknowledgement: dict[str, str]) -> None:
    """Forget an acknowledgement that the published shard has."""
    await connector.execute_query_async(ACKNOWLEDGED, site=site, acknowledgement=Jsonb(acknowledgement))
