"""Direct speech in a body and who said it. Pure.

Quoted are words in “ ”, « », „ “ and " ", and speech after a dash at the beginning of a paragraph. The speaker is the
person or organization next to a verb of speech in the words around it, or after ``according to``. Quotation marks
around a title or a single word are no quotation, unless a verb of speech introduces a whole sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import regex

from caliber_crawler.archive.analysis.names.tokens import MAX_BODY, Mention

MIN_WORDS = 3
"""A quoted part of a sentence has at least this many words."""
MIN_WORDS_ALONE = 5
"""Quoted words that nobody is said to have said."""
MAX_LENGTH = 5_000
MAX_DIRECT = 60
MAX_BESIDE = 6
"""A single word is a quotation only if the cue is this near."""
MAX_NEAR = 20
"""Names before a pronoun among which the person is looked for that it stands for."""
MAX_UNCLOSED = 20
"""Quotation marks of a paragraph that nothing closes; then it has no quotations."""
MAX_SUBJECT = 140
"""Characters between a verb and its subject."""
REACH = 240
"""Characters before or after quoted words in which their speaker is looked for."""
CLOSING = {"«": "»", "“": "”", "„": "“”", '"': '"'}
_PARAGRAPH = re.compile(r"[^\n]+")
_DASHED = re.compile(r"[–—]\s+")
_TURN = re.compile(r"[,.!?…]\s+[–—-]\s+")
_SENTENCE_END = regex.compile(
    r"(?<![.\s]\p{Lu})(?<!\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Lt|Maj|Capt|Sen|Rep|Gov|им|г|ул))[.!?…]+(?=\s+[\p{Lu}«“„\"–—]|\s*$)"
)
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}’'-]*")


@dataclass(frozen=True, slots=True)
class Quotation:
    """Direct speech: offsets of its characters without the marks, and its speaker."""

    start: int
    end: int
    speaker: str | None
    """Normal form of the speaker's name."""
    speaker_start: int | None
    speaker_end: int | None
    cue: str | None
    """The verb of speech, or the words for ``according to``."""


@dataclass(frozen=True, slots=True)
class Speaker:
    start: int
    end: int
    name: str | None
    cue: str
    distance: int
    """Characters between quotation and cue."""

    @property
    def is_direct(self) -> bool:
        return self.distance <= MAX_DIRECT


class Cues:
    """The words of one language by which speech is attributed."""

    def __init__(self, according: Sequence[str], pronouns: Sequence[str]) -> None:
        self.according = regex.compile(rf"\b(?:{'|'.join(according)})\s+", regex.IGNORECASE)
        self.pronouns = regex.compile(rf"\b(?:{'|'.join(pronouns)})\b", regex.IGNORECASE)


class SpeakerRules:
    """What differs between languages."""

    has_dialogue = False
    """Whether a paragraph that begins with a dash is speech, also without a verb of speech."""

    def __init__(self, cues: Cues) -> None:
        self.cues = cues

    def is_verb(self, word: str) -> bool:
        """Whether a word is a verb of speech."""
        raise NotImplementedError

    def may_follow(self, word: str) -> bool:
        """Whether the speaker may follow the verb: ``said Aliyev``."""
        raise NotImplementedError

    def may_be_subject(self, mention: Mention, before: str) -> bool:
        """Whether a mention may be the subject, given the words before it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    outer_start: int
    outer_end: int
    is_dialogue: bool = False


class Outside:
    """The mentions of a paragraph that are not in quoted words."""

    def __init__(self, mentions: Sequence[Mention], spans: Sequence[_Span]) -> None:
        starts = [span.start for span in spans]
        self._mentions = []
        for mention in mentions:
            place = bisect_right(starts, mention.start) - 1
            if place < 0 or mention.start >= spans[place].end:
                self._mentions.append(mention)
        self._starts = [mention.start for mention in self._mentions]

    def between(self, start: int, end: int) -> Sequence[Mention]:
        """The mentions that begin between two offsets."""
        return self._mentions[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def last_person(self, end: int) -> Mention | None:
        """The person mentioned last before an offset, of the last few names."""
        last = bisect_left(self._starts, end)
        near = self._mentions[max(0, last - MAX_NEAR) : last]
        return next((mention for mention in reversed(near) if mention.kind == "person"), None)


def quotations_of(body: str, mentions: Sequence[Mention], rules: SpeakerRules) -> list[Quotation]:
    """The quotations of a body, in order. ``mentions`` are the names in it, in order."""
    found: list[Quotation] = []
    starts = [mention.start for mention in mentions]
    for paragraph in _PARAGRAPH.finditer(body, 0, MAX_BODY):
        first, last = paragraph.span()
        spans = list(spans_of(body, first, last, rules))
        inside = mentions[bisect_left(starts, first) : bisect_left(starts, last)]
        outside = Outside(inside, spans)
        before: Quotation | None = None
        for place, span in enumerate(spans):
            earlier = spans[place - 1].outer_end if place else first
            later = spans[place + 1].outer_start if place + 1 < len(spans) else last
            speaker = find_speaker(body, span, earlier, later, outside, rules, first)
            quotation = _quotation(body, span, speaker, before, has_dialogue=rules.has_dialogue)
            if quotation is not None:
                found.append(quotation)
                before = quotation
            elif before is not None and speaker is not None:
                before = None
    return found


def _quotation(
    body: str, span: _Span, speaker: Speaker | None, before: Quotation | None, *, has_dialogue: bool
) -> Quotation | None:
    text = body[span.start : span.end]
    count = sum(1 for _ in _WORD.finditer(text))
    is_sentence = text[:1].isupper() or text[-1:] in "!?"
    if speaker is not None:
        if (
            count >= MIN_WORDS
            or (is_sentence and count and speaker.distance <= (MAX_DIRECT if count > 1 else MAX_BESIDE))
            or span.is_dialogue
        ):
            return Quotation(span.start, span.end, speaker.name, speaker.start, speaker.end, speaker.cue)
        return None
    # The speech goes on after the words that name the speaker.
    if (
        before is not None
        and before.speaker_start is not None
        and count >= MIN_WORDS
        and is_continued(body, before, span)
    ):
        return Quotation(span.start, span.end, before.speaker, before.speaker_start, before.speaker_end, before.cue)
    follows = {body[span.end : span.end + 1], body[span.outer_end : span.outer_end + 1]}
    is_whole = text[:1].isupper() and (text[-1:] in ".!?…" or bool(follows & {".", ","}))
    is_turn = span.is_dialogue and count > 0 and text[:1].isupper() and text[-1:] in ".!?…"
    is_said = count >= MIN_WORDS_ALONE and is_whole
    is_alone = is_turn and has_dialogue if span.is_dialogue else is_said
    if is_alone:
        return Quotation(span.start, span.end, None, None, None, None)
    return None


def is_continued(body: str, before: Quotation, span: _Span) -> bool:
    """Whether only the words that name the speaker are between two quotations."""
    assert before.speaker_end is not None
    if not before.end < before.speaker_end <= span.outer_start:
        return False
    between = body[before.speaker_end : span.outer_start].rstrip(" –—-.")
    return _SENTENCE_END.search(between) is None


def spans_of(body: str, first: int, last: int, rules: SpeakerRules) -> Iterator[_Span]:
    """Quoted words of a paragraph: between marks, outermost only, and after a dash at its beginning."""
    if dash := _DASHED.match(body, first, last):
        yield from _dialogue(body, dash.end(), last)
        return
    place = first
    unclosed = 0
    while place < last and unclosed < MAX_UNCLOSED:
        closing = CLOSING.get(body[place])
        if closing is None or (body[place] == '"' and not _opens(body, place, first)):
            place += 1
            continue
        end = _closing(body, place, last, closing)
        if end is None:
            if (
                body[place] in "«“„"
                and body.find("\n", place) in (-1, last)
                and not any(c in closing for c in body[place + 1 : last])
            ):
                # A speech of several paragraphs closes only the last one.
                yield from _trimmed(body, place + 1, last, place, last)
                return
            unclosed += 1
            place += 1
            continue
        yield from _interrupted(body, place + 1, end, place, end + 1, rules)
        place = end + 1


def _opens(body: str, place: int, first: int) -> bool:
    return (place == first or not body[place - 1].isalnum()) and not body[place + 1 : place + 2].isspace()


def _closing(body: str, place: int, last: int, closing: str) -> int | None:
    depth = 0
    opening = body[place]
    for at in range(place + 1, min(last, place + MAX_LENGTH)):
        if body[at] in closing:
            if depth == 0:
                return at
            depth -= 1
        elif body[at] == opening:
            depth += 1
    return None


def _trimmed(body: str, start: int, end: int, outer_start: int, outer_end: int) -> Iterator[_Span]:
    while start < end and body[start].isspace():
        start += 1
    while end > start and (body[end - 1].isspace() or body[end - 1] == ","):
        end -= 1
    if end > start:
        yield _Span(start, end, outer_start, outer_end)


def _interrupted(
    body: str, start: int, end: int, outer_start: int, outer_end: int, rules: SpeakerRules
) -> Iterator[_Span]:
    """Quoted words; Russian writes those of the author inside the marks: «Speech, – he said. – Speech»."""
    turns = list(_TURN.finditer(body, start, end))
    if not turns or not any(rules.is_verb(word[0]) for word in islice(_WORD.finditer(body, turns[0].end(), end), 2)):
        yield from _trimmed(body, start, end, outer_start, outer_end)
        return
    first = turns[0]
    speech_end = first.start() + (first[0][0] != ",")
    yield _Span(start, speech_end, outer_start, speech_end)
    if len(turns) > 1:
        yield from _trimmed(body, turns[1].end(), end, turns[1].end(), outer_end)


def _dialogue(body: str, start: int, last: int) -> Iterator[_Span]:
    """The parts of speech after a dash: speech, dash, words of the author, dash, speech."""
    turns = [(match.start() + (match[0][0] != ","), match.end()) for match in _TURN.finditer(body, start, last)]
    edges = [start, *(edge for turn in turns for edge in turn), last]
    parts = list(zip(edges[::2], edges[1::2], strict=True))
    for begin, end in parts[::2]:
        while end > begin and body[end - 1].isspace():
            end -= 1
        if end > begin:
            yield _Span(begin, end, begin, end, is_dialogue=True)


# --- the speaker ------------------------------------------------------------------------------------------------------


def find_speaker(
    body: str, span: _Span, earlier: int, later: int, mentions: Outside, rules: SpeakerRules, first: int
) -> Speaker | None:
    """The speaker named in the sentence around quoted words: after them, or before."""
    after_end = min(later, span.outer_end + REACH)
    stop = _SENTENCE_END.search(body, span.outer_end, after_end)
    after = (span.outer_end, stop.end() if stop else after_end)
    before_start = max(earlier, span.outer_start - REACH)
    for match in _SENTENCE_END.finditer(body, before_start, span.outer_start):
        if match.end() < span.outer_start - 1 or body[match.end() - 1] != ":":
            before_start = match.end()
    before = (before_start, span.outer_start)
    rest = body[after[0] : after[1]].lstrip().lstrip(",–—-").lstrip()
    joins_after = rest[:1] not in ("", ".") and not _begins_anew(body, span)
    introduces = body[before[0] : before[1]].rstrip()[-1:] in (":", ",") or not body[
        before[0] : before[1]
    ].rstrip().endswith((".", "!", "?"))
    candidates = []
    if joins_after:
        candidates.append((after, True))
    if introduces:
        candidates.append((before, False))
    if body[before[0] : before[1]].rstrip().endswith(":"):
        candidates.reverse()
    for part, is_after in candidates:
        speaker = _speaker_in(body, part, mentions, rules, first, is_after=is_after)
        if speaker is not None:
            return speaker
    return None


def _begins_anew(body: str, span: _Span) -> bool:
    """Whether a new sentence begins after quoted words that end with their own full stop."""
    if body[span.end - 1] in ".…" or body[span.outer_end : span.outer_end + 1] == ".":
        rest = body[span.outer_end :][:4].lstrip(" .")
        return not rest.startswith(("–", "—", "-", ",")) and (rest[:1].isupper() or not rest)
    return False


def _speaker_in(
    body: str, part: tuple[int, int], mentions: Outside, rules: SpeakerRules, first: int, *, is_after: bool
) -> Speaker | None:
    start, end = part
    here = [m for m in mentions.between(start, end) if m.end <= end and m.kind != "place"]
    if match := rules.cues.according.search(body, start, end):
        named = next((m for m in here if m.start >= match.end()), None)
        if named is not None and named.start - match.end() < 120:
            return Speaker(named.start, named.end, named.name, match[0].strip().lower(), distance=MAX_DIRECT + 1)
        if pronoun := rules.cues.pronouns.match(body, match.end(), end):
            return _pronoun(mentions, pronoun.start(), pronoun.end(), first, match[0].strip().lower(), MAX_DIRECT + 1)
    verbs = [word for word in _WORD.finditer(body, start, end) if rules.is_verb(word[0])]
    if not is_after:
        verbs.reverse()
    for verb in verbs[:2]:
        distance = verb.start() - start if is_after else end - verb.end()
        if distance > 160:
            break
        if found := _subject(body, verb, part, here, mentions, rules, first, distance=distance):
            return found
    return None


def _subject(
    body: str,
    verb: regex.Match[str],
    part: tuple[int, int],
    here: Sequence[Mention],
    mentions: Outside,
    rules: SpeakerRules,
    first: int,
    *,
    distance: int,
) -> Speaker | None:
    cue = verb[0].lower()
    start, end = part
    ahead = [m for m in here if m.end <= verb.start()]
    can_follow = rules.may_follow(verb[0])
    if can_follow and (pronoun := rules.cues.pronouns.match(body, verb.end() + 1, end)):
        return _pronoun(mentions, pronoun.start(), pronoun.end(), first, cue, distance)
    behind = [*rules.cues.pronouns.finditer(body, max(start, verb.start() - 30), verb.start())]
    nearest_pronoun = behind[-1] if behind else None
    for mention in reversed(ahead):
        between = body[mention.end : verb.start()]
        if nearest_pronoun is not None and nearest_pronoun.start() > mention.end:
            break
        if _SENTENCE_END.search(between) or not rules.may_be_subject(mention, body[start : mention.start]):
            continue
        if body[mention.end : mention.end + 2] in ("'s", "’s") or len(between) > MAX_SUBJECT:
            continue
        return Speaker(mention.start, mention.end, mention.name, cue, distance)
    if nearest_pronoun is not None and len(_WORD.findall(body[nearest_pronoun.end() : verb.start()])) <= 2:
        return _pronoun(mentions, nearest_pronoun.start(), nearest_pronoun.end(), first, cue, distance)
    for mention in (m for m in here if can_follow and m.start >= verb.end()):
        between = body[verb.end() : mention.start]
        if len(between) > MAX_SUBJECT or _SENTENCE_END.search(between) or ":" in between:
            break
        if rules.may_be_subject(mention, between):
            return Speaker(mention.start, mention.end, mention.name, cue, distance)
    return None


def _pronoun(mentions: Outside, start: int, end: int, first: int, cue: str, distance: int) -> Speaker:
    """A pronoun stands for the person mentioned last in its paragraph, outside quotations; else for nobody known."""
    person = mentions.last_person(start)
    return Speaker(start, end, person.name if person is not None else None, cue, distance)
