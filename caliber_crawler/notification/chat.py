"""Messages for chats: Slack, Mattermost and Microsoft Teams. Text of pages cannot mention people, format or link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

Chat = Literal["slack", "mattermost", "teams"]

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~<])")
WORD_JOINER = "\u2060"
MAX_LENGTH = 3_500
"""Longest message in characters; Slack cuts at 4,000, Mattermost refuses more than 16,383."""
CUT = " …"


def payload_of(chat: Chat, title: str, lines: list[str]) -> dict[str, object]:
    """The JSON that a chat's incoming webhook expects, of plain text."""
    return PAYLOADS[chat](title, lines)


def chat_of(url: str) -> Chat | None:
    """The chat whose incoming webhooks have such URLs; ``None`` for any other URL."""
    host = (urlsplit(url).hostname or "").lower()
    if host == "hooks.slack.com":
        return "slack"
    if host.endswith((".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com")):
        return "teams"
    return None


def _slack(title: str, lines: list[str]) -> dict[str, object]:
    # https://api.slack.com/reference/surfaces/formatting#escaping; without mrkdwn nothing is formatted.
    text = _cut("\n".join([title, *lines]))
    for letter, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, escaped)
    return {"text": text, "mrkdwn": False, "unfurl_links": False}


def _mattermost(title: str, lines: list[str]) -> dict[str, object]:
    return {"text": "\n".join(map(_plain, _cut("\n".join([title, *lines])).split("\n")))}


def _teams(title: str, lines: list[str]) -> dict[str, object]:
    # https://adaptivecards.io/explorer/TextBlock.html: a subset of Markdown.
    blocks = [{"type": "TextBlock", "text": _plain(title), "weight": "bolder", "wrap": True}]
    blocks += [{"type": "TextBlock", "text": _plain(line), "wrap": True} for line in _cut("\n".join(lines)).split("\n")]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _plain(line: str) -> str:
    """A line without Markdown and mentions; addresses of pages stay as they are."""
    words = []
    for word in line.split(" "):
        is_url = re.fullmatch(r"https?://[^\s<>()\[\]`*\\]+", word)
        words.append(word if is_url else MARKDOWN.sub(r"\\\1", word.replace("@", f"@{WORD_JOINER}")))
    return " ".join(words)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - len(CUT)] + CUT


PAYLOADS: dict[Chat, Callable[[str, list[str]], dict[str, object]]] = {
    "slack": _slack,
    "mattermost": _mattermost,
    "teams": _teams,
}
