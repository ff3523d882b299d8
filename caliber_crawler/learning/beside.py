"""What the generic extraction takes for text below the element with the text: lines about other articles, templates.

The generic extraction judges each page alone. Beside the pages of the same site, a line below the text that names the
headline of another article, or has nearly the words that it has on other pages, is not part of an article.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from caliber_crawler.learning.body import Text
from caliber_crawler.learning.candidates import Selector, matches
from caliber_crawler.learning.fields import IndexedSample
from caliber_crawler.learning.page_index import Block, PageIndex, text_key

MIN_PAGES, MIN_SHARE = 3, 0.6
"""Number of pages, and share of the pages with a text, on which an element must stand below the text."""
MAX_PART = 0.25
"""The largest part of a text that may be such lines."""
BOILERPLATE_SHARE = 0.6
"""The share of its pages on which an element must show that it is not part of the article."""
MIN_HEADLINE = 12
COMMON_WORDS = 0.6
"""The share of a line's groups of three words that other pages have in the same element."""


def learn_beside(
    samples: Sequence[IndexedSample], texts: Sequence[Text], container: Selector
) -> Iterator[tuple[str, int, int]]:
    """The classes and IDs of elements below the text that are boilerplate, with the pages that confirm it.

    ``texts``: the blocks of each page, and which of them the generic extraction took for text.
    """
    found: defaultdict[str, dict[int, list[Block]]] = defaultdict(dict)
    with_text = 0
    for number, (sample, text) in enumerate(zip(samples, texts, strict=True)):
        places = matches(sample.page, container)
        if len(places) != 1 or not text.total:
            continue
        with_text += 1
        end, around = sample.page.ends[places[0]], {*sample.page.ancestors(places[0])}
        for block, is_kept in zip(text.blocks, text.kept, strict=True):
            if is_kept and block.element >= end:
                for name in _names(sample.page, block.element, around):
                    found[name].setdefault(number, []).append(block)
    headlines = {number: text_key(sample.headline or "") for number, sample in enumerate(samples)}
    done: set[int] = set()
    for name, pages in sorted(found.items(), key=lambda item: (-len(item[1]), len(item[0]), item[0])):
        blocks = {id(block) for of_page in pages.values() for block in of_page}
        share = sum(len(block.key) for of_page in pages.values() for block in of_page) / sum(
            texts[number].total for number in pages
        )
        if len(pages) < max(MIN_PAGES, MIN_SHARE * with_text) or share > MAX_PART or blocks <= done:
            continue
        if (confirming := _boilerplate_pages(pages, headlines)) >= BOILERPLATE_SHARE * len(pages):
            done |= blocks
            yield name, confirming, len(pages)


def _names(page: PageIndex, element: int, around: set[int]) -> set[str]:
    """The classes and IDs of an element and of those above it that do not contain the text."""
    inside = (place for place in (element, *page.ancestors(element)) if place not in around)
    return {token for place in inside for token in page.tokens[place] if token[0] in "#."}


def _boilerplate_pages(pages: dict[int, list[Block]], headlines: dict[int, str]) -> int:
    """The number of pages on which the blocks name another article, or have the words of other pages' blocks."""
    words = {
        number: {group for block in blocks for group in _groups(block.text.split())} for number, blocks in pages.items()
    }
    counts = Counter(group for of_page in words.values() for group in of_page)
    confirming = 0
    for number, blocks in pages.items():
        key = "".join(block.key for block in blocks)
        others = (headline for other, headline in headlines.items() if other != number)
        names_another = any(len(headline) >= MIN_HEADLINE and headline in key for headline in others)
        common = sum(counts[group] >= MIN_PAGES for group in words[number])
        confirming += names_another or common >= COMMON_WORDS * len(words[number])
    return confirming


def _groups(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2)))
