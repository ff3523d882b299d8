from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.browse.differences import changes_only, line_differences, text_differences

paragraphs = st.lists(
    st.text(st.sampled_from("абв Baku,.’\n-և"), min_size=1, max_size=30).map(lambda text: re.sub(r"\n+", "\n", text)),
    max_size=6,
).map(lambda texts: [text.strip("\n") for text in texts if text.strip("\n")])


def marked(old: str, new: str) -> list[str]:
    signs = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
    return [
        "".join(signs[piece.kind].format(piece.text) for piece in paragraph.pieces)
        for paragraph in text_differences(old, new)
    ]


@given(paragraphs, paragraphs)
def test_both_texts_can_be_read_in_the_differences(old: list[str], new: list[str]) -> None:
    found = text_differences("\n\n".join(old), "\n\n".join(new))
    # Blanks count for nothing: two words that differ only in them are one.
    before = ["".join(piece.text for piece in paragraph.old) for paragraph in found if paragraph.old]
    after = ["".join(piece.text for piece in paragraph.new) for paragraph in found if paragraph.new]
    assert ["".join(text.split()) for text in before] == ["".join(text.split()) for text in old]
    assert after == new


@given(paragraphs)
def test_a_text_does_not_differ_from_itself(text: list[str]) -> None:
    assert changes_only(text_differences("\n\n".join(text), "\n\n".join(text))) == []


def test_words_are_marked_not_letters() -> None:
    assert marked("The ministers met in Baku.", "The ministers talked in Baku.") == [
        "The ministers [-met -][+talked +]in Baku."
    ]


def test_armenian_and_russian_words_are_words() -> None:
    assert marked("Նախարարները հանդիպեցին Բաքվում։", "Նախարարները հանդիպեցին Երևանում։") == [
        "Նախարարները հանդիպեցին [-Բաքվում-][+Երևանում+]։"
    ]
    assert marked("Министр сказал о санкциях.", "Министр не сказал о санкциях.") == [
        "Министр [+не +]сказал о санкциях."
    ]


def test_a_paragraph_that_came_does_not_change_its_neighbours() -> None:
    old = "The first one stays.\n\nThe second one stays."
    assert marked(old, "The first one stays.\n\nThis is new.\n\nThe second one stays.") == [
        "The first one stays.",
        "[+This is new.+]",
        "The second one stays.",
    ]


def test_paragraphs_with_nothing_in_common_are_not_mixed() -> None:
    assert marked("Grain prices fell.", "Tomorrow it rains everywhere") == [
        "[-Grain prices fell.-]",
        "[+Tomorrow it rains everywhere+]",
    ]


def test_a_changed_paragraph_finds_its_partner_past_one_that_went() -> None:
    old = "Nothing like it here at all.\n\nThe minister said five words today."
    assert marked(old, "The minister said six words today.") == [
        "[-Nothing like it here at all.-]",
        "The minister said [-five -][+six +]words today.",
    ]


def test_lines_of_nothing_and_something_differ() -> None:
    assert line_differences("", "New").kind == "added"
    assert line_differences("Old", "").kind == "removed"
    assert line_differences("", "").kind == "same"


def test_long_texts_are_compared_in_bounded_time() -> None:
    old = "\n\n".join(" ".join(f"word{n % 7}" for n in range(3000)) for _ in range(3))
    new = "\n\n".join(" ".join(f"word{n % 5}" for n in range(3000)) for _ in range(3))
    started = time.perf_counter()
    text_differences(old, new)
    text_differences("a b\n\n" * 3000, "b a\n\n" * 3000)
    assert time.perf_counter() - started < 20
