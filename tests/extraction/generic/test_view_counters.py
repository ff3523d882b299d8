"""The view counter of a page of any site: read where it is certain, and never part of the body."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.extraction.generic.view_labels import find_counter
from caliber_crawler.extraction.generic.view_words import VIEWS
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, article, body_of, linked, page, read
from tests.properties import examples

TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
BODY = "\n\n".join(PARAGRAPHS)


def headed(meta: str, *, lang: str = "en", after: str = "", head: str = "") -> str:
    return page(
        f'<main><article><h1>{HEADLINE}</h1><div class="meta">{meta}</div><div class="text">{TEXT}</div>{after}'
        "</article></main>",
        head,
        f'<html lang="{lang}">',
    )


LABELLED = [
    ("az", "Baxış sayı: 354", 354),
    ("az", "Oxunub: 12 045", 12_045),
    ("az", "Baxış: 12 min", 12_000),
    ("az", "354 dəfə oxunub", 354),
    ("az", "BAXIŞ SAYI: 354", 354),
    ("az", "7 yanvar 2026, 14:35 | Baxış: 354", 354),
    ("tr", "12,5 B görüntülenme", 12_500),
    ("tr", "Okunma: 1.2B", 1_200),
    ("tr", "354 kez okundu", 354),
    ("ru", "1 234 просмотра", 1_234),
    ("ru", "Просмотров: 12,3 тыс.", 12_300),
    ("ru", "Прочитано: 354 раза", 354),
    ("uk", "Переглядів: 12 тис.", 12_000),
    ("hy", "Դիտվել է 354 անգամ", 354),
    ("hy", "Դիտումներ՝ 12.045", 12_045),
    ("ka", "ნანახია 354-ჯერ", 354),
    ("ka", "ნახვა: 12.5 ათ.", 12_500),
    ("kk", "Қаралым: 354", 354),
    ("kk", "12 мың қаралды", 12_000),
    ("uz", "Ko‘rishlar soni: 1 234", 1_234),
    ("uz", "354 marta ko‘rildi", 354),
    ("fa", "بازدید: ۱۲۳۴", 1_234),
    ("fa", "۱۲ هزار بازدید", 12_000),
    ("ar", "١٬٢٣٤ مشاهدة", 1_234),
    ("ar", "عدد المشاهدات: ٣٥٤", 354),
    ("en", "14:35 Views: 354", 354),
    ("en", "354 views, 12 comments", 354),
    ("en", "Comments: 12 Views: 354", 354),
    ("en", "This article has been viewed 354 times", 354),
    ("en", "3.4M Views", 3_400_000),
    ("en", "👁 354", 354),
    ("zh", "阅读 1.2万", 12_000),
    ("az", "Baxış sayı - 354", 354),
    ("az", "Oxucu sayı: 354", 354),
    ("uz", "Ko‘rildi – 354", 354),
    ("uz", "Koʻrishlar: 354", 354),
    ("kk", "Qaralym: 354", 354),
    ("ky", "354 жолу окулду", 354),
    ("ku", "بینین: ٣٥٤", 354),
    ("tg", "Дида шуд: 354", 354),
    ("tk", "Okalan: 354", 354),
    ("ru", "Эту статью прочитали 354 раза", 354),
    ("ru", "Просмотрели: 354 человека", 354),
    ("fa", "تعداد بازدیدکنندگان: ۳۵۴", 354),
    ("ar", "عدد الزوار: 354", 354),
    ("ar", "قرأ المقال : 1234", 1_234),
    ("ar", "قرأ هذا الخبر 354 شخصاً", 354),
    ("ar", "شاهد المقال ٣٥٤ مرة", 354),
    ("en", "Read 354 times", 354),
    ("ro", "Citit de 354 ori", 354),
    ("id", "Dibaca: 354 kali", 354),
    ("tr", "Okuma: 354", 354),
    ("zh", "354次浏览", 354),
    ("zh", "354人阅读", 354),
    ("zh", "阅读次数：354", 354),
    ("zh", "點閱數：354", 354),
    ("ja", "閲覧回数：354回", 354),
    ("de", "Gelesen: 354", 354),
    ("de", "Seitenaufrufe: 354", 354),
    ("de", "354-mal gelesen", 354),
    ("de", "Anzahl der Zugriffe: 354", 354),
    ("fr", "Lu 354 fois", 354),
    ("fr", "Vu : 354 fois", 354),
    ("fr", "Nombre de vues : 354", 354),
    ("es", "Leído 354 veces", 354),
    ("es", "354 veces visto", 354),
    ("es", "Número de visitas: 354", 354),
    ("pt", "Lido 354 vezes", 354),
    ("it", "Letto 354 volte", 354),
    ("it", "Numero di visite: 354", 354),
    ("pl", "Liczba wyświetleń: 354", 354),
    ("sv", "Läst 354 gånger", 354),
    ("fi", "Luettu 354 kertaa", 354),
]
UNCERTAIN = [
    *("5 min read", "Views: 5 min", "Views 14:35", "January 7 354 views", "14:35 354 views", "Bugünkü baxış: 12"),
    *("Views: -5", "12 min", "Oxunma vaxtı: 12 dəq", "07.01.2026 354 views", "Views: 0", "Oxunub: 07.01.2026"),
    *("Views on page 354", "Views: 12.04", "Views: 354/1200", "Views 354 Comments 12", "Время чтения: 5 мин", "354"),
    *(
        "Read: 354",
        "Seen 354",
        "Views - 354 comments",
        "Lu : 354",
        "Vu 354",
        "Leído 354",
        "Visto: 354",
        "Number of 354",
    ),
    *("12 comments", "Views: 12%", "Views: 354 people came", "Просмотров за сегодня: 12", "12 views 354"),
]


@pytest.mark.parametrize(("language", "text", "count"), LABELLED)
def test_a_labelled_counter_is_read_in_every_language(language: str, text: str, count: int) -> None:
    found = read(headed(f"<span>{text}</span>", lang=language))
    assert (found.views, found.views_shown) == (count, text)
    assert found.methods["views"] == "text"


@pytest.mark.parametrize("text", UNCERTAIN)
def test_a_line_that_is_not_certainly_a_counter_is_not_read(text: str) -> None:
    assert find_counter(text, "en") is None
    assert find_counter(text, "az") is None or text == "Views: 5 min"
    assert read(headed(f"<span>{text}</span>")).views is None


@given(st.text(max_size=70))
def test_no_text_breaks_the_parser(text: str) -> None:
    found = find_counter(text, "az")
    assert found is None or found.views > 0


@settings(max_examples=examples(40))
@given(st.sampled_from(sorted(VIEWS)), st.data(), st.integers(1, 9_999_999), st.sampled_from(["{:d}", "{:,}"]))
def test_every_label_stands_before_or_behind_the_number(
    language: str, data: st.DataObject, count: int, form: str
) -> None:
    label, number = data.draw(st.sampled_from(VIEWS[language])), form.format(count)
    for text in (f"{label}: {number}", f"{label} {number}", f"{number} {label}", f"{label.upper()} {number}"):
        found = find_counter(text, language)
        assert found is not None, text
        assert found.views == count


@pytest.mark.parametrize(
    "meta",
    [
        '<span class="views">354</span>',
        '<span class="post-views-count">354</span>',
        '<div class="article__views"><i class="icon"></i> 354</div>',
        '<i class="fa fa-eye"></i> 354 <i class="fa fa-comment"></i> 12',
        '<span class="stat"><i class="bi bi-eye-fill"></i><span>354</span></span>',
        '<span><svg><use xlink:href="/sprite.svg#icon-eye"></use></svg></span><span>354</span>',
        '<img src="/images/eye.png"> 354',
        '<i class="material-icons">visibility</i> 354',
        "<span>Views:</span> <b>354</b>",
        '<div><span class="label">Post Views:</span><span class="number">354</span></div>',
        '<span title="Views">354</span>',
        '<span aria-label="354 views">354</span>',
        '<span data-views="354"></span>',
        '<div class="statistics__views">354</div>',
        '<span class="td-post-views"><i class="td-icon-views"></i><span class="td-nr-views-17">354</span></span>',
        '<div class="jeg_meta_views">354</div>',
        '<span class="views-field views-field-totalcount"><span class="field-content">354</span></span>',
        "<ul><li>7 January 2026</li><li>Views: 354</li><li>Comments: 12</li></ul>",
    ],
)
def test_a_class_an_icon_or_an_attribute_names_a_counter(meta: str) -> None:
    assert read(headed(meta)).views == 354
    assert read(headed("7 January 2026", after=f"<div>{meta}</div>")).views == 354


@pytest.mark.parametrize(
    "meta",
    [
        '<span class="comments-count">354</span>',
        '<div class="views-field views-field-comment-count">354</div>',
        '<div class="views-field views-field-field-number"><span class="field-content">354</span></div>',
        '<div class="views-row views-row-1">354</div>',
        '<span class="most-reads">354</span>',
        '<span class="video-views">354</span>',
        '<span class="review">354</span>',
        '<i class="fa fa-eye-slash"></i> 354',
        '<i class="fa fa-comment"></i> 354',
        '<span class="reading-time">12 min</span>',
        '<span class="views">0</span>',
        '<span class="views">354</span> <span class="views">12</span>',
        "<span>Views: 354</span> <span>Views: 999</span>",
    ],
)
def test_a_number_with_another_name_or_two_numbers_are_not_read(meta: str) -> None:
    assert read(headed(meta)).views is None


def test_the_counter_of_a_teaser_or_a_comment_is_not_read() -> None:
    teaser = (
        '<div class="item"><a href="/other">The ministers sign a treaty about the river</a><span>Views: 12</span></div>'
    )
    comment = '<div class="comments"><div class="comment">Nice. <span class="views">9</span></div></div>'
    assert read(headed("7 January 2026", after=teaser + comment)).views is None
    assert read(headed("Views: 354", after=teaser + comment)).views == 354
    assert read(page(f"<aside>{teaser * 3}</aside>" + headed("7 January 2026"))).views is None


@pytest.mark.parametrize(
    "statistic",
    [
        '{"@type": "InteractionCounter", "interactionType": "https://schema.org/ReadAction", '
        '"userInteractionCount": 354}',
        '[{"interactionType": {"@type": "http://schema.org/WatchAction"}, "userInteractionCount": "354"}]',
        '[{"interactionType": {"@type": "LikeAction"}, "userInteractionCount": 9}, '
        '[{"interactionType": "ViewAction", "userInteractionCount": 354}]]',
    ],
)
def test_a_counter_in_structured_data_is_read(statistic: str) -> None:
    head = linked(_type='"NewsArticle"', headline=f'"{HEADLINE}"', interactionStatistic=statistic)
    found = read(article(head=head))
    assert (found.views, found.methods["views"]) == (354, "structured_data")


def test_other_actions_in_structured_data_are_not_views() -> None:
    for action in ("LikeAction", "CommentAction", "ShareAction"):
        statistic = f'{{"interactionType": "https://schema.org/{action}", "userInteractionCount": 354}}'
        head = linked(_type='"NewsArticle"', headline=f'"{HEADLINE}"', interactionStatistic=statistic)
        assert read(article(head=head)).views is None


def test_a_counter_in_microdata_is_read() -> None:
    assert read(headed('<meta itemprop="interactionCount" content="UserPageVisits:354">')).views == 354
    counter = (
        '<div itemprop="interactionStatistic" itemscope itemtype="https://schema.org/InteractionCounter">'
        '<meta itemprop="interactionType" content="https://schema.org/{}">'
        '<meta itemprop="userInteractionCount" content="354"></div>'
    )
    assert read(headed(counter.format("ReadAction"))).views == 354
    assert read(headed(counter.format("CommentAction"))).views is None


@pytest.mark.parametrize(
    "counter",
    [
        "<p>Oxunub: {}</p>",
        "<p><i class='fa fa-eye'></i> {}</p>",
        "<div class='post-views'><span>Post Views:</span> <span>{}</span></div>",
        "<br>Views: {}<br>",
    ],
)
def test_a_counter_inside_the_text_does_not_stay_there(counter: str) -> None:
    html = page(f"<main><article><h1>{HEADLINE}</h1>{TEXT}{counter}</article></main>")
    assert body_of(html.format("12 045")) == body_of(html.format("13 000")) == BODY
    assert read(html.format("12 045")).views == 12_045


def test_a_sentence_about_views_stays_in_the_text() -> None:
    sentence = "The recording reached 12 million views in two days, and the ministry asked to have it removed."
    assert sentence in body_of(article(f"<p>{sentence}</p>"))
    assert read(article(f"<p>{sentence}</p>")).views is None
