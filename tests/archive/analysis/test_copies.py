"""Near-duplicates and excerpts: which texts are found, and what a pass leaves in the archive."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.analysis.copies import evaluation
from caliber_crawler.archive.analysis.copies.near_duplicates import Pass
from caliber_crawler.archive.analysis.copies.shingles import SIMILAR, Shingles, words_of
from caliber_crawler.archive.core.side_files import COPIES, delete_side_file, side_file
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.errors import ForeignDatabase
from tests.archive.analysis.texts import cut, edited, framed, reordered, text
from tests.archive.newsroom import NOON, Newsroom, minutes, start_run
from tests.properties import examples


def save(
    newsroom: Newsroom, number: int, body: str, *, published: int | None = None, at: float = 0, **fields: object
) -> int:
    """Save an article with a text; it is published so many hours after noon."""
    url = f"https://caliber.az/en/post/article-{number}"
    published_at = NOON + timedelta(hours=number if published is None else published)
    saved = newsroom.save(
        minutes(at),
        article_urls=(url,),
        headline=f"Article {number}",
        body=body,
        **{"published_at": published_at, **fields},
    )
    return saved.article_id


def find(newsroom: Newsroom) -> Pass:
    search = newsroom.archive.copies.find()
    for _ in search:
        pass
    return search.result


def rows(newsroom: Newsroom) -> list[tuple[int, int, str]]:
    found = newsroom.archive.db.execute("SELECT article_id, original_id, relation FROM copies ORDER BY 1, 2")
    return [tuple(row) for row in found]


def test_a_copy_names_the_article_that_was_published_first(newsroom: Newsroom) -> None:
    later = save(newsroom, 5, text(1) + " one more sentence")
    first = save(newsroom, 2, text(1))
    save(newsroom, 3, text(2))
    assert find(newsroom) == Pass(compared=3, near_duplicates=1, excerpts=0, added=1, removed=0)
    assert rows(newsroom) == [(later, first, "near-duplicate")]
    group = newsroom.archive.copies.group_of(later)
    assert group is not None
    assert [member["article_id"] for member in group.members] == [first, later]
    assert group.first["similarity"] == 1
    assert newsroom.archive.copies.groups(language="en") == [group]
    assert newsroom.archive.copies.groups(language="ru") == []


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
def test_a_copy_with_a_part_cut_off_is_found(newsroom: Newsroom, share: float) -> None:
    chance = Random(round(share * 10))
    for number in range(5):
        save(newsroom, number, text(number))
        save(newsroom, number + 10, cut(text(number), share, chance))
    result = find(newsroom)
    assert result.near_duplicates + result.excerpts == 5


def test_copies_with_edits_other_paragraphs_and_another_order_are_found(newsroom: Newsroom) -> None:
    chance = Random(1)
    for number in range(4):
        save(newsroom, number, text(number))
    save(newsroom, 10, edited(text(0), 0.05, chance))
    save(newsroom, 11, framed(text(1), 0.5, chance))
    save(newsroom, 12, reordered(text(2), chance))
    save(newsroom, 13, reordered(edited(cut(text(3), 0.2, chance), 0.03, chance), chance))
    assert find(newsroom).near_duplicates == 4


def test_a_text_inside_a_longer_one_is_an_excerpt_whichever_came_first(newsroom: Newsroom) -> None:
    long = text(1, 400)
    part = " ".join(long.split()[100:180])
    second = save(newsroom, 2, long)
    first = save(newsroom, 1, part)
    other = save(newsroom, 3, text(2, 400) + "\n\n" + " ".join(text(3, 400).split()[:90]))
    part_of_other = save(newsroom, 4, " ".join(text(3, 400).split()[:90]))
    find(newsroom)
    assert rows(newsroom) == [(first, second, "excerpt"), (part_of_other, other, "excerpt")]
    (excerpt,) = newsroom.archive.copies.excerpts_of(second)
    assert (excerpt["article_id"], excerpt["containment"]) == (first, 1.0)
    assert newsroom.archive.copies.group_of(first) is None


def test_translations_and_short_texts_are_no_copies(newsroom: Newsroom) -> None:
    english = (
        "The ministers agreed on 14 projects worth 3.2 billion dollars, Ilham Mammadov told reporters in Baku. " * 3
    )
    russian = (
        "Министры согласовали 14 проектов на 3,2 миллиарда долларов, заявил Ильхам Мамедов журналистам в Баку. " * 3
    )
    save(newsroom, 1, english)
    save(newsroom, 2, russian, language="ru")
    save(newsroom, 3, "Photo of the day.")
    save(newsroom, 4, "Photo of the day.")
    assert find(newsroom).near_duplicates == 0
    assert rows(newsroom) == []


def test_a_second_pass_compares_nothing_and_keeps_the_times(newsroom: Newsroom) -> None:
    save(newsroom, 1, text(1))
    save(newsroom, 2, text(1))
    find(newsroom)
    before = newsroom.archive.db.execute("SELECT * FROM copies").fetchall()
    assert find(newsroom) == Pass(compared=0, near_duplicates=1, excerpts=0, added=0, removed=0)
    assert newsroom.archive.db.execute("SELECT * FROM copies").fetchall() == before


def test_an_edit_ends_a_near_duplicate(newsroom: Newsroom) -> None:
    save(newsroom, 1, text(1))
    save(newsroom, 2, text(1))
    find(newsroom)
    save(newsroom, 2, f"Article 2. {text(1).split('.')[0]}. {text(2)}", at=60)
    assert find(newsroom) == Pass(compared=1, near_duplicates=0, excerpts=0, added=0, removed=1)
    assert rows(newsroom) == []


def test_copies_of_an_article_that_goes_get_another_first_one(newsroom: Newsroom) -> None:
    first, second, third = (save(newsroom, number, text(1)) for number in (1, 2, 3))
    find(newsroom)
    assert rows(newsroom) == [(second, first, "near-duplicate"), (third, first, "near-duplicate")]
    newsroom.archive.deletion.take_down(first, "asked for", NOON)
    assert rows(newsroom) == []
    newsroom.archive.copies.forget_deleted()
    find(newsroom)
    assert rows(newsroom) == [(third, second, "near-duplicate")]


def test_nothing_of_a_text_is_in_the_side_file_after_a_takedown(newsroom: Newsroom) -> None:
    first, second = save(newsroom, 1, text(1)), save(newsroom, 2, text(2))
    find(newsroom)
    keys = [key.to_bytes(8, signed=True) for key in Shingles(text(1)).runs()]
    assert keys[0] in side_file(newsroom.archive.path, COPIES).read_bytes()
    newsroom.archive.deletion.take_down(first, "asked for", NOON)
    newsroom.archive.copies.forget_deleted()
    stored = side_file(newsroom.archive.path, COPIES).read_bytes()
    assert [key for key in keys if key in stored] == []
    assert Shingles(text(2)).runs()[0].to_bytes(8, signed=True) in stored
    assert second == 2


def test_a_takedown_that_a_shard_brings_removes_the_hashes_too(newsroom: Newsroom, tmp_path: Path) -> None:
    first = save(newsroom, 1, text(1))
    find(newsroom)
    key = Shingles(text(1)).runs()[0].to_bytes(8, signed=True)
    with Archive.open(tmp_path / "shard.db", mode="write") as shard:
        list(shard.merge(newsroom.archive, {}))
        shard.deletion.take_down(first, "asked for", NOON)
        assert key in side_file(newsroom.archive.path, COPIES).read_bytes()
        assert merge_one(newsroom.archive, shard)["takedowns"]
    assert key not in side_file(newsroom.archive.path, COPIES).read_bytes()


def test_a_file_of_another_program_is_left_alone(newsroom: Newsroom) -> None:
    side_file(newsroom.archive.path, COPIES).write_text("mine")
    save(newsroom, 1, text(1))
    with pytest.raises(Exception, match="copies"):
        find(newsroom)
    assert side_file(newsroom.archive.path, COPIES).read_text() == "mine"
    side_file(newsroom.archive.path, COPIES).unlink()
    with sqlite3.connect(side_file(newsroom.archive.path, COPIES)) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(ForeignDatabase, match="another program"):
        find(newsroom)


def reference(texts: dict[int, tuple[int, str]]) -> dict[int, int]:
    """The original of each copy, by comparing every pair: texts are taken in order of publication."""
    shingles = {id: Shingles(body) for id, (_, body) in texts.items()}
    originals: list[int] = []
    copies: dict[int, int] = {}
    for id in sorted(texts, key=lambda id: (texts[id][0], id)):
        if not shingles[id].is_comparable:
            continue
        near = [first for first in originals if shingles[first].compare(shingles[id]).similarity >= SIMILAR]
        if near:
            copies[id] = near[0]
        else:
            originals.append(id)
    return copies


bodies = st.builds(
    lambda seed, share, how: {
        "whole": lambda: text(seed, 60),
        "cut": lambda: cut(text(seed, 60), share, Random(how_many(share))),
    }[how](),
    st.integers(0, 2),
    st.sampled_from((0.1, 0.2, 0.3, 0.4)),
    st.sampled_from(("whole", "cut", "cut")),
)


def how_many(share: float) -> int:
    return round(share * 100)


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 5), bodies, st.booleans()),
        min_size=2,
        max_size=14,
    ),
    st.integers(1, 3),
)
def test_passes_between_any_changes_agree_with_a_comparison_of_every_pair(
    tmp_path_factory: pytest.TempPathFactory, saved: list[tuple[int, int, str, bool]], step: int
) -> None:
    """Articles come in any order of publication, change their texts and dates, and passes are killed at any step."""
    path = tmp_path_factory.mktemp("copies") / "archive.db"
    with pytest.MonkeyPatch.context() as patch, Archive.open(path, "write") as archive:
        patch.setattr(evaluation, "STEP", step)
        patch.setattr(evaluation, "REPORT_EVERY", 1)
        newsroom = Newsroom(archive, start_run(archive))
        for place, (number, published, body, is_killed) in enumerate(saved):
            save(newsroom, number, body, published=published, at=place * 10)
            search = archive.copies.find()
            for _ in search:
                if is_killed:
                    break
        find(newsroom)
        texts = {
            row["id"]: (row["published_at"], row["body"])
            for row in archive.db.query("SELECT id, published_at, body FROM article_texts")
        }
        assert {a: b for a, b, relation in rows(newsroom) if relation == "near-duplicate"} == reference(texts)
        incremental = archive.db.execute("SELECT article_id, original_id, relation, similarity FROM copies").fetchall()
        delete_side_file(side_file(path, COPIES))
        find(newsroom)
        assert (
            archive.db.execute("SELECT article_id, original_id, relation, similarity FROM copies").fetchall()
            == incremental
        )


@settings(max_examples=examples(40), deadline=None)
@given(st.text(alphabet="ab 1é\n", max_size=60), st.text(alphabet="ab 1é\n", max_size=60))
def test_a_comparison_is_symmetrical_and_a_text_is_similar_to_itself(one: str, other: str) -> None:
    first, second = Shingles(one), Shingles(other)
    assert first.compare(second) == second.compare(first)
    if words_of(one):
        assert first.compare(Shingles(one)).similarity == 1
    comparison = first.compare(second)
    assert 0 <= comparison.similarity <= comparison.containment <= 1


@pytest.mark.parametrize(("site", "expected"), [(None, [1]), ("other", [2])])
def test_a_unique_selection_has_the_first_of_its_own_articles(
    newsroom: Newsroom, site: str | None, expected: list[int]
) -> None:
    save(newsroom, 1, text(1))
    save(newsroom, 2, text(1), site="other")
    save(newsroom, 3, text(1), site="other")
    find(newsroom)
    assert [row["id"] for row in newsroom.archive.articles(unique=True, site=site)] == expected
    assert len(newsroom.archive.articles(site=site)) == 3 - (site is not None)


def test_the_view_has_every_article_of_a_group(newsroom: Newsroom) -> None:
    for number in (1, 2, 3):
        save(newsroom, number, text(1))
    find(newsroom)
    view = newsroom.archive.db.execute(
        "SELECT group_id, article_id, similarity FROM near_duplicates ORDER BY article_id"
    )
    assert view.fetchall() == [(1, 1, 1.0), (1, 2, 1.0), (1, 3, 1.0)]


def test_results_survive_backup_light_copy_and_verify(newsroom: Newsroom, tmp_path: Path) -> None:
    for number in (1, 2):
        save(newsroom, number, text(1))
    find(newsroom)
    assert [finding for finding in newsroom.archive.verify() if finding is not None] == []
    newsroom.archive.write_light_copy(Selection(), tmp_path / "light.db")
    for path in (newsroom.archive.backup(tmp_path / "backup.db"), tmp_path / "light.db"):
        with Archive.open(path) as other:
            assert len(other.copies.groups()) == 1
