"""Agreement of coders, against published examples and an independent computation."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.analysis.coding import Agreement
from caliber_crawler.archive.analysis.coding.agreement import agreements
from caliber_crawler.archive.analysis.coding.codes import Coding


def coding(article: int, coder: str, code: str) -> Coding:
    return Coding(
        article_id=article, variable="tone", coder=coder, code=code, coded_at="2026-01-07T12:00:00Z", content_digest="c"
    )


def of(columns: dict[str, str]) -> list[Coding]:
    """Codings from one letter for each article and coder; ``.`` is no code."""
    return [
        coding(place, coder, code)
        for coder, codes in columns.items()
        for place, code in enumerate(codes)
        if code != "."
    ]


def overall(codings: list[Coding]) -> Agreement:
    return agreements(codings, "tone")[0]


def test_krippendorffs_example() -> None:
    """Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, missing data, nominal: 0.743."""
    columns = {
        "A": "1 2 3 3 2 1 4 1 2 . . .",
        "B": "1 2 3 3 2 2 4 1 2 5 . 3",
        "C": ". 3 3 3 2 3 4 2 2 5 1 .",
        "D": "1 2 3 3 2 4 4 1 2 5 1 .",
    }
    found = overall(of({coder: codes.replace(" ", "") for coder, codes in columns.items()}))
    assert found.alpha == pytest.approx(0.743, abs=0.0005)
    # A unit with one code is not pairable.
    assert found.articles == 11
    assert found.kappa is None


def test_cohens_kappa() -> None:
    """Fifty proposals: both yes 20, both no 15, A yes and B no 5, A no and B yes 10; kappa 0.4."""
    cells = [("y", "y", 20), ("n", "n", 15), ("y", "n", 5), ("n", "y", 10)]
    columns = {
        "A": "".join(first * count for first, _, count in cells),
        "B": "".join(second * count for _, second, count in cells),
    }
    found = overall(of(columns))
    assert (found.percent, found.articles) == (0.7, 50)
    assert found.kappa == pytest.approx(0.4)


def alpha(columns: dict[str, str]) -> float | None:
    """Nominal alpha from its definition: one minus observed by expected disagreement, over pairs within units."""
    units = [[code for code in unit if code != "."] for unit in zip(*columns.values(), strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    counts = Counter(code for unit in units for code in unit)
    n = sum(counts.values())
    if len(counts) < 2:
        return None
    observed = sum(sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units) / n
    expected = sum(counts[a] * counts[b] for a, b in permutations(counts, 2)) / (n * (n - 1))
    return 1 - observed / expected


@given(st.lists(st.text("abc.", min_size=6, max_size=6), min_size=2, max_size=4))
def test_alpha_is_that_of_its_definition(codes: list[str]) -> None:
    columns = {f"coder {place}": column for place, column in enumerate(codes)}
    found = agreements(of(columns), "tone")
    used = {coder: column for coder, column in columns.items() if column.strip(".")}
    if len(used) < 2:
        assert found == []
    else:
        expected = alpha(used)
        assert found[0].alpha == (None if expected is None else pytest.approx(expected))


def test_each_pair_of_more_than_two_coders_is_listed() -> None:
    found = agreements(of({"A": "aabb", "B": "aabb", "C": "abab"}), "tone")
    assert [each.coders for each in found] == [("A", "B", "C"), ("A", "B"), ("A", "C"), ("B", "C")]
    assert (found[1].kappa, found[1].alpha) == (1, 1)
    assert found[2].kappa == 0


def test_what_is_not_defined_is_none() -> None:
    (found,) = agreements(of({"A": "aaa", "B": "aaa"}), "tone")
    assert (found.percent, found.kappa, found.alpha) == (1, None, None)
    (apart,) = agreements(of({"A": "a..", "B": ".b."}), "tone")
    assert (apart.articles, apart.percent, apart.kappa, apart.alpha) == (0, None, None, None)
    assert agreements(of({"A": "abc"}), "tone") == []


def test_sets_that_overlap_agree_in_part() -> None:
    several = [
        *(coding(1, coder, code) for coder in ("A", "B") for code in ("EU", "Russia")),
        *(coding(2, "A", code) for code in ("EU", "Russia")),
        coding(2, "B", "EU"),
        coding(3, "A", "Russia"),
        coding(3, "B", "Russia"),
    ]
    (found,) = agreements(several, "tone", several=True)
    assert found.percent == pytest.approx(2 / 3)
    assert found.kappa is None
    assert found.alpha is not None
    assert 0 < found.alpha < 1
