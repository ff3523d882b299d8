"""Short posts: their bylines, and the lines that offer to comment or share, are not part of the body."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import caliber_crawler.extraction
from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate

FIRST = "The delegations met for the first time on Tuesday and agreed to open the road before the end of the month."
LAST = "It is to be signed in the capital next week, and both parliaments have promised to vote on it by the spring."
OFFERS = json.loads((Path(caliber_crawler.extraction.__file__).parent / "phrases.json").read_text("utf-8"))["offers"]

BYLINES = (
    "Yazan Ayşe Yılmaz on Thursday, December 30, 2010 · Yorum bırakın",
    "Posted by Jane Roe on Thursday, December 30, 2010 at 10:30 | 3 Comments | Share this",
    "Published on Thursday, December 30, 2010 in Politics, World · Leave a comment",
    "By Jane Roe | December 30, 2010 | No Comments | Harbour Gazette Online",
    "Veröffentlicht am 30. Dezember 2010 von Hans Müller · Kommentar schreiben",
    "Автор: Иван Петров, 30 декабря 2010 года, 14:35 · Оставить комментарий",
    "Автор: Іван Петренко, 30 грудня 2010 року, 14:35 · Залишити коментар",
    "Müəllif: Əli Məmmədov · 30 dekabr 2010, 14:35 · Şərh yazın · Paylaşın",
    "ავტორი: გიორგი მაისურაძე · 30 დეკემბერი 2010, 14:35 · კომენტარის დატოვება",
    "نویسنده: علی رضایی · 30 دسامبر 2010 · دیدگاهتان را بنویسید",
)
ENDS = (
    *(
        "Tweet",
        "Yorum Bırakın",
        "1 Yorum",
        "Leave a comment",
        "Share this:",
        "12 Comments · Tweet · Share",
        "No comments",
    ),
    *("Facebook Twitter WhatsApp", "Оставить комментарий (3)", "3 комментария", "Şərh yazın", "Залишити коментар"),
    *("კომენტარის დატოვება", "دیدگاهتان را بنویسید", "اترك تعليقاً", "Մեկնաբանել", "Izoh qoldiring", "Пікір қалдыру"),
)
SENTENCES = (
    "By December 30, 2010 the road had been open for three months, said Jane Roe, who runs the harbour.",
    "On Thursday, December 30, 2010 the council met",
    "The ministry posted a comment on December 30, 2010 and asked everybody to share it",
    "Readers may leave a comment on the plan until spring.",
    "He would not comment.",
    "В четверг, 30 декабря 2010 года, автор письма вышел на площадь",
    "في 30 ديسمبر 2010 افتتح الطريق",
)


@pytest.mark.parametrize("line", BYLINES)
def test_a_line_of_author_date_and_comments_before_the_text_goes(line: str) -> None:
    assert drop_boilerplate([line, FIRST, LAST], "A headline") == [FIRST, LAST]
    assert drop_boilerplate(["Tweet", line, FIRST, LAST], "A headline") == [FIRST, LAST]
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize("line", ENDS)
def test_a_line_that_only_offers_to_comment_or_share_goes(line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST]
    assert drop_boilerplate([line, FIRST, LAST], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize("language", OFFERS)
def test_the_offers_of_every_language_go_alone_and_together(language: str) -> None:
    phrases = [phrase.removesuffix("*") for phrase in OFFERS[language]]
    for line in (*phrases, " · ".join(f"{phrase.capitalize()} (3)" for phrase in phrases[:3])):
        assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_with_such_words_stays(line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST, line]
    if line.endswith("."):
        assert drop_boilerplate([line, FIRST, LAST], "A headline") == [line, FIRST, LAST]


def test_a_known_author_in_letters_without_case_is_recognized() -> None:
    line = "გიორგი მაისურაძე 30 დეკემბერი 2010, 14:35 გორი თბილისი ქუთაისი ბათუმი"
    assert drop_boilerplate([line, FIRST], "A headline", authors=("გიორგი მაისურაძე",)) == [FIRST]


def test_a_page_of_nothing_but_offers_keeps_its_text() -> None:
    assert drop_boilerplate(["Tweet", "Share this"], "A headline") == ["Tweet"]
