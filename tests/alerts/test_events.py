"""Events of alerts: each is found once, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.alerts import KINDS, Alert
from caliber_crawler.archive.analysis.alerts.events import changed_words
from caliber_crawler.errors import AlertError
from tests.alerts.conftest import publish
from tests.archive.newsroom import Newsroom

NOW = datetime(2026, 1, 8, tzinfo=UTC)
TARGET = "file:alerts.atom"
WORDS = st.lists(st.sampled_from(["baku", "ganja", "sheki", "corridor"]), max_size=8).map(" ".join)


def add(newsroom: Newsroom, query: str = "corridor", *, include_known: bool = False, **fields: Any) -> None:
    alert = Alert(name="desk", query=query, targets=(TARGET,), **{"kinds": KINDS, **fields})
    newsroom.archive.alerts.add(alert, include_known=include_known)


def found(newsroom: Newsroom) -> list[tuple[str, str]]:
    """Kind and headline of the events that are new since the last call."""
    before = {event["id"] for event in newsroom.archive.alerts.newest(limit=1000)}
    newsroom.archive.alerts.find(NOW)
    events = newsroom.archive.alerts.newest(limit=1000)[::-1]
    return [(event["kind"], event["new_headline"]) for event in events if event["id"] not in before]


def test_an_alert_reports_what_is_new_from_now_on(newsroom: Newsroom) -> None:
    add(newsroom)
    assert found(newsroom) == []
    publish(newsroom, 3, "A corridor again", "Text.")
    publish(newsroom, 4, "Rain", "It rained.")
    assert found(newsroom) == [("new", "A corridor again")]
    assert found(newsroom) == []


def test_an_alert_can_begin_with_what_is_known(newsroom: Newsroom) -> None:
    add(newsroom, include_known=True)
    assert found(newsroom) == [("new", "The corridor")]
    assert found(newsroom) == []


def test_a_changed_headline_and_text_of_a_matching_article_are_reported(newsroom: Newsroom) -> None:
    add(newsroom)
    publish(newsroom, 1, "The new corridor", "They met about the corridor.", minute=60)
    assert found(newsroom) == [("headline", "The new corridor")]
    publish(newsroom, 1, "The new corridor", "They met again about the corridor.", minute=120)
    assert found(newsroom) == [("text", "The new corridor")]
    publish(newsroom, 2, "The other harvest", "Farmers brought in barley.", minute=60)
    assert found(newsroom) == []


def test_an_article_that_begins_to_match_is_new(newsroom: Newsroom) -> None:
    add(newsroom)
    publish(newsroom, 2, "The harvest", "Farmers brought in wheat through the corridor.", minute=60)
    assert found(newsroom) == [("new", "The harvest")]


def test_small_changes_can_be_left_out(newsroom: Newsroom) -> None:
    add(newsroom, min_words=3)
    publish(newsroom, 1, "The corridor", "They met on Monday about the corridor.", minute=60)
    assert found(newsroom) == []
    publish(newsroom, 1, "The corridor", "Nobody met about the corridor of the south.", minute=120)
    assert found(newsroom) == [("text", "The corridor")]
    (event, *_) = newsroom.archive.alerts.newest(limit=1)
    assert event["words_changed"] == 7


def test_a_removed_article_is_reported_once(newsroom: Newsroom) -> None:
    add(newsroom)
    newsroom.archive.db.execute("UPDATE articles SET gone_at = '2027-01-01T00:00:00Z' WHERE id = 1")
    assert found(newsroom) == [("removed", "The corridor")]
    assert found(newsroom) == []
    newsroom.archive.db.execute("UPDATE articles SET gone_at = '2027-02-01T00:00:00Z' WHERE id = 1")
    assert found(newsroom) == [("removed", "The corridor")]


def test_only_the_chosen_kinds_are_reported(newsroom: Newsroom) -> None:
    add(newsroom, kinds=("headline",))
    publish(newsroom, 3, "A corridor again", "Text.")
    publish(newsroom, 1, "The new corridor", "They met again about the corridor.", minute=60)
    assert found(newsroom) == [("headline", "The new corridor")]


def test_filters_narrow_an_alert(newsroom: Newsroom) -> None:
    add(newsroom, filters={"languages": ("ru",)})
    publish(newsroom, 3, "A corridor again", "Text.")
    assert found(newsroom) == []


def test_a_re_extraction_is_no_edit(newsroom: Newsroom) -> None:
    add(newsroom)
    url = "https://caliber.az/en/post/9001"
    kept = newsroom.archive.captures.get(1)
    newsroom.save(
        kept=kept,
        article_urls=(url,),
        headline="The corridor",
        body="Corridor, extracted otherwise.",
        extractor="later",
    )
    assert newsroom.values("SELECT cause FROM versions WHERE article_id = 1 ORDER BY id") == ["first", "reextract"]
    assert found(newsroom) == []


def test_what_was_found_before_a_kill_is_neither_lost_nor_found_again(newsroom: Newsroom) -> None:
    add(newsroom)
    publish(newsroom, 3, "A corridor again", "Text.")
    with newsroom.rolled_back():
        newsroom.archive.alerts.find(NOW)
    assert found(newsroom) == [("new", "A corridor again")]
    assert found(newsroom) == []


def test_an_event_is_pending_for_each_target_until_it_was_delivered(newsroom: Newsroom) -> None:
    alert = Alert(name="desk", query="corridor", targets=("file:a", "file:b"))
    newsroom.archive.alerts.add(alert, include_known=True)
    newsroom.archive.alerts.find(NOW)
    alerts = newsroom.archive.alerts
    alerts.mark_delivered(alerts.pending("desk", "file:a", limit=9), "file:a")
    assert [len(alerts.pending("desk", target, limit=9)) for target in alert.targets] == [0, 1]


def test_a_name_is_unique_and_can_be_removed(newsroom: Newsroom) -> None:
    add(newsroom)
    with pytest.raises(AlertError, match="There is an alert 'desk' already"):
        add(newsroom)
    newsroom.archive.alerts.remove("desk")
    assert newsroom.archive.alerts.all() == []
    with pytest.raises(AlertError, match="has no alert 'desk'; it has: none"):
        newsroom.archive.alerts.remove("desk")
    with pytest.raises(AlertError, match="is not a name"):
        newsroom.archive.alerts.add(Alert(name="a\nb", query="x", targets=(TARGET,)))


def test_a_takedown_removes_the_events_of_the_article(newsroom: Newsroom) -> None:
    add(newsroom, include_known=True)
    assert found(newsroom)
    newsroom.archive.deletion.take_down(1, "request", NOW)
    newsroom.archive.deletion.wipe()
    assert newsroom.archive.alerts.newest() == []
    assert not any(newsroom.archive.verify())


def test_alerts_stay_at_home(newsroom: Newsroom, tmp_path: Any) -> None:
    """Neither a merge nor a published copy takes recipients along; a backup does."""
    from caliber_crawler.archive import Selection

    add(newsroom)
    newsroom.archive.write_light_copy(Selection(), tmp_path / "light.db")
    with Archive.open(tmp_path / "light.db") as light:
        assert light.alerts.all() == []
    with Archive.open(tmp_path / "other.db", mode="write") as other:
        list(other.merge(newsroom.archive, {}))
        assert other.alerts.all() == []
    with Archive.open(newsroom.archive.backup(tmp_path / "backup.db")) as backup:
        assert [alert.name for alert in backup.alerts.all()] == ["desk"]


@given(WORDS, WORDS)
def test_changed_words_are_symmetric_and_zero_for_the_same_words(before: str, after: str) -> None:
    assert changed_words(before, after) == changed_words(after, before)
    assert changed_words(before, " ".join(reversed(before.split()))) == 0
    assert changed_words(before, f"{before} fuzuli") == 1


@given(st.lists(st.tuples(st.integers(1, 4), WORDS, WORDS), max_size=6))
def test_every_match_is_reported_exactly_once(history: list[tuple[int, str, str]]) -> None:
    """Whatever is published and edited between two looks, an article is new once."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "a.db", mode="write") as archive:
        room = Newsroom(archive, archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={}))
        archive.alerts.add(Alert(name="desk", query="corridor", targets=(TARGET,), kinds=("new",)))
        reported: list[str] = []
        for step, (number, headline, body) in enumerate(history):
            publish(room, number, f"{number} {headline}", f"Text {body}.", minute=step)
            reported += [headline for _, headline in found(room)]
        texts = {number: f"{headline} {body}" for number, headline, body in history}
        matching = {number for number, text in texts.items() if "corridor" in text}
        assert matching <= {int(headline.split()[0]) for headline in reported}
