"""Lines behind and between the paragraphs of a site with a definition that are not part of the text."""

import pytest

from caliber_crawler.extraction import extract_page
from tests.extraction.pages import capture_of, site_named

SITE = site_named("caliber")
PARAGRAPHS = ("Переговоры продолжались три часа.", "Дорогу откроют до конца месяца, сообщили в министерстве.")
OLD = "Дорога снова открыта\n\nПодзаголовок\n\nАНАЛИТИКА  05 Июня 2023 - 12:52\n\nИван Петров\n\nCaliber.Az\n\n"
TAILS = {
    "joined labels": "распечататьскопировать ссылку",
    "joined with networks": "ПоделитьсяFacebookTwitterTelegramWhatsApp",
    "several lines": "Поделиться\nПечать\nСкопировать ссылку",
    "joined with the copied notice": "printcopy linkСсылка скопирована",
    "section and description": "АНАЛИТИКА\nГлавные темы недели и мнения экспертов\nloading",
    "section joined with description": "АНАЛИТИКАГлавные темы недели и мнения экспертов",
    "all of it": "Поделитьсяпечатькопировать ссылку\nАНАЛИТИКАГлавные темы недели\nloading",
}


def body_of_text(text: str) -> str:
    return extract_page(capture_of(text, url="urn:text:1"), SITE).article.body


def body_of(inside: str) -> str:
    html = (
        '<div class="post"><h1 class="post_title">The road is open again</h1><div class="post_time">06 January 2026 '
        f'19:13</div><div class="post_body">{inside}</div><div class="post_hits">Views: 12</div></div>'
    )
    return extract_page(capture_of(html, url="https://caliber.az/en/post/the-road-is-open-again"), SITE).article.body


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_the_bar_and_the_section_behind_an_old_text_are_not_part_of_it(tail: str) -> None:
    text = "\n\n".join(PARAGRAPHS)
    assert body_of_text(f"{OLD}{text}\n\n{tail}") == text


@pytest.mark.parametrize(
    "line",
    ["Facebook закрыл страницу министерства.", "Поделиться властью президент отказался.", "АНАЛИТИКА ведомства верна."],
)
def test_a_sentence_with_such_words_stays(line: str) -> None:
    text = "\n\n".join((*PARAGRAPHS, line))
    assert body_of_text(f"{OLD}{text}") == text


RELATED = {
    "a headline that is a link": '<p><a href="/en/post/mountain-road-closed">Mountain road closed for winter</a></p>',
    "a label and headlines": "<p><strong>Read also:</strong></p>"
    '<ul><li><a href="/en/post/one">Ministers meet in the capital</a></li>'
    '<li><a href="/en/post/two">Second tunnel to be repaired</a></li></ul>',
    "a pointer": '<p>Read also: <a href="/en/post/one">Ministers meet</a></p>',
    "a box": '<div class="box"><a href="https://caliber.az/en/post/one"><b>Ministers meet in the capital</b></a></div>',
}


@pytest.mark.parametrize("related", RELATED.values(), ids=RELATED)
def test_headlines_of_other_articles_are_not_part_of_the_text(related: str) -> None:
    assert body_of(f"<p>The talks took three hours.</p>{related}<p>The road opens in May.</p>") == (
        "The talks took three hours.\n\nThe road opens in May."
    )


@pytest.mark.parametrize(
    "line",
    [
        '<p><a href="/en/post/one">The ministry published its report on the tunnels on Monday.</a></p>',
        '<p>See <a href="/en/post/one">the earlier report</a> on the tunnels</p>',
        '<p><a href="https://ministry.example/report">Report of the ministry on tunnels</a></p>',
    ],
)
def test_a_linked_sentence_and_a_link_to_another_site_stay(line: str) -> None:
    assert body_of(f"<p>The talks took three hours.</p>{line}<p>The road opens in May.</p>").count("\n\n") == 2
