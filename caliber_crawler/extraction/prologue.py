"""The prologue of a markup document: what stands before its first element."""

from __future__ import annotations

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\n\r\f\v"
_CHUNK = 4096


def skip_prologue(source: bytes) -> int:
    """Return the index after byte order mark, blanks, XML declarations and comments.

    Takes time linear in the prologue. A comment without an end is not skipped: a browser would hide the whole page.
    """
    index = _skip_blanks(source, len(_BOM) if source.startswith(_BOM) else 0)
    if source.startswith(_BOM, index):  # after blanks, it comes from a template
        index = _skip_blanks(source, index + len(_BOM))
    while True:
        if source.startswith(b"<!--", index):
            # "<!-->" is a whole comment too: https://html.spec.whatwg.org/#parse-error-abrupt-closing-of-empty-comment
            end, length = source.find(b"-->", index + 2), 3
        elif source.startswith(b"<?", index):
            end, length = source.find(b">", index), 1
        else:
            return index
        if end < 0:
            return index
        index = _skip_blanks(source, end + length)


def _skip_blanks(source: bytes, index: int) -> int:
    while index < len(source):
        chunk = source[index : index + _CHUNK]
        rest = chunk.lstrip(_BLANKS)
        index += len(chunk) - len(rest)
        if rest:
            break
    return index
