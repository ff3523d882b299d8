"""Authors on pages of unknown layouts: people, not roles, credentials, dates, outlets or commentators."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.generic.byline_words import OF_EDITORS, OF_OTHERS, WRITTEN_BY, author_labels
from caliber_crawler.extraction.generic.names import split_names
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, article, page, read

TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def authors_below_the_headline(markup: str, after: str = "") -> tuple[str, ...]:
    return read(page(f"<main><article><h1>{HEADLINE}</h1>{markup}{TEXT}</article>{after}</main>")).authors


def authors_in_json(author: Any, byline: str = "") -> tuple[str, ...]:
    node = {"@type": "NewsArticle", "headline": HEADLINE, "author": author}
    return read(article(byline, head=f'<script type="application/ld+json">{json.dumps(node)}</script>')).authors


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Roe | January 7, 2026", ["Jane Roe"]),
        ("Jane Roe, Mar 8", ["Jane Roe"]),
        ("Written by Jane Roe and Jon Moe", ["Jane Roe", "Jon Moe"]),
        ("Yazar: Ayşe Yılmaz", ["Ayşe Yılmaz"]),
        ("Müəllif: Ayla Quliyeva", ["Ayla Quliyeva"]),
        ("Автор: Анна Петрова", ["Анна Петрова"]),
        ("ავტორი: ნინო ბერიძე", ["ნინო ბერიძე"]),
        ("Հեղինակ՝ Աննա Պետրոսյան".replace("՝", ":"), ["Աննա Պետրոսյան"]),
        ("نویسنده: سارا احمدی", ["سارا احمدی"]),
        ("بقلم محمد الأحمد", ["محمد الأحمد"]),
        ("作者：王小明", ["王小明"]),
        ("Kirjoittaja: Aino Virtanen", ["Aino Virtanen"]),  # any word with a colon
        ("Jane Roe, MS, RD", ["Jane Roe"]),
        ("Jane Roe, PhD, CEPF®", ["Jane Roe"]),
        ("Jane Roe, political editor", ["Jane Roe"]),
        ("Jane Roe Staff Writer", ["Jane Roe"]),
        ("Jane Roe in Baku", ["Jane Roe"]),
        ("By Jane Roe Photos by Jon Moe", ["Jane Roe"]),
        ("Jane Roe. Reviewed by Jon Moe", ["Jane Roe"]),
        ("By <b>Jane Roe</b>", ["Jane Roe"]),
        ("By the Harbour Team", ["the Harbour Team"]),
        ("Posted by Jane Roe on Jan 7, 2026 in News", ["Jane Roe"]),
        ("Jane Roe, Gazette News", ["Jane Roe"]),
        ("Специальный корреспондент Анна Петрова", ["Анна Петрова"]),
        ("Political correspondent Jane Roe", ["Jane Roe"]),
        ("記者 王小明", ["王小明"]),
        ("홍길동 기자", ["홍길동"]),
        ("Հեղինակ՝ Աննա Պետրոսյան", ["Աննա Պետրոսյան"]),
        ("Jane Roe Jr.", ["Jane Roe Jr."]),
        ("By Jane Roe Updated January 9, 2026", ["Jane Roe"]),
        ("By Jane Roe Follow @janeroe", ["Jane Roe"]),
        ("By Jane Roe 3 min read", ["Jane Roe"]),
        ("By Jane Roe (Reuters)", ["Jane Roe"]),
        ("By Jane Roe, Baku", ["Jane Roe"]),
        ("By Jane Roe and Svetlana", ["Jane Roe", "Svetlana"]),
        ("Foto: Rauf Umud; Müəllif: Aynur Əliyeva", ["Aynur Əliyeva"]),
        ("Автор: Анна Петрова Фото: Иван Смирнов", ["Анна Петрова"]),
        ("Подготовила Анна Петрова", ["Анна Петрова"]),
        ("Ayşe Yılmaz yazdı", ["Ayşe Yılmaz"]),
        ("Editör: Ayşe Yılmaz", ["Ayşe Yılmaz"]),
        ("گزارش از مریم احمدی", ["مریم احمدی"]),
        ("كتبت فاطمة الزهراء", ["فاطمة الزهراء"]),
        ("责任编辑：王芳 作者：李明", ["李明"]),
        ("本报记者 李明 王芳", ["李明", "王芳"]),
        ("Ein Artikel von Anna Müller", ["Anna Müller"]),
        ("Eine politische Analyse von Anna Müller", ["Anna Müller"]),
        ("Von Anna Müller, Berlin", ["Anna Müller"]),
        ("Veröffentlicht von Anna Müller am 7. Januar 2026", ["Anna Müller"]),
        ("Ursula von der Leyen", ["Ursula von der Leyen"]),
        ("Otto von Bismarck", ["Otto von Bismarck"]),
        ("Publié par Anne Dupont le 7 janvier 2026", ["Anne Dupont"]),
        ("Propos recueillis par Anne Dupont", ["Anne Dupont"]),
        ("Par Anne Dupont avec AFP", ["Anne Dupont"]),
        ("Por Ana Gómez y Juan Pérez", ["Ana Gómez", "Juan Pérez"]),
        ("Publicado por Ana Gómez el 7 de enero de 2026", ["Ana Gómez"]),
        ("A cura di Anna Rossi", ["Anna Rossi"]),
        ("Di Matteo Anna", ["Di Matteo Anna"]),
        ("Haber Merkezi", ["Haber Merkezi"]),
        ("Written by", []),
        ("Political editor", ["Political editor"]),  # a desk that signs alone
        ("Von der Leyen", ["Von der Leyen"]),
        ("2 min read", []),
    ],
)
def test_a_line_gives_the_names_of_people(line: str, names: list[str]) -> None:
    assert list(split_names(line)) == names


@pytest.mark.parametrize(
    ("markup", "authors"),
    [
        ('<div class="author"><span>Written by</span><span class="author-name">Jane Roe</span></div>', ("Jane Roe",)),
        (
            '<div itemprop="author"><a href="/a"><span itemprop="name">Jane Roe</span></a><i>editor</i></div>',
            ("Jane Roe",),
        ),
        ('<div class="byline"><span>Jane Roe</span><span>editor</span></div>', ("Jane Roe",)),
        ('<div property="schema:author"><span property="name">Jane Roe</span></div>', ("Jane Roe",)),
        ('<p class="byline">By <a rel="author" href="/author/nadia">Nadia</a></p>', ("Nadia",)),
        (
            '<h4 class="author-name"><a href="/author/nadia/">nadia</a></h4><time class="byline-date">Mar 8</time>',
            ("nadia",),
        ),
        ('<div class="author">ნინო ბერიძე</div>', ("ნინო ბერიძე",)),
        ('<div class="author">王小明</div>', ("王小明",)),
        ('<div class="ArticleByline">Jane Roe</div>', ("Jane Roe",)),
        ("<p>By Jane Roe and Jon Moe</p>", ("Jane Roe", "Jon Moe")),
        ("<p>By Friday it was over, and nobody knew what to say about the road.</p>", ()),
        ('<div class="byline">Share Follow 12</div>', ()),
    ],
)
def test_a_byline_below_the_headline_names_the_author(markup: str, authors: tuple[str, ...]) -> None:
    assert authors_below_the_headline(markup) == authors


@pytest.mark.parametrize("place", ["comments", "responses", "related-posts", "latest-news", "teaser", "photo-credit"])
@pytest.mark.parametrize("byline", ["", '<div class="byline">By Jane Roe</div>'])
def test_those_who_comment_and_authors_of_other_articles_are_not_authors(place: str, byline: str) -> None:
    names = "".join(f'<cite class="author">{name}</cite>' for name in ("Ann Example", "Bob Sample"))
    others = f'<section class="{place}">{names}</section>'
    assert authors_below_the_headline(byline, after=others) == (("Jane Roe",) if byline else ())


def test_a_footer_or_sidebar_names_the_author_if_nothing_else_does() -> None:
    footer = '<footer class="meta"><div class="author">Jon Moe</div></footer>'
    assert authors_below_the_headline("", after=footer) == ("Jon Moe",)
    assert authors_below_the_headline('<div class="byline">By Jane Roe</div>', after=footer) == ("Jane Roe",)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"@type": "Person", "givenName": "Jane", "familyName": "Roe"}, ("Jane Roe",)),
        ({"@type": "Person", "name": ["Jane Roe", "Jon Moe"]}, ("Jane Roe", "Jon Moe")),
        ([[{"name": "Jane Roe"}]], ("Jane Roe",)),
        ({"name": {"@value": "Jane Roe"}}, ("Jane Roe",)),
        ({"@type": "Role", "author": {"@type": "Person", "name": "Jane Roe"}}, ("Jane Roe",)),
        ({"@type": "Person", "Name": "Jane Roe, MD"}, ("Jane Roe",)),
        ({"@type": "Person"}, ()),
        (7, ()),
    ],
)
def test_json_names_authors_in_any_shape(author: Any, names: tuple[str, ...]) -> None:
    assert authors_in_json(author) == names


@pytest.mark.parametrize("desk", ["Admin", "Newsroom", "News Example", "Example Press"])
def test_a_person_in_the_byline_wins_over_a_desk_in_the_metadata(desk: str) -> None:
    assert authors_in_json({"@type": "Person", "name": desk}, '<p class="byline">By Jane Roe</p>') == ("Jane Roe",)
    assert authors_in_json({"@type": "Person", "name": desk}) == (desk,)


@pytest.mark.parametrize(
    "meta",
    [
        '<meta name="parsely-author" content="Jane Roe">',
        '<meta name="sailthru.author" content="Jane Roe">',
        '<meta name="mediator_author" content="Jane Roe">',
        '<meta name="DC.Creator" content="Roe, Jane">',
        '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Jane Roe">',
        '<meta name="parsely-page" content=\'{"title": "x", "author": "Jane Roe"}\'>',
    ],
)
def test_meta_elements_in_use_name_the_author(meta: str) -> None:
    assert read(article(head=meta)).authors == ("Jane Roe",)


@given(st.sampled_from(sorted(WRITTEN_BY)), st.data(), st.sampled_from(["Jane Roe", "Анна Петрова", "محمد الأحمد"]))
def test_whatever_says_written_by_is_not_part_of_a_name(language: str, data: st.DataObject, name: str) -> None:
    by = WRITTEN_BY[language]
    participle, preposition = data.draw(st.sampled_from(by.participles)), data.draw(st.sampled_from(by.prepositions))
    for line in (f"{participle} {preposition} {name}", f"{participle.title()} {preposition}: {name}"):
        assert list(split_names(line)) == [name]


@given(
    st.sampled_from(sorted(author_labels())),
    st.sampled_from(sorted({*OF_OTHERS, *OF_EDITORS})),
    st.sampled_from("；;|·"),
)
def test_labels_say_who_wrote_and_who_did_something_else(author: str, other: str, mark: str) -> None:
    assert list(split_names(f"{author}: Jane Roe {mark} {other}: Jon Moe")) == ["Jane Roe"]
    assert list(split_names(f"{other}: Jon Moe {mark} {author}: Jane Roe")) == ["Jane Roe"]


@given(st.text(max_size=200))
def test_any_line_is_accepted(line: str) -> None:
    assert all(name.strip() for name in split_names(line))


@pytest.mark.parametrize(
    ("markup", "authors"),
    [
        ('By <a href="/author/roe">Jane Roe</a>. Reviewed by <a href="/author/moe">Jon Moe</a>', ("Jane Roe",)),
        ('<a rel="author" href="/author/ou-san">Ou-san</a>', ("Ou-san",)),
        ('<div class="creator"><span class="creator-name">Newsdesk</span></div>', ()),
        ('<span class="post-author-name">Nadia</span>', ("Nadia",)),
        (
            '<div class="author"><span class="author__name">Jane Roe</span>'
            '<span class="author__role">Founder at Oak</span></div>',
            ("Jane Roe",),
        ),
    ],
)  # fmt: skip
def test_a_byline_names_nobody_else(markup: str, authors: tuple[str, ...]) -> None:
    assert authors_below_the_headline(f"<div>{markup}</div>") == authors


def test_the_outlet_beside_people_is_not_an_author() -> None:
    people = [{"name": "Jane Roe"}, {"name": "News"}]
    assert authors_in_json(people) == ("Jane Roe",)
    assert authors_in_json({"name": "News"}) == ("News",)


@pytest.mark.parametrize("tag", ["strong", "em", "b", "i"])
def test_names_that_are_all_of_the_first_paragraph_sign_the_article(tag: str) -> None:
    assert authors_below_the_headline(f"<p><{tag}>Jane Roe / Jon Moe</{tag}></p>") == ("Jane Roe", "Jon Moe")
    for other in ("The road is open.", "New York:", "the road is open", "Jane Roe said it is open"):
        assert authors_below_the_headline(f"<p><{tag}>{other}</{tag}></p>") == ()
