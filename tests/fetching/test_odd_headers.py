"""Headers that no server should send, and some do: the page counts, as in browsers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.http_headers import Headers

from caliber_crawler.fetching.download_handler import MAX_HEADER_BYTES, _BoundedHeadersProtocol

OK = b"HTTP/1.1 200 OK\r\n"


def headers_of(response: bytes, step: int = 65536) -> dict[bytes, list[bytes]] | None:
    """The headers of a response that arrives in pieces; ``None`` if it is aborted."""
    transport = StringTransport()
    protocol = _BoundedHeadersProtocol(lambda _: None)
    protocol.begin_sending = lambda _: None
    protocol.makeConnection(transport)
    found: list[object] = []
    request = Request(b"GET", b"/", Headers({b"host": [b"news.example"]}), None)  # type: ignore[no-untyped-call]
    protocol.request(request).addBoth(found.append)
    for begin in range(0, len(response), step):
        protocol.dataReceived(response[begin : begin + step])
    if transport.disconnected:
        return None
    (result,) = found
    return {name.lower(): values for name, values in result.headers.getAllRawHeaders()}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"No colon\r\n",
        b": no name\r\n",
        "X-Имя: значение\r\n".encode(),
        b"X-Caf\xe9: x\r\n",
        b"X Y: blank\r\n",
        b"X\0: zero\r\n",
        b"X(Y): bracket\r\n",
        b"X-Folded: one\r\n two\r\n\tthree\r\n",
        b"X-Bare: line feed\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding : Identity\r\n",
        b"X-Long: " + b"y" * 60_000 + b"\r\n",
        b"Content-Security-Policy: " + b"img-src https://a.example; " * 5_000 + b"\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(5_000)),
        b"X-Many: y\r\n" * 5_000,
    ],
)
@pytest.mark.parametrize("step", [65536, 1461])
def test_an_odd_header_costs_only_itself(line: bytes, step: int) -> None:
    for head in (line + b"Content-Type: text/html\r\n", b"Content-Type : text/html\r\n" + line):
        found = headers_of(OK + head + b"Content-Length: 3\r\n\r\nabc", step)
        assert found is not None
        assert found[b"content-type"] == [b"text/html"]


def test_a_blank_before_the_first_header_continues_nothing() -> None:
    for line in (b" : x\r\n", b"\tX: y\r\n", b" \r\n", b" \r\n \r\n"):
        found = headers_of(OK + line + b"Content-Type: text/html\r\nContent-Length: 3\r\n\r\nabc")
        assert found == {b"content-type": [b"text/html"]}


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=5))
def test_no_line_among_the_headers_hides_the_others(lines: list[bytes]) -> None:
    # A blank at the beginning continues the header before; an empty line ends the headers.
    odd = b"".join(b"X" + line + b"\r\n" for line in lines)
    found = headers_of(OK + odd + b"Content-Type: text/html\r\nContent-Length: 3\r\n\r\nabc")
    assert found is not None
    assert found[b"content-type"] == [b"text/html"]


@pytest.mark.parametrize("step", [65536, 1461])
def test_endless_headers_are_aborted(step: int) -> None:
    assert headers_of(OK + b"X: " + b"y" * (MAX_HEADER_BYTES + 1), step) is None
    assert headers_of(OK + b"X: y\r\n" * MAX_HEADER_BYTES, step) is None
