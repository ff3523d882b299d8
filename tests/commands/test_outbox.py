"""Messages of crawls: one for each change, kept until the target has received it, also by a process that is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.core.side_files import messages_file
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.commands import notification
from caliber_crawler.commands.notification import Notice, notify, resend
from caliber_crawler.crawling.outbox import Outbox, Pending
from caliber_crawler.disk_space import DiskSpace
from caliber_crawler.errors import ArchiveFull
from caliber_crawler.notification.site_message import message_of
from tests.alerts.receivers import Webhook, webhook
from tests.conftest import Result, start
from tests.small_disk import small_disk_at

HEALTHY, DOWN, FULL = SiteState(0), SiteState(10), SiteState(ArchiveFull.exit_code)
REDESIGN = SiteState(3, ("unknown_layout",))
STATES = (HEALTHY, DOWN, FULL, REDESIGN)


@pytest.fixture
def received() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def clear_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """However full the disk of the tests is."""
    monkeypatch.setattr(DiskSpace, "of", classmethod(lambda cls, path: cls(10**12, 10**12)))


def report(
    url: str, archive: Path, *states: SiteState, subject: str = "gazette", before: SiteState | None = None
) -> None:
    """End a crawl with each of the states."""
    for state in states:
        notify(url, archive, [Notice(subject, state, before, {"site": subject, "exit_code": state.exit_code})])


def states_sent(received: Webhook) -> list[str]:
    return [payload["state"] for payload in received.payloads]


def test_only_a_change_is_sent_also_without_an_archive(tmp_path: Path, received: Webhook) -> None:
    archive = tmp_path / "a.db"
    report(received.url, archive, DOWN, DOWN, DOWN, HEALTHY, HEALTHY, REDESIGN, REDESIGN, DOWN)
    assert states_sent(received) == ["failed", "healthy", "alarm", "failed"]
    assert [payload["state_before"] for payload in received.payloads] == [None, "failed", "healthy", "alarm"]
    assert not archive.exists()


def test_the_state_in_the_archive_counts_if_no_message_is_known(tmp_path: Path, received: Webhook) -> None:
    report(received.url, tmp_path / "a.db", HEALTHY, before=HEALTHY)
    assert states_sent(received) == []
    report(received.url, tmp_path / "a.db", REDESIGN, before=REDESIGN)
    assert states_sent(received) == ["alarm"], "this target was sent none about it"


def test_each_target_has_its_own_messages(tmp_path: Path, received: Webhook) -> None:
    report(received.url, tmp_path / "a.db", DOWN)
    report(f"{received.url}?other", tmp_path / "a.db", DOWN, DOWN)
    report(f"mattermost+{received.url}", tmp_path / "a.db", DOWN, DOWN)
    assert len(received.payloads) == 3
    assert "hook" not in messages_file(tmp_path / "a.db").read_text(), "a URL may be a secret"


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_crawl(
    tmp_path: Path, received: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a.db"
    received.status = 500
    report(received.url, archive, DOWN)
    resend(received.url, archive)
    assert capsys.readouterr().err == (
        "The message could not be sent to 127.0.0.1: it answered 500. The next crawl sends it.\n"
    ), "once for each crawl"
    received.status = 200
    resend(received.url, archive)
    resend(received.url, archive)
    report(received.url, archive, DOWN)
    assert states_sent(received) == ["failed"] * 3
    assert len({headers["idempotency-key"] for headers in received.headers}) == 1


def test_a_message_that_was_overtaken_is_not_sent(tmp_path: Path, received: Webhook) -> None:
    report(received.url, tmp_path / "a.db", HEALTHY)
    received.status = 500
    report(received.url, tmp_path / "a.db", DOWN)
    received.status = 200
    received.payloads.clear()
    report(received.url, tmp_path / "a.db", HEALTHY)
    assert states_sent(received) == []


@pytest.mark.parametrize("refused", range(5))
def test_one_refused_site_does_not_stop_the_others(refused: int, tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    sites = [f"site{number}" for number in range(5)]
    sent: list[str] = []

    def send(target: object, message: Any, environment: object) -> str | None:
        about = [account["site"] for account in message.payload.get("sites", [message.payload])]
        if sites[refused] in about:
            return "it answered 400"
        sent.extend(about)
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notification, "send", send)
        notify(
            "https://hooks.example/x",
            archive,
            [Notice(site, DOWN, None, {"site": site, "exit_code": 10}) for site in sites],
        )
        for _ in range(2):
            resend("https://hooks.example/x", archive)
    assert sorted(sent) == [site for site in sites if site != sites[refused]], "each once"


def find_everywhere(url: str, archive: Path, states: dict[str, SiteState]) -> None:
    """End a crawl of several sites."""
    accounts = {
        site: {"site": site, "exit_code": state.exit_code, "alarms": state.alarms} for site, state in states.items()
    }
    notify(
        url,
        archive,
        [Notice(site, state, None, {**accounts[site], "why": f"why {site}"}) for site, state in states.items()],
    )


def test_a_crawl_of_a_thousand_sites_sends_one_message(tmp_path: Path, received: Webhook) -> None:
    archive, sites = tmp_path / "a.db", [f"site{number:04}" for number in range(1_000)]
    find_everywhere(received.url, archive, dict.fromkeys(sites, HEALTHY))
    found = {site: DOWN if number else REDESIGN for number, site in enumerate(sites[:900])}
    find_everywhere(received.url, archive, dict.fromkeys(sites, HEALTHY) | found)
    find_everywhere(received.url, archive, dict.fromkeys(sites, HEALTHY) | found)
    (_, news) = received.payloads
    assert (news["site"], news["state"], len(news["sites"])) == ("900 sites", "failed", 900)
    assert {each["site"]: (each["state"], each["why"]) for each in news["sites"]} == {
        site: (state.name, f"why {site}") for site, state in found.items()
    }
    assert {each["state_before"] for each in news["sites"]} == {"healthy"}


def test_a_joined_message_names_each_state_with_its_sites() -> None:
    def account(site: str, state: SiteState, why: str | None) -> dict[str, Any]:
        return {"site": site, "state": state.name, "exit_code": state.exit_code, "alarms": state.alarms, "why": why}

    accounts = [
        account("a", HEALTHY, None),
        account("b", DOWN, "b does not answer."),
        account("c", REDESIGN, None),
        account("d", DOWN, "d does not answer"),
        account("e", FULL, "The disk is full."),
    ]
    message = message_of(accounts)
    assert message.title == "5 sites: 3 × the crawl failed, 1 × alarm, 1 × healthy"
    assert message.lines == [
        "e: the crawl failed (exit code 11): The disk is full.",
        "2 sites: the crawl failed (exit code 10): b, d. b: b does not answer.",
        "c: alarm (exit code 3; open alarms: unknown_layout).",
        "a: healthy.",
    ]
    assert message_of(accounts[::-1]).id == message.id != message_of(accounts[1:]).id
    assert message_of(accounts[1:2]).payload == accounts[1]


@given(crawls=st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=12))
def test_a_target_knows_the_last_state_when_it_can_be_reached_and_hears_of_no_state_twice(
    crawls: list[tuple[SiteState, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = tmp_path_factory.mktemp("outbox") / "a.db"
    known: list[tuple[int, str]] = []
    reachable = True

    def send(target: object, message: Any, environment: object) -> str | None:
        if not reachable:
            return "it answered 500"
        known.append((message.payload["exit_code"], message.payload["state"]))
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notification, "send", send)
        before = None  # as a new archive knows it
        for state, reachable in crawls:
            resend("https://hooks.example/x", archive)
            report("https://hooks.example/x", archive, state, before=before)
            before = state
            if reachable:
                assert known[-1] == (state.exit_code, state.name)
    assert all(one != other for one, other in pairwise(known))


@pytest.mark.slow
def test_a_message_whose_sender_was_killed_is_sent_by_the_next_crawl_under_the_same_id(
    tmp_path: Path, received: Webhook
) -> None:
    archive = tmp_path / "a.db"
    code = f"""
import os, signal
from pathlib import Path
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.commands import notification
send = notification.send
def send_and_die(*arguments):
    send(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
notification.send = send_and_die
sites = ("gazette", "courier")
notices = [notification.Notice(site, SiteState(10), None, {{"site": site, "exit_code": 10}}) for site in sites]
notification.notify({received.url!r}, Path({str(archive)!r}), notices)
"""
    assert start(code, module="-c").wait(60) == -9
    assert states_sent(received) == ["failed"]
    resend(received.url, archive)
    resend(received.url, archive)
    report(received.url, archive, DOWN)
    assert states_sent(received) == ["failed", "failed"], "at least once"
    first, second = (headers["idempotency-key"] for headers in received.headers)
    assert first == second, "so a receiver can recognize the repetition"


@pytest.mark.parametrize("beside", [True, False])
def test_the_file_is_elsewhere_while_the_folder_of_the_archive_cannot_be_written(
    beside: bool, tmp_path: Path, received: Webhook
) -> None:
    elsewhere, archive = tmp_path / "elsewhere", tmp_path / "data" / "a.db"
    elsewhere.mkdir()
    box = Outbox(archive, [tmp_path / "missing", elsewhere])
    if beside:
        archive.parent.mkdir()
        with box.changes() as messages:
            messages.put("target", Pending("gazette", DOWN, {"site": "gazette"}))
        archive.parent.rename(tmp_path / "unmounted")
    with box.changes() as messages:
        messages.record_sent("target", "gazette", DOWN)
    assert not archive.parent.exists(), "a missing mount gets no folder"
    (file,) = elsewhere.glob("*/*.json")
    if beside:
        (tmp_path / "unmounted").rename(archive.parent)
    else:
        archive.parent.mkdir()
    with box.changes() as messages:
        assert (messages.last("target", "gazette"), messages.pending("target")) == (DOWN, []), "the newest counts"
        messages.record_sent("target", "gazette", HEALTHY)
    assert not file.exists()
    assert messages_file(archive).exists()


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    archive = tmp_path / "missing" / "a.db"
    (tmp_path / f"caliber-messages-{os.geteuid()}").symlink_to(tmp_path / "theirs", target_is_directory=True)
    (tmp_path / "theirs").mkdir()
    box = Outbox(archive, [tmp_path])
    with box.changes() as messages:
        messages.record_sent("target", "gazette", DOWN)
    assert list((tmp_path / "theirs").iterdir()) == []
    with box.changes() as messages:
        assert messages.last("target", "gazette") is None


VALUES = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=2)
PART_STATES = VALUES | st.fixed_dictionaries({}, optional={"exit_code": VALUES, "alarms": VALUES})
PARTS = VALUES | st.fixed_dictionaries(
    {}, optional={"state": PART_STATES, "account": VALUES | st.fixed_dictionaries({}, optional={"site": VALUES})}
)
CONTENTS = st.dictionaries(
    st.sampled_from(["last", "pending", "number"]),
    VALUES | st.fixed_dictionaries({"t": VALUES | st.fixed_dictionaries({"s": PARTS | PART_STATES})}),
)


@given(content=CONTENTS | VALUES)
def test_a_file_with_any_content_is_read(content: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = tmp_path_factory.mktemp("outbox") / "a.db"
    messages_file(archive).write_text(json.dumps(content))
    box, message = Outbox(archive, []), Pending("s", DOWN, {"site": "s"})
    with box.changes() as messages:
        messages.last("t", "s")
        messages.pending("t")
        messages.put("t", message)
    with box.changes() as messages:
        assert messages.pending("t") == [message]


def test_a_disk_that_is_nearly_full_is_healthy_only_when_clearly_more_is_free(
    tmp_path: Path, received: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [0]
    monkeypatch.setattr(DiskSpace, "of", classmethod(lambda cls, path: cls(free[0], 100_000_000)))
    archive = tmp_path / "a.db"
    for free[0], state in [(0, FULL), (4_000_000, HEALTHY), (0, FULL), (4_900_000, HEALTHY), (0, FULL)]:
        report(received.url, archive, state)
    assert states_sent(received) == ["failed"]
    report(received.url, archive, REDESIGN)
    assert states_sent(received) == ["failed", "alarm"], "nothing else is held back"
    report(received.url, archive, FULL)
    free[0] = 5_000_000
    report(received.url, archive, HEALTHY, HEALTHY)
    assert states_sent(received)[-2:] == ["failed", "healthy"]


@pytest.mark.slow
def test_a_crawl_on_a_full_disk_is_reported_once_and_its_recovery_once(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path, received: Webhook
) -> None:
    with small_disk_at(tmp_path / "disk", megabytes=120) as disk, serve(articles=10, sections=("analytics",)) as demo:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(120 * 2**20 - 1_950_000))
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", disk / "a.db", "--delay", 0, "--concurrency", 8)
        for _ in range(2):
            assert caliber(*arguments, CALIBER_NOTIFY=received.url).exit_code == ArchiveFull.exit_code
        assert states_sent(received) == ["failed"]
        with ballast.open("r+b") as file:
            file.truncate(115 * 2**20)
        assert caliber(*arguments, CALIBER_NOTIFY=received.url).exit_code == 0
        assert states_sent(received) == ["failed"], "less than a twentieth of the disk is free"
        ballast.unlink()
        for _ in range(2):
            assert caliber(*arguments, CALIBER_NOTIFY=received.url).exit_code == 0
    assert states_sent(received) == ["failed", "healthy"]


@pytest.mark.slow
def test_a_command_with_several_sites_that_cannot_start_sends_one_message_and_one_when_it_starts(
    caliber: Callable[..., Result], tmp_path: Path, received: Webhook
) -> None:
    archive = tmp_path / "a.db"
    archive.write_text("This is not an archive.")
    sites = ("http://127.0.0.99:9/a", "http://127.0.0.98:9/b")
    for _ in range(2):
        assert caliber("crawl", *sites, "--archive", archive, CALIBER_NOTIFY=received.url).exit_code == 7
    (account,) = received.payloads
    assert (account["site"], account["state"]) == (", ".join(sites), "failed")
    archive.unlink()
    for _ in range(2):
        caliber("crawl", *sites, "--archive", archive, CALIBER_NOTIFY=received.url)
    started, failed = received.payloads[1:]
    assert (started["site"], started["state"]) == (", ".join(sites), "healthy")
    assert [(account["site"], account["state"]) for account in failed["sites"]] == [(site, "failed") for site in sites]


@pytest.mark.parametrize(
    ("free", "total", "needed", "is_clear"),
    [
        (49, 1000, 0, False),
        (50, 1000, 0, True),
        (199, 1000, 100, False),
        (200, 1000, 100, True),
        (1_999_999_999, 10**13, 0, False),
        (2_000_000_000, 10**13, 0, True),
        (0, 0, 0, True),
    ],
)
def test_a_disk_is_clear_above_a_twentieth_of_it_two_gigabytes_or_twice_what_did_not_fit(
    free: int, total: int, needed: int, is_clear: bool
) -> None:
    assert DiskSpace(free, total).is_clear(needed) == is_clear
