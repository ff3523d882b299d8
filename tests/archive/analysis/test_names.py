"""Names and quotations in an archive: the pass that finds them, what is asked of them, and their life with articles."""

from __future__ import annotations

import io
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.analysis.names import gazetteer, languages, search
from caliber_crawler.archive.analysis.names.network import Node
from caliber_crawler.errors import MissingExtra
from caliber_crawler.export.gexf import GEXF, write_network
from tests.archive.newsroom import NOON, Newsroom, minutes
from tests.properties import examples

BODIES = {
    "en": "Aram Ghazaryan spoke in Baku. “We are ready to go,” Ghazaryan said of NATO.",
    "ru": "Арам Казарян выступил в Баку. «Мы готовы идти», – сказал Казарян.",
    "hy": "Արամ Ղազարյանը խոսեց Բաքվում։",
}


def save(newsroom: Newsroom, number: int, body: str, *, language: str = "en", at: float = 0, **fields: Any) -> int:
    prefix = "" if language == "ru" else f"/{language}"
    found = newsroom.save(
        minutes(at or number),
        article_urls=(f"https://caliber.az{prefix}/post/story-{number}",),
        headline=f"Story {number}",
        language=language,
        body=body,
        **fields,
    )
    assert found.article_id is not None
    return found.article_id


def find(archive: Archive) -> search.NamePass:
    passed = archive.names.find()
    for _ in passed:
        pass
    return passed.result


def counts(archive: Archive, **filters: Any) -> dict[str, tuple[int, int]]:
    return {row["name"]: (row["articles"], row["mentions"]) for row in archive.names.counts(**filters)}


@pytest.fixture
def three(newsroom: Newsroom) -> Newsroom:
    for number, (language, body) in enumerate(BODIES.items(), 1):
        save(newsroom, number, body, language=language)
    return newsroom


def test_a_pass_finds_names_and_quotations_in_languages_with_rules(three: Newsroom) -> None:
    assert find(three.archive) == search.NamePass(searched=2, mentions=7, quotations=2, other_languages=1)
    assert counts(three.archive) == {
        "Aram Ghazaryan": (1, 2),
        "Арам Казарян": (1, 2),
        "Baku": (1, 1),
        "NATO": (1, 1),
        "Баку": (1, 1),
    }
    (quotation,) = three.archive.names.quotations("Aram Ghazaryan")
    assert (quotation["quotation"], quotation["speaker_written"], quotation["cue"]) == (
        "We are ready to go",
        "Ghazaryan",
        "said",
    )


def test_offsets_are_those_of_the_body_in_python_and_in_sql(three: Newsroom) -> None:
    find(three.archive)
    rows = three.archive.db.execute(
        """SELECT m.written, m.start_offset, m.end_offset, v.body,
          substr(v.body, m.start_offset + 1, m.end_offset - m.start_offset)
        FROM mentions m JOIN versions v ON v.id = m.version_id"""
    ).fetchall()
    assert len(rows) == 7
    assert all(written == body[start:end] == part for written, start, end, body, part in rows)


def test_a_second_pass_searches_only_what_is_new_or_changed(three: Newsroom) -> None:
    find(three.archive)
    assert find(three.archive).searched == 0
    save(three, 1, BODIES["en"] + " Tigran Hakobyan left.", at=60)
    save(three, 4, "Anna Petrosyan arrived in Yerevan.")
    assert three.archive.names.status().waiting == 2
    assert find(three.archive).searched == 2
    assert {"Tigran Hakobyan", "Anna Petrosyan", "Aram Ghazaryan"} <= counts(three.archive).keys()


def test_the_names_of_an_earlier_text_are_not_counted(three: Newsroom) -> None:
    find(three.archive)
    save(three, 1, "Tigran Hakobyan left.", at=60)
    assert "Aram Ghazaryan" not in counts(three.archive)
    find(three.archive)
    assert three.values("SELECT DISTINCT version_id FROM mentions WHERE article_id = 1") == three.values(
        "SELECT current_version_id FROM articles WHERE id = 1"
    )


def test_a_pass_that_is_stopped_is_continued(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "BATCH_SIZE", 2)
    for number in range(5):
        save(newsroom, number, f"Aram Ghazaryan wrote {number} letters.")
    stopped = iter(newsroom.archive.names.find())
    assert next(stopped) == 2
    del stopped
    assert newsroom.archive.names.status().searched == 2
    assert find(newsroom.archive).searched == 3
    assert counts(newsroom.archive)["Aram Ghazaryan"] == (5, 5)


def test_texts_are_searched_anew_with_new_rules(three: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    find(three.archive)
    monkeypatch.setattr(search, "METHOD", "rules of tomorrow")
    assert find(three.archive).searched == 2
    assert set(three.values("SELECT method FROM name_searches")) == {"rules of tomorrow"}


def test_without_the_extra_one_sentence_says_how_to_get_it(three: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer, "find_spec", lambda name: None if name == "faker" else object())
    languages.language_rules.cache_clear()
    with pytest.raises(MissingExtra, match=r"needs the extra 'nlp'.*pip install .*faker"):
        find(three.archive)
    monkeypatch.undo()
    languages.language_rules.cache_clear()
    assert find(three.archive).searched == 2


def test_filters_are_those_of_articles(three: Newsroom) -> None:
    find(three.archive)
    assert counts(three.archive, language="ru") == {"Арам Казарян": (1, 2), "Баку": (1, 1)}
    assert counts(three.archive, search="headline:story", language="en", kind="place") == {"Baku": (1, 1)}
    assert [row["article_id"] for row in three.archive.names.articles("Aram Ghazaryan", site="caliber")] == [1]
    assert three.archive.names.articles("Aram Ghazaryan", kind="place") == []
    assert [row["written"] for row in three.archive.names.mentions("Aram Ghazaryan")] == ["Aram Ghazaryan", "Ghazaryan"]
    assert three.archive.names.quotations(language="hy") == []


def test_similar_names_have_a_word_in_common(three: Newsroom) -> None:
    find(three.archive)
    assert three.archive.names.similar("ghazaryan") == ["Aram Ghazaryan"]
    assert three.archive.names.similar("nobody") == []


def test_the_views_have_the_numbers_of_python(three: Newsroom) -> None:
    find(three.archive)
    view = three.archive.db.execute("SELECT name, articles, mentions FROM names").fetchall()
    assert {name: (articles, mentions) for name, articles, mentions in view} == counts(three.archive)
    assert three.values("SELECT quotation FROM article_quotations WHERE speaker = 'Арам Казарян'") == ["Мы готовы идти"]


PEOPLE = ("Aram Ghazaryan", "Anna Petrosyan", "Tigran Hakobyan", "Nino Lomidze")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(15))
@given(groups=st.lists(st.sets(st.sampled_from(PEOPLE)), min_size=1, max_size=5), least=st.integers(1, 3))
def test_the_network_counts_articles_that_name_both(newsroom: Newsroom, groups: list[set[str]], least: int) -> None:
    for number, people in enumerate(groups):
        body = " ".join(f"{person} came. {person} left." for person in sorted(people)) or "Nobody came."
        save(newsroom, number, body, at=next(AT))
    save(newsroom, 90, "Nobody came.", at=next(AT))
    for number in range(len(groups), 5):
        save(newsroom, number, "Nobody came.", at=next(AT))
    find(newsroom.archive)
    network = newsroom.archive.names.network("person", least=least)
    single = Counter(person for people in groups for person in people)
    pairs = Counter(pair for people in groups for pair in combinations(sorted(people), 2))
    assert {node.name: node.articles for node in network.nodes} == dict(single)
    found = {tuple(sorted((edge.source, edge.target))): (edge.articles, edge.jaccard) for edge in network.edges}
    assert found == {
        (one, other): (count, round(count / (single[one] + single[other] - count), 4))
        for (one, other), count in pairs.items()
        if count >= least
    }


AT = iter(range(1, 100_000))


def test_a_network_is_valid_gexf_whatever_the_names() -> None:
    nodes = [Node('<a> & \x00 "b"', "person", 2, 3), Node("=cmd|x", "place", 2, 2)]
    file = io.BytesIO()
    write_network(nodes, [], file)
    tree = etree.fromstring(file.getvalue())
    assert [node.get("label") for node in tree.iter(f"{{{GEXF}}}node")] == ['<a> &  "b"', "=cmd|x"]
    assert tree.get("version") == "1.3"


# --- with articles --------------------------------------------------------------------------------------------------


def tables(archive: Archive) -> dict[str, int]:
    return {
        table: archive.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("mentions", "quotations", "name_searches")
    }


def test_a_takedown_deletes_names_and_quotations(three: Newsroom) -> None:
    find(three.archive)
    three.archive.deletion.take_down(1, "asked for", NOON)
    three.archive.deletion.wipe()
    assert tables(three.archive) == {"mentions": 3, "quotations": 1, "name_searches": 1}
    assert b"Ghazaryan" not in three.archive.path.read_bytes()


def test_results_survive_backup_light_copy_and_verify(three: Newsroom, tmp_path: Path) -> None:
    find(three.archive)
    assert [finding for finding in three.archive.verify() if finding is not None] == []
    known = counts(three.archive)
    three.archive.write_light_copy(Selection(), tmp_path / "light.db")
    for path in (three.archive.backup(tmp_path / "backup.db"), tmp_path / "light.db"):
        with Archive.open(path) as other:
            assert counts(other) == known
            assert len(other.names.quotations()) == 2
    three.archive.write_light_copy(Selection(languages=("ru",)), tmp_path / "russian.db")
    with Archive.open(tmp_path / "russian.db") as other:
        assert set(counts(other)) == {"Арам Казарян", "Баку"}


def test_a_merge_leaves_names_to_the_next_pass(three: Newsroom, tmp_path: Path) -> None:
    find(three.archive)
    with Archive.open(tmp_path / "other.db", mode="write") as other:
        list(other.merge(three.archive, {}))
        assert tables(other) == {"mentions": 0, "quotations": 0, "name_searches": 0}
        find(other)
        assert counts(other) == counts(three.archive)


def test_an_article_that_became_another_is_not_counted_twice(three: Newsroom) -> None:
    find(three.archive)
    save(three, 4, BODIES["en"], at=4)
    find(three.archive)
    three.archive.db.execute("UPDATE articles SET duplicate_of = 1 WHERE id = 4")
    assert counts(three.archive)["Aram Ghazaryan"] == (1, 2)
    find(three.archive)
    assert three.values("SELECT count(*) FROM mentions WHERE article_id = 4") == [0]
