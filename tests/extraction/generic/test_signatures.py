"""A last line that only names those who made an article by their roles is not text, in any language."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate

TEXT = [
    "The mountain road to the village was opened again on Monday, after three weeks of work.",
    "Drivers must still expect delays, the ministry said, because two bridges are being repaired.",
]
SIGNATURES = [
    "记者：王小明",
    "（记者：王小明）",
    "责任编辑：李华",
    "【责任编辑:李华】",
    "（责编：李华、张三）",
    "编辑：李华 审核：张三",
    "记者 王小明",
    "（记者 王小明 编辑 李华）",
    "本报记者 王小明",
    "作者：王小明",
    "文/王小明",
    "記者：山田太郎",
    "（記者・山田太郎）",
    "文=山田太郎",
    "文＝山田太郎",
    "取材・文：山田太郎",
    "기자: 홍길동",
    "홍길동 기자",
    "(Reporter: Jane Roe)",
    "Reporter: Jane Roe",
    "[Editor: Jane Roe]",
    "Editing by Jane Roe",
    "(Editing by Jane Roe and Jon Moe)",
    "(Reporting by Jane Roe; Editing by Jon Moe)",
    "Reporting by Jane Roe in Kyiv; Editing by Jon Moe",
    "Автор: Анна Петрова",
    "(Автор: Анна Петрова)",
    "Редактор: Анна Петрова",
    "Корреспондент: Анна Петрова",
    "Müəllif: Anar Məmmədov",
    "Redaktor: Anar Məmmədov",
    "(Müxbir: Anar Məmmədov)",
    "Muhabir: Ayşe Yılmaz",
    "Editör: Ayşe Yılmaz",
    "Haber: Ayşe Yılmaz",
    "(Redaktion: Hans Meier)",
    "Autor: Hans Meier",
    "Redactor: Juan Pérez",
    "(Redacción: Juan Pérez)",
    "Auteur : Jean Dupont",
    "Հեղինակ՝ Աննա Պետրոսյան",
    "Խմբագիր՝ Աննա Պետրոսյան",
    "ავტორი: ნინო ბერიძე",
    "რედაქტორი: ნინო ბერიძე",
    "نویسنده: علی رضایی",
    "خبرنگار: علی رضایی",
    "ویراستار: علی رضایی",
    "(المصدر: وكالات)",
    "تحرير: علي حسن",
    "المراسل: علي حسن",
    "إعداد: علي حسن",
    "כתב: דוד כהן",
    "מאת: דוד כהן",
    "עריכה: דוד כהן",
    "รายงานโดย: สมชาย ใจดี",
    "ผู้สื่อข่าว: สมชาย ใจดี",
    "ข่าว: สมชาย ใจดี",
    "Penulis: Budi Santoso",
    "Editor: Budi Santoso",
    "(Reporter: Budi Santoso)",
    "Reporter: Budi Santoso, Editor: Siti Aminah",
    "Phóng viên: Nguyễn Văn A",
    "Tác giả: Nguyễn Văn An",
    "Συντάκτης: Γιάννης Παπαδόπουλος",
    "Autor: Jan Kowalski",
    "Autorka: Anna Kowalska",
    "Редактор: Олена Шевченко",
    "Автор: Олена Шевченко",
    "Аўтар: Алена Шэўчык",
    "Автор: Айгүл Серікова",
    "Muallif: Anvar Karimov",
    "Muharrir: Anvar Karimov",
    "संवाददाता: राम कुमार",
    "लेखक: राम कुमार",
    "রিপোর্টার: রহিম উদ্দিন",
    "প্রতিবেদক: রহিম উদ্দিন",
    "நிருபர்: ராமன்",
    "Szerző: Kovács János",
    "Szerkesztő: Kovács János",
    "Kirjoittaja: Matti Meikäläinen",
    "Toimittaja: Matti Meikäläinen",
    "Tekst: Kari Nordmann",
    "Journalist: Kari Nordmann",
    "Skribent: Anna Svensson",
    "Repórter: João Silva",
    "Por: João Silva",
    "Edição: João Silva",
    "Giornalista: Mario Rossi",
    "Redazione: Mario Rossi",
    "Autore: Mario Rossi",
    "Новинар: Петар Петровић",
    "Novinar: Petar Petrović",
    "Urednik: Petar Petrović",
    "Автор: Иван Иванов",
    "Репортер: Иван Иванов",
    "Autorius: Jonas Jonaitis",
    "Autors: Jānis Bērziņš",
    "Toimetaja: Mari Mets",
    "Autor: Ion Popescu",
    "Mwandishi: Juma Ali",
    "Зохиогч: Бат Болд",
]
SENTENCES = [
    "Автор: это человек, который пишет книги и не спит.",
    "Reporter: what happened next?",
    "He said: Jane Roe",
    "记者：您怎么看待这个问题？",
    "记者问：王小明在哪里",
    "责任编辑的工作十分辛苦。",
    "Question: Jane Roe",
    "Answer: Yes",
    "Winner: Jane Roe",
    "Goals: Messi 12, Ronaldo 14",
    "Тренер: Иван Иванов",
    "Editor: we stand by our story.",
    "Haber: Deprem oldu, üç kişi yaralandı.",
    "文：这是一个漫长的故事，没有人知道结局",
    "Министр: Анна Петрова",
    "Director: Jane Roe",
    "Cast: Jane Roe, Jon Moe",
    "Reporting by the ministry showed losses",
    "Price: 12 euros",
    "President: Jane Roe",
    "Author of the book: Jane Roe",
    "第三名：王小明",
    "冠军：王小明",
    "Editing by hand takes longer.",
    "王小明",
    "Reporter: Jane Roe asked the minister about the road and got no answer.",
    "홍길동 기자는 이렇게 말했다",
]


@pytest.mark.parametrize("line", SIGNATURES)
def test_a_line_of_names_by_role_is_not_text(line: str) -> None:
    assert drop_boilerplate([*TEXT, line], "Road opened") == TEXT
    assert drop_boilerplate([line, *TEXT], "Road opened") == TEXT


@pytest.mark.parametrize("line", SENTENCES)
def test_a_line_that_says_more_is_text(line: str) -> None:
    assert drop_boilerplate([*TEXT, line], "Road opened") == [*TEXT, line]


@pytest.mark.parametrize("line", ["记者：王小明", "Reporter: Jane Roe", "Автор: Анна Петрова"])
def test_such_a_line_between_paragraphs_is_text(line: str) -> None:
    lines = [TEXT[0], line, TEXT[1]]
    assert drop_boilerplate(lines, "Road opened") == lines


def test_several_lines_of_names_at_the_end_are_not_text() -> None:
    lines = ["记者：王小明", "责任编辑：李华", "（校对：张三）"]
    assert drop_boilerplate([*TEXT, *lines], "Road opened") == TEXT


@pytest.mark.parametrize("label", ["记者：", "Reporter: ", "기자: "])
def test_a_label_of_an_interview_is_text(label: str) -> None:
    lines = [f"{label}{TEXT[0]}", TEXT[1], f"{label}谢谢您"]
    assert drop_boilerplate(lines, "Road opened") == lines


def test_any_line_is_decided_quickly() -> None:
    for piece in ("Reporting by Jane Roe, ", "Jane ", "记者：王", "记者 王小明 ", "A.", "; Editing by A"):
        for start in ("", "Reporting by ", "(记者："):
            drop_boilerplate([*TEXT, (start + piece * 60)[:119]], None)
