"""Delivery of alerts: to real servers, each event once, also after a failure or a kill."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from caliber_crawler.alerts.delivery import BATCH, deliver
from caliber_crawler.archive.analysis.alerts import Alert
from caliber_crawler.commands.cli import main
from tests.alerts.conftest import publish
from tests.alerts.receivers import mailbox, webhook
from tests.archive.newsroom import Newsroom

NOW = datetime(2026, 1, 8, tzinfo=UTC)
HOSTILE = "@channel <!everyone> [x](javascript:alert(1)) <script>\r\nBcc: all@example.org corridor"


def add(newsroom: Newsroom, *targets: str, include_known: bool = True) -> None:
    alert = Alert(name="desk", query="corridor", targets=targets, kinds=("new", "headline"))
    newsroom.archive.alerts.add(alert, include_known=include_known)


def test_a_webhook_gets_json_once(newsroom: Newsroom) -> None:
    with webhook() as hook:
        add(newsroom, hook.url)
        (sent,) = deliver(newsroom.archive, NOW, {})
        assert (sent.alert, sent.target, sent.sent, sent.failure) == ("desk", "127.0.0.1", 1, None)
        assert deliver(newsroom.archive, NOW, {}) == []
    (payload,) = hook.payloads
    assert (payload["alert"], payload["query"], payload["title"]) == ("desk", "corridor", "desk: 1 new article")
    (event,) = payload["events"]
    assert (event["kind"], event["headline"], event["url"]) == (
        "new",
        "The corridor",
        "https://caliber.az/en/post/9001",
    )
    assert hook.headers[0]["idempotency-key"] == payload["id"]


def test_the_secret_of_one_target_is_sent_to_no_other_and_stored_nowhere(newsroom: Newsroom, tmp_path: Path) -> None:
    with webhook() as first, webhook() as second:
        secrets = {"HOOK": f"{first.url}?key=first-secret", "OTHER": f"{second.url}?key=second-secret"}
        add(newsroom, "env:HOOK", "env:OTHER")
        sent = deliver(newsroom.archive, NOW, secrets)
    assert [delivery.sent for delivery in sent] == [1, 1]
    assert [hook.posts for hook in (first, second)] == [["/hook?key=first-secret"], ["/hook?key=second-secret"]]
    for hook in (first, second):
        assert "secret" not in json.dumps([hook.payloads, hook.headers])
    assert "secret" not in repr(sent)
    newsroom.archive.close()
    assert all(b"secret" not in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_what_failed_is_sent_the_next_time_under_the_same_id(newsroom: Newsroom) -> None:
    with webhook() as hook:
        hook.status = 503
        add(newsroom, hook.url)
        (failed,) = deliver(newsroom.archive, NOW, {})
        assert (failed.sent, failed.failure) == (0, "it answered 503")
        hook.status = 204
        (sent,) = deliver(newsroom.archive, NOW, {})
        assert (sent.sent, sent.failure) == (1, None)
    assert hook.payloads[0] == hook.payloads[1]


def test_one_failing_target_does_not_hold_up_another(newsroom: Newsroom, tmp_path: Path) -> None:
    add(newsroom, "http://127.0.0.1:9/x", f"file:{tmp_path / 'desk.atom'}")
    failed, sent = deliver(newsroom.archive, NOW, {})
    assert failed.failure
    assert sent.sent == 1


def test_many_events_are_sent_in_batches(newsroom: Newsroom) -> None:
    with webhook() as hook:
        add(newsroom, hook.url, include_known=False)
        for number in range(10, 10 + BATCH + 3):
            publish(newsroom, number, f"Corridor {number}", f"Text {number}.")
        (sent,) = deliver(newsroom.archive, NOW, {})
    assert sent.sent == BATCH + 3
    assert [len(payload["events"]) for payload in hook.payloads] == [BATCH, 3]


def test_mail_has_a_subject_lines_and_one_id(newsroom: Newsroom) -> None:
    with mailbox() as box:
        add(newsroom, "mailto:desk@example.org")
        (sent,) = deliver(newsroom.archive, NOW, box.environment)
    assert (sent.target, sent.failure) == ("desk@example.org", None)
    (message,) = box.messages
    assert message["Subject"] == "desk: 1 new article"
    assert (message["From"], message["To"]) == ("archive@example.org", "desk@example.org")
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert (
        message.get_content().strip()
        == "The corridor (Caliber.Az, 2026-01-06) https://caliber.az/en/post/9001".replace("Caliber.Az", "caliber")
    )


def test_a_refused_mail_stays_pending(newsroom: Newsroom) -> None:
    with mailbox() as box:
        box.refuses = True
        add(newsroom, "mailto:desk@example.org")
        (failed,) = deliver(newsroom.archive, NOW, box.environment)
        assert "550" in (failed.failure or "")
        box.refuses = False
        assert deliver(newsroom.archive, NOW, box.environment)[0].sent == 1


def test_mail_without_a_server_says_what_to_set(newsroom: Newsroom) -> None:
    add(newsroom, "mailto:desk@example.org")
    (failed,) = deliver(newsroom.archive, NOW, {})
    assert "CALIBER_SMTP_URL" in (failed.failure or "")


def test_a_feed_has_an_entry_for_each_event(newsroom: Newsroom, tmp_path: Path) -> None:
    path = tmp_path / "desk.atom"
    add(newsroom, f"file:{path}")
    deliver(newsroom.archive, NOW, {})
    first = etree.fromstring(path.read_bytes())
    publish(newsroom, 3, "A corridor again", "Text.")
    deliver(newsroom.archive, NOW, {})
    second = etree.fromstring(path.read_bytes())
    name = "{http://www.w3.org/2005/Atom}"
    ids = [[entry.findtext(f"{name}id") for entry in feed.iter(f"{name}entry")] for feed in (first, second)]
    assert ids[0] == ids[1][1:]
    assert [entry.findtext(f"{name}title") for entry in second.iter(f"{name}entry")] == [
        "A corridor again (caliber, 2026-01-06)",
        "The corridor (caliber, 2026-01-06)",
    ]


@pytest.mark.parametrize("prefix", ["", "slack+", "mattermost+", "teams+"])
def test_a_hostile_headline_mentions_nobody(newsroom: Newsroom, prefix: str) -> None:
    with webhook() as hook:
        add(newsroom, f"{prefix}{hook.url}", include_known=False)
        publish(newsroom, 3, HOSTILE, "Text.")
        (sent,) = deliver(newsroom.archive, NOW, {})
        assert sent.failure is None
    written = json.dumps(hook.payloads[0], ensure_ascii=False)
    if prefix:
        assert "<!everyone>" not in written
        assert "<script>" not in written
        assert "[x](" not in written or prefix == "slack+"
        assert "@channel" not in written or prefix == "slack+"
        assert "https://caliber.az/en/post/9003" in written
    if prefix == "slack+":
        assert hook.payloads[0]["mrkdwn"] is False


def test_a_hostile_headline_adds_no_header_to_a_mail(newsroom: Newsroom) -> None:
    with mailbox() as box:
        add(newsroom, "mailto:desk@example.org", include_known=False)
        publish(newsroom, 3, HOSTILE, "Text.")
        deliver(newsroom.archive, NOW, box.environment)
    (message,) = box.messages
    assert message["Bcc"] is None
    assert box.recipients == ["desk@example.org"]


def test_a_kill_between_two_messages_loses_none(newsroom: Newsroom) -> None:
    """A process that dies after sending and before recording sends again, under the same ID."""
    with webhook() as hook:
        add(newsroom, hook.url)
        with newsroom.rolled_back():
            deliver(newsroom.archive, NOW, {})
        deliver(newsroom.archive, NOW, {})
        deliver(newsroom.archive, NOW, {})
    assert len(hook.payloads) == 2
    assert len({payload["id"] for payload in hook.payloads}) == 1


def test_an_alert_whose_query_cannot_be_run_does_not_hold_up_the_others(newsroom: Newsroom, tmp_path: Path) -> None:
    add(newsroom, f"file:{tmp_path / 'desk.atom'}")
    newsroom.archive.db.execute(
        """INSERT INTO alerts (name, query, kinds, targets, created_at)
        VALUES ('broken', '(corridor', '["new"]', '["file:x.atom"]', '2026-01-07T12:00:00Z')"""
    )
    results = {result.alert: result for result in deliver(newsroom.archive, NOW, {})}
    assert "its query cannot be run: " in (results["broken"].failure or "")
    assert results["desk"].sent == 1


def run(*arguments: object, **environment: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)
    return done.exit_code, done.stdout, done.stderr


def test_the_commands(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.archive.close()
    path = ("--archive", tmp_path / "archive.db")
    with webhook() as hook:
        code, _, message = run(
            *("alerts", "add", "desk", "corridor", "--to", "env:HOOK", "--include-known", *path), HOOK=hook.url
        )
        assert (code, message) == (
            0,
            "Added 'desk'. Its matches are sent after each crawl, and by `caliber alerts send`.\n",
        )
        assert hook.url not in run("alerts", "list", "--json", *path, HOOK=hook.url)[1]
        code, shown, message = run("alerts", "send", *path, HOOK=hook.url)
        assert (code, message) == (0, "Alert desk: sent 1 to 127.0.0.1.\n")
        assert shown.startswith("desk: The corridor (")
        assert run("alerts", "send", *path, HOOK=hook.url)[2] == "Nothing new.\n"
    assert run("alerts", "remove", "desk", *path)[0] == 0
    assert run("alerts", "list", *path)[2].startswith("No alerts")


def test_alerts_that_could_not_be_sent_are_exit_code_3(newsroom: Newsroom, tmp_path: Path) -> None:
    add(newsroom, "http://127.0.0.1:9/secret")
    newsroom.archive.close()
    code, _, message = run("alerts", "send", "--archive", tmp_path / "archive.db")
    assert code == 3
    assert "could not be sent to 127.0.0.1: " in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("slack", "is not a target: write https://…"),
        ("ftp://example.org", "is not a target"),
        ("https://", "is not a target"),
        ("mailto:nobody", "is not a target"),
        ("mailto:a@b.example,c@d.example", "is not a target"),
        ("https://user:secret@example.org/", "has a password, which would be stored: use env:NAME"),
        ("env:NOT_SET_ANYWHERE", "The environment variable NOT_SET_ANYWHERE is not set"),
    ],
)
def test_a_wrong_target_is_named_before_anything_is_stored(
    newsroom: Newsroom, tmp_path: Path, target: str, message: str
) -> None:
    newsroom.archive.close()
    code, _, written = run("alerts", "add", "desk", "corridor", "--to", target, "--archive", tmp_path / "archive.db")
    assert code == 2
    assert message in written
    assert "secret" not in written
