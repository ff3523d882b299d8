"""Pages of any size that repeat one pattern: an element, an attribute, a candidate of a field, a kind of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Growing = Callable[[int], bytes]
"""Returns a page of about this number of bytes."""

SENTENCE = "The delegations met for the {} time on Tuesday and agreed to open the road before the end of the month. "
STORY = "".join(f"<p>{SENTENCE.format(word)}</p>" for word in ("first", "second", "third", "fourth", "fifth", "sixth"))
PLACE = "PLACE"
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Talks resume - News</title>{head}</head><body>'
    '<h1>Talks resume after a long winter</h1><div class="date">7 January 2026, 15:13</div><div class="text">{story}'
    "{text}</div>{body}</body></html>"
)
_ELEMENTS = """
a abbr address article aside b bdi bdo big blink blockquote br button caption center cite code col colgroup data dd del
details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6
head header hr html i iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr
noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp script
section select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th
thead time title tr track tt u ul var video wbr xmp math x-element amp-img body
"""
ELEMENTS = tuple(_ELEMENTS.split())
_ATTRIBUTES = """
class id style href src srcset alt title content name property itemprop itemscope itemtype rel lang dir role datetime
pubdate data-src data-views data-time aria-label aria-hidden hidden cite onclick width
"""
ATTRIBUTES = tuple(_ATTRIBUTES.split())


def page(size: int, *, head: str = "", text: str = "", body: str = "") -> bytes:
    """A page of about this size, in which the part that contains ``PLACE`` repeats what follows it."""

    def repeated(part: str) -> str:
        before, place, unit = part.partition(PLACE)
        return before + unit * max(1, size // max(1, len(unit.encode()))) if place else part

    return PAGE.format(story=STORY, head=repeated(head), text=repeated(text), body=repeated(body)).encode()


def numbered(size: int, unit: str, *, where: str = "body") -> bytes:
    """A page that repeats a unit with another number each time (``#``)."""
    count = max(1, size // (len(unit.encode()) + 4))
    parts = {"head": "", "text": "", "body": ""} | {where: "".join(unit.replace("#", str(n)) for n in range(count))}
    return PAGE.format(story=STORY, **parts).encode()


def nested(size: int, opening: str, closing: str = "", *, depth: int = 0) -> bytes:
    """A page with elements in each other, in groups of this depth, or all in each other."""
    count = max(1, size // len((opening + closing).encode()))
    depth = min(depth or count, count)
    group = opening * depth + "words " + closing * depth
    return PAGE.format(story=STORY, head="", text="", body=group * max(1, count // depth)).encode()


def _repeat(unit: str, where: str = "body") -> Growing:
    return lambda size: page(size, **{where: PLACE + unit})


def _number(unit: str, where: str = "body") -> Growing:
    return lambda size: numbered(size, unit, where=where)


def _nest(opening: str, closing: str = "", depth: int = 0) -> Growing:
    return lambda size: nested(size, opening, closing, depth=depth)


def _long(before: str, unit: str, after: str, where: str = "body") -> Growing:
    return lambda size: page(size, **{where: before + unit * (size // len(unit.encode())) + after})


_LD = '<script type="application/ld+json">'
_NEWS = '{"@type": "NewsArticle", "@id": "#", "headline": "Talks # resume", "datePublished": "2026-01-07"}'

PATTERNS: Mapping[str, Growing] = {
    # Texts
    "one paragraph": _long("<p>", "word word. ", "</p>", "text"),
    "one word": _long("<p>", "w", "</p>", "text"),
    "digits": _long("<p>", "7", "</p>", "text"),
    "blanks": _long("<p>", " \n", "</p>", "text"),
    "no-break spaces": _long("<p>", "\u00a0", "</p>", "text"),
    "entities": _long("<p>", "&amp;&#1234;", "</p>", "text"),
    "ampersands": _long("<p>", "&", "</p>", "text"),
    "angle brackets": _long("<p>", "<", "</p>", "text"),
    "combining marks": _long("<p>a", "\u0301", "</p>", "text"),
    "joiners": _long("<p>", "\u200c\u200d", "</p>", "text"),
    "Chinese": _long("<p>", "国家新闻。", "</p>", "text"),
    "mojibake": _long("<p>", "â€™Ð\u009fÑ\u0080 ", "</p>", "text"),
    "dates in a line": _long("<p>", "7 January 2026, 15:13; ", "</p>", "text"),
    "names in a line": _long("<p class=byline>By ", "John Smith, ", "</p>", "text"),
    "a long headline": _long("<h1>", "Talks resume | ", "</h1>"),
    "a long title": _long("<title>", "Talks resume - ", "</title>", "head"),
    # Markup
    "comments": _repeat("<!-- x -->"),
    "unclosed comments": _repeat("<!--"),
    "declarations": _repeat("<!x>"),
    "processing instructions": _repeat("<?x ?>"),
    "CDATA": _repeat("<![CDATA[x]]>"),
    "closing tags": _repeat("</div></p></span>"),
    "void tags": _repeat("<br><hr><wbr>"),
    "unknown elements": _number("<x-#>word</x-#> "),
    "open emphasis": _repeat("<b><i>word "),
    "open blocks": _repeat("<div>word "),
    "crossed tags": _repeat("<b><p>word</b></p>"),
    "links across blocks": _repeat("<a href=/x><div>word</a>"),
    "attributes of one tag": _long("<div ", "a=1 ", ">"),
    "different attributes": lambda size: page(size, body=f"<p {' '.join(f'a{n}=1' for n in range(size // 8))}>"),
    "attributes of many names": _number("<p a-#=1>word</p>"),
    "quotes": _long("<div a=", "'\"", ">"),
    "one long attribute": _long("<div class='", "related ", "'>words</div>"),
    # Structure
    "nested blocks": _nest("<div>", "</div>"),
    "nested groups": _nest("<div>", "</div>", 100),
    "nested emphasis": _nest("<b>", "</b>", 200),
    "nested lists": _nest("<ul><li>x", "</li></ul>", 60),
    "nested quotations": _nest("<blockquote>x", "</blockquote>", 100),
    "nested tables": _nest("<table><tr><td>x", "</td></tr></table>", 40),
    "nested articles": _nest("<article class=post-body>x", "</article>", 100),
    "nested figures": _nest("<figure><blockquote>word word", "</blockquote></figure>", 30),
    "short paragraphs": _repeat("<p>ab cd</p>"),
    "paragraphs": _number(f"<p>{SENTENCE.format('#')}</p>", "text"),
    "the same paragraph": _repeat(f"<p>{SENTENCE.format('same')}</p>", "text"),
    "boxes of sentences": _number(f"<div>{SENTENCE.format('#')}</div>", "text"),
    "breaks": _number(f"{SENTENCE.format('#')}<br><br>", "text"),
    "spans in a paragraph": _long("<p>", "<span>word</span> ", "</p>", "text"),
    "empty spans": _long("<p>", "word<span></span> ", "</p>", "text"),
    "links in a paragraph": _long("<p>", "word <a href=/x>linked</a> ", "</p>", "text"),
    "list items": _number("<li>The minister met the delegation number #.</li>", "text"),
    "definition lists": _repeat("<dl><dt>word<dd>meaning</dl>", "text"),
    "table rows": lambda size: page(size, text=f"<table>{'<tr><td>12<td>words<td>34' * (size // 25)}</table>"),
    "table cells": _long("<table><tr>", "<td>12", "</table>", "text"),
    "tables": _repeat("<table><tr><td>12<td>word<tr><td>1<td>2</table>", "text"),
    "headings": _number("<h2>Chapter #</h2><p>word</p>", "text"),
    "h1": _number("<h1>Talks # resume</h1>"),
    "articles": _number("<article><h2>Talks #</h2><p>word word</p></article>"),
    "main elements": _number("<div class='article-body'><p>Word # word.</p></div>"),
    # Boilerplate
    "navigation": _number("<li><a href=/section/#>Section #</a></li>"),
    "teasers": _number("<p><a href=/story/#>Another story that is told number # here</a></p>"),
    "linked headings": _number("<h3><a href=/story/#>Another story number # here</a></h3><p>Its text.</p>"),
    "related boxes": _number("<div class='related-articles'><h4>Related</h4><p>Story # of others</p></div>"),
    "lists of teasers": _number(
        "<ul><li><a href=/a/#>Another story that is told #</a><li><a href=/b/#>A second story told #</a></ul>text # ",
        "text",
    ),
    "labels of lists of teasers": _number(
        "<h4>More #</h4>x<ul><li><a href=/a/#>Another story that is told #</a>"
        "<li><a href=/b/#>Two stories are told #</a></ul>",
        "text",
    ),
    "read also": _number("<p>Read also: <a href=/s/#>The road that was closed for # years</a></p>", "text"),
    "captions": _number("<figure><img src=/i#.jpg><figcaption>Photo # by Ann</figcaption></figure>", "text"),
    "comments of readers": _number("<div class=comment id=c#><p>I think that # is right.</p></div>"),
    "forms": _repeat("<form><label>Name<input></label><button>Send</button></form>"),
    "form fields": _number("<input>word # "),
    "options": _long("<select>", "<option>word", "</select>"),
    "scripts": _number("<script>var a# = '<div>';</script>"),
    "styles": _number("<style>.a# {color: red}</style>"),
    "hidden elements": _repeat("<p hidden style='display:none'>word</p>"),
    "noscript": _number("<img src='data:x'><noscript><img src=/i#.jpg></noscript>", "text"),
    # Embeds
    "frames": _number("<iframe src='https://www.youtube.com/embed/a#'></iframe>", "text"),
    "posts": _number(
        "<blockquote class=twitter-tweet>x <a href='https://x.com/a/status/#'>May 1</a></blockquote>", "text"
    ),
    "galleries": _number("<div class=gallery><img src=/a#.jpg><img src=/b#.jpg></div>", "text"),
    "one gallery": lambda size: page(size, text=f"<div class=gallery>{'<img src=/a.jpg>' * (size // 16)}</div>"),
    "nested galleries": _nest("<div class=gallery><img src=/a.jpg>", "</div>", 60),
    "videos": _number("<video><source src=/v#.mp4></video>", "text"),
    "sources of one video": _long("<video>", "<source src=/v.ogg>", "</video>", "text"),
    "pictures": _number("<p><img src=/i#.jpg alt='Picture #' data-lazy-src=/j#.jpg></p>", "text"),
    "quotations in figures": _number(
        "<figure><blockquote>A sentence # that is quoted here.</blockquote></figure>", "text"
    ),
    # Metadata
    "meta": _number("<meta property='article:tag' content='Tag #'>", "head"),
    "meta names": _number("<meta name='name#' content='2026-01-07'>", "head"),
    "meta dates": _repeat("<meta property='article:published_time' content='2026-01-07T15:13:00Z'>", "head"),
    "meta authors": _number("<meta name=author content='Ann Lee #'>", "head"),
    "one meta author": _long("<meta name=author content='", "Ann Lee, ", "'>", "head"),
    "titles": _number("<title>Talks resume # - News</title>", "head"),
    "canonical links": _number("<link rel=canonical href=/story/#>", "head"),
    "bases": _number("<base href=/#/>", "head"),
    "linked data blocks": _number(f"{_LD}{_NEWS}</script>", "head"),
    "linked data list": lambda size: page(
        size, head=f"{_LD}[{', '.join(_NEWS.replace('#', str(n)) for n in range(size // 100))}]</script>"
    ),
    "linked data graph": lambda size: page(
        size,
        head=f'{_LD}{{"@graph": [{", ".join(_NEWS.replace("#", str(n)) for n in range(size // 100))}]}}</script>',
    ),
    "nested linked data": lambda size: page(size, head=f"{_LD}{'[' * (size // 2)}{']' * (size // 2)}</script>"),
    "nested linked objects": lambda size: page(
        size, head=_LD + '{"a": ' * (size // 7) + "1" + "}" * (size // 7) + "</script>"
    ),
    "faulty linked data": _long(f'{_LD}{{"@type": "NewsArticle", "headline": "', 'a "b" c ', '"}</script>', "head"),
    "faulty linked data blocks": _number(_LD + """{'headline': "a "b" #",}</script>""", "head"),
    "commas in linked data": _long(f"{_LD}[", ",", "]</script>", "head"),
    "comments in linked data": _long(f"{_LD}", "/* x */", "{}</script>", "head"),
    "linked authors": lambda size: page(
        size,
        head=f'{_LD}{{"@type": "NewsArticle", "headline": "T", "author": ['
        + ", ".join(f'{{"name": "Ann Lee {n}"}}' for n in range(size // 24))
        + "]}</script>",
    ),
    # Candidates
    "time elements": _number("<time datetime='2026-01-07T15:13'>7 January #</time>"),
    "datelines": _number("<div class=date>7 January 2026, 15:# | Politics</div>"),
    "days in parts": _number("<div><b>7</b><i>January</i><u>2026</u><s>#</s></div>"),
    "dates without a year": _number("<p>On 7 January #</p>", "text"),
    "bylines": _number("<div class=byline>By John Smith #</div>"),
    "author links": _number("<a rel=author href=/author/#>John Smith</a>"),
    "nested bylines": _nest("<div class=byline>", "</div>", 100),
    "item properties": _number("<span itemprop=headline>Talks # resume</span>"),
    "item scopes": _number(
        "<div itemscope itemtype='https://schema.org/Article'><p itemprop=author>Ann # Lee</p></div>"
    ),
    "counters": _number("<span>Views: #</span><br>"),
    "bare counters": _number("<span class=views>#</span>"),
    "icons": _number("<i class='fa fa-eye'></i> # <b>x</b>"),
    "counter attributes": _number("<div data-views=#>x</div>"),
    "interaction counts": _number("<meta itemprop=interactionCount content='UserPageVisits:#'>"),
    "numbers": _number("<b>#</b>"),
    "sections": _number("<a rel='category tag' href=/c/#>Section #</a>"),
    "breadcrumbs": _number("<ol class=breadcrumb><li><a href=/c/#>Section #</a></ol>"),
}

_TEXT = "Talks resume after a long winter\n\n7 January 2026, 15:13\n\n" + SENTENCE.format("first") * 6 + "\n\n"


def _plain(unit: str) -> Growing:
    def grown(size: int) -> bytes:
        count = max(1, size // (len(unit.encode()) + 4))
        return (_TEXT + "".join(unit.replace("#", str(number)) for number in range(count))).encode()

    return grown


PLAIN_TEXTS: Mapping[str, Growing] = {
    "plain paragraphs": _plain(SENTENCE.format("#") + "\n\n"),
    "plain lines": _plain("word #\n"),
    "one plain line": _plain("word # "),
    "plain dates": _plain("7 January 2026, 15:13\n"),
    "plain counters": _plain("Views: #\n"),
    "plain blanks": _plain(" \n"),
    "plain bylines": _plain("By John Smith\n"),
}
"""Pages of plain text."""
