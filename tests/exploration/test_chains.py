"""The far ends of pagers."""

from __future__ import annotations

from caliber_crawler.exploration.chains import MAX_DATED_PROBES, MAX_PROBES, Chains

BASE = "https://site.example"


def chains_of(*paths: str) -> Chains:
    chains = Chains()
    for path in paths:
        chains.add(BASE + path)
    return chains


def test_the_far_end_is_the_page_of_the_highest_number() -> None:
    chains = chains_of("/page/9", "/page/10", "/page/2")
    assert chains.far_end() == f"{BASE}/page/10"
    chains.remove(f"{BASE}/page/10")
    assert chains.far_end() == f"{BASE}/page/9"


def test_a_chain_is_probed_a_few_times_and_then_the_next_one() -> None:
    chains = chains_of("/page/2", "/tag?p=7")
    assert [chains.far_end() for _ in range(2 * MAX_PROBES + 1)] == [
        *[f"{BASE}/page/2"] * MAX_PROBES,
        *[f"{BASE}/tag?p=7"] * MAX_PROBES,
        None,
    ]


def test_a_probe_that_led_to_a_new_article_does_not_count() -> None:
    chains = chains_of("/page/2")
    for _ in range(MAX_PROBES):
        chains.far_end()
    chains.reward(f"{BASE}/page/3")  # of the same chain
    assert chains.far_end() == f"{BASE}/page/2"
    assert chains.far_end() is None


def test_a_reward_without_a_probe_gives_no_further_one() -> None:
    chains = chains_of("/page/2")
    for url in (f"{BASE}/page/2", f"{BASE}/about", f"{BASE}/other/3"):
        chains.reward(url)
    assert sum(chains.far_end() is not None for _ in range(9)) == MAX_PROBES
    chains.reward(f"{BASE}/page/2")
    chains.reward(f"{BASE}/page/2")
    assert sum(chains.far_end() is not None for _ in range(9)) == 2


def test_pages_without_a_number_and_pages_that_were_requested_are_in_no_chain() -> None:
    chains = chains_of("/about", "/page/2")
    chains.remove(f"{BASE}/page/2")
    chains.remove(f"{BASE}/page/2")
    chains.remove(f"{BASE}/unknown/5")
    assert chains.far_end() is None


def test_a_calendar_without_articles_is_probed_a_few_times_altogether() -> None:
    chains = Chains()
    for month in range(1, 13):
        for day in range(1, 20):
            chains.add(f"https://example.org/calendar/2026-{month:02}-{day}")
    probed = []
    while (url := chains.far_end()) is not None:
        chains.remove(url)
        probed.append(url)
    assert len(probed) == MAX_DATED_PROBES
    chains.reward(probed[0])
    assert chains.far_end() is not None
