"""Boilerplate: the lines on pages of a site that are not part of an article."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction.phrases import is_pointer
from caliber_crawler.extraction.text import clean_inline, fold, fold_clean
from caliber_crawler.site import Site

# One-word labels of icons and buttons on many news sites; such a line is never a paragraph. Labels of one site are in
# its definition (`Site.boilerplate`, `TextLayout.controls`).
COMMON_BOILERPLATE = (
    *("search", "share", "read also", "advertisement", "реклама", "читайте также"),
    *("twitter", "youtube", "instagram", "facebook", "telegram", "whatsapp", "linkedin", "tiktok"),
    *("app store", "google play"),
)
MAX_NOTICE_LENGTH = 90
START = 4
"""Letters at the start of a line that show, for most lines, that it is no boilerplate."""
MAX_STARTS, MAX_SITES = 4_096, 32
"""Entries that are kept in memory."""
MIN_SENTENCE_LENGTH = 20
MAX_LABELS_IN_LINE = 4
"""Maximum number of boilerplate lines that are joined in one line."""
# Labels of the controls around an article, in the languages of the region. Pages without their style sheets print them
# joined: "printcopy link".
CONTROLS = (
    *(
        "share",
        "print",
        "copy link",
        "copy",
        "link copied",
        "like",
        "tweet",
        "send",
        "comments",
    ),
    *(
        "поделиться",
        "поделитесь",
        "распечатать",
        "печать",
        "версия для печати",
        "скопировать ссылку",
        "копировать ссылку",
    ),
    *("копировать", "скопировать", "ссылка скопирована", "ссылка", "отправить", "комментарии", "загрузка", "твитнуть"),
    *("կիսվել", "տպել", "պատճենել հղումը", "պատճենել", "հղումը պատճենված է"),
    *("paylaş", "çap et", "çap", "linki kopyala", "yazdır", "bağlantıyı kopyala", "kopyala"),
    *("поділитися", "друкувати", "роздрукувати", "копіювати посилання"),
    *(
        "facebook",
        "twitter",
        "telegram",
        "whatsapp",
        "vk",
        "вконтакте",
        "одноклассники",
        "ok",
        "x",
        "linkedin",
        "email",
    ),
    *("e-mail", "viber", "messenger", "instagram", "youtube", "tiktok"),
)
MIN_CONTROL_LENGTH = 4
"""Characters of a line of controls: shorter ones are names and abbreviations in a text."""
MIN_TITLE_WORDS = 4
MAX_LINES_BEHIND = 8
"""Lines behind a single label of a control that ends the text."""
MAX_BLURB_LINES = 3
"""Lines behind the text of an article, on a page without markup: a section's label, its description, one more."""
_CONTROLS = frozenset(map(fold, CONTROLS))
_ADVERTISING = re.compile(r"\b(?:advertis(?:ement|ing)|sponsored|реклам[аы]|գովազդ|reklam)\b", re.I)
MAX_AD_LABEL_LENGTH = 40
_COPYRIGHT = re.compile(r"©\s*(?:19|20)\d\d|(?:19|20)\d\d\s*©|\(c\)\s*(?:19|20)\d\d", re.I)
_COMMON_BOILERPLATE = frozenset(fold(line) for line in COMMON_BOILERPLATE)


@dataclass(frozen=True, slots=True)
class _BoilerplateLines:
    """The boilerplate of a site definition, folded once."""

    title: str
    own: frozenset[str]
    short: frozenset[str]
    """Language switches, controls and the boilerplate of all sites, in addition to the site's own."""
    leads: re.Pattern[str]
    """Matches one of the site's own lines, longest first, at the start of a line."""
    sentences: tuple[tuple[str, str], ...]
    """The site's own lines that are long enough to search for in a text: folded, and as in the site definition."""
    starts: dict[str, bool]
    """The first letters of lines that were seen, and whether a line that begins so may be boilerplate."""

    def may_begin(self, start: str) -> bool:
        """Whether a line with these first letters may be boilerplate: all that is begins with a known line."""
        if (known := self.starts.get(start)) is not None:
            return known
        folded = fold_clean(start)
        may = any(folded.startswith(line[: len(folded)]) for line in (*self.short, self.title))
        if len(self.starts) >= MAX_STARTS:
            self.starts.clear()
        self.starts[start] = may
        return may


@lru_cache(maxsize=32)
def _folded(lines: tuple[str, ...], labels: tuple[str, ...], title: str) -> _BoilerplateLines:
    own = frozenset(fold(line) for line in lines)
    leads = "|".join(re.escape(line) for line in sorted(own, key=len, reverse=True))
    short = _COMMON_BOILERPLATE | own | {fold(label) for label in labels}
    sentences = tuple((fold(line), line) for line in lines if len(line) >= MIN_SENTENCE_LENGTH)
    return _BoilerplateLines(fold(title), own, short, re.compile(leads or r"(?!)"), sentences, {})


_by_site: dict[int, tuple[Site, _BoilerplateLines]] = {}


def _boilerplate(site: Site) -> _BoilerplateLines:
    known = _by_site.get(id(site))
    if known is None:
        if len(_by_site) >= MAX_SITES:
            _by_site.clear()
        # The reference to the site keeps its ID from being reused.
        known = _by_site[id(site)] = site, _boilerplate_lines(site)
    return known[1]


def _boilerplate_lines(site: Site) -> _BoilerplateLines:
    switches = tuple(name for edition in site.editions for name in (edition.name, edition.language))
    return _folded(boilerplate_of(site), (*switches, *site.text.controls), site.title)


def is_advertising(line: Line) -> bool:
    """Whether a short line is the label of an advertisement, on pages where only text can identify advertising."""
    short = len(line.text) <= MAX_AD_LABEL_LENGTH and line.text[-1:] not in (*".!?…:,;»”",)
    return short and not line.heading and _ADVERTISING.search(line.text) is not None


def boilerplate_of(site: Site) -> tuple[str, ...]:
    """All boilerplate lines of the site definition. Those of one edition also appear on pages of others."""
    return (*site.boilerplate, *(line for edition in site.editions for line in edition.boilerplate))


def is_boilerplate(line: str, site: Site) -> bool:
    """Whether a line is boilerplate: a known line, several of them joined, or a copyright notice."""
    return _is_boilerplate(clean_inline(line), _boilerplate(site))


def is_site_boilerplate(line: str, site: Site) -> bool:
    """Whether a line consists of boilerplate from the site definition, or is the site's copyright notice."""
    if len(line) > 2 * MAX_NOTICE_LENGTH:
        return False
    boilerplate, start = _boilerplate(site), line[:START]
    if start == clean_inline(start) and not boilerplate.may_begin(start):
        return False
    return _is_site_boilerplate(line, fold(line), boilerplate)


def _is_boilerplate(line: str, boilerplate: _BoilerplateLines) -> bool:
    if len(line) > 2 * MAX_NOTICE_LENGTH:
        return False
    folded = fold_clean(line)
    return folded in boilerplate.short or _is_site_boilerplate(line, folded, boilerplate)


def _is_site_boilerplate(line: str, folded: str, boilerplate: _BoilerplateLines) -> bool:
    if len(line) <= MAX_NOTICE_LENGTH and folded.startswith(boilerplate.title) and _COPYRIGHT.search(line):
        return True
    rest = folded
    for _ in range(MAX_LABELS_IN_LINE):
        if rest in boilerplate.own:
            return True
        # Icon fonts write the name of a glyph before its label: "share-lineShare this story".
        lead = boilerplate.leads.match(rest)
        if lead is None:
            return False
        rest = rest[lead.end() :].strip()
    return False


def without_boilerplate(lines: Iterable[Line], site: Site) -> list[Line]:
    """The lines that are not boilerplate, in order. Lines with only images or links are kept."""
    boilerplate = _boilerplate(site)
    starts, kept = boilerplate.starts, []
    for line in lines:
        text = line.text
        if text and len(text) <= 2 * MAX_NOTICE_LENGTH:
            start = text[:START]
            if starts.get(start, True) and boilerplate.may_begin(start) and _is_boilerplate(text, boilerplate):
                continue
        kept.append(line)
    return kept


def controls_in(line: str, site: Site) -> int:
    """The number of labels of controls of which a line consists, even joined without blanks; 0 if it has other text."""
    if not MIN_CONTROL_LENGTH <= len(line) <= MAX_NOTICE_LENGTH:
        return 0
    labels = _boilerplate(site).own | _CONTROLS
    longest = max(map(len, labels))
    rest, count = fold(line), 0
    while rest:
        if not rest[0].isalnum():
            rest = rest[1:]
            continue
        length = next((length for length in range(longest, 0, -1) if rest[:length] in labels), 0)
        if not length:
            return 0
        rest, count = rest[length:], count + 1
    return count


def is_share_bar(lines: Sequence[Line], at: int, site: Site) -> bool:
    """Whether a line is the bar of controls that ends the text of an article: several labels, or one near the end."""
    count = controls_in(lines[at].text, site)
    return count > 1 or (count == 1 and sum(bool(line.text) for line in lines[at:]) <= MAX_LINES_BEHIND)


def is_section_blurb(lines: Sequence[Line], at: int, site: Site) -> bool:
    """Whether a line behind the text of an article begins its section's label and description, which end the page.

    The label may be joined with the description: ``АНАЛИТИКАГлавные темы недели``.
    """
    following = sum(bool(line.text) for line in lines[at:])
    text = lines[at].text
    if not text or following > MAX_BLURB_LINES:
        return False
    label = next((label for label in _section_labels(site) if text.startswith(label)), None)
    if label is None or label != label.upper():
        return False
    rest = text[len(label) :]
    return not rest.strip() or (not rest[:1].isspace() and rest[:1].isupper() and not rest[:2].isupper())


@lru_cache(maxsize=32)
def _labels_of(labels: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(labels, key=len, reverse=True))


def _section_labels(site: Site) -> tuple[str, ...]:
    """The labels of the site's sections, longest first."""
    sections = (section for edition in site.editions for section in edition.sections.values())
    return _labels_of(frozenset(label for section in sections for label in section.labels))


def without_related(lines: Sequence[Line], is_own_article: Callable[[str], bool]) -> list[Line]:
    """The lines without links to other articles: pointers ("Read also: …"), and headlines that are nothing but a link.

    A label before such headlines goes with them; a linked sentence stays.
    """
    kept: list[Line] = []
    for line in lines:
        if not line.links:
            kept.append(line)
        elif _is_teaser(line, is_own_article):
            while kept and (not kept[-1].text or is_pointer(kept[-1].text)) and not kept[-1].pictures:
                kept.pop()
        elif not (is_pointer(line.text) and any(is_own_article(link.url) for link in line.links)):
            kept.append(line)
    return kept


def _is_teaser(line: Line, is_own_article: Callable[[str], bool]) -> bool:
    if line.text.endswith((".", "!", "?", "…", ":", ";")) or line.cells:
        return False
    linked = clean_inline(" ".join(link.text or "" for link in line.links))
    words = len(linked.split())
    is_headline = words >= MIN_TITLE_WORDS and len(linked) >= 0.8 * len(line.text)
    return is_headline and all(is_own_article(link.url) for link in line.links)


def boilerplate_inside(text: str, site: Site) -> str | None:
    """A boilerplate sentence in clean lines, or ``None``. Short labels are not searched for: articles use them too."""
    sentences = _boilerplate(site).sentences
    if not sentences:
        return None
    folded = fold_clean(text.replace("\n\n", " ").replace("\n", " "))
    return next((clean_inline(line) for sentence, line in sentences if sentence in folded), None)
